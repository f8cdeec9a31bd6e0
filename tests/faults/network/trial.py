"""One gateway, one bad line, one broker and a listener whom no fault touches; and what came of it.

::

    gateway ──▶ proxy (bad) ──▶ mosquitto ──▶ listener (good)
       └── journal ────────── compared with ──────┘
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final, NamedTuple

import aiomqtt

from edge.uplinks.window import SIZE
from tests.faults.network.fed import UPLINK, FedGateway, Key
from tests.faults.rig import Consumer
from tests.faults.table import Row
from tests.mosquitto import Broker
from tests.proxy import Proxy

log = logging.getLogger(__name__)

PROBE: Final = "tagtrail/probe"
"""A topic of the trial's own, by which it learns whether the listener hears."""

PATIENCE_S: Final = 90.0
"""For a backlog to arrive; it ends a trial that hangs."""

BACK_S: Final = 15.0
"""The longest pause between attempts (DESIGN §6)."""

BUSY_S: Final = 3.0
"""What connecting and a busy machine may take on top."""


class Place(NamedTuple):
    """Where a trial is held: the broker's program, and a folder of its own."""

    mosquitto: Path
    folder: Path


class Listener(Consumer):
    """Hears everything that arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.probed = False

    def hear(self, topic: str, body: bytes) -> None:
        self.probed |= topic == PROBE
        super().hear(topic, body)

    @property
    def heard(self) -> list[Key]:
        """Every delivery, in order."""
        return [(message.journal, message.lane, message.seq) for message in self.messages]


class Resumption(NamedTuple):
    """The line was healed: how many deliveries there had been, the records' head then, and the wait in s.

    acknowledged: the telemetry that the broker had then; the listener may have it later.
    """

    heard: int
    records_head: int
    acknowledged: int
    wait_s: float


@dataclass
class Trial:
    """faults: how often the line was spoilt. broken: the promises that did not hold. others: further boxes
    that deliver to the same broker."""

    gateway: FedGateway
    link: Proxy
    broker: Broker
    listener: Listener
    others: list[FedGateway] = field(default_factory=list)
    faults: int = 0
    resumptions: list[Resumption] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def expect(self, promise: str, holds: bool) -> None:
        if not holds:
            self.broken.append(promise)

    async def until(self, condition: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> float:
        """How many seconds it took; where it does not come true, a promise is broken."""
        began_s = monotonic()
        while not condition():
            if monotonic() - began_s > within_s:
                self.expect(f"{what} within {within_s:.0f} s", holds=False)
                break
            await asyncio.sleep(0.01)
        return monotonic() - began_s

    async def flowing(self, blocks: int = 5) -> None:
        """So many more blocks have arrived."""
        goal = len(self.listener.messages) + blocks
        await self.until(lambda: len(self.listener.messages) >= goal, f"{blocks} blocks arrive")

    async def resume(
        self, heal: Callable[[], None], *, quiet: bool = True, within_s: float = BACK_S + BUSY_S
    ) -> None:
        """Heals, and waits for the next block.

        quiet: nothing that was on its way before the fault can still arrive, so that the order of the lanes
        can be judged.
        """
        heard = len(self.listener.messages)
        heads = self.gateway.heads()
        head = heads["records"] if quiet else 0
        acknowledged = heads["telemetry"] - _owed(self.gateway, "telemetry")
        heal()
        wait_s = await self.until(lambda: len(self.listener.messages) > heard, "deliveries resume", within_s)
        self.resumptions.append(Resumption(heard, head, acknowledged, wait_s))

    async def settle(self, *boxes: FedGateway) -> float:
        """The feed of these (of all) ends, and all that was journalled arrives or is set aside. In s."""
        chosen = boxes or self._boxes
        for box in chosen:
            box.feed.runs = False
            await box.gateway.journal.flush()
        return await self.until(lambda: not any(map(_owes, chosen)), "all is delivered")

    async def listening_again(self) -> None:
        """The listener's subscription stands."""
        self.listener.probed = False
        async with aiomqtt.Client("127.0.0.1", self.broker.port) as client:
            while not self.listener.probed:
                await client.publish(PROBE, b"", qos=1)
                await asyncio.sleep(0.05)

    def row(self, pattern: str, *, window: int = SIZE, noticed_s: float | None = None) -> Row:
        """What came of it. window: how many blocks one fault may send twice."""
        heard = self.listener.heard
        duplicates = len(heard) - len(set(heard))
        allowed = window * self.faults
        self.expect(f"{duplicates} duplicates, of which there may be {allowed}", duplicates <= allowed)
        facts: dict[str, int | float] = {
            "blocks": sum(len(box.blocks()) for box in self._boxes),
            "twice": duplicates,
            "lost": sum(self._lost(box) for box in self._boxes),
            "disorder": disorder(heard) + self._records_late(),
            "set aside": sum(len(box.quarantined()) for box in self._boxes),
        }
        if noticed_s is not None:
            facts["noticed s"] = round(noticed_s, 1)
        if self.resumptions:
            facts["resumed s"] = round(max(each.wait_s for each in self.resumptions), 1)
        for promise in self.broken:
            log.warning("%s: broken: %s", pattern, promise)
        holds = not (facts["lost"] or facts["disorder"] or self.broken)
        return Row(pattern, self.faults, facts, holds=holds)

    @property
    def _boxes(self) -> list[FedGateway]:
        return [self.gateway, *self.others]

    def _lost(self, box: FedGateway) -> int:
        arrived = {
            (message.journal, message.lane, message.seq): message.body for message in self.listener.messages
        }
        owed = box.blocks().keys() - box.quarantined()
        return sum(arrived.get(key) != body for key, body in box.blocks().items() if key in owed)

    def _records_late(self) -> int:
        """Telemetry that came before the records of an outage."""
        late = 0
        for resumption in self.resumptions:
            since = self.listener.messages[resumption.heard :]
            last = ("records", resumption.records_head)
            places = (place for place, message in enumerate(since) if (message.lane, message.seq) == last)
            late += sum(
                message.lane == "telemetry" and message.seq > resumption.acknowledged
                for message in since[: next(places, 0)]
            )
        return late


