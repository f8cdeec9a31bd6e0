"""What is owed: read ahead, in the journal's order, and known as fresh or as a backlog."""

from __future__ import annotations

from edge.journal.block import Lane
from edge.uplinks.arrears import Arrears
from tests.edge.uplinks.standins import UPLINK, MemoryOutbox


async def test_what_an_uplink_finds_is_a_backlog_and_what_comes_after_is_fresh() -> None:
    outbox = MemoryOutbox()
    outbox.telemetry(50)
    arrears = Arrears(outbox, UPLINK)
    assert await arrears.look() == 0
    outbox.telemetry(3)
    assert await arrears.look() == 3
    assert await arrears.look() == 0
    outbox.commit(Lane.RECORDS, kind="gateway")
    assert await arrears.look() == 0, "records are never held back"


async def test_a_lane_that_was_finished_begins_again_with_fresh_blocks() -> None:
    outbox = MemoryOutbox()
    arrears = Arrears(outbox, UPLINK)
    assert await arrears.look() == 0
    outbox.telemetry(2)
    assert await arrears.look() == 2


async def test_what_gathers_in_an_outage_is_a_backlog() -> None:
    outbox = MemoryOutbox()
    arrears = Arrears(outbox, UPLINK)
    await arrears.look()
    outbox.telemetry(40)
    arrears.restart()
    assert await arrears.look() == 0


async def test_a_lane_is_read_in_pieces_and_to_its_end() -> None:
    outbox = MemoryOutbox()
    outbox.telemetry(60, size=30_000)
    arrears = Arrears(outbox, UPLINK)
    await arrears.look()
    [lane] = arrears.lanes
    seqs: list[int] = []
    pieces = 0
    while not lane.is_over:
        assert lane.is_unread
        await arrears.read(lane)
        pieces += 1
        assert 1 <= len(lane.blocks) < 30
        assert arrears.unsent == 60 - len(seqs)
        seqs += [block.seq for block in lane.blocks]
        lane.blocks.clear()
    assert seqs == list(range(1, 61))
    assert pieces > 1


async def test_a_lane_whose_end_was_given_up_by_the_journal_is_over() -> None:
    outbox = MemoryOutbox()
    outbox.telemetry(2)
    arrears = Arrears(outbox, UPLINK)
    await arrears.look()
    outbox.blocks["J1", Lane.TELEMETRY].clear()
    [lane] = arrears.lanes
    await arrears.read(lane)
    assert lane.is_over
