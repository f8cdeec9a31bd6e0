"""Per-minute rollups of each point: a cache for charts, which the blocks can rebuild (DESIGN §7).

Values are folded in memory when their block is committed, and merged into the table once a minute, in one
transaction with the seqs up to which they hold. What a crash takes from memory, the blocks after those seqs
give back; so every journalled value is counted once, also the late ones of minutes long written.

Values that ``thin`` left out of the blocks are folded with the same commits, and nothing gives them back: a
crash takes those that were still in memory, and a rebuild counts only what was journalled.

What counts is the same at intake (``edge/entries.py``) and here: of a fix its speed, of any other entry each
number at its top level whose quantity is not named in ``quality``.
"""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from drivers.contract import NANOSECONDS, Instant
from edge.journal.block import Lane
from edge.journal.migrations import SEQ_BITS
from edge.journal.standing import SEQ_MASK

log = logging.getLogger(__name__)

MINUTE = 60 * NANOSECONDS

_MERGE = (
    "INSERT INTO rollups (minute, point, n, min, max, sum) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (minute, point) DO UPDATE SET n = n + excluded.n, min = min(min, excluded.min),"
    " max = max(max, excluded.max), sum = sum + excluded.sum"
)
_QUERY = (
    "WITH RECURSIVE minutes (minute) AS"
    " (SELECT ?2 WHERE ?2 < ?3 UNION ALL SELECT minute + 1 FROM minutes WHERE minute + 1 < ?3)"
    " SELECT minute, n, min, max, sum FROM minutes CROSS JOIN rollups USING (minute) WHERE point = ?1"
)


class Rollup(NamedTuple):
    """The good readings of one point in one minute.

    minute: its first instant. mean: None where the sum passed what a double holds.
    """

    minute: Instant
    n: int
    min: float
    max: float
    mean: float | None


class Fold:
    """Counts, extremes and sums of each minute and point that are not yet in the table.

    lane → seq in ``through``: the blocks whose values are in the table or here.
    """

    def __init__(self, through: dict[int, int]) -> None:
        self.through = through
        self._minutes: dict[int, dict[str, tuple[int, float, float, float]]] = {}

    def __bool__(self) -> bool:
        return bool(self._minutes)

    def add(self, minute: int, values: Iterable[tuple[str, float]]) -> None:
        """minute: since 1970. Numbers that are not finite are no readings."""
        points = self._minutes.setdefault(minute, {})
        for point, value in values:
            if not math.isfinite(value):
                continue
            n, low, high, total = points.get(point, (0, value, value, 0.0))
            points[point] = (
                n + 1,
                value if value < low else low,
                value if value > high else high,
                total + value,
            )

    def add_block(self, lane: int, seq: int, body: bytes) -> None:
        """The values of a telemetry block as it stands in the journal."""
        self.through[lane] = seq
        try:
            decoded = _decoded(body)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            log.warning("block %d is damaged, the rollups go without it: %s", seq, error)
            return
        for minute, values in decoded:
            self.add(minute, values)

    def write(self, connection: sqlite3.Connection) -> None:
        """Merges all of it into the table; call ``clear`` once the transaction is committed."""
        connection.executemany(_MERGE, self._rows())
        connection.executemany(
            "UPDATE lanes SET rolled_seq = ?2 WHERE number = ?1", list(self.through.items())
        )

    def clear(self) -> None:
        self._minutes = {}

    def _rows(self) -> Iterator[tuple[int, str, int, float, float, float]]:
        for minute, points in sorted(self._minutes.items()):
            for point, (n, low, high, total) in sorted(points.items()):
                yield minute, point, n, float(low), float(high), total


def catch_up(connection: sqlite3.Connection) -> Fold:
    """The fold of every telemetry block that is not yet in the table."""
    rolled = connection.execute("SELECT number, rolled_seq FROM lanes WHERE lane = ?", (Lane.TELEMETRY,))
    fold = Fold(dict(rolled.fetchall()))
    for lane, seq in list(fold.through.items()):
        blocks = connection.execute(
            "SELECT key, body FROM blocks WHERE key > ? AND key <= ? ORDER BY key",
            (lane << SEQ_BITS | seq, lane << SEQ_BITS | SEQ_MASK),
        )
        for key, body in blocks:
            fold.add_block(lane, key & SEQ_MASK, body)
    return fold


def of_entries(content: bytes) -> list[tuple[int, list[tuple[str, float]]]]:
    """The minute and the values of each of these entries, as they stand joined in a block."""
    return _decoded(b'{"observations":[%b]}' % content)


def values_of(entry: dict[str, Any]) -> list[tuple[str, float]]:
    """The good numbers of a decoded entry as (point, value)."""
    doubted = entry.get("quality", {})
    quantities = ["speed"] if "lat" in entry else [name for name in entry if name not in doubted]
    return [
        (f"{entry['device']}.{name}", entry[name])
        for name in quantities
        if type(entry.get(name)) in (int, float)
    ]


def trim(connection: sqlite3.Connection, oldest: Instant) -> None:
    """Rollups reach back as far as the telemetry that could rebuild them."""
    connection.execute("DELETE FROM rollups WHERE minute < ?", (oldest // MINUTE,))


def query(connection: sqlite3.Connection, point: str, first: int, end: int) -> list[Rollup]:
    """Of the minutes from ``first`` up to before ``end`` (since 1970), those that hold readings, in order."""
    return [
        Rollup(Instant(minute * MINUTE), n, low, high, _mean(total, n))
        for minute, n, low, high, total in connection.execute(_QUERY, (point, first, end))
    ]


def _mean(total: float | None, n: int) -> float | None:
    return total / n if total is not None and math.isfinite(total) else None


def _decoded(body: bytes) -> list[tuple[int, list[tuple[str, float]]]]:
    """The minute and the values of each entry."""
    return [(_minute(entry["t"]), values_of(entry)) for entry in orjson.loads(body)["observations"]]


@lru_cache(maxsize=64)
def _minute_of(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp()) // 60


def _minute(t: str) -> int:
    """Of an RFC 3339 instant in UTC: ``2026-11-22T03:14`` of ``2026-11-22T03:14:07.120Z``."""
    return _minute_of(t[:16])
