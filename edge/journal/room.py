"""Keeping to the quota and to what the disk gives, and saying so (DESIGN §10).

``ok``: all is stored. ``tight``: all is stored, but telemetry that was not yet delivered goes for it, or the
disk around the journal is full. ``full``: telemetry waits, records go on while they can. ``failing``: the
disk takes nothing, for another reason than room.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

from edge.alarms import Alarms, Cause
from edge.journal.database import is_full
from edge.journal.writer import Writer

log = logging.getLogger(__name__)

_A = TypeVar("_A")
_T = TypeVar("_T")

State: TypeAlias = Literal["ok", "tight", "full", "failing"]

_EXPIRE_EVERY_S: Final = 300.0

_CLOCK_UNKNOWN: Final = "unsynced"

_SUBJECT: Final = "journal"

_ALARM: Final[dict[State, Cause]] = {
    "tight": Cause.JOURNAL_FULL,
    "full": Cause.JOURNAL_FULL,
    "failing": Cause.JOURNAL_FAILING,
}


class Room:
    """What the group commit asks after each commit, good or bad. news: told when blocks came or went."""

    def __init__(
        self,
        path: Path,
        writer: Writer,
        thread: ThreadPoolExecutor,
        *,
        clock_state: Callable[[], str],
        alarms: Alarms,
        news: Callable[[], None],
    ) -> None:
        self.state: State = "ok"
        self.why = ""
        self.withheld = False
        """Whether telemetry has to wait, because nothing may go for it."""

        self.given_up = 0
        """Observations deleted before an uplink had them."""

        self._path = path
        self._writer = writer
        self._thread = thread
        self._clock_state = clock_state
        self._alarms = alarms
        self._news = news
        self._losing = False
        self._folded = False
        self._expire_at_s = 0.0

    @property
    def taking(self) -> bool:
        """Whether what is observed gets to the disk."""
        return self.state in {"ok", "tight"}

    async def keep(self) -> bool:
        """After a commit: telemetry makes room in time, the oldest goes. Whether more is to be done."""
        self._folded = False
        before, self.withheld = self.withheld, self._writer.crowded and not await self._make()
        used = f"{self._writer.standing.used_bytes} bytes"
        if self.withheld:
            self._become("full", f"{used}, none of which may go yet")
        elif self._losing and await self._in_thread(self._writer.loses):
            self._become("tight", f"{used}; telemetry that was not yet delivered is being deleted")
        elif self._writer.disk_is_full:
            self._become("tight", "the disk around it is full; it goes on in the room that it has")
        else:
            self._losing = False
            self._become("ok", "")
        return await self._expire() or (before and not self.withheld)

    async def failed(self, error: sqlite3.Error) -> bool:
        """After a commit that failed. Whether to try again at once, because there is room now."""
        if is_full(error) and (await self._fold() or await self._make() or await self._give_up_ballast()):
            return True
        if is_full(error) and await self._expire():
            return True
        self._become("full" if is_full(error) else "failing", str(error))
        return False

    async def _fold(self) -> bool:
        """Once between two good commits: the write-ahead log begins anew, in the room that it has."""
        if self._folded:
            return False
        self._folded = True
        try:
            return await self._in_thread(self._writer.fold)
        except sqlite3.Error as error:
            log.debug("%s: no checkpoint on a full disk: %s", self._path, error)
            return False

    async def _give_up_ballast(self) -> bool:
        given = await self._in_thread(self._writer.give_up_ballast)
        if given:
            log.warning("%s: the disk is full; the room held back for that is given up", self._path)
            self._folded = False
        return given

    async def _make(self) -> bool:
        try:
            given_up = await self._in_thread(self._writer.make_room, self._clock_state())
        except sqlite3.Error as error:
            level = logging.WARNING if self.state == "ok" else logging.DEBUG
            log.log(level, "%s: no room can be made: %s", self._path, error)
            return False
        self._losing = self._losing or bool(given_up)
        return self._given(given_up)

    async def _expire(self) -> bool:
        """Deletes a step of what is older than its time, if any; never on a clock that may be wrong."""
        now_s = asyncio.get_running_loop().time()
        clock = self._clock_state()
        if now_s < self._expire_at_s or clock == _CLOCK_UNKNOWN:
            return False
        try:
            more = self._given(await self._in_thread(self._writer.expire, clock))
        except sqlite3.Error as error:
            log.warning("%s: what is too old cannot be deleted: %s", self._path, error)
            more = False
        if not more:
            self._expire_at_s = now_s + _EXPIRE_EVERY_S
        return more

    def _given(self, given_up: int | None) -> bool:
        """Whether something was deleted."""
        if given_up:
            self.given_up += given_up
            level = logging.WARNING if self.state == "ok" else logging.DEBUG
            log.log(level, "%s: %d observations given up before they were delivered", self._path, given_up)
            self._news()
        return given_up is not None

    def _become(self, state: State, why: str) -> None:
        before, self.state, self.why = self.state, state, why
        if state == before:
            log.debug("%s: %s: %s", self._path, state, why)
            return
        stood, stands = _ALARM.get(before), _ALARM.get(state)
        if stood is not None and stood is not stands:
            self._alarms.cleared(stood, _SUBJECT)
        if stands is not None and stood is not stands:
            self._alarms.raised(stands, _SUBJECT, why)
        log.warning("%s: %s", self._path, f"{state}: {why}" if why else "stores again")

    async def _in_thread(self, work: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
