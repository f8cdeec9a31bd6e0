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

    They are shown at QoS 0, for the next one tells all. To learn whether the broker takes them, the first
    goes at QoS 1 with nothing else under way. Where it is refused no other follows until the next start:
    mosquitto without a bound on its queue (``max_queued_messages 0``) ends the connection with each.
    """

    def __init__(self, uplink: str, target: Target, seals: Callable[[], Sequence[Seal]]) -> None:
        self.state: Literal["unknown", "taken", "refused"] = "unknown"
        self._uplink = uplink
        self._target = target
        self._seals = seals
        self._shown: dict[tuple[str, Lane], Seal] = {}

    async def introduce(self, connection: Connection) -> None:
        """To be called before anything else is sent; where that is known, it does nothing.

        Raises ConnectionLostError.
        """
        self._shown.clear()
        seals = self._seals()
        if self.state != "unknown" or not seals:
            return
        first = seals[0]
        topic = self._target.seal_topic(first.lane)
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                code = await connection.ask(topic, first.payload, retain=True)
            self._shown[first.journal, first.lane] = first
            self.state = "taken" if code < REFUSED else "refused"
            if code >= REFUSED:
                log.warning(
                    "uplink %s: no seals: %s on %s; look at the broker's rules, then start the gateway again",
                    *(self._uplink, reason_name(code), topic),
                )

    def tell(self, connection: Connection) -> None:
        """Those that the broker has not had on this connection, older journals first."""
        if self.state == "refused":
            return
        for seal in self._seals():
            at = seal.journal, seal.lane
            if self._shown.get(at) == seal:
                continue
            topic = self._target.seal_topic(seal.lane)
            if connection.is_congested or not connection.show(topic, seal.payload):
                return
            self._shown[at] = seal


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
