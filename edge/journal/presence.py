"""Who was in which room, from when to when: told by the trail's links, kept so that place and time find it.

A stay begins with ``entered`` (an animal's with its arrival) and ends with ``left``, or when what was there
became something else. Of what left and was not seen to enter, the moment of its leaving is known and no more.

Stays are kept by their length, each class up to four times as long as the one before it: whoever was there at
some time has come no earlier than the longest of his class, so a look into each class reads little that it
does not need, whether goods stay an hour or a year. They change with the links, in the same commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import orjson

from drivers.contract import NANOSECONDS, Instant

ANIMALS: Final = ("cn-eartag:", "iso11784:")
"""How the nodes of animals begin. They enter the lairage by their arrival's record, leave it as carcasses."""

MOVES: Final = frozenset({"entered", "left", "became"})
"""The relations that begin or end a stay."""

FOREVER: Final = Instant(2**63 - 1)
"""The end of a stay that has not been seen to end."""

_LENGTHS_NS: Final = tuple(3600 * NANOSECONDS * 4**number for number in range(8))
_OPEN: Final = len(_LENGTHS_NS) + 1
"""The class of what has no end: of goods; of animals the next."""

_LOST_NS: Final = (400 * 86_400 * NANOSECONDS, 7 * 86_400 * NANOSECONDS)
"""What entered so long ago and was not seen to leave is taken to have left unseen: goods, animals."""

_ANIMAL: Final = "(" + " OR ".join(f"what LIKE '{begins}%'" for begins in ANIMALS) + ")"

_LENGTH: Final = " + ".join(f"(until - since > {length})" for length in _LENGTHS_NS)

_TOLD: Final = f"""
moves AS (
    SELECT what, target AS place, relation, at
    FROM asked CROSS JOIN links ON source = what AND relation IN ('entered', 'left')
    UNION ALL
    SELECT what, 'place:' || place, 'entered', records.since
    FROM asked CROSS JOIN nodes ON node = what CROSS JOIN records ON id = record
    WHERE {_ANIMAL} AND kind = 'arrival' AND place IS NOT NULL
), turns AS (
    SELECT *, count(*) FILTER (WHERE relation = 'left') OVER (
        PARTITION BY what, place ORDER BY at, relation DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS turn FROM moves
), spans AS (
    SELECT what, place, min(at) AS since, max(at) FILTER (WHERE relation = 'left') AS parted,
        (SELECT min(at) FROM links WHERE source = what AND relation = 'became') AS gone
    FROM turns GROUP BY what, place, turn
), told AS (
    SELECT DISTINCT what, place, since, coalesce(parted, iif(gone >= since, gone, NULL), {FOREVER}) AS until
    FROM spans
)
"""  # noqa: S608 - ours

_BY_LENGTH: Final = f"""
SELECT place, iif(until = {FOREVER}, {_OPEN} + {_ANIMAL}, {_LENGTH}), since, what, until FROM told
"""  # noqa: S608 - ours

_THESE: Final = f"WITH asked AS (SELECT value AS what FROM json_each(?)), {_TOLD}"  # noqa: S608 - ours

_ROWS_OF_THESE: Final = f"{_THESE} {_BY_LENGTH}"

_STAYS_OF_THESE: Final = f"{_THESE} SELECT what, place, since, until FROM told"  # noqa: S608 - ours

TABLE: Final = f"""
CREATE TABLE stays (                  -- who was where, as the links tell it
    place TEXT NOT NULL,
    length INTEGER NOT NULL,          -- its class: up to an hour, up to four, …; {_OPEN} and more: no end
    since INTEGER NOT NULL,
    what TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (place, length, since, what, until)
) STRICT, WITHOUT ROWID;
"""

FILL: Final = f"""
INSERT INTO stays
WITH asked AS (SELECT DISTINCT node AS what FROM nodes), {_TOLD} {_BY_LENGTH} ORDER BY 1, 2, 3, 4, 5;
"""  # noqa: S608 - ours


class Stay(NamedTuple):
    """``what`` was ``where`` (``place:…``, ``trip:…``). until: FOREVER where it was not seen to leave."""

    what: str
    where: str
    since: Instant
    until: Instant


def add(connection: sqlite3.Connection, whats: Iterable[str]) -> None:
    """Enters the stays that these nodes' links tell now."""
    connection.executemany("INSERT INTO stays VALUES (?, ?, ?, ?, ?)", _rows(connection, whats))


def drop(connection: sqlite3.Connection, whats: Iterable[str]) -> None:
    """Forgets them: before the links change."""
    connection.executemany(
        "DELETE FROM stays WHERE place = ? AND length = ? AND since = ? AND what = ? AND until = ?",
        _rows(connection, whats),
    )


def _rows(connection: sqlite3.Connection, whats: Iterable[str]) -> list[tuple[object, ...]]:
    return connection.execute(_ROWS_OF_THESE, (orjson.dumps(list(whats)).decode(),)).fetchall()


def of(connection: sqlite3.Connection, whats: Iterable[str]) -> Iterator[Stay]:
    """The stays of these nodes in rooms."""
    asked = orjson.dumps(list(whats)).decode()
    return map(Stay._make, connection.execute(_STAYS_OF_THESE, (asked,)))


def during(
    connection: sqlite3.Connection, place: str, since: Instant, until: Instant, most: int
) -> list[Stay]:
    """The stays at a place that share some of ``since`` < t < ``until``, at most so many."""
    found: list[Stay] = []
    for length, longest in enumerate((*_LENGTHS_NS, since, *_LOST_NS)):
        rows = connection.execute(
            "SELECT what, place, since, until FROM stays WHERE place = ? AND length = ? AND since >= ?"
            " AND since < ? AND until > ? LIMIT ?",
            (place, length, since - longest, until, since, most - len(found)),
        )
        found += map(Stay._make, rows)
    return found
