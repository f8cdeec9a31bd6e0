"""Disks that fill up or fail, and what gives way, in which order."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import orjson
import pytest

from drivers.contract import NANOSECONDS, Instant
from edge.alarms import Cause
from edge.errors import JournalError
from edge.journal.block import Lane, Owed
from edge.journal.identity import Identity
from edge.journal.store import Journal, Rules
from edge.journal.waiting import Batch
from edge.journal.writer import Writer
from tests.edge.journal.journal_rig import DAY_S, Box, blocks, devices, record_of

YEAR_S = 365 * DAY_S

SMALL = Rules(max_size_bytes=2_000_000)
BIG_RECORD = orjson.dumps({"kind": "storage", "series": "x" * 30_000})


async def say(journal: Journal, box: Box, blocks_of_30k: int) -> None:
    for _ in range(blocks_of_30k):
        journal.observe(box.entry(observations=3, size=30_000))
        await journal.flush()
        box.wait(1)


async def gaps(journal: Journal) -> list[dict[str, object]]:
    records = [record_of(block) for block in await blocks(journal, Lane.RECORDS)]
    return [record["facts"] for record in records if record.get("event") == "gap"]


def lanes(journal: Journal) -> dict[str, dict[str, int]]:
    found: object = journal.facts()["lanes"]
    assert isinstance(found, dict)
    return found


@contextmanager
def commits_that_fail(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as other:
        other.execute(
            "CREATE TRIGGER fail BEFORE INSERT ON blocks BEGIN SELECT RAISE(ABORT, 'worn out'); END"
        )
        yield
        other.execute("DROP TRIGGER fail")


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_delivered_telemetry_goes_first_and_leaves_no_gap(box: Box) -> None:
    async with box.journal(SMALL) as journal:
        for uplink in ("platform", "trend"):
            await journal.register(uplink, "oldest")
        await say(journal, box, 50)
        for uplink in ("platform", "trend"):
            await journal.acknowledge(uplink, journal.id, Lane.TELEMETRY, 40)
        await say(journal, box, 30)
        pruned = lanes(journal)["telemetry"]["pruned"]
        assert 0 < pruned <= 40
        assert await gaps(journal) == []
        assert await journal.owed("platform") == [Owed(journal.id, Lane.TELEMETRY, 40, 80)]
        left = await blocks(journal, Lane.TELEMETRY)
        assert [block.seq for block in left] == list(range(pruned + 1, 81))
        assert box.path.stat().st_size <= SMALL.max_size_bytes
        assert box.rung == []


async def test_what_one_uplink_has_had_another_may_still_be_owed(box: Box) -> None:
    async with box.journal(SMALL) as journal:
        for uplink in ("platform", "trend"):
            await journal.register(uplink, "oldest")
        await say(journal, box, 20)
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 20)
        await say(journal, box, 55)
        pruned = lanes(journal)["telemetry"]["pruned"]
        assert 0 < pruned <= 20
        assert {gap["uplink"] for gap in await gaps(journal)} == {"trend"}


@pytest.mark.parametrize("uplinks", [["platform"], []])
async def test_undelivered_telemetry_goes_next_and_the_gap_says_exactly_what(
    box: Box, uplinks: list[str]
) -> None:
    async with box.journal(SMALL) as journal:
        for uplink in uplinks:
            await journal.register(uplink, "oldest")
        await say(journal, box, 100)
        pruned = lanes(journal)["telemetry"]["pruned"]
        assert pruned > 20
        records = [record_of(block) for block in await blocks(journal, Lane.RECORDS)]
        assert {record["kind"] for record in records} == {"gateway"}
        assert {record["operator"] for record in records} == {"伊东羊业"}
        assert len({record["id"] for record in records}) == len(records)
        told = await gaps(journal)
        assert {gap["uplink"] for gap in told} == ({"platform"} if uplinks else {None})
        assert {(gap["reason"], gap["journal"], gap["lane"]) for gap in told} == {
            ("room", journal.id, "telemetry")
        }
        spans = [(gap["first_seq"], gap["last_seq"]) for gap in told]
        assert [first for first, _ in spans] == [1] + [int(str(last)) + 1 for _, last in spans[:-1]]
        assert spans[-1][1] == pruned
        assert sum(int(str(gap["observations"])) for gap in told) == 3 * pruned
        assert journal.facts()["given_up"] == 3 * pruned
        assert records[0]["from"] == "2026-11-22T03:14:07.000Z"
        assert records[-1]["to"] > records[0]["to"] > records[0]["from"]
        if uplinks:
            telemetry = (await journal.owed("platform"))[1]
            assert telemetry == Owed(journal.id, Lane.TELEMETRY, pruned, 100)
            backlog = journal.facts()["backlog"]
            assert backlog["platform"]["telemetry"] == {  # type: ignore[index]
                "blocks": 100 - pruned,
                "observations": 3 * (100 - pruned),
            }


async def test_seqs_are_not_used_again_after_everything_was_deleted(box: Box) -> None:
    rules = Rules(keep_telemetry_s=DAY_S)
    async with box.journal(rules) as journal:
        await say(journal, box, 3)
    box.wait(2 * DAY_S)
    async with box.journal(rules) as journal:
        await journal.flush()
        assert await blocks(journal, Lane.TELEMETRY) == []
    async with box.journal(rules) as journal:
        await say(journal, box, 1)
        assert [block.seq for block in await blocks(journal, Lane.TELEMETRY)] == [4]


async def fill_with_records(journal: Journal, box: Box) -> int:
    """Until telemetry is withheld; how many records that took."""
    for number in range(1, 1000):
        journal.record("storage", box.at, BIG_RECORD)
        await journal.flush()
        if journal.facts()["state"] == "full":
            return number
    raise AssertionError("never full")


async def test_records_are_never_deleted_before_their_time_and_an_alarm_stands(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.room._EXPIRE_EVERY_S", 0.0)
    async with box.journal(SMALL) as journal:
        await say(journal, box, 5)
        number = await fill_with_records(journal, box)
        assert box.rung == [("raised", Cause.JOURNAL_FULL, "journal")]
        assert not journal.has_room
        assert await blocks(journal, Lane.TELEMETRY) == []  # it gave way first

        assert journal.observe(box.entry("waits"))
        with pytest.raises(JournalError, match="takes nothing"):
            await journal.flush()
        while journal.observe(box.entry(observations=500)):
            pass
        assert journal.facts()["refused"] == {"waiting": 500}
        journal.record("alarm", box.at, b'{"kind":"alarm"}')  # the last sixteenth is for records
        with pytest.raises(JournalError):
            await journal.flush()
        kept = await blocks(journal, Lane.RECORDS)
        assert kept[-1].kind == "alarm"
        assert [block.kind for block in kept].count("storage") == number

        box.wait(4 * YEAR_S)
        for _ in range(100):
            if journal.has_room:
                break
            await asyncio.gather(journal.flush(), return_exceptions=True)
        assert box.rung[1:] == [("cleared", Cause.JOURNAL_FULL, "journal")]
        await journal.flush()
        assert devices(await blocks(journal, Lane.TELEMETRY))[0] == "waits"
        assert not any(gap["lane"] == "records" for gap in await gaps(journal))


async def test_telemetry_goes_on_by_itself_as_soon_as_there_is_room(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.room._EXPIRE_EVERY_S", 0.0)
    rules = Rules(commit_every_s=0.01, max_size_bytes=2_000_000, keep_telemetry_s=9 * YEAR_S)
    async with box.journal(rules) as journal:
        journal.record("storage", box.at, BIG_RECORD)
        box.wait(2 * YEAR_S)
        await fill_with_records(journal, box)
        journal.observe(box.entry("waits"))
        box.wait(1.5 * YEAR_S)  # the first record has had its three years
        running = asyncio.create_task(journal.run())
        while not await blocks(journal, Lane.TELEMETRY):
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_values_for_the_rollups_take_no_room_from_records(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.room._EXPIRE_EVERY_S", 0.0)
    async with box.journal(Rules(max_size_bytes=2_000_000, keep_telemetry_s=9 * YEAR_S)) as journal:
        await fill_with_records(journal, box)
        since = box.at
        journal.roll(since, (("chiller-1-air.temperature", 3.4),))
        for _ in range(3):
            await journal.flush()
            box.wait(60)
        minutes = "chiller-1-air.temperature", Instant(since - 60 * NANOSECONDS), box.at
        assert await journal.rollups(*minutes) == []
        box.wait(4 * YEAR_S)  # the records have had their three years
        while not journal.has_room:
            await journal.flush()
        for _ in range(2):
            await journal.flush()
            box.wait(60)
        assert [minute.n for minute in await journal.rollups(*minutes)] == [1]


async def test_past_the_quota_records_wait_and_none_is_lost(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.room._EXPIRE_EVERY_S", 0.0)
    async with box.journal(SMALL) as journal:
        for number in range(100):
            if number == 50:
                box.wait(2 * YEAR_S)
            journal.record("storage", box.at, BIG_RECORD[:-1] + b',"n":%d}' % number)
        with pytest.raises(JournalError, match="full"):
            await journal.flush()
        stored = await blocks(journal, Lane.RECORDS)
        assert 55 < len(stored) < 100
        assert journal.facts()["state"] == "full"
        assert journal.facts()["buffered_records"] == 100 - len(stored)
        assert box.path.stat().st_size <= SMALL.max_size_bytes
        box.wait(1.5 * YEAR_S)  # the first fifty have had their three years
        await journal.flush()
        assert journal.facts()["state"] == "ok"
        kept = await blocks(journal, Lane.RECORDS)
        assert kept[0].seq <= 51
        assert [(block.seq, record_of(block)["n"]) for block in kept] == [
            (seq, seq - 1) for seq in range(kept[0].seq, 101)
        ]


async def test_a_commit_that_fails_is_tried_again_and_leaves_no_hole(box: Box) -> None:
    async with box.journal(Rules(commit_every_s=0.01)) as journal:
        await journal.register("platform", "oldest")
        journal.observe(box.entry("a"))
        await journal.flush()
        commit = journal.subscribe()
        running = asyncio.create_task(journal.run())
        with commits_that_fail(box.path):
            journal.observe(box.entry("b"))
            journal.record("alarm", box.at, b"{}")
            acknowledged = asyncio.create_task(journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1))
            with pytest.raises(JournalError, match="worn out"):
                await journal.flush()
            assert journal.facts()["state"] == "failing"
            assert box.rung == [("raised", Cause.JOURNAL_FAILING, "journal")]
            assert journal.observe(box.entry("c"))
            await asyncio.sleep(0.05)
            assert not commit.is_set()
            assert not acknowledged.done()
            assert [owed.cursor for owed in await journal.owed("platform")] == [0]
            assert len(await blocks(journal, Lane.TELEMETRY)) == 1
        await commit.wait()
        await acknowledged
        await journal.flush()
        told = await blocks(journal, Lane.TELEMETRY)
        assert devices(told) == ["a", "b", "c"]
        assert [block.seq for block in told] == list(range(1, len(told) + 1))
        assert len(await blocks(journal, Lane.RECORDS)) == 1
        assert journal.facts()["state"] == "ok"
        assert box.rung[1:] == [("cleared", Cause.JOURNAL_FAILING, "journal")]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_commit_goes_to_its_end_although_the_loop_is_cancelled(box: Box) -> None:
    journal = await box.open(Rules(commit_every_s=0))
    with closing(sqlite3.connect(box.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the commit has to wait in its thread
        running = asyncio.create_task(journal.run())
        journal.observe(box.entry("once", urgent=True))
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        other.execute("COMMIT")
    await journal.close()
    async with box.journal() as again:
        assert devices(await blocks(again, Lane.TELEMETRY)) == ["once"]


async def test_closing_ends_a_loop_that_still_runs(box: Box) -> None:
    journal = await box.open()
    running = asyncio.create_task(journal.run())
    await asyncio.sleep(0)
    journal.observe(box.entry("last"))
    await journal.close()
    await running
    await journal.flush()
    async with box.journal() as again:
        assert devices(await blocks(again, Lane.TELEMETRY)) == ["last"]


async def test_a_write_that_the_disk_refuses_half_way_is_no_commit(box: Box) -> None:
    async with box.journal() as journal:
        await say(journal, box, 3)
        with files_no_larger_than(box.path.with_name("journal.db-wal").stat().st_size + 10_000):
            journal.observe(box.entry("late", size=30_000))
            with pytest.raises(JournalError, match="disk I/O error"):
                await journal.flush()
            assert len(await blocks(journal, Lane.TELEMETRY)) == 3
        await journal.flush()
        told = await blocks(journal, Lane.TELEMETRY)
        assert [block.seq for block in told] == [1, 2, 3, 4]
        assert devices(told)[3] == "late"


async def test_closing_says_how_much_could_not_be_stored(box: Box) -> None:
    journal = await box.open()
    with commits_that_fail(box.path):
        journal.observe(box.entry())
        journal.record("gateway", box.at, b"{}")
        with pytest.raises(JournalError, match="worn out; 2 entries and records"):
            await journal.close()
    async with box.journal() as again:  # the lock is free all the same
        assert await blocks(again, Lane.TELEMETRY) == []


async def test_an_acknowledgement_that_cannot_be_stored_fails_at_the_end(box: Box) -> None:
    journal = await box.open(Rules(commit_every_s=0.01))
    await journal.register("platform", "oldest")
    await say(journal, box, 1)
    running = asyncio.create_task(journal.run())
    await asyncio.sleep(0)
    with commits_that_fail(box.path):
        journal.observe(box.entry())
        acknowledged = asyncio.create_task(journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1))
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        with pytest.raises(JournalError):
            await journal.close()
        with pytest.raises(JournalError):
            await acknowledged


async def test_what_is_too_old_goes_each_lane_after_its_time(box: Box) -> None:
    rules = Rules(keep_records_s=10 * DAY_S, keep_telemetry_s=2 * DAY_S)
    async with box.journal(rules) as journal:
        await journal.register("platform", "oldest")
        journal.record("alarm", box.at, b"{}")
        await say(journal, box, 3)
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1)
    box.wait(DAY_S)
    async with box.journal(rules) as journal:
        journal.observe(box.entry("younger"))
        await journal.flush()
        assert len(await blocks(journal, Lane.TELEMETRY)) == 4
    box.wait(1.5 * DAY_S)
    box.clock = "unsynced"
    async with box.journal(rules) as journal:
        await journal.flush()
        assert len(await blocks(journal, Lane.TELEMETRY)) == 4  # a clock that may be wrong deletes nothing
        box.clock = "ntp"
        await journal.flush()
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["younger"]
        (gap,) = await gaps(journal)
        assert (gap["reason"], gap["first_seq"], gap["last_seq"], gap["observations"]) == ("age", 2, 3, 6)
        assert [block.kind for block in await blocks(journal, Lane.RECORDS)] == ["alarm", "gateway"]


async def test_only_a_prefix_goes_also_where_something_old_came_late(box: Box) -> None:
    rules = Rules(keep_telemetry_s=DAY_S)
    async with box.journal(rules) as journal:
        old = box.entry("old")
        box.wait(DAY_S)
        journal.observe(box.entry("young"))
        await journal.flush()
        journal.observe(old)
        await journal.flush()
    box.wait(60)
    async with box.journal(rules) as journal:
        await journal.flush()
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["young", "old"]


async def test_an_old_journal_is_emptied_first_and_stays_as_an_anchor(box: Box) -> None:
    async with box.journal(SMALL) as old:
        await old.register("platform", "oldest")
        await say(old, box, 20)
        await old.acknowledge("platform", old.id, Lane.TELEMETRY, 15)
    box.machine = "box-2"
    async with box.journal(SMALL) as new:
        await say(new, box, 35)
        await new.acknowledge("platform", new.id, Lane.TELEMETRY, 10)
        await say(new, box, 22)
        assert [block.seq for block in await blocks(new, Lane.TELEMETRY, old.id)] == [16, 17, 18, 19, 20]
        assert 0 < lanes(new)["telemetry"]["pruned"] <= 10  # what is delivered, of any journal, goes before
        assert await gaps(new) == []
        await say(new, box, 60)
        assert await blocks(new, Lane.TELEMETRY, old.id) == []
        assert (await gaps(new))[0]["journal"] == old.id
        assert [owed.journal for owed in await new.owed("platform")] == [new.id, new.id]
        await say(new, box, 5)
    box.machine = "box-1"
    async with box.journal(SMALL) as third:
        assert third.predecessor is not None
        assert third.predecessor.journal == new.id
        assert len({old.id, new.id, third.id}) == 3


async def test_a_cursor_that_retention_has_moved_on_is_not_moved_back(box: Box) -> None:
    writer = Writer(box.path, Identity("dx", "box-1", "boot-1"), Rules(keep_telemetry_s=DAY_S), box.now)
    writer.register("platform", "oldest")
    for _ in range(3):
        writer.commit(Batch([box.entry()], [], {}, "ntp"))
    telemetry = writer.standing.lanes[1]
    box.wait(2 * DAY_S)
    assert writer.expire("ntp") == 6
    writer.commit(Batch([], [], {("platform", telemetry.number): 2}, "ntp"))
    assert writer.standing.cursors["platform", telemetry.number] == (3, 6)
    writer.close()


async def test_where_the_disk_around_the_file_is_full_deleting_more_would_not_help(box: Box) -> None:
    writer = Writer(box.path, Identity("dx", "box-1", "boot-1"), SMALL, box.now)
    for _ in range(40):
        writer.commit(Batch([box.entry(size=30_000)], [], {}, "ntp"))
    assert not writer.crowded
    steps = 0
    while writer.make_room("ntp") is not None:
        steps += 1
    assert 0 < steps < 10
    assert writer.standing.free_bytes > 4 * SMALL.max_size_bytes // 64
    writer.close()
