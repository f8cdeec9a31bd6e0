"""What stands in for the rooms around an uplink: a journal in memory, and who listens to alarms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
import orjson

from edge.alarms import Cause
from edge.journal.block import Block, Lane, Owed
from edge.uplinks.mqtt import MqttUplink, Target

GATEWAY = "dx-yidong-01"
UPLINK = "platform"
ROOT = f"tagtrail/{GATEWAY}"
JOURNALLED = (f"{ROOT}/records/+", f"{ROOT}/telemetry")


class MemoryOutbox:
    """A journal whose *disk* is this object: it outlives an uplink as a file would.

    disk_s: how long each write takes. has_power: without it nothing is written any more, as after a
    ``kill -9``. Cursors move by ``acknowledge`` alone, and never back.
    """

    def __init__(self, *, disk_s: float = 0.0) -> None:
        self.disk_s = disk_s
        self.has_power = True
        self.blocks: dict[tuple[str, Lane], list[Block]] = {}
        self.cursors: dict[tuple[str, Lane], int] = {}
        self.quarantined: list[tuple[Block, str]] = []
        self.acknowledgements = 0
        self._commits: list[asyncio.Event] = []

    def commit(
        self,
        lane: Lane,
        *,
        kind: str = "telemetry",
        journal: str = "J1",
        observations: int = 1,
        size: int = 0,
    ) -> Block:
        blocks = self.blocks.setdefault((journal, lane), [])
        facts = {"journal": journal, "lane": lane, "seq": len(blocks) + 1, "pad": "x" * size}
        block = Block(journal, lane, len(blocks) + 1, kind, observations, orjson.dumps(facts))
        blocks.append(block)
        for event in self._commits:
            event.set()
        return block

    def telemetry(self, count: int, *, size: int = 0, observations: int = 1) -> None:
        for _ in range(count):
            self.commit(Lane.TELEMETRY, size=size, observations=observations)

    def cursor(self, lane: Lane = Lane.TELEMETRY, journal: str = "J1") -> int:
        return self.cursors.get((journal, lane), 0)

    def subscribe(self) -> asyncio.Event:
        event = asyncio.Event()
        self._commits.append(event)
        return event

    async def owed(self, uplink: str) -> list[Owed]:
        await asyncio.sleep(0)
        return sorted(
            Owed(journal, lane, self.cursor(lane, journal), blocks[-1].seq)
            for (journal, lane), blocks in self.blocks.items()
            if blocks[-1].seq > self.cursor(lane, journal)
        )

    async def read(self, journal: str, lane: Lane, after: int, most_bytes: int = 1 << 20) -> list[Block]:
        await asyncio.sleep(0)
        found: list[Block] = []
        for block in self.blocks[journal, lane][after:]:
            found.append(block)
            most_bytes -= len(block.body)
            if most_bytes <= 0:
                break
        return found

    async def acknowledge(self, uplink: str, journal: str, lane: Lane, seq: int) -> None:
        await asyncio.sleep(self.disk_s)
        if not self.has_power:
            return
        assert seq >= self.cursor(lane, journal), "a cursor never moves back"
        self.cursors[journal, lane] = seq
        self.acknowledgements += 1

    async def quarantine(self, uplink: str, block: Block, why: str) -> None:
        await asyncio.sleep(self.disk_s)
        if self.has_power:
            self.quarantined.append((block, why))


@dataclass
class AlarmLog:
    """Every alarm that was raised or cleared, and those that stand."""

    standing: dict[Cause, str] = field(default_factory=dict)
    raised_ever: list[Cause] = field(default_factory=list)

    def raised(self, cause: Cause, subject: str, detail: str) -> None:
        assert subject == UPLINK
        if cause not in self.standing:
            self.raised_ever.append(cause)
        self.standing[cause] = detail

    def cleared(self, cause: Cause, subject: str) -> None:
        assert subject == UPLINK
        self.standing.pop(cause, None)


@dataclass
class Heard:
    """What a consumer has received of the journalled topics, in order."""

    topics: list[str] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)

    def seqs(self, lane: Lane = Lane.TELEMETRY, journal: str = "J1") -> list[int]:
        return [b["seq"] for b in self.blocks if b["lane"] == lane and b["journal"] == journal]

    def first_copies(self, lane: Lane = Lane.TELEMETRY, journal: str = "J1") -> list[int]:
        return list(dict.fromkeys(self.seqs(lane, journal)))

    @property
    def lanes(self) -> list[str]:
        return [block["lane"] for block in self.blocks]

    def duplicates(self, lane: Lane = Lane.TELEMETRY) -> int:
        return len(self.seqs(lane)) - len(self.first_copies(lane))


def window_of(uplink: MqttUplink) -> int:
    """How many blocks are under way."""
    count = uplink.facts()["in_flight"]
    assert isinstance(count, int)
    return count


def target(port: int, **options: Any) -> Target:
    return Target(host="127.0.0.1", port=port, gateway=GATEWAY, **options)


def new_uplink(to: Target, outbox: MemoryOutbox, alarms: AlarmLog, *, knows_time: bool = True) -> MqttUplink:
    status = b'{"v":1,"state":"online"}'
    return MqttUplink(UPLINK, to, outbox, alarms, lambda: status, knows_time=lambda: knows_time)


@asynccontextmanager
async def running(uplink: MqttUplink) -> AsyncIterator[MqttUplink]:
    """The uplink at work, stopped in an orderly way at the end. Should it fail, the test ends at once."""
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(uplink.run())
        yield uplink
        work.cancel()


@asynccontextmanager
async def consumer(port: int, *topics: str, heard: Heard | None = None) -> AsyncIterator[Heard]:
    """Subscribes at QoS 1 and hears from then on; without ``topics`` to all that is journalled."""
    heard = heard or Heard()
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        for topic in topics or JOURNALLED:
            await client.subscribe(topic, qos=1)

        async def listen() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                heard.topics.append(message.topic.value)
                heard.blocks.append(orjson.loads(message.payload))

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await task


async def until(condition: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Waits for something that must come true; how long it may take is no part of what is tested."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)
