"""The journal's file as the writing thread sees it: plain calls, each a transaction or none.

Only ``standing``, ``newest``, ``holed`` and the seals are read by other threads; each is replaced whole,
after a commit.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from drivers.contract import NANOSECONDS, Instant, Now
from edge.errors import JournalError
from edge.evidence import chain
from edge.evidence.seals import Seal
from edge.journal import cursors, damage, packing, retention, rollups, salvage, states, trail, walk
from edge.journal.aside import Aside
from edge.journal.block import Entry, Lane
from edge.journal.boots import Boot, Boots
from edge.journal.database import (
    Lock,
    begin_log_anew,
    explained,
    is_log_folded,
    open_writer,
    transaction,
)
from edge.journal.held import NOTHING, Held, Passed, Ready
from edge.journal.identity import Identity, Predecessor, Reason, end, establish, is_ahead
from edge.journal.packing import Envelope, Record
from edge.journal.retention import Doomed, Why
from edge.journal.rules import Rules
from edge.journal.sealing import Sealing
from edge.journal.space import Space
from edge.journal.standing import LaneStanding, newest, standing
from edge.journal.states import Row
from edge.journal.waiting import Batch, Committed, Rolled

log = logging.getLogger(__name__)

_INSERT = (
    "INSERT INTO blocks (key, kind, first, last, observations, total, boot, clock, hash, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Writer:
    """The writing connection and the lock."""

    def __init__(
        self, path: Path, identity: Identity, rules: Rules, now: Now, witnessed: Sequence[Seal] = ()
    ) -> None:
        """Makes the file where there is none. witnessed: see ``establish``. Raises JournalError."""
        self._path = path
        self._identity = identity
        self._rules = rules
        self._now = now
        self._witnessed = witnessed
        self._aside: Aside | None = None
        self.set_aside: str | None = None
        """The file that was found damaged at this opening, or is not yet carried over; None: none was."""

        self._lock = Lock(path)
        self._space = Space(path, rules)
        try:
            self._open_where_there_is_room()
            self._space.look_around(self.standing)
        except BaseException:
            self._lock.release()
            raise

    def _open_where_there_is_room(self) -> None:
        try:
            self._open_whole()
        except JournalError:
            if not self.give_up_ballast():
                raise
            log.warning("%s: the disk is full; the room held back for that is given up", self._path)
            self._open_whole()

    def _open_whole(self) -> None:
        """A damaged file is set aside, and what can be read of it goes on in a new one."""
        try:
            damage.take_up(self._path)
            if not damage.is_suspect(self._path):
                self._open(Reason.TORN if damage.lost_commits(self._path) else None)
                return
        except damage.UNREADABLE as error:
            if not damage.is_damage(error) or not damage.is_ours(self._path):
                raise explained(self._path, error) from error
            log.warning("%s: %s", self._path, error)
        try:
            self.set_aside = salvage.start_over(self._path, self._rules, self._now())
            self._open()
        except (*damage.UNREADABLE, OSError) as error:
            raise explained(self._path, error) from error

    def begin_anew(self, witnessed: Sequence[Seal]) -> bool:
        """Goes on in a new journal of the same file if one of these seals is ahead of the one now written.

        Whether it is. Raises sqlite3.Error.
        """
        if not any(is_ahead(self._connection, self.journal, seal) for seal in witnessed):
            return False
        with transaction(self._connection):
            self._fold.write(self._connection)
        self._take_up(witnessed)
        return True

    def _open(self, ended: Reason | None = None) -> None:
        """ended: why what the file holds is not continued."""
        self._connection = open_writer(self._path, self._rules.max_size_bytes)
        try:
            if ended is not None:
                end(self._connection, ended)
                begin_log_anew(self._connection, self._path)
            self._take_up(self._witnessed)
        except BaseException:
            self._connection.close()
            raise

    def _take_up(self, witnessed: Sequence[Seal]) -> None:
        """Where the last writer of this file left off."""
        journal, predecessor = establish(self._connection, self._identity, self._now(), witnessed)
        self.standing = standing(self._connection)
        self.journal = journal
        self.sealing = Sealing(self._connection, self.journal, self._identity.key)
        self.broken = {lane: walk.last_blocks(self._connection, self._mine(lane)) for lane in Lane}
        """By lane, the first of its last blocks that did not follow at this start; None: they all do."""

        self._seal_heads()
        self._held = Held(self._connection, self._identity.boot)
        self.boots = Boots(self._connection, self._identity.boot)
        self.boots.note_last(self.standing.lanes)
        known = self.boots.newest()
        self.newest = newest(self._connection, self.standing) if known is None else Instant(known)
        self._fold = rollups.catch_up(self._connection)
        self._minute = self._now() // rollups.MINUTE
        self.envelope = Envelope(self._identity, self.journal)
        fresh = self._mine(Lane.RECORDS).head == 0
        self.holed = salvage.holed(self._connection)
        """The lanes of which blocks were lost with a damaged file, by number."""

        left = salvage.unfinished(self._connection)
        self.carrying_over = bool(left)
        if left:
            self.set_aside = left[0].file
            heads = {each.lane: each.head for each in left}
            old = predecessor and [self.standing.lane(predecessor.journal, lane) for lane in Lane]
            if predecessor and old:
                predecessor = predecessor.reaching(*(heads.get(lane.number, lane.head) for lane in old))
        self.predecessor: Predecessor | None = predecessor if fresh else None

    @property
    def crowded(self) -> bool:
        """Whether telemetry has to give room."""
        return self._space.is_crowded(self.standing)

    @property
    def disk_is_full(self) -> bool:
        """Whether others have filled the disk, as of the last good commit."""
        return self._space.disk_is_full

    def commit(self, batch: Batch) -> Committed:
        """Writes what it can of the batch in one transaction. Raises sqlite3.Error: then nothing of it."""
        most_bytes = self._space.commit_bytes
        records = list(packing.within(packing.records(batch.records), most_bytes))
        telemetry = list(packing.within(packing.telemetry(batch.entries, self.envelope.room), most_bytes))
        minute = self._now() // rollups.MINUTE
        rolls = bool(self._fold) and minute != self._minute
        remembered = batch.states if len(records) == len(batch.records) else ()
        due = minute != self._minute and bool(telemetry or self.sealing.lags(self._mine(Lane.TELEMETRY)))
        passed, clocks = NOTHING, batch.learnt or self._held.waits
        if records or telemetry or batch.cursors or rolls or remembered or due or clocks:
            with self._transaction():
                if rolls:
                    self._fold.write(self._connection)
                self.boots.learn(batch.learnt)
                new = {Lane.RECORDS: records, Lane.TELEMETRY: telemetry}
                passed = self._held.passed(new, batch.clock, hold=batch.hold, most_bytes=most_bytes)
                self._append(Lane.RECORDS, passed.blocks, seal=bool(passed.blocks[Lane.RECORDS]))
                self._append(Lane.TELEMETRY, passed.blocks, seal=due)
                cursors.move(self._connection, batch.cursors, self.standing.lanes)
                states.remember(self._connection, remembered)
            if rolls:
                self._fold.clear()
            self._minute = minute
        taken, told = batch.entries[: sum(draft.taken for draft in telemetry)], batch.records[: len(records)]
        self._take_in(taken, told, passed, batch.rolled)
        self._space.look_around(self.standing)
        more = len(taken) < len(batch.entries) or len(told) < len(batch.records)
        return Committed(
            len(taken),
            len(told),
            more or (self._held.waits and not batch.hold),
            len(remembered) == len(batch.states),
            passed.freed,
        )

    def make_room(self, clock: str) -> int | None:
        """Deletes one step for room. Returns the observations given up; None: there is nothing to delete.

        Where the file itself has room for a commit, nothing goes: the disk around it is full, and deleting
        all would not help. Raises sqlite3.Error.
        """
        if not self.crowded and self._space.is_within(self.standing):
            return None
        for lane, upto in retention.for_room(self.standing):
            blocks = self._doomed(lane, upto)
            if blocks:
                return self._delete(lane, blocks, Why.ROOM, clock)
        return None

    def loses(self) -> bool:
        """Whether room will soon be needed, and the next step for it takes something from an uplink."""
        if not self._space.runs_out(self.standing):
            return False
        for lane, upto in retention.for_room(self.standing):
            blocks = self._doomed(lane, lane.head)
            if blocks:
                return not self.standing.uplinks or blocks[-1].seq > upto
        return True

    def fold(self) -> bool:
        """Brings the write-ahead log into the file, so that it begins anew. Raises sqlite3.Error."""
        return is_log_folded(self._connection)

    def give_up_ballast(self) -> bool:
        """On a full disk. Whether that made room."""
        return self._space.give_up_ballast()

    def carry_over(self, clock: str) -> bool:
        """Carries a piece of what was set aside over. Returns whether there is more. Raises sqlite3.Error."""
        progress = next(iter(salvage.unfinished(self._connection)), None)
        self.carrying_over = progress is not None
        if progress is None:
            if self._aside is not None:
                self._aside.close()
            return False
        if self.crowded:  # what is oldest goes first, with the next commit
            return True
        if self._aside is None:
            self._aside = Aside(self._path.with_name(progress.file))
        (lane,) = (each for each in self.standing.lanes if each.number == progress.lane)
        progress, taken = salvage.piece(self._aside, lane, progress, self._space.commit_bytes)
        with self._transaction():
            for seq, row in taken:
                salvage.keep(self._connection, lane.key(seq), row, self._aside)
            salvage.note(self._connection, progress)
            if progress.is_over and progress.has_lost:
                loss = progress.record(self._identity, lane.journal, lane.lane, self._now())
                gap = {Lane.RECORDS: self._held.own(packing.records([loss]), clock)}
                self._append(Lane.RECORDS, gap, seal=True)
        self.holed = salvage.holed(self._connection)
        if lane.lane is Lane.TELEMETRY:
            for seq, row in taken:
                self._fold.add_block(lane.number, seq, row.body)
        return True

    def expire(self, clock: str) -> int | None:
        """Deletes one step of what is older than its time. Returns as ``make_room``."""
        keep = {Lane.RECORDS: self._rules.keep_records_s, Lane.TELEMETRY: self._rules.keep_telemetry_s}
        for lane in self.standing.lanes:
            before = Instant(self._now() - int(keep[lane.lane] * NANOSECONDS))
            blocks = self._doomed(lane, lane.head, before)
            if blocks:
                return self._delete(lane, blocks, Why.AGE, clock)
        return None

    def register(self, uplink: str, start: Literal["oldest", "now"]) -> None:
        """A cursor in every lane for an uplink that has none."""
        known = uplink in self.standing.uplinks
        forgotten = self.set_aside is not None  # how far it was is lost with the damaged file
        if not known:
            with self._transaction():
                oldest = start == "oldest" or forgotten
                cursors.begin(self._connection, uplink, self.standing.lanes, oldest=oldest)

    def forget(self, uplink: str) -> None:
        """Gives up the uplink's cursors and what was set aside for it."""
        with self._transaction():
            cursors.forget(self._connection, uplink)

    def quarantine(self, uplink: str, lane: LaneStanding, seq: int, why: str) -> None:
        """Sets a block aside for this uplink."""
        with self._transaction():
            cursors.quarantine(self._connection, uplink, lane, seq, why=why, at=self._now())

    def note_walked(self, lane: LaneStanding, seq: int) -> None:
        """So far the walk along this lane has come. Raises sqlite3.Error."""
        with self._transaction():
            self._connection.execute("UPDATE lanes SET walked_seq = ? WHERE number = ?", (seq, lane.number))

    def begin_boot(self, opened: int, base: int) -> Boot:
        """See ``Boots.begin``."""
        lane = self._mine(Lane.RECORDS)
        return self.boots.begin(opened, base, lane.key(lane.head))

    def remembered(self) -> list[Row]:
        """What recorders remembered with the last commit."""
        return states.remembered(self._connection)

    def close(self) -> None:
        """The last seals and the rollups' rest; folds the write-ahead log into the file, lets go of it."""
        try:
            self._seal_heads()
            if self._fold:
                with transaction(self._connection):
                    self._fold.write(self._connection)
            begin_log_anew(self._connection, self._path)
        except sqlite3.Error as error:
            log.warning("%s: closed without the last seal: %s", self._path, error)
        finally:
            self._connection.close()
            self._lock.release()

    def _mine(self, lane: Lane) -> LaneStanding:
        return self.standing.lane(self.journal, lane)

    def _append(self, name: Lane, blocks: Mapping[Lane, Iterable[Ready]], *, seal: bool) -> None:
        """Adds its blocks to a lane and, with ``seal``, signs its head."""
        lane = self._mine(name)
        assert lane.link is not None
        seq, total, link = lane.head, lane.head_total, lane.link
        rows = []
        for draft, boot, clock in blocks[name]:
            seq += 1
            total += draft.observations
            body = self.envelope.close(lane.lane, seq, clock, draft.content, boot)
            link = chain.link(link, body)
            facts = draft.kind, draft.first, draft.last, draft.observations, total
            rows.append((lane.key(seq), *facts, boot, clock, link, body))
            if draft.trail is not None:
                trail.add(self._connection, draft.kind, draft.trail, lane.key(seq))
        self._connection.executemany(_INSERT, rows)
        if seal:
            self.sealing.sign(lane, seq, link, self._now())

    def _seal_heads(self) -> None:
        """At start and at stop. Where there is no room for it, the next commit of the lane does it."""
        try:
            with self._transaction():
                self.sealing.sign_heads(self.standing, self._now())
        except sqlite3.Error as error:
            log.warning("%s: not sealed now: %s", self._path, error)

    def _doomed(self, lane: LaneStanding, upto: int, before: Instant | None = None) -> list[Doomed]:
        return retention.doomed(self._connection, lane, upto, self._space.step_bytes(self.standing), before)

    def _delete(self, lane: LaneStanding, blocks: list[Doomed], why: Why, clock: str) -> int:
        losses = retention.given_up(self.standing, lane, blocks, why)
        now = self._now()
        records = packing.records(loss.record(self._identity, why, now) for loss in losses)
        gaps = {Lane.RECORDS: self._held.own(records, clock)}
        with self._transaction():
            self.sealing.anchor(lane, blocks[-1].seq, now)
            retention.delete(self._connection, self.standing, lane, blocks[-1])
            self._append(Lane.RECORDS, gaps, seal=bool(losses))
        return max((loss.observations for loss in losses), default=0)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.sealing.begin()
        with transaction(self._connection):
            yield
            after = standing(self._connection)
        self.standing = after
        self.sealing.settle()

    def _take_in(
        self, entries: Sequence[Entry], records: Sequence[Record], passed: Passed, rolled: Sequence[Rolled]
    ) -> None:
        """What is on disk enters the newest instant; what became blocks, and ``rolled``, the rollups."""
        for entry in () if passed.queued else entries:
            if entry.values:
                self._fold.add(entry.at // rollups.MINUTE, entry.values)
        for each in passed.released:
            for minute, points in rollups.of_entries(each.draft.content):
                self._fold.add(minute, points)
        for at, values in rolled:
            self._fold.add(at // rollups.MINUTE, values)
        telemetry = self._mine(Lane.TELEMETRY)
        self._fold.through[telemetry.number] = telemetry.head
        instants = [record.at for record in records] + [entry.at for entry in entries]
        if self.newest is not None:
            instants.append(self.newest)
        self.newest = max(instants, default=None)
