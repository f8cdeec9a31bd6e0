"""Carrying over what can be read of a damaged journal, block by block, into the one that takes its place.

Blocks keep their journal, lane, seq and bytes. Only one whose bytes the chain vouches for is taken, so that
nothing wrong is ever delivered; every other is counted as lost, and a ``gateway`` record says which. How far
it has come is in the table ``salvage``, committed with the blocks: a restart goes on where it stopped.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from drivers.contract import Instant
from edge.evidence import chain
from edge.instant import rfc3339, ulid
from edge.journal import held, trail
from edge.journal.aside import COLUMNS, Aside, Row
from edge.journal.block import Lane
from edge.journal.damage import set_aside, successor
from edge.journal.database import open_writer, transaction
from edge.journal.identity import Identity, Reason, end
from edge.journal.migrations import SEQ_BITS
from edge.journal.packing import TELEMETRY_KIND, Record
from edge.journal.rules import Rules
from edge.journal.standing import LaneStanding
from edge.records.own import GatewayRecord
from edge.records.record import record_id

log = logging.getLogger(__name__)

_LANES_WHOSE_ROW_IS_LOST: Final = """
INSERT INTO lanes (journal, lane)
SELECT journals.number, names.lane FROM journals, (SELECT 'records' lane UNION ALL SELECT 'telemetry') names
WHERE NOT EXISTS (SELECT 1 FROM lanes WHERE lanes.journal = journals.number AND lanes.lane = names.lane)
"""
"""And with it all their blocks: none can be told to be theirs."""

_UNFIT: Final = (sqlite3.IntegrityError, sqlite3.InterfaceError, OverflowError, TypeError, ValueError)
"""What entering a row of a damaged table may raise."""

_LOOKED_AT: Final = 2000
"""Blocks of a damaged file in one step at the most: most of them may be lost."""

_RANGES_TOLD: Final = 100

_COPIED: Final = ("cursors", "quarantine", "states", "seals", "boots")

_BY_LANE: Final = {"cursors": "lane", "quarantine": "lane", "seals": f"key >> {SEQ_BITS}"}


class Progress(NamedTuple):
    """How far one lane has been carried over: the table's row.

    after: the last seq looked at; head: the last there was. total: observations up to the last block taken;
    lost: those of lost blocks, as far as is known. since, until: between which instants they lie. ranges:
    JSON, the lost seqs. lost_held: blocks lost that had no seq yet, of either lane, counted with one of them.
    told: whether a record says what is lost.
    """

    lane: int
    file: str
    after: int
    head: int
    total: int
    lost_blocks: int
    lost: int
    since: int | None
    until: int | None
    ranges: str = "[]"
    lost_held: int = 0
    told: int = 0

    @property
    def is_over(self) -> bool:
        return self.after >= self.head

    @property
    def has_lost(self) -> bool:
        return bool(self.lost_blocks or self.lost_held)

    def losing(self, seq: int) -> Progress:
        """The block with that seq is lost."""
        ranges = orjson.loads(self.ranges)
        if ranges and ranges[-1][1] == seq - 1:
            ranges[-1][1] = seq
        elif len(ranges) < _RANGES_TOLD:
            ranges.append([seq, seq])
        told = orjson.dumps(ranges).decode()
        return self._replace(after=seq, lost_blocks=self.lost_blocks + 1, ranges=told)

    def taking(self, seq: int, row: Row) -> Progress:
        """The block with that seq is taken."""
        missed = row.total - row.observations - self.total
        done = self._replace(after=seq, total=row.total, lost=self.lost + max(missed, 0))
        if not self.lost_blocks:
            return done._replace(since=row.last)
        return done if self.until is not None and missed <= 0 else done._replace(until=row.first)

    def record(self, identity: Identity, journal: str, lane: Lane, at: Instant) -> Record:
        """The loss as a fact."""
        since = rfc3339(Instant(at if self.since is None else self.since))
        record = GatewayRecord(
            id=record_id(identity.gateway, "gateway", f"damaged/{self.file}/{journal}/{lane}", since),
            revision=1,
            operator=identity.operator,
            since=since,
            to=rfc3339(Instant(at if self.until is None else self.until)),
            event="gap",
            facts={
                "reason": "damaged",
                "file": self.file,
                "journal": journal,
                "lane": lane,
                "seqs": orjson.loads(self.ranges),
                "blocks": self.lost_blocks,
                "held_blocks": self.lost_held,
                "observations": self.lost,
            },
        )
        return Record(record.kind, at, orjson.dumps(record.body()))


def start_over(path: Path, rules: Rules, now: Instant) -> str:
    """Sets the journal aside for a file that knows what to carry over; the name it is kept under.

    The next journal begins when that file is opened. Raises sqlite3.Error, JournalError, OSError; then it
    stands where it was.
    """
    kept = path.with_name(f"{path.name}.damaged-{ulid(now)}")
    with (
        closing(Aside(path)) as aside,
        closing(open_writer(successor(path), rules.max_size_bytes)) as connection,
        transaction(connection),
    ):
        begin(connection, aside, kept.name)
        end(connection, Reason.DAMAGED)
    set_aside(path, kept)
    return kept.name


def begin(connection: sqlite3.Connection, aside: Aside, file: str) -> None:
    """Everything but the blocks: whose they are, and what is known about them. In a transaction.

    file: the name under which the damaged journal is kept from now on.
    """
    for row in aside.table("journals"):
        _copy(connection, "journals", row)
    _begin_lanes(connection, aside, file)
    for name in _COPIED:
        for row in aside.table(name):
            _copy(connection, name, row)
    for name, lane in _BY_LANE.items():
        connection.execute(f"DELETE FROM {name} WHERE {lane} NOT IN (SELECT number FROM lanes)")  # noqa: S608 - ours
    lost_held = _take_held(connection, aside)
    connection.execute(
        "UPDATE salvage SET lost_held = ? WHERE lane = (SELECT max(lane) FROM salvage)", (lost_held,)
    )
    connection.execute(_LANES_WHOSE_ROW_IS_LOST)
    _mend_cursors(connection, aside)


def _begin_lanes(connection: sqlite3.Connection, aside: Aside, file: str) -> None:
    seqs = aside.seqs()
    for number, journal, lane, pruned, total in aside.lanes():
        owner = connection.execute("SELECT number FROM journals WHERE id = ?", (journal,)).fetchone()
        if owner is None:
            continue
        columns = "number, journal, lane, pruned_seq, pruned_total, rolled_seq"
        _put(connection, f"lanes ({columns})", (number, owner[0], lane, pruned, total, pruned))
        head = aside.head(number, pruned, seqs.get(number, ()))
        _put(connection, "salvage", Progress(number, file, pruned, head, total, 0, 0, None, None))


def _take_held(connection: sqlite3.Connection, aside: Aside) -> int:
    """What waited for the time, where it is what was stored; how many blocks are lost, numbered in turn."""
    numbers: set[int] = set()
    for row in aside.table("held"):
        numbers.add(row["number"])
        if held.is_sound(row):
            _copy(connection, "held", row)
    (taken,) = connection.execute("SELECT count(*) FROM held").fetchone()
    lost = max(numbers) - min(numbers) + 1 - int(taken) if numbers else 0
    return max(lost, int(not aside.has_all("held")))


def _mend_cursors(connection: sqlite3.Connection, aside: Aside) -> None:
    for uplink, number, seq, total in connection.execute(
        "SELECT uplink, lane, seq, total FROM cursors"
    ).fetchall():
        if not _is_sound(connection, aside, number, seq, total):
            connection.execute(
                "UPDATE cursors SET seq = pruned_seq, total = pruned_total FROM lanes"
                " WHERE lanes.number = cursors.lane AND uplink = ? AND lanes.number = ?",
                (uplink, number),
            )


def _is_sound(connection: sqlite3.Connection, aside: Aside, lane: int, seq: int, total: int) -> bool:
    """Whether a cursor stands where it says; delivering twice is better than never."""
    bounds = connection.execute(
        "SELECT pruned_seq, head FROM lanes JOIN salvage ON salvage.lane = number WHERE number = ?", (lane,)
    ).fetchone()
    if bounds is None or not bounds[0] <= seq <= bounds[1]:
        return False
    row = aside.row(lane << SEQ_BITS | seq)
    return row is None or row.total == total


def unfinished(connection: sqlite3.Connection) -> list[Progress]:
    """The lanes that are not yet carried over, records first. Raises sqlite3.Error."""
    rows = connection.execute(
        "SELECT salvage.* FROM salvage JOIN lanes ON lanes.number = salvage.lane WHERE NOT told"
        " ORDER BY lanes.lane, number"
    )
    return [Progress(*row) for row in rows]


def holed(connection: sqlite3.Connection) -> frozenset[int]:
    """The lanes of which blocks were lost with a damaged file, by number. Raises sqlite3.Error."""
    rows = connection.execute("SELECT lane FROM salvage WHERE lost_blocks AND told")
    return frozenset(lane for (lane,) in rows)


def piece(
    aside: Aside, lane: LaneStanding, progress: Progress, most_bytes: int
) -> tuple[Progress, list[tuple[int, Row]]]:
    """The lane's next blocks that can be taken, by seq, and how far it is with them."""
    taken: list[tuple[int, Row]] = []
    size = 0
    for seq in range(progress.after + 1, min(progress.head, progress.after + _LOOKED_AT) + 1):
        row = _sound_row(aside, lane, seq)
        if row is None:
            progress = progress.losing(seq)
            continue
        progress = progress.taking(seq, row)
        taken.append((seq, row))
        size += len(row.body)
        if size >= most_bytes:
            break
    return progress, taken


