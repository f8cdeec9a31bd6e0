"""Seals at the broker: shown to it, retained, and read back before anything is published (DESIGN §6, §9)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal

from edge.errors import UplinkDown
from edge.evidence.seals import Seal, read_seal
from edge.journal.block import Lane
from edge.uplinks.connection import Connection, Heard
from edge.uplinks.reasons import REFUSED, reason_name
from edge.uplinks.target import Target

log = logging.getLogger(__name__)

WAIT_S: Final = 2.0
"""For what brokers have kept, at most."""

RETAINED_S: Final = 0.5
"""What is retained comes with the answer to the subscription, or there is none."""


class ShownSeals:
    """What this uplink shows of the journal's seals, and whether the broker takes them.

    One that forbids them is told them at QoS 0 from then on, to which it has nothing to answer: mosquitto
    without a bound on its queue (``max_queued_messages 0``) ends the connection with each refusal.
    """

    def __init__(
        self,
        uplink: str,
        target: Target,
        seals: Callable[[], Sequence[Seal]],
        answered: Callable[[], None],
    ) -> None:
        """answered: told when the broker has room for one more message again."""
        self.state: Literal["none", "taken", "refused"] = "none"
        self._uplink = uplink
        self._target = target
        self._seals = seals
        self._tell_answered = answered
        self._shown: dict[tuple[str, Lane], Seal] = {}

    def connected(self) -> None:
        """A broker may have forgotten what it had."""
        self._shown.clear()

    def tell(self, connection: Connection) -> None:
        """Those that the broker has not had on this connection, older journals first.

        Raises ConnectionLostError.
        """
        for seal in self._seals():
            at = seal.journal, seal.lane
            if self._shown.get(at) == seal:
                continue
            if not self._send(connection, self._target.seal_topic(seal.lane), seal.payload):
                return
            self._shown[at] = seal

    def _send(self, connection: Connection, topic: str, payload: bytes) -> bool:
        if self.state == "refused":
            return not connection.is_congested and connection.show(topic, payload)
        if not connection.has_room or not connection.fits(topic, payload):
            return False
        connection.publish(topic, payload, self._answered, retain=True)
        return True

    def _answered(self, code: int) -> None:
        self._tell_answered()
        if code < REFUSED:
            self.state = "taken"
        elif self.state != "refused":
            self.state = "refused"
            log.warning(
                "uplink %s: seals are refused, %s on %s; look at the broker's rules",
                *(self._uplink, reason_name(code), self._target.seal_topic(Lane.RECORDS)),
            )


async def kept_by(targets: Mapping[str, Target]) -> dict[str, list[Seal]]:
    """What these brokers have kept of this gateway, by uplink; only of those that answer in time."""

    async def ask(name: str, target: Target) -> tuple[str, list[Seal]] | None:
        try:
            async with asyncio.timeout(WAIT_S):
                return name, await kept_seals(target)
        except (UplinkDown, TimeoutError) as error:
            log.info("uplink %s: what it has kept cannot be seen now: %s", name, error or "no answer")
            return None

    answers = await asyncio.gather(*(ask(name, target) for name, target in targets.items()))
    return dict(answer for answer in answers if answer is not None)


async def kept_seals(target: Target) -> list[Seal]:
    """What this broker has kept of this gateway, as far as it tells within 2 s. Raises UplinkDown."""
    connection = await Connection.open(target)
    loop = asyncio.get_running_loop()
    kept: dict[str, bytes] = {}
    told = asyncio.Event()

    def hear(heard: Heard) -> None:
        kept[heard.topic] = heard.payload
        if len(kept) == len(Lane):
            told.set()

    def answered(code: int) -> None:
        loop.call_later(0.0 if code >= REFUSED else RETAINED_S, told.set)

    try:
        connection.subscribe(target.seals_topic, hear, answered)
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await told.wait()
        await connection.leave()
    finally:
        await connection.drop()
    return [seal for payload in kept.values() if (seal := _seal(payload)) is not None]


def _seal(payload: bytes) -> Seal | None:
    try:
        return read_seal(payload)
    except ValueError:
        return None
