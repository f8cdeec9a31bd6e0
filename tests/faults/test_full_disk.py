"""A disk that is really full: what gives way, what is said, what goes on, and how soon all is well again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
import pytest

from edge.alarms import Cause
from edge.journal.ballast import SIZE_BYTES
from edge.journal.block import Lane
from edge.journal.store import Journal, Rules
from simulators.site import Site
from tests.edge.journal.journal_rig import Box, blocks, devices, record_of
from tests.faults import rig
from tests.faults.rig import Gateways
from tests.faults.small_disk import SmallDisk, small_disk

RULES = Rules(commit_every_s=0.02, max_size_bytes=64 << 20)
PROMPTLY_S = 5.0
FULL = Cause.JOURNAL_FULL, "journal"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 32) as disk:
        yield disk


@asynccontextmanager
async def running(box: Box, rules: Rules = RULES) -> AsyncIterator[Journal]:
    async with box.journal(rules) as journal:
        task = asyncio.create_task(journal.run())
        await journal.register("platform", "oldest")
        try:
            yield journal
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def say(journal: Journal, box: Box, entries: int) -> int:
    """So many entries of 20 kB, a second apart, as fast as they are taken; how many were refused."""
    refused = 0
    for _ in range(entries):
        box.wait(1)
        refused += not journal.observe(box.entry(size=20_000))
        await asyncio.sleep(0.005)
    return refused


async def until(condition: Callable[[], bool], go_on: Callable[[], Awaitable[object]]) -> None:
    """Within the promised time, while work goes on."""
    begun = monotonic()
    while not condition():
        assert monotonic() - begun < PROMPTLY_S
        await go_on()


async def gaps(journal: Journal) -> list[dict[str, Any]]:
    records = [record_of(block) for block in await blocks(journal, Lane.RECORDS)]
    return [record["facts"] for record in records if record.get("event") == "gap"]


def lane(journal: Journal, name: str = "telemetry") -> dict[str, int]:
    facts: Any = journal.facts()
    found: dict[str, int] = facts["lanes"][name]
    return found


async def test_a_full_disk_takes_the_oldest_telemetry_and_says_exactly_which(disk: SmallDisk) -> None:
    box = Box(disk.folder)
    async with running(box) as journal:
        await say(journal, box, 300)
        await journal.flush()
        delivered = lane(journal)["head"] // 4
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, delivered)
        assert box.rung == []
        disk.fill()
        await until(lambda: ("raised", *FULL) in box.rung, lambda: say(journal, box, 5))
        for _ in range(3):
            disk.fill()
            assert await say(journal, box, 200) == 0
        assert journal.facts()["state"] == "tight"
        await journal.flush()

        told = await gaps(journal)
        kept = await blocks(journal, Lane.TELEMETRY)
        pruned = lane(journal)["pruned"]
        assert delivered < pruned < lane(journal)["head"]
        assert [block.seq for block in kept] == list(range(pruned + 1, lane(journal)["head"] + 1))
        assert [gap["first_seq"] for gap in told] == [delivered + 1] + [g["last_seq"] + 1 for g in told[:-1]]
        assert told[-1]["last_seq"] == pruned
        given_up = journal.facts()["given_up"]
        assert sum(gap["observations"] for gap in told) == given_up
        assert {(gap["reason"], gap["uplink"], gap["lane"]) for gap in told} == {
            ("room", "platform", "telemetry")
        }

        disk.free()
        await until(lambda: ("cleared", *FULL) in box.rung, lambda: say(journal, box, 5))
        assert journal.facts()["state"] == "ok"
        assert (disk.folder / "journal.db.ballast").stat().st_size == SIZE_BYTES


async def test_records_that_fill_the_disk_stay_and_telemetry_waits_for_room(disk: SmallDisk) -> None:
    box = Box(disk.folder)
    async with running(box) as journal:
        number = 0
        disk.fill()
        while not journal.facts()["buffered_records"]:
            for _ in range(50):
                number += 1
                journal.record("storage", box.at, orjson.dumps({"n": number, "series": "x" * 20_000}))
            await asyncio.sleep(0.1)
        assert ("raised", *FULL) in box.rung
        assert journal.facts()["state"] == "full"
        while journal.observe(box.entry(observations=400)):
            pass
        assert not journal.has_room

        disk.free()
        await until(lambda: journal.has_room, lambda: asyncio.sleep(0.05))
        await journal.flush()
        assert box.rung[-1] == ("cleared", *FULL)
        kept = [record_of(block)["n"] for block in await blocks(journal, Lane.RECORDS)]
        assert kept == list(range(1, number + 1))
        assert lane(journal, "records")["pruned"] == 0
        assert len(devices(await blocks(journal, Lane.TELEMETRY))) == 50


async def test_a_start_on_a_full_disk_begins_with_the_room_held_back(disk: SmallDisk) -> None:
    box = Box(disk.folder)
    async with running(box) as journal:
        await say(journal, box, 50)
    disk.fill()
    box.boot = "boot-2"
    async with running(box) as journal:
        assert await say(journal, box, 50) == 0
        await journal.flush()
        assert lane(journal)["pruned"] < lane(journal)["head"]
        assert box.rung == [("raised", *FULL)]


async def test_the_alarm_does_not_wait_until_the_room_of_the_log_is_used_up(disk: SmallDisk) -> None:
    box = Box(disk.folder)
    async with running(box) as journal:
        while not (disk.folder / "journal.db").stat().st_size > 1 << 20:
            await say(journal, box, 10)  # the log is as long as it ever gets
        disk.fill()
        await until(lambda: box.rung == [("raised", *FULL)], lambda: say(journal, box, 1))
        assert (disk.folder / "journal.db.ballast").exists()


async def test_the_room_held_back_is_left_alone_while_the_quota_is_what_is_full(tmp_path: Path) -> None:
    box = Box(tmp_path)
    async with running(box, Rules(commit_every_s=0.02, max_size_bytes=2_000_000)) as journal:
        await say(journal, box, 150)
        await journal.flush()
        assert box.rung[0] == ("raised", *FULL)  # nothing was delivered, so every step costs the platform
        assert await gaps(journal)
        assert (tmp_path / "journal.db.ballast").exists()
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, lane(journal)["head"])
        await say(journal, box, 3)
        await journal.flush()
        assert box.rung[-1] == ("cleared", *FULL)
    assert shutil.disk_usage(tmp_path).free > SIZE_BYTES


@pytest.mark.slow
async def test_a_gateway_on_a_full_disk_reads_shows_and_stores_on(
    mosquitto: Path, disk: SmallDisk, tmp_path: Path, gateways: Gateways
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    async with (
        Site(rig.scenario(0), tmp_path / "devices", truth=False) as site,
        rig.DurableBroker(mosquitto, folder) as broker,
        rig.consuming(broker.port) as consumer,
    ):
        gateway = gateways(rig.settings(disk.folder, site.ports["panel"]["tcp"], broker.port))

        async def causes() -> list[str]:
            return [alarm["cause"] for alarm in (await gateway.status())["alarms"]]

        await gateway.start()
        async with asyncio.timeout(30):
            while not consumer.live:
                await asyncio.sleep(0.1)
        disk.fill()
        async with asyncio.timeout(PROMPTLY_S):
            while "journal_full" not in await causes():
                await asyncio.sleep(0.1)
        shown, stored = consumer.live, len(consumer.first_copies("telemetry"))
        await asyncio.sleep(5)
        assert consumer.live - shown > 2 * rig.UNITS
        assert len(consumer.first_copies("telemetry")) - stored > 2
        disk.free()
        async with asyncio.timeout(PROMPTLY_S):
            while await causes():
                await asyncio.sleep(0.1)
        assert await gateway.stop() == 0