def _sound_row(aside: Aside, lane: LaneStanding, seq: int) -> Row | None:
    """A block whose bytes are those that were stored; None: they are not, or nothing says so."""
    row = aside.row(lane.key(seq))
    if row is None or chain.claim(row.body) != (lane.journal, lane.lane, seq):
        return None
    if row.hash is not None:
        link = aside.hash_at(lane.journal, lane.lane, lane.key(seq - 1))
        if link is None or chain.link(link, row.body) != row.hash:
            return None
    try:
        content = orjson.loads(row.body)
        kind = TELEMETRY_KIND if lane.lane is Lane.TELEMETRY else content["record"].get("kind", row.kind)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return row._replace(kind=kind)


def keep(connection: sqlite3.Connection, key: int, row: Row, aside: Aside) -> None:
    """Enters a block under its old key, and a record into the trail."""
    _put(connection, f"blocks (key, {COLUMNS})", (key, *row))
    if row.kind != TELEMETRY_KIND:
        for index in aside.index(key):
            try:
                trail.add(connection, row.kind, index, key)
            except _UNFIT as error:
                log.warning("%s: its place in the trail is left behind: %s", index.id, error)


def note(connection: sqlite3.Connection, progress: Progress) -> None:
    """How far a lane is now; one that is whole is no longer kept account of."""
    connection.execute("DELETE FROM salvage WHERE lane = ?", (progress.lane,))
    if not progress.is_over or progress.has_lost:
        _put(connection, "salvage", progress._replace(told=int(progress.is_over)))


def _copy(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    _put(connection, f"{table} ({', '.join(row)})", tuple(row.values()))


def _put(connection: sqlite3.Connection, table: str, values: tuple[object, ...]) -> None:
    """A row of a damaged file that does not fit is left out."""
    marks = ", ".join("?" * len(values))
    try:
        connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values)  # noqa: S608 - ours
    except _UNFIT as error:
        log.warning("%s: a row is left behind: %s", table, error)
