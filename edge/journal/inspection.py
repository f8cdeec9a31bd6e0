"""The walk along the chains in the background: throttled, taken up again where it was left, without end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from edge.alarms import Alarms, Cause
from edge.errors import JournalDamagedError, JournalError
from edge.journal.reader import Reader
from edge.journal.standing import LaneStanding
from edge.journal.walk import Walked
from edge.journal.writer import Writer

log = logging.getLogger(__name__)

_T = TypeVar("_T")

PIECE_BYTES: Final = 256 * 1024
PAUSE_S: Final = 1.0
"""With every pause so many bytes: a tenth of a per cent of a core, nine hours for 8 GB."""

NOTE_EVERY: Final = 60
"""Pieces: what a restart costs of the walk."""

AGAIN_S: Final = 86_400.0


class Inside(Protocol):
    """Does a piece of work in the thread of the reader or of the writer. Raises JournalError."""

    def __call__(self, work: Callable[[], _T]) -> Awaitable[_T]: ...


class Inspection:
    """Every lane in the file that has a chain without known holes; an alarm says where one is broken."""

    def __init__(
        self, path: Path, *, writer: Writer, writing: Inside, reader: Reader, reading: Inside, alarms: Alarms
    ) -> None:
        self._path = path
        self._writer = writer
        self._writing = writing
        self._reader = reader
        self._reading = reading
        self._alarms = alarms

    async def run(self) -> None:
        """Until cancelled. A whole walk that finds nothing clears the alarm. Raises JournalDamagedError."""
        for lane, seq in self._writer.broken.items():
            if seq is not None:
                self._broken(self._writer.standing.lane(self._writer.journal, lane), seq)
        while True:
            chained = [lane.number for lane in self._writer.standing.lanes if lane.link is not None]
            numbers = [number for number in chained if number not in self._writer.holed]
            if all([await self._is_whole(number) for number in numbers]):
                self._alarms.cleared(Cause.CHAIN_BROKEN, "journal")
            await asyncio.sleep(AGAIN_S)

    async def _is_whole(self, number: int) -> bool:
        walked: Walked | None = None
        pieces = 0
        while walked is None or walked.seq < self._lane(number).head:
            await asyncio.sleep(PAUSE_S)
            place = self._lane(number)
            try:
                walked = await self._reading(partial(self._reader.walk, place, walked, PIECE_BYTES))
            except JournalDamagedError:
                raise
            except JournalError as error:
                self._unreadable(error)
                return False
            if walked.broken is None:
                pieces += 1
                if pieces % NOTE_EVERY == 0:
                    await self._note(place, walked.seq)
            elif walked.broken > self._lane(number).pruned:
                self._broken(place, walked.broken)
                return False
            else:
                walked = None  # retention has just been there
        if self._lane(number).walked:
            await self._note(self._lane(number), 0)
        return True

    def _lane(self, number: int) -> LaneStanding:
        return next(lane for lane in self._writer.standing.lanes if lane.number == number)

    async def _note(self, lane: LaneStanding, seq: int) -> None:
        try:
            await self._writing(partial(self._writer.note_walked, lane, seq))
        except JournalError as error:
            log.debug("%s: how far the walk has come is not noted: %s", self._path, error)

    def _broken(self, lane: LaneStanding, seq: int) -> None:
        what = f"block {seq} of {lane.lane} of journal {lane.journal} is not the one that was stored"
        self._alarms.raised(Cause.CHAIN_BROKEN, "journal", f"{self._path}: {what}; see `tagtrail verify`")

    def _unreadable(self, error: JournalError) -> None:
        self._alarms.raised(Cause.CHAIN_BROKEN, "journal", str(error))
