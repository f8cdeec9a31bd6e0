"""The group commit: what waits goes to disk together, as soon as it must and not before.

A commit comes ``commit_every`` after the first entry that waits for it; at once for a record, an urgent
entry or a whole block. A failed commit loses nothing: all of it waits on, and is tried again.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from time import perf_counter
from typing import TypeVar
from weakref import WeakSet

from edge.alarms import Alarms
from edge.errors import JournalDamagedError, JournalError
from edge.journal.block import Entry
from edge.journal.boots import Learnt
from edge.journal.damage import is_damage, suspect
from edge.journal.packing import Record
from edge.journal.room import Room
from edge.journal.states import NoStates, States
from edge.journal.waiting import MOST_OBSERVATIONS, Batch, Committed, Refusal, Rolled, Waiting
from edge.journal.writer import Writer
from edge.restamping import Restamping

log = logging.getLogger(__name__)

_A = TypeVar("_A")
_T = TypeVar("_T")

_IDLE_S = 60.0
"""So often the loop looks around where nothing is said: the last minute's rollups, what has grown too old."""

_LOOK_AGAIN_S = 2.0
"""And so often where telemetry waits for room, which may come from outside."""

_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""After so many failed commits in a row; the last one from then on."""


class Turn(Enum):
    """How a commit went. DONE: what recorders remember is on disk too. PARTLY: it comes with the next. AGAIN:
    it failed for want of room, and room has been made."""

    DONE = auto()
    PARTLY = auto()
    AGAIN = auto()
    FAILED = auto()


class GroupCommit:
    """Buffers, commits, and keeps to the quota. For one event loop; the writer runs in ``thread``."""

    def __init__(
        self,
        path: Path,
        *,
        commit_every_s: float,
        clock_state: Callable[[], str],
        holds: Callable[[], bool],
        alarms: Alarms,
        thread: ThreadPoolExecutor,
        writer: Writer,
    ) -> None:
        self.waiting = Waiting(writer.envelope.room)
        self.subscribers: WeakSet[asyncio.Event] = WeakSet()
        self.counts: Counter[str] = Counter(commits=0, failed=0)
        self.last_commit_s = 0.0
        self.states: States = NoStates()
        self.room = Room(path, writer, thread, clock_state=clock_state, alarms=alarms, news=self.tell)
        self._path = path
        self._commit_every_s = commit_every_s
        self._clock_state = clock_state
        self._holds = holds
        self._learnt: list[Learnt] = []
        self._thread = thread
        self._writer = writer
        self._cursors: dict[tuple[str, int], int] = {}
        self._acknowledging: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()
        self._commits: set[asyncio.Task[Turn]] = set()
        self._running = False
        self._closed = False
        self._ended = False
        self._failures = 0
        self._damaged: JournalDamagedError | None = None

    @property
    def has_room(self) -> bool:
        """Whether entries are being taken, and will be for a while."""
        return self.room.taking and 2 * self.waiting.observations < MOST_OBSERVATIONS

    def add(self, entry: Entry) -> Refusal | None:
        """Takes an entry, or says why not."""
        refusal = Refusal.CLOSED if self._closed else self.waiting.refusal(entry)
        if refusal is not None:
            return refusal
        self.waiting.add(entry)
        if entry.urgent or self.waiting.fills_a_block:
            self._wake.set()
        else:
            self._commit_soon()
        return None

    def add_rolled(self, rolled: Rolled) -> Refusal | None:
        """Takes values for the rollups alone, or says why not."""
        refusal = Refusal.CLOSED if self._closed else self.waiting.add_rolled(rolled)
        if refusal is None:
            self._commit_soon()
        return refusal

    def add_record(self, record: Record) -> Refusal | None:
        """Takes a record, or says why not."""
        refusal = Refusal.CLOSED if self._closed else self.waiting.add_record(record)
        self._wake.set()
        return refusal

    def learn(self, learnt: Learnt, again: Restamping) -> None:
        """The time is known: what waits is put right, and goes with the next commit, at once."""
        self._learnt.append(learnt)
        self.waiting.restamp(again)
        self._wake.set()

    def release(self) -> None:
        """The time has been waited for long enough."""
        self._wake.set()

    def end(self, damaged: JournalDamagedError) -> None:
        """The file is not whole: ``run`` raises this, whoever came upon it."""
        self._damaged = damaged
        self._wake.set()

    async def move(self, uplink: str, lane: int, seq: int, *, at_once: bool) -> None:
        """Moves a cursor, with the next commit if it need not be at once. Raises JournalError."""
        key = uplink, lane
        self._cursors[key] = max(seq, self._cursors.get(key, 0))
        if not self._running:
            return await self.flush()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._acknowledging.append(done)
        if at_once:
            self._wake.set()
        else:
            self._commit_soon()
        return await done

    async def run(self) -> None:
        """Commits, retention and rollups, until cancelled or closed. Raises JournalDamagedError."""
        self._running = True
        try:
            while not self._closed:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AGAIN_S if self.room.withheld else _IDLE_S):
                        await self._wake.wait()
                if self._damaged is not None:
                    raise self._damaged
                if await self._commit() is Turn.FAILED and not self._closed:
                    await asyncio.sleep(_RETRY_S[min(self._failures, len(_RETRY_S)) - 1])
                    self._wake.set()
        finally:
            self._running = False
            if self._acknowledging:
                self._begin()

    async def flush(self) -> None:
        """Everything taken before the call is on disk when this returns, and what recorders remembered then.

        Raises JournalError; what could not be written waits on.
        """
        goal = self.waiting.accepted
        while True:
            before = self.waiting.stored
            turn = await self._commit()
            stored = self.waiting.stored
            if (turn is Turn.DONE or self._ended) and stored >= goal and not self._cursors:
                return
            stuck = turn is not Turn.AGAIN and self.room.withheld and stored == before
            if turn is Turn.FAILED or stuck:
                raise JournalError(f"{self._path} takes nothing at the moment: {self.room.why}")

    async def close(self) -> None:
        """The last commit. Raises JournalError, which says how much could not be stored."""
        self._closed = True
        self._wake.set()
        try:
            await self.flush()
        except JournalError as error:
            self._release(self._acknowledging, error)
            left = self.waiting.accepted - self.waiting.stored
            raise type(error)(f"{error}; {left} entries and records that waited for it are lost") from error
        finally:
            async with self._turn:
                self._ended = True

    def _commit_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._commit_every_s, self._wake.set)

    async def _commit(self) -> Turn:
        """One commit, to its end even if the caller is cancelled."""
        return await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Task[Turn]:
        task = asyncio.create_task(self._commit_in_turn())
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        return task

    async def _commit_in_turn(self) -> Turn:
        async with self._turn:
            if self._ended:
                return Turn.FAILED
            self._wake.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            batch = self.waiting.take(
                self._clock_state(), self._cursors, telemetry=not self.room.withheld, hold=self._holds()
            )
            batch = batch._replace(states=self.states.changed(), learnt=tuple(self._learnt))
            acknowledging, self._cursors, self._acknowledging = self._acknowledging, {}, []
            started = perf_counter()
            try:
                done = await self._in_thread(self._writer.commit, batch)
            except sqlite3.Error as error:
                if is_damage(error):
                    damaged = suspect(self._path, error)
                    self.end(damaged)
                    self._release(acknowledging, damaged)
                    raise damaged from error
                self._put_back(batch, acknowledging)
                return await self._failed(error)
            self.last_commit_s = perf_counter() - started
            del self._learnt[: len(batch.learnt)]
            self._done(done, len(batch.rolled), acknowledging)
            if done.states:
                self.states.kept(batch.states)
            if await self.room.keep():
                self._wake.set()
            return Turn.DONE if done.states else Turn.PARTLY

    def _put_back(self, batch: Batch, acknowledging: list[asyncio.Future[None]]) -> None:
        for key, seq in batch.cursors.items():
            self._cursors[key] = max(seq, self._cursors.get(key, 0))
        self._acknowledging = acknowledging + self._acknowledging

    def _done(self, done: Committed, rolled: int, acknowledging: list[asyncio.Future[None]]) -> None:
        self._failures = 0
        self.waiting.remove(done.entries, done.records, rolled)
        self._release(acknowledging)
        if done.more:
            self._wake.set()
        if done.entries or done.records or done.released:
            self.counts["commits"] += 1
            self.tell()

    def tell(self) -> None:
        """There are new blocks."""
        for subscriber in self.subscribers:
            subscriber.set()

    def _release(self, acknowledging: list[asyncio.Future[None]], error: JournalError | None = None) -> None:
        for future in acknowledging:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

    async def _failed(self, error: sqlite3.Error) -> Turn:
        if await self.room.failed(error):
            self._wake.set()
            return Turn.AGAIN
        self._failures += 1
        self.counts["failed"] += 1
        return Turn.FAILED

    async def _in_thread(self, work: Callable[[_A], _T], argument: _A) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, argument)
