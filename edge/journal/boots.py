"""What each boot took for the time, and what it was: so that stamps can be put right later (DESIGN §8).

::

    known boot ──┤    ├── boot that never learnt ──┤    ├── known boot
                 └ earliest ─▶ its beginning ◀─ latest ┘
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from edge.timekeeping import WRITTEN

TABLES: Final = """
CREATE TABLE boots (
    number INTEGER PRIMARY KEY,
    boot TEXT NOT NULL UNIQUE,
    opened INTEGER NOT NULL,          -- on its own clock, ns: when the gateway first ran in it
    base INTEGER NOT NULL,            -- its instant zero, as it was reckoned at first
    sealed INTEGER NOT NULL,          -- blocks.key of the last record before it
    last INTEGER NOT NULL DEFAULT 0,  -- on its own clock, ns: its newest stamp, noted at the next start
    source TEXT,                      -- from which it learnt the time; NULL: never
    shift INTEGER NOT NULL DEFAULT 0, -- to add to what it stamped before that
    uncertainty INTEGER,
    told INTEGER NOT NULL DEFAULT 0   -- whether a record says when one that never learnt can have been
) STRICT;

CREATE TABLE held (                   -- blocks that wait for the time, see held.py
    number INTEGER PRIMARY KEY,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    observations INTEGER NOT NULL,
    boot TEXT NOT NULL,
    clock TEXT NOT NULL,              -- how the time was known when it was stamped
    content BLOB NOT NULL,
    trail BLOB                        -- JSON
) STRICT;
"""

_SELECT: Final = "SELECT boot, opened, base, sealed, last, source, shift, uncertainty FROM boots"

_TAIL: Final = """
SELECT max(last - CASE clock WHEN 'unsynced' THEN 0 ELSE ?2 END) FROM (
    SELECT last, boot, clock FROM (SELECT last, boot, clock FROM blocks WHERE key BETWEEN ?3 AND ?4
    ORDER BY key DESC LIMIT ?5)
    UNION ALL SELECT last, boot, clock FROM held
) WHERE boot = ?1
"""


class Boot(NamedTuple):
    """A row, see ``TABLES``."""

    boot: str
    opened: int
    base: int
    sealed: int
    last: int
    source: str | None
    shift: int
    uncertainty: int | None

    @property
    def zero(self) -> int:
        """Its first instant, as well as it is known."""
        return self.base + self.shift


class NeverLearnt(NamedTuple):
    """A boot that never learnt the time. least, most: what to add to its stamps lies between, ns."""

    boot: str
    least: int
    most: int


def read(connection: sqlite3.Connection, boot: str) -> Boot | None:
    """None: the gateway has not run in it."""
    row = connection.execute(_SELECT + " WHERE boot = ?", (boot,)).fetchone()
    return Boot(*row) if row else None


def begin(connection: sqlite3.Connection, boot: str, opened: int, base: int, sealed: int) -> None:
    """The gateway runs in this boot; nothing where it has before."""
    connection.execute(
        "INSERT OR IGNORE INTO boots (boot, opened, base, sealed) VALUES (?, ?, ?, ?)",
        (boot, opened, base, sealed),
    )


def learn(
    connection: sqlite3.Connection, boot: str, source: str, shift: int, uncertainty: int | None
) -> None:
    """From now on its stamps are right, those before after ``shift``; again where a better source speaks."""
    connection.execute(
        "UPDATE boots SET source = ?2, shift = shift + ?3, uncertainty = ?4 WHERE boot = ?1",
        (boot, source, shift, uncertainty),
    )


def note_last(connection: sqlite3.Connection, spans: list[tuple[int, int]], most: int) -> None:
    """How long the last boot went on, from the last ``most`` blocks of each lane (spans: its keys)."""
    row = connection.execute(_SELECT + " ORDER BY number DESC LIMIT 1").fetchone()
    if row is None:
        return
    boot = Boot(*row)
    newest = [
        connection.execute(_TAIL, (boot.boot, boot.shift, first, end, most)).fetchone()[0]
        for first, end in spans
    ]
    last = max((at - boot.base for at in newest if at is not None), default=0)
    connection.execute("UPDATE boots SET last = max(last, ?) WHERE boot = ?", (last, boot.boot))


def newest(connection: sqlite3.Connection) -> int | None:
    """The newest instant of the last boot, by the time that it learnt in the end; None: there was none."""
    row = connection.execute("SELECT base + shift + last FROM boots ORDER BY number DESC LIMIT 1").fetchone()
    return row[0] if row else None


def never_learnt(connection: sqlite3.Connection, boot: str) -> list[NeverLearnt]:
    """The boots before this one, which knows the time, of which no record tells when they can have been."""
    rows = connection.execute(
        _SELECT + " WHERE number <= (SELECT number FROM boots WHERE boot = ?) ORDER BY number", (boot,)
    )
    boots = [Boot(*row) for row in rows]
    latest = _latest(boots)
    told = {name for (name,) in connection.execute("SELECT boot FROM boots WHERE told")}
    found, earliest = [], int(WRITTEN)
    for each in boots:
        if each.source is not None:
            earliest = each.zero + each.last
            continue
        if each.boot in latest and each.boot not in told:
            least = earliest - each.base
            found.append(NeverLearnt(each.boot, least, max(least, latest[each.boot] - each.base)))
        earliest += each.last
    return found


def _latest(boots: list[Boot]) -> dict[str, int]:
    """Of each boot that never learnt, its latest beginning: it and those behind it were over in time."""
    latest: dict[str, int] = {}
    before: int | None = None
    for each in reversed(boots):
        if each.source is not None:
            before = each.zero
        elif before is not None:
            before -= each.last
            latest[each.boot] = before
    return latest


def told(connection: sqlite3.Connection, boot: str) -> None:
    """A record says when it can have been."""
    connection.execute("UPDATE boots SET told = 1 WHERE boot = ?", (boot,))
