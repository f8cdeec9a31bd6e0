"""The blocks on their way: a window of slots, lane by lane, and how far each cursor may move. Pure.

A block is on its way from its first sending until its acknowledgement is on *disk*: so what the far side gets
twice after a ``kill -9`` is never more than the window. ::

    admit ──▶ DUE ──sent──▶ SENT ──settle──▶ SETTLED ──kept, and all before it──▶ gone
               ▲             │ │                ▲
               └─hold, lost──┘ └──condemn──▶ CONDEMNED (set aside by the journal first)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from itertools import takewhile
from typing import Final, NamedTuple

from edge.journal.block import Block, Lane

SIZE: Final = 20
"""Blocks on their way at most: mosquitto's Receive Maximum, and the most duplicates after a ``kill -9``."""

RECORDS_SHARE: Final = 4
"""One slot in so many is kept for records, so that telemetry never stands in their way."""

LONE_LOSSES_MOST: Final = 3
"""A block sent alone so often and answered by a lost connection each time is condemned (DESIGN §6)."""


class LaneId(NamedTuple):
    """A lane of one journal: the file may hold several journals."""

    journal: str
    lane: Lane


class State(Enum):
    """Of a block in the window."""

    DUE = auto()
    SENT = auto()
    CONDEMNED = auto()
    SETTLED = auto()


@dataclass(slots=True)
class Slot:
    """A block on its way.

    suspect: it was on its way when a connection was lost. alone: it was sent with no other beside it.
    losses: how often that was answered by a lost connection. refused: for now, once or more. why: it is
    condemned.
    """

    block: Block
    state: State = State.DUE
    suspect: bool = False
    alone: bool = False
    losses: int = 0
    refused: bool = False
    why: str = ""

    @property
    def lane_id(self) -> LaneId:
        return LaneId(self.block.journal, self.block.lane)


class Window:
    """At most ``size`` slots; within a lane they keep the order of the journal."""

    def __init__(self, size: int = SIZE) -> None:
        self.size = size
        self._lanes: dict[LaneId, deque[Slot]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    @property
    def unanswered(self) -> int:
        """How many are sent and without an answer."""
        return sum(slot.state is State.SENT for slot in self._slots())

    @property
    def settled(self) -> int:
        """How many have had their answer and wait for the disk."""
        return sum(slot.state is State.SETTLED for slot in self._slots())

    @property
    def has_refused(self) -> bool:
        """Whether a block was refused for now, and has not been taken since."""
        return any(slot.refused and slot.state in {State.DUE, State.SENT} for slot in self._slots())

    @property
    def condemned(self) -> list[Slot]:
        return [slot for slot in self._slots() if slot.state is State.CONDEMNED]

    @property
    def is_moving(self) -> bool:
        """Whether room will come of itself: from an answer or from the disk.

        Otherwise the window may be full of telemetry that is due again, and that must go before a record can.
        """
        return bool(self.unanswered or self.condemned or self.cursors())

    def has_room(self, lane: Lane) -> bool:
        """Whether one more block of this lane may be admitted."""
        share = 0 if lane is Lane.RECORDS else self.size // RECORDS_SHARE
        return len(self) < self.size - share

    def admit(self, block: Block) -> Slot:
        """The next block of its lane takes a slot; it is due."""
        slot = Slot(block)
        self._lanes.setdefault(slot.lane_id, deque()).append(slot)
        return slot

    def due(self, lane_id: LaneId) -> Slot | None:
        """The first block of the lane that is to be sent."""
        slots = self._lanes.get(lane_id, ())
        return next((slot for slot in slots if slot.state is State.DUE), None)

    def sent(self, slot: Slot, *, alone: bool) -> None:
        slot.state = State.SENT
        slot.alone = alone

    def hold(self, slot: Slot) -> None:
        """It was refused for now, and is due again."""
        slot.state = State.DUE
        slot.refused = True

    def condemn(self, slot: Slot, why: str) -> None:
        """It will never be taken; it settles once the journal has set it aside."""
        slot.state = State.CONDEMNED
        slot.why = why

    def settle(self, slot: Slot) -> None:
        """It was acknowledged, or set aside: the cursor may pass it."""
        slot.state = State.SETTLED

    def lost(self, *, blame: bool) -> list[Slot]:
        """The connection is lost: what is unanswered is due again, one at a time.

        blame: the far side closed it, which may be its answer to what was sent. A block that was refused for
        now is not to blame: mosquitto without a bound on its queue (``max_queued_messages 0``) ends the
        connection with each refusal. Returns the blocks that have been to blame too often.
        """
        unanswered = [slot for slot in self._slots() if slot.state is State.SENT]
        for slot in unanswered:
            slot.state = State.DUE
            slot.suspect = True
            slot.losses += blame and slot.alone and not slot.refused
        return [slot for slot in unanswered if slot.losses >= LONE_LOSSES_MOST]

    def cursors(self) -> dict[LaneId, int]:
        """How far each cursor may move: over the contiguous run of settled blocks."""
        runs = {
            lane_id: [slot.block.seq for slot in takewhile(_is_settled, slots)]
            for lane_id, slots in self._lanes.items()
        }
        return {lane_id: run[-1] for lane_id, run in runs.items() if run}

    def kept(self, lane_id: LaneId, seq: int) -> None:
        """The cursor is on disk at ``seq``."""
        slots = self._lanes[lane_id]
        while slots and slots[0].block.seq <= seq:
            slots.popleft()
        if not slots:
            del self._lanes[lane_id]

    def _slots(self) -> list[Slot]:
        return [slot for slots in self._lanes.values() for slot in slots]


def _is_settled(slot: Slot) -> bool:
    return slot.state is State.SETTLED
