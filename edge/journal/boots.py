"""What each boot took for the time, and what it was: so that stamps can be put right later (DESIGN §8).

::

    known boot ──┤    ├── boot that never learnt ──┤    ├── known boot
                 └ earliest ─▶ its beginning ◀─ latest ┘
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from typing import Final, NamedTuple

from edge.journal.database import transaction
from edge.journal.standing import NEWEST_OF, SEQ_MASK, LaneStanding
from edge.timekeeping import WRITTEN

log = logging.getLogger(__name__)

_SELECT: Final = "SELECT boot, opened, base, sealed, last, source, shift, uncertainty FROM boots"

_TAIL: Final = """
SELECT max(last - CASE clock WHEN 'unsynced' THEN 0 ELSE ?2 END) FROM (
    SELECT last, boot, clock FROM (SELECT last, boot, clock FROM blocks WHERE key BETWEEN ?3 AND ?4
    ORDER BY key DESC LIMIT ?5)
    UNION ALL SELECT last, boot, clock FROM held
) WHERE boot = ?1
"""


class Learnt(NamedTuple):
    """The time of this boot is known: what was stamped before is later by ``shift``. Spans in ns."""

    source: str
    shift: int
    uncertainty: int | None


class Boot(NamedTuple):
    """A row, see ``migrations.py``."""

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


class Boots:
    """The table; for the thread that writes. boot: this one."""

    def __init__(self, connection: sqlite3.Connection, boot: str) -> None:
        self._connection = connection
        self._boot = boot
        self.earlier = read(connection, boot)
        """What an earlier process took for the time in this boot; None: there was none."""

    def note_last(self, lanes: Iterable[LaneStanding]) -> None:
        """How long the last boot went on, from the last blocks of each lane.

        Where there is no room for it, that boot counts as long as was known of it.
        """
        try:
            self._note_last([(lane.key(0), lane.key(SEQ_MASK)) for lane in lanes])
        except sqlite3.Error as error:
            log.warning("the length of the last boot is not noted: %s", error)

    def _note_last(self, spans: Iterable[tuple[int, int]]) -> None:
        row = self._connection.execute(_SELECT + " ORDER BY number DESC LIMIT 1").fetchone()
        if row is None:
            return
        boot = Boot(*row)
        newest = [
            self._connection.execute(_TAIL, (boot.boot, boot.shift, first, end, NEWEST_OF)).fetchone()[0]
            for first, end in spans
        ]
        last = max((at - boot.base for at in newest if at is not None), default=0)
        with transaction(self._connection):
            self._connection.execute("UPDATE boots SET last = max(last, ?) WHERE boot = ?", (last, boot.boot))

    def newest(self) -> int | None:
        """The newest instant of the last boot, by the time that it learnt at last; None: there was none."""
        row = self._connection.execute(
            "SELECT base + shift + last FROM boots ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return row[0] if row else None

    def begin(self, opened: int, base: int, sealed: int) -> Boot:
        """The gateway runs in this boot; what was noted of it before stays. Raises sqlite3.Error."""
        with transaction(self._connection):
            self._connection.execute(
                "INSERT OR IGNORE INTO boots (boot, opened, base, sealed) VALUES (?, ?, ?, ?)",
                (self._boot, opened, base, sealed),
            )
        boot = read(self._connection, self._boot)
        assert boot is not None
        return boot

    def learn(self, learnt: Iterable[Learnt]) -> None:
        """From now on the stamps of this boot are right, those before after a shift. In a transaction."""
        self._connection.executemany(
            "UPDATE boots SET source = ?2, shift = shift + ?3, uncertainty = ?4 WHERE boot = ?1",
            [(self._boot, *each) for each in learnt],
        )

    def never_learnt(self) -> list[NeverLearnt]:
        """The boots before this one, which knows the time, of which no record tells when they can have been.

        Raises sqlite3.Error.
        """
        boots = [Boot(*row) for row in self._connection.execute(_SELECT + " ORDER BY number")]
        latest = _latest(boots)
        told = {name for (name,) in self._connection.execute("SELECT boot FROM boots WHERE told")}
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

    def told(self, boot: str) -> None:
        """A record says when it can have been. Raises sqlite3.Error."""
        with transaction(self._connection):
            self._connection.execute("UPDATE boots SET told = 1 WHERE boot = ?", (boot,))


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