def _owes(box: FedGateway) -> bool:
    return any(_owed(box, lane) for lane in ("records", "telemetry"))


def _owed(box: FedGateway, lane: str) -> int:
    """Blocks that the broker has not acknowledged."""
    backlog: Any = box.gateway.journal.facts()["backlog"]
    owed: int = backlog[UPLINK].get(lane, {"blocks": 0})["blocks"]
    return owed


def disorder(heard: list[Key]) -> int:
    """First copies that came after a later block of their lane."""
    newest: defaultdict[tuple[str, str], int] = defaultdict(int)
    seen: set[Key] = set()
    late = 0
    for key in heard:
        if key not in seen:
            seen.add(key)
            late += key[2] < newest[key[:2]]
            newest[key[:2]] = max(newest[key[:2]], key[2])
    return late


@asynccontextmanager
async def trial(
    place: Place, *broker_settings: str, receive_bytes: int | None = None, **fed: Any
) -> AsyncIterator[Trial]:
    """All of it runs; fed: see ``FedGateway``."""
    place.folder.mkdir(parents=True, exist_ok=True)
    listener = Listener()
    async with (
        Broker(place.mosquitto, place.folder, *broker_settings) as broker,
        Proxy(broker.port, receive_bytes=receive_bytes) as link,
        listening(listener, broker.port),
        FedGateway(place.folder / "gateway", link.port, **fed) as gateway,
    ):
        yield Trial(gateway, link, broker, listener)


@asynccontextmanager
async def listening(listener: Listener, port: int) -> AsyncIterator[None]:
    task = asyncio.create_task(listener.listen(port))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
