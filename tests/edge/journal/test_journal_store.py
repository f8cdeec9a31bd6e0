"""What comes in is committed, in order, and is owed until it is acknowledged."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import orjson
import pytest

from drivers.contract import Instant
from edge.errors import JournalError
from edge.journal.block import MAX_BYTES, MAX_OBSERVATIONS, Block, Entry, Lane, Outbox, Owed
from edge.journal.identity import Predecessor, Reason
from edge.journal.store import Journal, Rules
from edge.journal.waiting import MOST_OBSERVATIONS, MOST_RECORDS
from tests.edge.journal.journal_rig import START, Box, blocks, devices, record_of

NEVER = Rules(commit_every_s=3600)


def test_the_journal_is_an_outbox() -> None:
    outbox: type[Outbox] = Journal
    assert outbox is Journal


async def test_what_was_observed_is_read_back_as_it_was_encoded(box: Box) -> None:
    async with box.journal() as journal:
        first, second = box.entry("chiller-1-air"), box.entry("body-front", 1)
        assert journal.observe(first)
        assert journal.observe(second)
        journal.record("alarm", box.at, b'{"kind":"alarm","id":"a1"}')
        await journal.flush()
        (telemetry,) = await blocks(journal, Lane.TELEMETRY)
        assert telemetry[:5] == (journal.id, Lane.TELEMETRY, 1, "telemetry", 3)
        assert b'"observations":[' + first.body + b"," + second.body + b"]}" in telemetry.body
        (record,) = await blocks(journal, Lane.RECORDS)
        assert record[:5] == (journal.id, Lane.RECORDS, 1, "alarm", 0)
        assert record_of(record) == {"kind": "alarm", "id": "a1"}
        block = orjson.loads(record.body)
        assert (block["gateway"], block["boot"], block["clock"]) == ("dx-yidong-01", "boot-1", "ntp")
        assert block["journal"] == journal.id


async def test_a_block_says_how_its_time_was_known(box: Box) -> None:
    async with box.journal() as journal:
        for box.clock in ("unsynced", "gnss"):
            journal.observe(box.entry())
            await journal.flush()
        assert [orjson.loads(b.body)["clock"] for b in await blocks(journal, Lane.TELEMETRY)] == [
            "unsynced",
            "gnss",
        ]


async def test_seqs_and_cursors_go_on_after_a_restart(box: Box) -> None:
    async with box.journal() as journal:
        await journal.register("platform", "oldest")
        for device in ("a", "b", "c"):
            journal.observe(box.entry(device))
            await journal.flush()
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 2)
    async with box.journal() as again:
        assert again.id == journal.id
        assert again.predecessor is None
        await again.register("platform", "now")  # a known uplink keeps its cursors
        again.observe(box.entry("d"))
        await again.flush()
        assert await again.owed("platform") == [Owed(journal.id, Lane.TELEMETRY, 2, 4)]
        owed = await blocks(again, Lane.TELEMETRY, after=2)
        assert devices(owed) == ["c", "d"]
        assert [block.seq for block in owed] == [3, 4]


async def test_what_waits_is_committed_by_closing(box: Box) -> None:
    async with box.journal(NEVER) as journal:
        journal.observe(box.entry("a"))
        journal.record("gateway", box.at, b"{}")
    assert not journal.observe(box.entry("late"))
    await journal.close()
    async with box.journal() as again:
        assert devices(await blocks(again, Lane.TELEMETRY)) == ["a"]
        assert len(await blocks(again, Lane.RECORDS)) == 1


async def test_a_crash_takes_what_waited_and_nothing_that_was_flushed(box: Box, tmp_path: Path) -> None:
    async with box.journal(NEVER) as journal:
        journal.observe(box.entry("kept"))
        await journal.flush()
        journal.observe(box.entry("lost"))
        async with box.after_power_cut(tmp_path / "cut").journal() as again:
            assert again.id == journal.id
            assert devices(await blocks(again, Lane.TELEMETRY)) == ["kept"]


async def test_owed_names_records_before_telemetry_and_nothing_that_is_finished(box: Box) -> None:
    async with box.journal() as journal:
        await journal.register("platform", "oldest")
        assert await journal.owed("platform") == []
        journal.observe(box.entry())
        await journal.flush()
        journal.record("gateway", box.at, b"{}")
        await journal.flush()
        assert await journal.owed("platform") == [
            Owed(journal.id, Lane.RECORDS, 0, 1),
            Owed(journal.id, Lane.TELEMETRY, 0, 1),
        ]
        await journal.acknowledge("platform", journal.id, Lane.RECORDS, 1)
        assert await journal.owed("platform") == [Owed(journal.id, Lane.TELEMETRY, 0, 1)]


async def test_uplinks_have_cursors_of_their_own(box: Box) -> None:
    async with box.journal() as journal:
        await journal.register("platform", "oldest")
        journal.observe(box.entry())
        await journal.flush()
        await journal.register("late", "now")
        assert await journal.owed("late") == []
        await journal.register("whole", "oldest")
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1)
        assert await journal.owed("platform") == []
        assert await journal.owed("whole") == [Owed(journal.id, Lane.TELEMETRY, 0, 1)]
        assert journal.uplinks == {"platform", "late", "whole"}
        await journal.forget("whole")
        assert journal.uplinks == {"platform", "late"}
        assert await journal.owed("whole") == []


async def test_a_cursor_never_goes_back_nor_past_the_end(box: Box) -> None:
    async with box.journal() as journal:
        await journal.register("platform", "oldest")
        for _ in range(3):
            journal.observe(box.entry())
            await journal.flush()
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 2)
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1)
        assert await journal.owed("platform") == [Owed(journal.id, Lane.TELEMETRY, 2, 3)]
        with pytest.raises(ValueError, match="the last is 3"):
            await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 4)
        with pytest.raises(JournalError, match="knows no uplink stranger"):
            await journal.acknowledge("stranger", journal.id, Lane.TELEMETRY, 1)
        with pytest.raises(JournalError, match="holds no journal 01NONE"):
            await journal.read("01NONE", Lane.TELEMETRY, 0)


async def test_an_acknowledgement_is_on_disk_when_it_returns(box: Box, tmp_path: Path) -> None:
    async with box.journal(Rules(commit_every_s=0.01)) as journal:
        await journal.register("platform", "oldest")
        running = asyncio.create_task(journal.run())
        for _ in range(9):
            journal.observe(box.entry(urgent=True))
            await journal.flush()
        for seq in (1, 8):  # far behind: at once; caught up: with the next commit
            await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, seq)
            async with box.after_power_cut(tmp_path / f"cut-{seq}").journal() as again:
                assert await again.owed("platform") == [Owed(journal.id, Lane.TELEMETRY, seq, 9)]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_an_acknowledgement_that_waits_is_written_when_the_loop_is_cancelled(box: Box) -> None:
    async with box.journal(NEVER) as journal:
        await journal.register("platform", "oldest")
        journal.observe(box.entry())
        await journal.flush()
        running = asyncio.create_task(journal.run())
        await asyncio.sleep(0)
        waiting = asyncio.create_task(journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        running.cancel()
        await waiting
        assert await journal.owed("platform") == []
        await asyncio.gather(running, return_exceptions=True)


async def test_quarantined_blocks_are_remembered_and_counted(box: Box) -> None:
    async with box.journal() as journal:
        await journal.register("platform", "oldest")
        journal.observe(box.entry())
        await journal.flush()
        (block,) = await blocks(journal, Lane.TELEMETRY)
        await journal.quarantine("platform", block, "payload format invalid")
        await journal.quarantine("platform", block, "payload format invalid")
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1)
        assert journal.facts()["quarantined"] == {"platform": 1}
    async with box.journal() as again:
        assert again.facts()["quarantined"] == {"platform": 1}
        with pytest.raises(JournalError):
            await again.quarantine("platform", Block("01NONE", *block[1:]), "?")


async def test_reading_is_bounded_but_never_gives_nothing(box: Box) -> None:
    async with box.journal() as journal:
        for device in ("a", "b", "c"):
            journal.observe(box.entry(device, size=10_000))
            await journal.flush()
        assert len(await journal.read(journal.id, Lane.TELEMETRY, 0, most_bytes=1)) == 1
        assert len(await journal.read(journal.id, Lane.TELEMETRY, 0, most_bytes=15_000)) == 2
        assert len(await journal.read(journal.id, Lane.TELEMETRY, 0)) == 3
        assert await journal.read(journal.id, Lane.TELEMETRY, 3) == []


@pytest.mark.parametrize("what", ["urgent entry", "record", "whole block", "32 KiB"])
async def test_some_things_do_not_wait(box: Box, what: str) -> None:
    async with box.journal(NEVER) as journal:
        commit = journal.subscribe()
        running = asyncio.create_task(journal.run())
        await asyncio.sleep(0)
        journal.observe(box.entry("waits"))
        await asyncio.sleep(0.05)
        assert not commit.is_set()
        match what:
            case "urgent entry":
                journal.observe(box.entry(urgent=True))
            case "record":
                journal.record("alarm", box.at, b"{}")
            case "whole block":
                for _ in range(50):
                    journal.observe(box.entry(observations=10))
            case "32 KiB":
                for _ in range(5):
                    journal.observe(box.entry(size=8000))
        await commit.wait()
        assert devices(await blocks(journal, Lane.TELEMETRY))[0] == "waits"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_rest_waits_for_its_turn_and_no_longer(box: Box) -> None:
    async with box.journal(Rules(commit_every_s=0.05)) as journal:
        commit = journal.subscribe()
        running = asyncio.create_task(journal.run())
        for device in ("a", "b", "c"):
            journal.observe(box.entry(device))
        assert not commit.is_set()
        await commit.wait()
        (block,) = await blocks(journal, Lane.TELEMETRY)
        assert devices([block]) == ["a", "b", "c"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_one_commit_cannot_take_goes_with_the_next_at_once(box: Box) -> None:
    async with box.journal(Rules(commit_every_s=3600, max_size_bytes=2_000_000)) as journal:
        running = asyncio.create_task(journal.run())
        for _ in range(3):
            journal.observe(box.entry(size=30_000))
        commit = journal.subscribe()
        while len(await blocks(journal, Lane.TELEMETRY)) < 3:
            await commit.wait()
            commit.clear()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_where_nothing_is_said_nothing_is_done(box: Box) -> None:
    async with box.journal(Rules(commit_every_s=0)) as journal:
        running = asyncio.create_task(journal.run())
        journal.observe(box.entry(urgent=True))
        await journal.flush()
        began = time.process_time()
        await asyncio.sleep(0.3)
        assert time.process_time() - began < 0.15
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_fits_into_no_block_is_refused_and_counted(box: Box) -> None:
    async with box.journal() as journal:
        assert not journal.observe(Entry(box.at, b"x" * MAX_BYTES, 3))
        assert not journal.observe(Entry(box.at, b"{}", MAX_OBSERVATIONS + 1))
        assert journal.observe(box.entry(size=MAX_BYTES - 300))
        await journal.flush()
        (block,) = await blocks(journal, Lane.TELEMETRY)
        assert MAX_BYTES - 300 < len(block.body) <= MAX_BYTES
        assert journal.facts()["refused"] == {"oversized": 3 + MAX_OBSERVATIONS + 1}


async def test_the_buffer_is_bounded(box: Box) -> None:
    async with box.journal() as journal:
        entry = box.entry(observations=500)
        taken = sum(journal.observe(entry) for _ in range(MOST_OBSERVATIONS // 500 + 3))
        assert taken * 500 == MOST_OBSERVATIONS
        assert not journal.has_room
        for number in range(MOST_RECORDS + 2):
            journal.record("gateway", box.at, b"%d" % number)
        assert journal.facts()["refused"] == {"waiting": 1500, "record_waiting": 2}
        await journal.flush()
        assert journal.has_room
        records = await blocks(journal, Lane.RECORDS)
        assert [record_of(block) for block in records] == list(range(MOST_RECORDS))
        assert sum(block.observations for block in await blocks(journal, Lane.TELEMETRY)) == MOST_OBSERVATIONS


async def test_another_machine_makes_another_journal_and_owes_the_old_one_first(box: Box) -> None:
    async with box.journal() as old:
        await old.register("platform", "oldest")
        old.record("gateway", box.at, b"{}")
        for device in ("a", "b"):
            old.observe(box.entry(device))
            await old.flush()
        await old.acknowledge("platform", old.id, Lane.TELEMETRY, 1)
    box.machine = "box-2"
    async with box.journal() as new:
        assert new.id != old.id
        assert new.predecessor == Predecessor(old.id, records=1, telemetry=2, reason=Reason.MACHINE)
        new.observe(box.entry("c"))
        await new.flush()
        assert [(owed.journal, *owed[1:]) for owed in await new.owed("platform")] == [
            (old.id, Lane.RECORDS, 0, 1),
            (old.id, Lane.TELEMETRY, 1, 2),
            (new.id, Lane.TELEMETRY, 0, 1),
        ]
        assert devices(await blocks(new, Lane.TELEMETRY, old.id, after=1)) == ["b"]
        (block,) = await blocks(new, Lane.TELEMETRY)
        assert orjson.loads(block.body)["journal"] == new.id
        assert [(seal.journal, seal.lane, seal.seq) for seal in new.seals] == [
            (old.id, Lane.RECORDS, 1),
            (old.id, Lane.TELEMETRY, 2),
            (new.id, Lane.RECORDS, 0),
            (new.id, Lane.TELEMETRY, 0),
        ]
        await new.acknowledge("platform", old.id, Lane.TELEMETRY, 2)
        assert [seal.journal for seal in new.seals] == [old.id, new.id, new.id]
    async with box.journal() as again:
        assert again.id == new.id
        assert again.predecessor is not None  # until a record can have named it
        again.record("gateway", box.at, b"{}")
    async with box.journal() as later:
        assert later.predecessor is None


async def test_a_renamed_gateway_does_not_write_under_its_old_name(box: Box) -> None:
    async with box.journal() as old:
        pass
    async with box.journal() as same:
        assert same.id == old.id
    box.boot = "boot-2"
    async with box.journal() as rebooted:
        assert rebooted.id == old.id
        rebooted.observe(box.entry())
        await rebooted.flush()
        (block,) = await blocks(rebooted, Lane.TELEMETRY)
        assert orjson.loads(block.body)["boot"] == "boot-2"


async def test_the_newest_instant_is_known_again_after_a_restart(box: Box) -> None:
    async with box.journal() as journal:
        assert journal.newest is None
        late = box.entry("late")
        box.wait(60)
        journal.observe(box.entry())
        await journal.flush()
        journal.observe(late)
        await journal.flush()
        assert journal.newest == box.at
    async with box.journal() as again:
        assert again.newest == box.at == START + 60_000_000_000
        box.wait(1)
        again.record("gateway", box.at, b"{}")
        await again.flush()
        assert again.newest == box.at


async def test_facts_say_how_much_is_owed(box: Box) -> None:
    async with box.journal() as journal:
        await journal.register("platform", "oldest")
        for observations in (2, 3, 4):
            journal.observe(box.entry(observations=observations))
            await journal.flush()
        journal.record("gateway", box.at, b"{}")
        await journal.flush()
        await journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1)
        journal.observe(box.entry())
        facts = journal.facts()
        orjson.dumps(facts)
        assert facts["backlog"] == {
            "platform": {
                "records": {"blocks": 1, "observations": 0},
                "telemetry": {"blocks": 2, "observations": 7},
            }
        }
        assert facts["lanes"] == {
            "records": {"head": 1, "pruned": 0, "oldest": START},
            "telemetry": {"head": 3, "pruned": 0, "oldest": START},
        }
        assert (facts["state"], facts["commits"], facts["buffered"]) == ("ok", 4, 2)


async def test_rollups_of_what_was_journalled(box: Box) -> None:
    async with box.journal() as journal:
        journal.observe(Entry(box.at, b'{"t":"2026-11-22T03:14:07.000Z"}', 1, (("air.temperature", 3.0),)))
        await journal.flush()
        box.wait(60)
        journal.observe(Entry(box.at, b'{"t":"2026-11-22T03:15:07.000Z"}', 1, (("air.temperature", 5.0),)))
        await journal.flush()
        minute = Instant(START - 7_000_000_000)
        (rollup,) = await journal.rollups("air.temperature", minute, Instant(minute + 1))
        assert rollup == (minute, 1, 3.0, 3.0, 3.0)


@pytest.mark.parametrize("per_entry", [1, 10])
async def test_it_keeps_up_with_any_gateway(box: Box, per_entry: int) -> None:
    """Ten times below what it does on a small machine, in its own CPU time, for busy machines."""
    async with box.journal() as journal:
        await journal.register("platform", "oldest")
        running = asyncio.create_task(journal.run())
        entry = box.entry(observations=per_entry)
        began = time.process_time()
        for _ in range(20):
            for _ in range(10_000 // per_entry):
                assert journal.observe(entry)
            await journal.flush()
        assert 200_000 / (time.process_time() - began) > 40_000
        began = time.process_time()
        read = await blocks(journal, Lane.TELEMETRY)
        assert sum(block.observations for block in read) / (time.process_time() - began) > 100_000
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
