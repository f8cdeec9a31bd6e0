"""What a damaged journal holds besides its blocks, and what is known of it once it was carried over."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge.alarms import Cause
from edge.errors import JournalDamagedError
from edge.journal import inspection
from edge.journal.block import Lane
from edge.journal.identity import Reason
from edge.journal.standing import SEQ_MASK
from edge.journal.store import Journal
from tests.edge.journal.journal_rig import Box, blocks, devices, record_of
from tests.edge.journal.test_held import Waiting


async def carried_over(journal: Journal) -> None:
    task = asyncio.create_task(journal.inspect())
    async with asyncio.timeout(30):
        while journal.facts()["carrying_over"]:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def told_of_damage(journal: Journal) -> list[dict[str, Any]]:
    facts = [record_of(block).get("facts", {}) for block in await blocks(journal, Lane.RECORDS)]
    return [each for each in facts if each.get("reason") == "damaged"]


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute(statement)
        file.commit()


def suspect(box: Box) -> None:
    box.path.with_name("journal.db.suspect").touch()


async def held(folder: Path, devices_: str) -> Waiting:
    """A boot that never learnt the time, in which each of these said something."""
    box = Waiting(folder)
    box.clock = "unsynced"
    async with box.journal() as journal:
        await journal.stamping.begin(0, box.at)
        for device in devices_:
            journal.observe(box.entry(device))
            await journal.flush()
            box.wait(5)
    box.boot, box.holds = "boot-2", False
    return box


async def test_blocks_that_wait_for_the_time_come_along(tmp_path: Path) -> None:
    box = await held(tmp_path, "abc")
    suspect(box)
    async with box.journal() as journal:
        await carried_over(journal)
        await journal.flush()
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["a", "b", "c"]
        assert await told_of_damage(journal) == []
        assert journal.stamping.earlier is None
    with closing(sqlite3.connect(box.path)) as file:
        assert file.execute("SELECT boot FROM boots").fetchall() == [("boot-1",)]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE held SET content = CAST(replace(content, '1.5', '9.5') AS BLOB) WHERE number = 2",
        "UPDATE held SET lane = 'records' WHERE number = 2",
        "DELETE FROM held WHERE number = 2",
    ],
)
async def test_one_that_waited_and_is_lost_is_told(tmp_path: Path, damage: str) -> None:
    box = await held(tmp_path, "abc")
    change(box.path, damage)
    suspect(box)
    async with box.journal() as journal:
        await carried_over(journal)
        await journal.flush()
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["a", "c"]
        (told,) = await told_of_damage(journal)
        assert (told["held_blocks"], told["blocks"], told["file"]) == (1, 0, journal.set_aside)


async def test_one_that_waited_is_released_only_as_it_was_stored(tmp_path: Path) -> None:
    box = await held(tmp_path, "abc")
    change(box.path, "UPDATE held SET last = last + 1 WHERE number = 3")
    async with box.journal() as journal:
        with pytest.raises(JournalDamagedError, match="held block 3"):
            await journal.flush()
        with suppress(JournalDamagedError):
            await journal.close()
    async with box.journal() as journal:
        await carried_over(journal)
        await journal.flush()
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["a", "b"]
        assert [told["held_blocks"] for told in await told_of_damage(journal)] == [1]


async def said(box: Box, number: int) -> str:
    async with box.journal() as journal:
        for _ in range(number):
            journal.observe(box.entry())
            journal.record("gateway", box.at, b'{"kind":"gateway"}')
            await journal.flush()
            box.wait(1)
        return journal.id


async def test_a_lane_with_holes_that_were_told_is_no_broken_chain(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "PAUSE_S", 0.0)
    before = await said(box, 9)
    bodies = "UPDATE blocks SET body = CAST(replace(body, '1.5', '9.5') AS BLOB)"
    change(box.path, f"{bodies} WHERE kind = 'telemetry' AND key & {SEQ_MASK} = 4")
    suspect(box)
    for _ in range(2):  # and once more after a restart
        box.rung.clear()
        async with box.journal() as journal:
            await carried_over(journal)
            task = asyncio.create_task(journal.inspect())
            async with asyncio.timeout(30):
                while ("cleared", Cause.CHAIN_BROKEN, "journal") not in box.rung:
                    await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert ("raised", Cause.CHAIN_BROKEN, "journal") not in box.rung
            assert [told["seqs"] for told in await told_of_damage(journal)] == [[[4, 4]]]
            assert [block.seq for block in await blocks(journal, Lane.TELEMETRY, before)] == [
                *(1, 2, 3),
                *(5, 6, 7, 8, 9),
            ]


async def test_who_is_cut_off_between_two_lanes_goes_on(box: Box) -> None:
    before = await said(box, 3)
    suspect(box)
    async with box.journal() as journal:
        first = journal.set_aside
        writer = journal._writer
        await journal._do(journal._writing, partial(writer.carry_over, "ntp"))
        assert writer.carrying_over
    async with box.journal() as journal:
        assert journal.set_aside == first
        assert journal.predecessor is not None
        assert (journal.predecessor.journal, journal.predecessor.reason) == (before, Reason.DAMAGED)
        assert (journal.predecessor.records, journal.predecessor.telemetry) == (3, 3)
        await carried_over(journal)
        assert len(await blocks(journal, Lane.TELEMETRY, before)) == 3


async def test_lanes_whose_rows_are_lost_keep_no_gateway_from_starting(box: Box) -> None:
    before = await said(box, 3)
    change(box.path, "DELETE FROM lanes")
    suspect(box)
    async with box.journal() as journal:
        await carried_over(journal)
        assert journal.predecessor is not None
        assert journal.predecessor.journal == before
        journal.observe(box.entry())
        await journal.flush()
        assert [block.seq for block in await blocks(journal, Lane.TELEMETRY)] == [1]
