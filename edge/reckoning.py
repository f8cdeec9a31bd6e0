"""What follows when the time becomes known, or known better, or not known at all (DESIGN §8).

::

    clock ──verdict──▶ Reckoning ──move──▶ recorders, intake, what waits and what is held: stamped anew
                                 ├───────▶ a record of the correction; records sealed before it once more
                                 └─doubt─▶ alarms
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, NamedTuple

import orjson

from drivers.contract import NANOSECONDS
from edge.alarms import Cause
from edge.clock import Clock
from edge.errors import JournalError
from edge.intake import Intake
from edge.journal.boots import Learnt
from edge.journal.store import Journal
from edge.own_records import OwnRecords
from edge.recorders.contract import Notice
from edge.recorders.corrections import Corrections
from edge.recording import Recording
from edge.restamping import Restamping, of_boot
from edge.timekeeping import STEP, ClockState, Move, Verdict

log = logging.getLogger(__name__)

CHECK_S: Final = 1.0

SUBJECT: Final = "clock"


class Sealed(NamedTuple):
    """Blocks of this boot whose time was known as ``clock`` have wrong stamps."""

    clock: ClockState
    again: Restamping


class Reckoning:
    """Looks at the clock, and tells everybody."""

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        own: OwnRecords,
        *,
        recording: Recording,
        corrections: Corrections,
        intake: Intake,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._own = own
        self._recording = recording
        self._corrections = corrections
        self._intake = intake
        self._holds = clock.holds
        self._wrong: list[Sealed] = []
        self._learnt = False
        self._begins = True

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(CHECK_S)
            await self.check()

    async def check(self) -> None:
        """Called about once a second, between two observations."""
        verdict = self._clock.check()
        if verdict.move is not None:
            self._take(verdict.move)
        self._begins = False
        self._tell(verdict)
        if self._holds and not self._clock.holds:
            self._holds = False
            self._journal.stamping.release()
        if not self._clock.known and not self._holds:
            self._own.raised(Cause.CLOCK_UNKNOWN, SUBJECT, "no source has told the time")
        try:
            await self._put_right()
        except JournalError as error:
            log.warning("what was stamped wrong is put right later: %s", error)

    def _take(self, move: Move) -> None:
        again = of_boot(move.base, self._clock.now() - move.shift, move.shift)
        self._recording.restamp(again)
        self._intake.restamp(again)
        self._journal.stamping.learn(Learnt(move.source, move.shift, move.uncertainty), again)
        if not self._begins or abs(move.shift) > STEP:
            self._own.clock_moved(self._clock.boot, move)
        self._own.cleared(Cause.CLOCK_UNKNOWN, SUBJECT)
        self._learnt = True
        if move.shift and not self._holds:
            self._wrong.append(Sealed(move.was, again))

    async def _put_right(self) -> None:
        if self._learnt:
            await self._tell_never_learnt()
            self._learnt = False
        while self._wrong:
            await self._issue_again(self._wrong[0])
            del self._wrong[0]

    async def _tell_never_learnt(self) -> None:
        """Now that a boot knows the time, those before it can be placed."""
        await self._journal.flush()
        for boot in await self._journal.stamping.never_learnt():
            self._own.never_learnt(boot.boot, boot.least, boot.most)
            await self._journal.flush()
            await self._journal.stamping.told(boot.boot)

    async def _issue_again(self, sealed: Sealed) -> None:
        """A further revision of what was sealed with wrong stamps."""
        await self._journal.flush()
        self._own.issue_again(sealed.again)
        after = 0
        while piece := await self._journal.stamping.sealed(sealed.clock, after):
            for block in piece:
                after = block.key
                await self._one_again(block.record, sealed.again)

    async def _one_again(self, record: dict[str, Any], again: Restamping) -> None:
        if record["kind"] == "alarm":
            return  # of these we know more than the journal
        if record["kind"] == "gateway":
            self._own.event_again(orjson.loads(again.json(orjson.dumps(record))))
            return
        found = await self._journal.newest_record(record["id"])
        if found is not None and found.body["revision"] == record["revision"]:
            at = self._clock.now()
            self._recording.issue(self._corrections.stamped_again(found, again, at), at)

    def _tell(self, verdict: Verdict) -> None:
        at = self._clock.now()
        for refused in verdict.refused:
            off_s = round(refused.off / NANOSECONDS, 3)
            facts: dict[str, Any] = {"why": refused.why, "off_s": off_s}
            self._own.noticed(Notice(at, Cause.CLOCK_REFUSED, refused.source, facts))
        for apart in verdict.apart:
            facts = {"followed": apart.followed, "off_s": round(apart.off / NANOSECONDS, 3)}
            self._own.noticed(Notice(at, Cause.CLOCK_APART, apart.other, facts))
        for source in verdict.fit:
            self._own.cleared(Cause.CLOCK_REFUSED, source)
            if source not in {apart.other for apart in verdict.apart}:
                self._own.cleared(Cause.CLOCK_APART, source)


async def taken_up(clock: Clock, journal: Journal) -> None:
    """Before anything is observed: this boot goes on as an earlier process of ours reckoned it.

    Raises JournalError.
    """
    if journal.newest is not None:
        clock.not_before(journal.newest)
    earlier = journal.stamping.earlier
    if earlier is not None:
        state = ClockState(earlier.source) if earlier.source else ClockState.UNSYNCED
        clock.resume(earlier.zero, earlier.opened, state, earlier.uncertainty)
    await journal.stamping.begin(clock.opened, clock.base)
