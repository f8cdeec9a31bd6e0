"""The ids of the commands that were taken, so that none is carried out twice, also over a start.

A row is committed with what came of its command, and dropped when the command has expired for sure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from drivers.contract import NANOSECONDS, Instant, Observation
from edge.recorders.contract import Fact, Output
from edge.recorders.memory import Memory, Table
from edge.recorders.seldom import Seldom

MOST: Final = 2000
"""Ids that are remembered at a time."""

MARGIN: Final = 3600 * NANOSECONDS
"""The clock may be set back by so much and an expired command is still known."""


class Commanded:
    """A recorder that hears nothing and takes no facts: all it has is its memory."""

    name = "commands"
    hears: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._taken = Table("taken", int, told=True)
        self.memory = Memory(self._taken)
        self._tidied = Seldom()

    @property
    def known(self) -> Collection[str]:
        """The ids."""
        return {key for key, _ in self._taken.items()}

    @property
    def is_full(self) -> bool:
        return len(self._taken) >= MOST

    def take(self, command: str, expires: Instant) -> None:
        self._taken.put(command, expires)

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        """Hears nothing."""
        return ()

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Takes nothing."""
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        """Forgets what has expired."""
        for key, expires in self._taken.items() if self._tidied.is_due(at) else ():
            if at >= expires + MARGIN:
                self._taken.drop(key)
        return ()
