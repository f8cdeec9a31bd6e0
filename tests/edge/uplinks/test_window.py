"""The window: whatever the order of answers, no cursor passes a block that nobody has acknowledged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.journal.block import Block, Lane
from edge.uplinks.window import LONE_LOSSES_MOST, LaneId, Slot, State, Window

TELEMETRY = LaneId("J1", Lane.TELEMETRY)
RECORDS = LaneId("J1", Lane.RECORDS)


def block(seq: int, lane_id: LaneId = TELEMETRY) -> Block:
    return Block(lane_id.journal, lane_id.lane, seq, "telemetry", 1, b"{}")


def under_way(window: Window, *seqs: int, lane_id: LaneId = TELEMETRY) -> list[Slot]:
    slots = [window.admit(block(seq, lane_id)) for seq in seqs]
    for slot in slots:
        window.sent(slot, alone=len(seqs) == 1)
    return slots


@pytest.mark.parametrize(
    ("answered", "cursor"),
    [
        ([], None),
        ([1], 1),
        ([2], None),
        ([2, 3], None),
        ([3, 1], 1),
        ([2, 1], 2),
        ([4, 3, 2, 1], 4),
    ],
)
def test_the_cursor_moves_over_the_contiguous_run_of_acknowledgements(
    answered: list[int], cursor: int | None
) -> None:
    window = Window()
    slots = under_way(window, 1, 2, 3, 4)
    for seq in answered:
        window.settle(slots[seq - 1])
    assert window.cursors() == ({} if cursor is None else {TELEMETRY: cursor})


def test_a_block_is_under_way_until_its_acknowledgement_is_on_disk() -> None:
    window = Window(size=2)
    first, _ = under_way(window, 1, 2)
    window.settle(first)
    assert not window.has_room(Lane.RECORDS)
    window.kept(TELEMETRY, 1)
    assert window.has_room(Lane.RECORDS)
    assert len(window) == 1


def test_telemetry_leaves_room_for_records() -> None:
    window = Window(size=20)
    under_way(window, *range(1, 16))
    assert not window.has_room(Lane.TELEMETRY)
    assert window.has_room(Lane.RECORDS)


def test_a_window_of_one_serves_telemetry_too() -> None:
    assert Window(size=1).has_room(Lane.TELEMETRY)


def test_after_a_loss_the_unanswered_are_due_again_in_order_and_suspect() -> None:
    window = Window()
    slots = under_way(window, 1, 2, 3)
    window.settle(slots[0])
    window.lost(blame=True)
    assert [slot.state for slot in slots] == [State.SETTLED, State.DUE, State.DUE]
    assert [slot.suspect for slot in slots] == [False, True, True]
    assert window.due(TELEMETRY) is slots[1]


def test_only_a_block_that_was_alone_can_be_to_blame() -> None:
    window = Window()
    under_way(window, 1, 2)
    for _ in range(LONE_LOSSES_MOST):
        assert window.lost(blame=True) == []


def test_a_loss_that_we_brought_about_blames_nobody() -> None:
    window = Window()
    [slot] = under_way(window, 1)
    for _ in range(LONE_LOSSES_MOST):
        assert window.lost(blame=False) == []
        window.sent(slot, alone=True)


def test_a_block_that_was_refused_for_now_is_not_to_blame_for_the_losses_behind_it() -> None:
    window = Window()
    slot = window.admit(block(1))
    window.sent(slot, alone=True)
    window.hold(slot)
    for _ in range(2 * LONE_LOSSES_MOST):
        window.sent(slot, alone=True)
        assert window.lost(blame=True) == []


def test_a_block_alone_at_three_losses_is_reported() -> None:
    window = Window()
    [slot] = under_way(window, 1)
    for _ in range(LONE_LOSSES_MOST - 1):
        assert window.lost(blame=True) == []
        window.sent(slot, alone=True)
    assert window.lost(blame=True) == [slot]


LANES = (TELEMETRY, RECORDS, LaneId("J0", Lane.RECORDS))


@given(data=st.data(), size=st.integers(1, 20))
def test_no_order_of_events_lets_a_cursor_pass_an_unsettled_block(data: st.DataObject, size: int) -> None:
    window = Window(size)
    admitted: dict[LaneId, list[Slot]] = {lane_id: [] for lane_id in LANES}
    on_disk = dict.fromkeys(LANES, 0)
    draw = data.draw
    for _ in range(draw(st.integers(0, 60))):
        lane_id = draw(st.sampled_from(LANES))
        slots = admitted[lane_id]
        unsettled = [slot for slot in slots if slot.state is not State.SETTLED]
        match draw(st.sampled_from(["admit", "send", "settle", "hold", "lose", "keep"])):
            case "admit" if window.has_room(lane_id.lane):
                slots.append(window.admit(block(len(slots) + 1, lane_id)))
            case "send" if (due := window.due(lane_id)) is not None:
                window.sent(due, alone=window.unanswered == 0)
            case "settle" if unsettled:
                window.settle(draw(st.sampled_from(unsettled)))
            case "hold" if unsettled:
                window.hold(draw(st.sampled_from(unsettled)))
            case "lose":
                window.lost(blame=draw(st.booleans()))
            case "keep":
                for moved, seq in window.cursors().items():
                    assert seq > on_disk[moved], "a cursor only moves forward"
                    on_disk[moved] = seq
                    window.kept(moved, seq)
        assert len(window) <= size
        for checked, known in admitted.items():
            cursor = window.cursors().get(checked, on_disk[checked])
            assert all(slot.state is State.SETTLED for slot in known[:cursor])
            assert len(known) == cursor or known[cursor].state is not State.SETTLED
