"""What is owed to those who gave commands: sent again with each connection until it is acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Final

from edge.uplinks.connection import Connection
from edge.uplinks.reasons import REFUSED

MOST: Final = 64
"""Answers that wait for a broker; beyond them the oldest is let go, for commands expire."""


class Answers:
    """In the order of their giving; in memory only, for what was done is on disk as a record."""

    def __init__(self, answered: Callable[[], None]) -> None:
        """answered: told when the broker has room for one more message again."""
        self._tell_answered = answered
        self._owed: dict[int, tuple[str, bytes]] = {}
        self._sent: set[int] = set()
        self._numbers = count()
        self.acknowledged = 0
        self.refused = 0
        self.dropped = 0

    def give(self, topic: str, payload: bytes) -> None:
        self._owed[next(self._numbers)] = (topic, payload)
        if len(self._owed) > MOST:
            self._drop(next(iter(self._owed)))

    def connected(self) -> None:
        """Whatever was sent over an earlier connection may not have arrived."""
        self._sent.clear()

    def send(self, connection: Connection) -> None:
        """As many as the broker takes now. Raises ConnectionLostError."""
        for number, (topic, payload) in list(self._owed.items()):
            if not connection.has_room:
                return
            if number in self._sent:
                continue
            if not connection.fits(topic, payload):
                self._drop(number)
                continue
            self._sent.add(number)
            connection.publish(topic, payload, partial(self._answered, number))

    def facts(self) -> dict[str, int]:
        """What `status` shows."""
        return {
            "owed": len(self._owed),
            "acknowledged": self.acknowledged,
            "refused": self.refused,
            "dropped": self.dropped,
        }

    def _answered(self, number: int, code: int) -> None:
        if self._owed.pop(number, None) is not None:
            self.refused += code >= REFUSED
            self.acknowledged += code < REFUSED
        self._tell_answered()

    def _drop(self, number: int) -> None:
        del self._owed[number]
        self.dropped += 1
