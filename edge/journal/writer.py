"""The journal's file as the writing thread sees it: plain calls, each a transaction or none.

Only ``standing``, ``newest`` and ``seals`` are read by other threads; each is replaced whole, after a commit.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from drivers.contract import NANOSECONDS, Instant, Now
from edge.evidence import chain
from edge.evidence.seals import Seal
from edge.journal import packing, retention, rollups, states, trail, walk
from edge.journal.block import Entry, Lane
from edge.journal.boots import Boot, Boots
from edge.journal.database import Lock, explained, open_writer, transaction
from edge.journal.held import NOTHING, Held, Passed, Ready
from edge.journal.identity import Identity, Predecessor, establish, is_ahead
from edge.journal.packing import Envelope, Record
from edge.journal.retention import Why
from edge.journal.sealing import Sealing
from edge.journal.standing import SEQ_MASK, LaneStanding, standing
from edge.journal.states import Row
from edge.journal.waiting import Batch, Rolled

log = logging.getLogger(__name__)

_DAY_S = 86_400.0

_COMMIT_BYTES = 1 << 20
"""Written in one transaction at the most, of each lane."""

_STEP_BYTES = 8 << 20
"""Deleted in one transaction at the most."""

_NEWEST_OF = 100
"""Blocks at the end of a lane among which the newest instant is looked for: late ones are rare and near."""

_INSERT = (
    "INSERT INTO blocks (key, kind, first, last, observations, total, boot, clock, hash, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Rules:
    """The ``journal:`` settings. commit_every_s: what a power cut may cost of telemetry.

    max_size_bytes: of the file, its write-ahead log (4 MiB) apart; the file never shrinks, its room is used
    again. keep_records_s, keep_telemetry_s: the age at which a block is deleted.
    """

    commit_every_s: float = 1.0
    max_size_bytes: int = 8_000_000_000
    keep_records_s: float = 3 * 365 * _DAY_S
    keep_telemetry_s: float = 90 * _DAY_S


class Committed(NamedTuple):
    """What a commit took from the batch; more: whether it left something for want of space in it.

    states: whether what recorders remember went with it: never before the last record derived from it.
    released: whether blocks that were held went with it.
    """

    entries: int
    records: int
    more: bool
    states: bool
    released: bool = False


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
        self._step_bytes = min(_STEP_BYTES, rules.max_size_bytes // 64)
        self._commit_bytes = min(_COMMIT_BYTES, rules.max_size_bytes // 64)
        self._lock = Lock(path)
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    def _open(self) -> None:
        try:
            self._connection = open_writer(self._path, self._rules.max_size_bytes)
            try:
                self._take_up(self._witnessed)
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
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
        self.newest = self._newest()
        self._fold = rollups.catch_up(self._connection)
        self._minute = self._now() // rollups.MINUTE
        self.envelope = Envelope(self._identity, self.journal)
        fresh = self._mine(Lane.RECORDS).head == 0
        self.predecessor: Predecessor | None = predecessor if fresh else None

    @property
    def crowded(self) -> bool:
        """Whether telemetry has to give room; the last sixteenth is for records and cursors."""
        return self.standing.used_bytes > self._rules.max_size_bytes // 16 * 15

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
        if not self.crowded and self.standing.free_bytes > 4 * self._commit_bytes:
            return None
        for lane, upto in retention.for_room(self.standing):
            blocks = retention.doomed(self._connection, lane, upto, self._step_bytes)
            if blocks:
                return self._delete(lane, blocks, Why.ROOM, clock)
        return None

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
        rows = [
            (uplink, lane.number, lane.pruned, lane.pruned_total)
            if start == "oldest"
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
            self.boots.note_last(spans, _NEWEST_OF)
        except sqlite3.Error as error:
            log.warning("%s: the length of the last boot is not noted: %s", self._path, error)

    def _newest(self) -> Instant | None:
        known = self.boots.newest()
        if known is not None:
            return Instant(known)
        newest = [
            self._connection.execute(
                "SELECT max(last) FROM (SELECT last FROM blocks WHERE key BETWEEN ? AND ?"
                " ORDER BY key DESC LIMIT ?)",
                (lane.key(0), lane.key(lane.head), _NEWEST_OF),
            ).fetchone()[0]
            for lane in self.standing.lanes
        ]
        return max((instant for instant in newest if instant is not None), default=None)
