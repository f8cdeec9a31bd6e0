"""The journal as the rest of the edge sees it: a buffer, a group commit, and the outbox of the uplinks.

::

    observe, record ──▶ waiting ──commit──▶ file ──read──▶ uplink
                                   ▲                          │
                                   └────── acknowledge ◀──────┘

Everything that writes runs in one thread with one connection; reads run in a second one that cannot write.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from drivers.contract import Instant, Now
from edge.alarms import Alarms
from edge.errors import JournalError
from edge.evidence.seals import Seal
from edge.journal import facts
from edge.journal.block import Block, Entry, Lane, Owed
from edge.journal.carrying import carry_over
from edge.journal.commits import GroupCommit
from edge.journal.damage import is_damage, suspect
from edge.journal.identity import Identity, Predecessor
from edge.journal.inspection import Inspection
from edge.journal.packing import Record
from edge.journal.reader import Reader
from edge.journal.rollups import MINUTE, Rollup
from edge.journal.rules import Rules
from edge.journal.stamping import Stamping
from edge.journal.standing import LaneStanding
from edge.journal.states import Row, States
from edge.journal.trail import Index, Newest
from edge.journal.waiting import Rolled
from edge.journal.writer import Writer

__all__ = ["Identity", "Journal", "Predecessor", "Rules"]

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_CAUGHT_UP_BLOCKS = 4
"""An uplink no further behind lets its acknowledgement ride along with the next commit."""

_PIECE = 1440
"""Minutes of rollups read at a time, so that no uplink waits behind a chart."""


class Journal:
    """One SQLite file of blocks, and an ``Outbox``. Made by ``open``; for one event loop."""

    @classmethod
    async def open(  # noqa: PLR0917 - who, what, when, how well known, and whom to tell: no two alike
        cls,
        path: Path,
        identity: Identity,
        rules: Rules,
        now: Now,
        clock_state: Callable[[], str],
        alarms: Alarms,
        witnessed: Sequence[Seal] = (),
        *,
        holds: Callable[[], bool] = lambda: False,
    ) -> Journal:
        """Opens the file, or makes it; its folder must be there. Raises JournalError, which says what to do.

        clock_state: how the time is known, as it stands in each block. alarms: told when the journal is full.
        witnessed: seals of this gateway that others have kept; one that is ahead begins a new journal.
        holds: whether what is committed now has to wait for the time.
        """
        run = asyncio.get_running_loop().run_in_executor
        writing, reading = ThreadPoolExecutor(1, "journal-write"), ThreadPoolExecutor(1, "journal-read")
        try:
            writer = await run(writing, Writer, path, identity, rules, now, witnessed)
            try:
                reader = await run(reading, Reader, path)
            except BaseException:
                writing.submit(writer.close)
                raise
        except BaseException:
            writing.shutdown(wait=False)
            reading.shutdown(wait=False)
            raise
        commits = GroupCommit(
            path,
            commit_every_s=rules.commit_every_s,
            clock_state=clock_state,
            holds=holds,
            alarms=alarms,
            thread=writing,
            writer=writer,
        )
        return cls(
            path,
            rules,
            writing=writing,
            writer=writer,
            reading=reading,
            reader=reader,
            commits=commits,
            alarms=alarms,
            clock_state=clock_state,
        )

    def __init__(
        self,
        path: Path,
        rules: Rules,
        *,
        writing: ThreadPoolExecutor,
        writer: Writer,
        reading: ThreadPoolExecutor,
        reader: Reader,
        commits: GroupCommit,
        alarms: Alarms,
        clock_state: Callable[[], str],
    ) -> None:
        self._path = path
        self._rules = rules
        self._writing = writing
        self._writer = writer
        self._reading = reading
        self._reader = reader
        self._commits = commits
        self._alarms = alarms
        self._clock_state = clock_state
        self._refused: Counter[str] = Counter()
        self._lost_records: dict[str, tuple[Instant, int]] = {}
        self._closed = False
        self.stamping = Stamping(
            commits,
            writer,
            writing=partial(self._do, writing),
            reading=partial(self._do, reading),
            reader=reader,
        )

    @property
    def id(self) -> str:
        """ULID of the journal now written."""
        return self._writer.journal

    @property
    def predecessor(self) -> Predecessor | None:
        """The journal before it in this file, while this one has no record yet that could name it."""
        return self._writer.predecessor

    @property
    def set_aside(self) -> str | None:
        """The damaged file that this one takes the place of, if that is news or not all is carried over."""
        return self._writer.set_aside

    @property
    def seals(self) -> list[Seal]:
        """The newest of each lane, all on disk: of older journals that are still owed, then of this one."""
        standing = self._writer.standing
        owed = {lane.number for lane in standing.lanes if standing.waiting(lane)}
        old = [seal for number, seal in self._writer.sealing.last.items() if number in owed]
        return [*old, *self._writer.sealing.newest.values()]

    @property
    def sealed_by(self) -> str | None:
        """The public key of the newest seal before this start; None: there was none."""
        return self._writer.sealing.before

    @property
    def newest(self) -> Instant | None:
        """The newest instant journalled, before which a clock cannot rightly be."""
        return self._writer.newest

    @property
    def uplinks(self) -> frozenset[str]:
        """Those that have cursors."""
        return self._writer.standing.uplinks

    @property
    def has_room(self) -> bool:
        """Whether observations are being taken, and will be for a while."""
        return self._commits.has_room

    async def begin_anew(self, witnessed: Sequence[Seal]) -> bool:
        """Goes on under a new id where one of these seals is ahead of what was written; whether it is.

        What waits for a commit is written under the new one. Raises JournalError.
        """
        return await self._do(self._writing, partial(self._writer.begin_anew, witnessed))

    def observe(self, entry: Entry) -> bool:
        """Takes an entry for the next commit. False: refused, for the caller to count."""
        refusal = self._commits.add(entry)
        if refusal is not None:
            self._refused[str(refusal)] += entry.observations
        return refusal is None

    def roll(self, at: Instant, values: Sequence[tuple[str, float]]) -> None:
        """Counts good numbers by point that stand in no entry (``thin``), in the rollups alone.

        What a crash takes of them is lost to the charts, and no more: see ``rollups.py``.
        """
        if not values:
            return
        refusal = self._commits.add_rolled(Rolled(at, values))
        if refusal is not None:
            self._refused[f"rollup_{refusal}"] += len(values)

    def record(self, kind: str, at: Instant, body: bytes, trail: Index | None = None) -> None:
        """Takes a record, a JSON object, for a commit at once.

        It is lost, and counted, only where thousands wait because the disk has long taken none.
        """
        refusal = self._commits.add_record(Record(kind, at, body, trail))
        if refusal is not None:
            self._refused[f"record_{refusal}"] += 1
            since, count = self._lost_records.get(kind, (at, 0))
            self._lost_records[kind] = since, count + 1
            log.error("%s: a record is lost (%s): %s: %s", self._path, refusal, kind, body.decode())

    def lost_records(self) -> dict[str, tuple[Instant, int]]:
        """By kind, since when and how many records were lost that nobody has yet been told of."""
        lost, self._lost_records = self._lost_records, {}
        return lost

    async def remembered(self) -> list[Row]:
        """What the recorders remembered when the journal was last written. Raises JournalError."""
        return await self._do(self._writing, self._writer.remembered)

    def remember(self, states: States) -> None:
        """From now on what recorders remember is committed with what they derive."""
        self._commits.states = states

    async def run(self) -> None:
        """The group commit, retention and rollups, until cancelled; ``close`` commits what then waits."""
        await self._commits.run()

    async def turn(self) -> None:
        """Comes back once both threads have: neither hangs on the disk. Raises nothing."""
        for thread in (self._writing, self._reading):
            await asyncio.get_running_loop().run_in_executor(thread, _nothing)

    async def inspect(self) -> None:
        """Goes on with what was set aside, then walks the chains, in the background and until cancelled;
        see ``carry_over`` and ``Inspection``. Raises JournalError.
        """
        writing = partial(self._do, self._writing)
        await carry_over(
            self._path,
            writer=self._writer,
            writing=writing,
            clock_state=self._clock_state,
            alarms=self._alarms,
            news=self._commits.tell,
        )
        inspection = Inspection(
            self._path,
            writer=self._writer,
            writing=writing,
            reader=self._reader,
            reading=partial(self._do, self._reading),
            alarms=self._alarms,
        )
        await inspection.run()

    async def flush(self) -> None:
        """Everything taken before the call is on disk when this returns.

        Raises JournalError; what could not be written waits on.
        """
        await self._commits.flush()

    async def close(self) -> None:
        """Commits what waits and lets go of the file; the second time nothing.

        Raises JournalError where something could not be stored, once the file is closed.
        """
        if self._closed:
            return
        self._closed = True
        run = asyncio.get_running_loop().run_in_executor
        try:
            await self._commits.close()
        finally:
            await run(self._reading, self._reader.close)
            await run(self._writing, self._writer.close)
            self._reading.shutdown()
            self._writing.shutdown()

    async def register(self, uplink: str, start: Literal["oldest", "now"]) -> None:
        """Gives an uplink its cursors; one that has cursors keeps them. Raises JournalError."""
        await self._do(self._writing, partial(self._writer.register, uplink, start))

    async def forget(self, uplink: str) -> None:
        """An uplink that is no more holds nothing back. Raises JournalError."""
        await self._do(self._writing, partial(self._writer.forget, uplink))

    def subscribe(self) -> asyncio.Event:
        """See ``Outbox.subscribe``."""
        event = asyncio.Event()
        self._commits.subscribers.add(event)
        return event

    async def owed(self, uplink: str) -> list[Owed]:
        """See ``Outbox.owed``."""
        standing = self._writer.standing
        owed = ((lane, standing.waiting(lane).get(uplink)) for lane in standing.lanes)
        return [Owed(lane.journal, lane.lane, cursor.seq, lane.head) for lane, cursor in owed if cursor]

    async def read(self, journal: str, lane: Lane, after: int, most_bytes: int = 1 << 20) -> list[Block]:
        """See ``Outbox.read``. Raises JournalError."""
        blocks = partial(self._reader.blocks, self._lane(journal, lane), after, most_bytes)
        return await self._do(self._reading, blocks)

    async def acknowledge(self, uplink: str, journal: str, lane: Lane, seq: int) -> None:
        """See ``Outbox.acknowledge``. Raises JournalError, and ValueError for a seq that no block has had."""
        place = self._lane(journal, lane)
        cursor = self._writer.standing.cursors.get((uplink, place.number))
        if cursor is None:
            raise JournalError(f"{self._path} knows no uplink {uplink}: it has to be registered first")
        if seq > place.head:
            raise ValueError(f"{uplink} acknowledges {lane} {seq}; the last is {place.head}")
        if seq > cursor.seq:
            behind = place.head - seq > _CAUGHT_UP_BLOCKS
            await self._commits.move(uplink, place.number, seq, at_once=behind)

    async def quarantine(self, uplink: str, block: Block, why: str) -> None:
        """See ``Outbox.quarantine``. Raises JournalError."""
        lane = self._lane(block.journal, block.lane)
        await self._do(self._writing, partial(self._writer.quarantine, uplink, lane, block.seq, why))

    async def newest_record(self, record: str) -> Newest | None:
        """See ``trail.newest``; what is not yet on disk is not seen. Raises JournalError."""
        return await self._do(self._reading, partial(self._reader.newest, record))

    async def rollups(self, point: str, since: Instant, until: Instant) -> list[Rollup]:
        """The minutes of ``point`` that begin in ``since`` ≤ t < ``until`` and hold readings.

        A minute is written when it is over. Raises JournalError.
        """
        found: list[Rollup] = []
        end = -(-until // MINUTE)
        for first in range(-(-since // MINUTE), end, _PIECE):
            piece = partial(self._reader.rollups, point, first, min(first + _PIECE, end))
            found += await self._do(self._reading, piece)
        return found

    def facts(self) -> dict[str, object]:
        """For `status`: sizes in bytes, instants in ns, times in s; refused and given up in observations."""
        standing = self._writer.standing
        commits = self._commits
        return {
            "id": self.id,
            "state": commits.room.state,
            "carrying_over": self._writer.carrying_over,
            **facts.sizes(self._path),
            "used_bytes": standing.used_bytes,
            "max_size_bytes": self._rules.max_size_bytes,
            "lanes": facts.lanes(standing, self.id),
            "backlog": facts.backlog(standing),
            "newest": self.newest,
            "commits": commits.counts["commits"],
            "failed_commits": commits.counts["failed"],
            "last_commit_s": round(commits.last_commit_s, 6),
            "buffered": commits.waiting.observations,
            "buffered_records": len(commits.waiting.records),
            "refused": dict(self._refused),
            "given_up": commits.room.given_up,
            "quarantined": dict(standing.quarantined),
        }

    async def stored(self) -> dict[str, Any]:
        """For `status`: what only the file knows; see ``facts.stored``. Raises JournalError."""
        return await self._do(self._reading, self._reader.stored)

    def _lane(self, journal: str, lane: Lane) -> LaneStanding:
        try:
            return self._writer.standing.lane(journal, lane)
        except KeyError as error:
            raise JournalError(f"{self._path} holds no journal {journal}") from error

    async def _do(self, thread: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, work)
        except sqlite3.Error as error:
            if is_damage(error):
                damaged = suspect(self._path, error)
                self._commits.end(damaged)
                raise damaged from error
            raise JournalError(f"{self._path}: {error}; see its disk, and `tagtrail status`") from error


def _nothing() -> None: ...
