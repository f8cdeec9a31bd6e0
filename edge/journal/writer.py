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
from edge.journal import ballast, damage, packing, retention, rollups, salvage, states, trail, walk
from edge.journal.ballast import Ballast
from edge.journal.block import Entry, Lane
from edge.journal.boots import Boot, Boots
from edge.journal.database import Lock, explained, open_writer, transaction
from edge.journal.held import NOTHING, Held, Passed, Ready
from edge.journal.identity import Identity, Predecessor, Reason, end, establish, is_ahead
from edge.journal.packing import Envelope, Record
from edge.journal.retention import Why
from edge.journal.rules import Rules
from edge.journal.sealing import Sealing
from edge.journal.standing import NEWEST_OF, SEQ_MASK, LaneStanding, newest, standing
from edge.journal.states import Row
from edge.journal.waiting import Batch, Committed, Rolled

log = logging.getLogger(__name__)

_COMMIT_BYTES = 1 << 20
"""Written in one transaction at the most, of each lane."""

_STEP_BYTES = 8 << 20
_SMALL_STEP_BYTES = 64 << 10
"""Deleted in one transaction at the most, of a large file and of one that has hardly begun."""

_NOTHING_BYTES = 1 << 20
"""A disk that others leave no more than this is full."""

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
        self._commit_bytes = min(_COMMIT_BYTES, rules.max_size_bytes // 64)
        self._aside: salvage.Aside | None = None
        self.set_aside: str | None = None
        """The file that was found damaged at this opening, or is not yet carried over; None: none was."""

        self._lock = Lock(path)
        self._ballast = Ballast(path)
        try:
            self._open_where_there_is_room()
            self._look_around()
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

    def _look_around(self) -> None:
        """Takes the ballast again where the disk has room again."""
        held = self._ballast.take()
        free_bytes = self._ballast.free_bytes
        self.disk_is_full = not held or free_bytes < _NOTHING_BYTES
        """Whether others have filled the disk, as of the last good commit."""

        begun = self.standing.used_bytes + self.standing.free_bytes < ballast.SIZE_BYTES // 2
        self._disk_crowds = not held and not (begun and free_bytes > ballast.SIZE_BYTES // 2)
        """A file that has hardly begun grows first, into half of what was held back."""

    def _open(self, ended: Reason | None = None) -> None:
        """ended: why what the file holds is not continued."""
        self._connection = open_writer(self._path, self._rules.max_size_bytes)
        try:
            if ended is not None:
                end(self._connection, ended)
                self._begin_log_anew()
            self._take_up(self._witnessed)
        except BaseException:
            self._connection.close()
            raise

    def _begin_log_anew(self) -> None:
        """Or what is in doubt at the end of it would be so at the next start as well."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.warning("%s: the log goes on with what is in doubt at its end: %s", self._path, error)

    def _take_up(self, witnessed: Sequence[Seal]) -> None:
        """Where the last writer of this file left off."""
        journal, predecessor = establish(self._connection, self._identity, self._now(), witnessed)
        self.standing = standing(self._connection)
        self.journal = journal
        self._sealing = Sealing(self._connection, self.journal, self._identity.key)
        self.broken = {lane: walk.last_blocks(self._connection, self._mine(lane)) for lane in Lane}
        """By lane, the first of its last blocks that did not follow at this start; None: they all do."""

        self._seal_heads()
        self._held = Held(self._connection, self._identity.boot)
        self.boots = Boots(self._connection, self._identity.boot)
        self._note_last()
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
        """Whether telemetry has to give room; the last sixteenth is for records and cursors.

        On a full disk the file lives in the room that it has, and that must not run out.
        """
        if self.standing.used_bytes > self._rules.max_size_bytes // 16 * 15:
            return True
        return self._disk_crowds and not self._has_free_pages

    @property
    def seals(self) -> Mapping[Lane, Seal]:
        """The newest seal of each lane now written."""
        return self._sealing.newest

    @property
    def old_seals(self) -> Mapping[int, Seal]:
        """The last seal of each lane of the older journals, by number of the lane."""
        return self._sealing.last

    @property
    def sealed_by(self) -> str | None:
        """The public key of the newest seal before this start; None: there was none."""
        return self._sealing.before

    def commit(self, batch: Batch) -> Committed:
        """Writes what it can of the batch in one transaction. Raises sqlite3.Error: then nothing of it."""
        records = list(packing.within(packing.records(batch.records), self._commit_bytes))
        telemetry = list(
            packing.within(packing.telemetry(batch.entries, self.envelope.room), self._commit_bytes)
        )
        minute = self._now() // rollups.MINUTE
        rolls = bool(self._fold) and minute != self._minute
        remembered = batch.states if len(records) == len(batch.records) else ()
        due = minute != self._minute and bool(telemetry or self._sealing.lags(self._mine(Lane.TELEMETRY)))
        passed, clocks = NOTHING, batch.learnt or self._held.waits
        if records or telemetry or batch.cursors or rolls or remembered or due or clocks:
            with self._transaction():
                if rolls:
                    self._fold.write(self._connection)
                self.boots.learn(batch.learnt)
                new = {Lane.RECORDS: records, Lane.TELEMETRY: telemetry}
                passed = self._held.passed(new, batch.clock, hold=batch.hold, most_bytes=self._commit_bytes)
                self._append(Lane.RECORDS, passed.blocks, seal=bool(passed.blocks[Lane.RECORDS]))
                self._append(Lane.TELEMETRY, passed.blocks, seal=due)
                self._move(batch.cursors)
                states.remember(self._connection, remembered)
            if rolls:
                self._fold.clear()
            self._minute = minute
        taken, told = batch.entries[: sum(draft.taken for draft in telemetry)], batch.records[: len(records)]
        self._take_in(taken, told, passed, batch.rolled)
        self._look_around()
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
        if not self.crowded and self._has_free_pages:
            return None
        for lane, upto in retention.for_room(self.standing):
            blocks = retention.doomed(self._connection, lane, upto, self._step_bytes)
            if blocks:
                return self._delete(lane, blocks, Why.ROOM, clock)
        return None

    def loses(self) -> bool:
        """Whether room will soon be needed, and the next step for it takes something from an uplink."""
        if not self.disk_is_full and self.standing.used_bytes < self._rules.max_size_bytes // 4 * 3:
            return False
        for lane, upto in retention.for_room(self.standing):
            blocks = retention.doomed(self._connection, lane, lane.head, self._step_bytes)
            if blocks:
                return not self.standing.uplinks or blocks[-1].seq > upto
        return True

    def fold(self) -> bool:
        """Brings the write-ahead log into the file, so that it begins anew. Raises sqlite3.Error."""
        frames: int
        done: int
        _busy, frames, done = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return 0 < frames == done

    def give_up_ballast(self) -> bool:
        """On a full disk. Whether that made room."""
        return self._ballast.disk_is_tight and self._ballast.give_up()

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
            self._aside = salvage.Aside(self._path.with_name(progress.file))
        (lane,) = (each for each in self.standing.lanes if each.number == progress.lane)
        progress, taken = salvage.piece(self._aside, lane, progress, self._commit_bytes)
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
            blocks = retention.doomed(self._connection, lane, lane.head, self._step_bytes, before)
            if blocks:
                return self._delete(lane, blocks, Why.AGE, clock)
        return None

    def register(self, uplink: str, start: Literal["oldest", "now"]) -> None:
        """A cursor in every lane for an uplink that has none."""
        known = uplink in self.standing.uplinks
        forgotten = self.set_aside is not None  # how far it was is lost with the damaged file
        rows = [
            (uplink, lane.number, lane.pruned, lane.pruned_total)
            if start == "oldest" or forgotten
            else (uplink, lane.number, lane.head, lane.head_total)
            for lane in self.standing.lanes
        ]
        if not known:
            with self._transaction():
                self._connection.executemany("INSERT INTO cursors VALUES (?, ?, ?, ?)", rows)

    def forget(self, uplink: str) -> None:
        """Gives up the uplink's cursors and what was set aside for it."""
        with self._transaction():
            self._connection.execute("DELETE FROM cursors WHERE uplink = ?", (uplink,))
            self._connection.execute("DELETE FROM quarantine WHERE uplink = ?", (uplink,))

    def quarantine(self, uplink: str, lane: LaneStanding, seq: int, why: str) -> None:
        """Sets a block aside for this uplink."""
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO quarantine (uplink, lane, seq, why, at) VALUES (?, ?, ?, ?, ?)",
                (uplink, lane.number, seq, why, self._now()),
            )

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
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            log.warning("%s: closed without a checkpoint, which the next start makes: %s", self._path, error)
        finally:
            self._connection.close()
            self._lock.release()

    @property
    def _has_free_pages(self) -> bool:
        """Whether the file has room within for what comes: four commits, or a quarter of a small file."""
        size = self.standing.used_bytes + self.standing.free_bytes
        return self.standing.free_bytes > min(4 * self._commit_bytes, size // 4)

    @property
    def _step_bytes(self) -> int:
        """Deleted in one transaction at the most."""
        size = self.standing.used_bytes + self.standing.free_bytes
        return min(_STEP_BYTES, self._rules.max_size_bytes // 64, max(size // 8, _SMALL_STEP_BYTES))

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
            self._sealing.sign(lane, seq, link, self._now())

    def _seal_heads(self) -> None:
        """At start and at stop. Where there is no room for it, the next commit of the lane does it."""
        try:
            with self._transaction():
                self._sealing.sign_heads(self.standing, self._now())
        except sqlite3.Error as error:
            log.warning("%s: not sealed now: %s", self._path, error)

    def _move(self, cursors: dict[tuple[str, int], int]) -> None:
        lanes = {lane.number: lane for lane in self.standing.lanes}
        self._connection.executemany(
            "UPDATE cursors SET seq = ?1, total = (SELECT total FROM blocks WHERE key = ?2)"
            " WHERE uplink = ?3 AND lane = ?4 AND seq < ?1",
            [(seq, lanes[lane].key(seq), uplink, lane) for (uplink, lane), seq in cursors.items()],
        )

    def _delete(self, lane: LaneStanding, blocks: list[retention.Doomed], why: Why, clock: str) -> int:
        losses = retention.given_up(self.standing, lane, blocks, why)
        now = self._now()
        records = packing.records(loss.record(self._identity, why, now) for loss in losses)
        gaps = {Lane.RECORDS: self._held.own(records, clock)}
        with self._transaction():
            self._sealing.anchor(lane, blocks[-1].seq, now)
            retention.delete(self._connection, self.standing, lane, blocks[-1])
            self._append(Lane.RECORDS, gaps, seal=bool(losses))
        return max((loss.observations for loss in losses), default=0)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._sealing.begin()
        with transaction(self._connection):
            yield
            after = standing(self._connection)
        self.standing = after
        self._sealing.settle()

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

    def _note_last(self) -> None:
        """Where there is no room for it, the last boot counts as long as was known of it."""
        try:
            spans = [(lane.key(0), lane.key(SEQ_MASK)) for lane in self.standing.lanes]
            self.boots.note_last(spans, NEWEST_OF)
        except sqlite3.Error as error:
            log.warning("%s: the length of the last boot is not noted: %s", self._path, error)
