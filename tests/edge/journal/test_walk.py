"""A chain that was broken while the gateway was away, or runs: noticed at the start, or by and by."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress

import pytest

from edge.alarms import Cause
from edge.errors import JournalDamagedError
from edge.journal import inspection
from edge.journal.block import Lane
from edge.journal.identity import Reason
from edge.journal.reader import Reader
from edge.journal.standing import LaneStanding
from edge.journal.store import Journal
from edge.journal.walk import Walked
from tests.edge.journal.journal_rig import Box

RAISED = ("raised", Cause.CHAIN_BROKEN, "journal")
CLEARED = ("cleared", Cause.CHAIN_BROKEN, "journal")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "PAUSE_S", 0.0)
    monkeypatch.setattr(inspection, "AGAIN_S", 0.01)
    monkeypatch.setattr(inspection, "PIECE_BYTES", 1000)
    monkeypatch.setattr(inspection, "NOTE_EVERY", 2)


async def filled(box: Box, blocks: int) -> None:
    async with box.journal() as journal:
        for _ in range(blocks):
            journal.observe(box.entry())
            await journal.flush()


def tamper(box: Box, seq: int) -> None:
    with closing(sqlite3.connect(box.path)) as file:
        key = file.execute("SELECT max(key) >> 40 << 40 FROM blocks").fetchone()[0] | seq
        file.execute(
            "UPDATE blocks SET body = CAST(replace(CAST(body AS TEXT), '0.5', '9.5') AS BLOB) WHERE key = ?",
            (key,),
        )
        file.commit()


async def inspected(journal: Journal, box: Box, until: tuple[str, Cause, str]) -> None:
    task = asyncio.create_task(journal.inspect())
    try:
        async with asyncio.timeout(30):
            while until not in box.rung:
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_whole_chain_raises_nothing(box: Box) -> None:
    await filled(box, 100)
    async with box.journal() as journal:
        await inspected(journal, box, CLEARED)
    assert RAISED not in box.rung


async def test_a_change_near_the_end_is_noticed_before_work_begins(box: Box) -> None:
    await filled(box, 100)
    tamper(box, 90)
    async with box.journal() as journal:
        assert journal._writer.broken == {Lane.RECORDS: None, Lane.TELEMETRY: 90}
        await inspected(journal, box, RAISED)


async def test_a_change_long_ago_is_noticed_in_the_background(box: Box) -> None:
    await filled(box, 100)
    tamper(box, 3)
    async with box.journal() as journal:
        assert set(journal._writer.broken.values()) == {None}
        await inspected(journal, box, RAISED)
    assert CLEARED not in box.rung


async def test_the_walk_goes_on_where_the_last_start_left_it(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(box, 100)
    first_pieces: list[Walked] = []
    walk = Reader.walk

    def noting(reader: Reader, lane: LaneStanding, walked: Walked | None, most_bytes: int) -> Walked:
        piece = walk(reader, lane, walked, most_bytes)
        if lane.lane is Lane.TELEMETRY and walked is None:
            first_pieces.append(piece)
        return piece

    monkeypatch.setattr(Reader, "walk", noting)
    async with box.journal() as journal:
        lane = journal._lane(journal.id, Lane.TELEMETRY)
        task = asyncio.create_task(journal.inspect())
        async with asyncio.timeout(30):
            while not journal._lane(journal.id, Lane.TELEMETRY).walked:
                await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        left = journal._lane(journal.id, Lane.TELEMETRY).walked
    assert 0 < left < lane.head
    first_pieces.clear()
    async with box.journal() as journal:
        await inspected(journal, box, CLEARED)
    assert first_pieces[0].seq > left


async def test_a_disk_that_cannot_be_read_is_an_alarm_and_no_end(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(box, 3)

    def unreadable(*_: object) -> Walked:
        raise sqlite3.OperationalError("disk I/O error")

    async with box.journal() as journal:
        monkeypatch.setattr(Reader, "walk", unreadable)
        await inspected(journal, box, RAISED)


async def test_a_page_that_is_damaged_ends_the_journal_which_sets_it_aside(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(box, 3)

    def damaged(*_: object) -> Walked:
        raise sqlite3.DatabaseError("database disk image is malformed")

    async with box.journal() as journal:
        before = journal.id
        monkeypatch.setattr(Reader, "walk", damaged)
        run = asyncio.create_task(journal.run())
        with pytest.raises(JournalDamagedError, match="malformed"):
            await journal.inspect()
        with pytest.raises(JournalDamagedError, match="malformed"):  # whoever came upon it
            await asyncio.wait_for(run, 30)
    async with box.journal() as journal:
        assert journal.set_aside is not None
        assert journal.predecessor is not None
        assert (journal.predecessor.journal, journal.predecessor.reason) == (before, Reason.DAMAGED)
        assert journal.predecessor.telemetry == 3
