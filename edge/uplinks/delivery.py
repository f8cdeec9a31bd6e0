"""Delivery: blocks from the journal to the broker, in order, and the cursors back to the disk (DESIGN §6).

Two tasks share one window. ``send`` runs while there is a connection and puts blocks on their way; ``keep``
runs always and writes down what was acknowledged, off the path of sending::

    journal ──read──▶ arrears ──admit──▶ window ──publish──▶ broker
       ▲                                  │  ▲                 │
       └────────── keep ◀── cursors ──────┘  └──── PUBACK ◀────┘

A block goes alone, with no other unanswered beside it, when it is the first of its topic on this connection
(so that a topic which the broker forbids costs the lane no order) and when it was on its way as a connection
was lost (so that a block which the broker cannot bear is found).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final

from edge.alarms import Alarms, Cause
from edge.errors import JournalError
from edge.journal.block import Block, Lane, Outbox
from edge.uplinks.arrears import Arrear, Arrears
from edge.uplinks.connection import Connection
from edge.uplinks.pace import Backoff, CatchUp
from edge.uplinks.reasons import REFUSED, reason_name
from edge.uplinks.window import SIZE, Slot, Window

log = logging.getLogger(__name__)

KEEP_AFTER_S: Final = 1.0
"""So long an acknowledgement waits for others before it is written down, unless many do or room is short."""

KEEP_SHARE: Final = 4
"""Many: one in so many of the window."""

UNHEARD: Final = 0x10
PACKET_TOO_LARGE: Final = 0x95
FOR_GOOD: Final = frozenset({0x90, PACKET_TOO_LARGE, 0x99})
"""Topic name invalid, packet too large, payload format invalid: no second attempt will fare better."""


@dataclass(slots=True)
class Tally:
    """What has become of the blocks since the start. acknowledged_s: when the last one was, monotonic."""

    blocks: int = 0
    observations: int = 0
    quarantined: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    acknowledged_s: float | None = None


class Delivery:
    """All that one uplink owes, to one broker, over any number of connections."""

    def __init__(
        self, uplink: str, topic: Callable[[Block], str], outbox: Outbox, alarms: Alarms, catch_up: CatchUp
    ) -> None:
        self.tally = Tally()
        self.window = Window()
        self.arrears = Arrears(outbox, uplink)
        self._uplink = uplink
        self._topic = topic
        self._outbox = outbox
        self._alarms = alarms
        self._catch_up = catch_up
        self._backoff = Backoff()
        self._refusing = False
        self._refused_until_s = 0.0
        self._proven: set[str] = set()
        self._unheard: set[str] = set()
        self._lone = False
        self._news = True
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._plenty = asyncio.Event()

    async def send(self, connection: Connection) -> None:
        """Delivers over this connection until cancelled. Raises ConnectionLostError, JournalError."""
        self.window.size = min(SIZE, connection.receive_maximum)
        self._proven.clear()
        self._lone = False
        self._refused_until_s = 0.0
        self._news = True
        self.arrears.restart()
        while True:
            self._wake.clear()
            wait_s = await self._advance(connection)
            await _set_within(self._wake, wait_s)

    async def watch(self) -> None:
        """Notes each commit of the journal, until cancelled."""
        commits = self._outbox.subscribe()
        while True:
            await commits.wait()
            commits.clear()
            self._news = True
            self._wake.set()

    async def keep(self) -> None:
        """Brings what was settled to the disk, until cancelled. Raises JournalError."""
        while True:
            await self._settled.wait()
            await _set_within(self._plenty, KEEP_AFTER_S)
            await self.keep_now()

    async def keep_now(self) -> None:
        """Sets condemned blocks aside and moves the cursors as far as they may go. Raises JournalError."""
        self._settled.clear()
        self._plenty.clear()
        try:
            await self._keep()
        except JournalError:
            self._settled.set()  # it is still to be done
            raise
        self._wake.set()

    async def _keep(self) -> None:
        for slot in self.window.condemned:
            await self._outbox.quarantine(self._uplink, slot.block, slot.why)
            self.window.settle(slot)
        cursors = self.window.cursors()
        acknowledge = partial(self._outbox.acknowledge, self._uplink)
        await asyncio.gather(*(acknowledge(*lane_id, seq) for lane_id, seq in cursors.items()))
        for lane_id, seq in cursors.items():
            self.window.kept(lane_id, seq)

    def lost(self, *, blame: bool) -> None:
        """The connection is gone. blame: the far side closed it, for no reason but perhaps what was sent."""
        for slot in self.window.lost(blame=blame):
            self._quarantine(slot, f"sent alone {slot.losses} times, the connection was lost each time")

    def wake(self) -> None:
        """There may be room on the connection again."""
        self._wake.set()

    @property
    def backlog(self) -> int:
        """Blocks that are committed and not yet acknowledged on disk, when last looked at."""
        return self.arrears.unsent + len(self.window)

    async def _advance(self, connection: Connection) -> float | None:
        """Sends all that may go now. Returns how long to wait, in seconds; None: until something happens."""
        if self._news:
            self._news = False
            self._catch_up.fresh(await self.arrears.look())
        if (refused_s := self._refused_until_s - monotonic()) > 0:
            return refused_s
        held_back_s: list[float] = []
        for arrear in self.arrears.lanes:
            while (slot := await self._next(arrear)) is not None:
                if (wait_s := self._held_back_s(slot)) > 0:
                    held_back_s.append(wait_s)
                    break
                if not self._may_go(slot, connection):
                    return min(held_back_s, default=None)
                self._send(slot, connection)
            else:
                if not arrear.is_over and self.window.is_moving:
                    break
        return min(held_back_s, default=None)

    async def _next(self, arrear: Arrear) -> Slot | None:
        """The lane's next block, in the window; None: there is none, or no room."""
        if (slot := self.window.due(arrear.lane_id)) is not None:
            return slot
        if not self.window.has_room(arrear.lane_id.lane):
            return None
        if arrear.is_unread:
            await self.arrears.read(arrear)
        return self.window.admit(arrear.blocks.popleft()) if arrear.blocks else None

    def _held_back_s(self, slot: Slot) -> float:
        """How long the catch-up rate holds a block back."""
        return self._catch_up.wait_s(monotonic()) if slot.block.lane is Lane.TELEMETRY else 0.0

    def _must_go_alone(self, slot: Slot) -> bool:
        return slot.suspect or self._topic(slot.block) not in self._proven

    def _may_go(self, slot: Slot, connection: Connection) -> bool:
        if not connection.has_room:
            return False
        return not self.window.unanswered or not (self._lone or self._must_go_alone(slot))

    def _send(self, slot: Slot, connection: Connection) -> None:
        topic, body = self._topic(slot.block), slot.block.body
        if not connection.fits(topic, body):
            self._quarantine(slot, f"{reason_name(PACKET_TOO_LARGE)}: {len(body)} bytes")
            return
        self._lone = self._must_go_alone(slot)
        connection.publish(topic, body, partial(self._answered, slot, topic))
        self.window.sent(slot, alone=self._lone)
        if slot.block.lane is Lane.TELEMETRY:
            self._catch_up.spend(len(body), monotonic())

    def _answered(self, slot: Slot, topic: str, code: int) -> None:
        self._lone = False
        if code < REFUSED:
            self._acknowledged(slot, topic, heard=code != UNHEARD)
        else:
            reason = f"{reason_name(code)} on {topic}"
            self.tally.refused[f"{code:#04x}"] += 1
            if code in FOR_GOOD:
                self._quarantine(slot, reason)
            else:
                self._refused(slot, topic, reason)
        self._wake.set()

    def _acknowledged(self, slot: Slot, topic: str, *, heard: bool) -> None:
        self.window.settle(slot)
        self.tally.blocks += 1
        self.tally.observations += slot.block.observations
        self.tally.acknowledged_s = monotonic()
        self._proven.add(topic)
        self._note_hearing(topic, heard=heard)
        if self._refusing and not self.window.has_refused:
            self._refusing = False
            self._backoff.reset()
            self._alarms.cleared(Cause.UPLINK_REFUSED, self._uplink)
            log.info("uplink %s: the broker takes %s again", self._uplink, topic)
        self._settled.set()
        if self.window.settled * KEEP_SHARE >= self.window.size or not self.window.has_room(Lane.RECORDS):
            self._plenty.set()

    def _refused(self, slot: Slot, topic: str, reason: str) -> None:
        """Refused for now: nothing more is sent until a pause is over, then this one first."""
        self.window.hold(slot)
        self._proven.discard(topic)
        if monotonic() < self._refused_until_s:
            return
        self._refused_until_s = monotonic() + self._backoff.pause_s()
        level = logging.DEBUG if self._refusing else logging.WARNING
        log.log(level, "uplink %s: %s; trying again; look at the broker's rules", self._uplink, reason)
        self._refusing = True
        self._alarms.raised(Cause.UPLINK_REFUSED, self._uplink, reason)

    def _quarantine(self, slot: Slot, why: str) -> None:
        self.window.condemn(slot, why)
        self.tally.quarantined += 1
        block = slot.block
        what = f"{block.lane} {block.seq} of journal {block.journal}: {why}"
        self._alarms.raised(Cause.UPLINK_QUARANTINE, self._uplink, what)
        log.warning("uplink %s: set aside %s", self._uplink, what)
        self._settled.set()
        self._plenty.set()

    def _note_hearing(self, topic: str, *, heard: bool) -> None:
        """The alarm stands while any topic's last block found nobody subscribed."""
        if not heard:
            self._unheard.add(topic)
            self._alarms.raised(Cause.UPLINK_UNHEARD, self._uplink, f"nobody subscribes to {topic}")
        elif topic in self._unheard:
            self._unheard.discard(topic)
            if not self._unheard:
                self._alarms.cleared(Cause.UPLINK_UNHEARD, self._uplink)


async def _set_within(event: asyncio.Event, most_s: float | None) -> None:
    """Waits for the event, and sets it itself after ``most_s``: without the cost of a cancelled wait."""
    if most_s is None:
        await event.wait()
        return
    timer = asyncio.get_running_loop().call_later(most_s, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()
