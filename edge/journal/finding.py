"""What a trace asks of the trail (``trail.py``): which node a code names, what a record says, who was where.

Everything is a few looks into an index; nothing reads a whole table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

import orjson

from drivers.contract import Instant
from edge.journal.trail import Found, Link

_AFTER_COLON: Final = ";"
"""The character that follows ``:``, so that ``scheme;`` stands behind every node of a scheme."""


MEMBER: Final = "of"
"""The one relation that points against the way of the goods: from an animal to its lot."""


def schemes(connection: sqlite3.Connection) -> Iterator[str]:
    """The schemes of the nodes that there are, one look each."""
    last = ""
    while True:
        row = connection.execute("SELECT node FROM nodes WHERE node >= ? LIMIT 1", (last,)).fetchone()
        if row is None:
            return
        scheme: str = row[0].partition(":")[0]
        yield scheme
        last = scheme + _AFTER_COLON


def named(connection: sqlite3.Connection, code: str) -> list[str]:
    """The nodes that ``code`` may mean: itself where it has its scheme, else that value in any scheme."""
    candidates = [code, *(f"{scheme}:{code}" for scheme in schemes(connection))]
    return [node for node in candidates if _known(connection, node)]


def _known(connection: sqlite3.Connection, node: str) -> bool:
    return connection.execute("SELECT 1 FROM nodes WHERE node = ? LIMIT 1", (node,)).fetchone() is not None


def record(connection: sqlite3.Connection, name: str) -> Found | None:
    """The newest revision of the record with this id."""
    row = connection.execute("SELECT * FROM records WHERE id = ?", (name,)).fetchone()
    return None if row is None else Found(*row)


def body(connection: sqlite3.Connection, found: Found) -> dict[str, Any]:
    """The record itself; empty where retention has taken its block since."""
    row = connection.execute("SELECT body FROM blocks WHERE key = ?", (found.block,)).fetchone()
    return {} if row is None else orjson.loads(row[0])["record"]


def nodes_of(connection: sqlite3.Connection, name: str) -> list[str]:
    """What the record with this id is about."""
    rows = connection.execute("SELECT node FROM nodes WHERE record = ? ORDER BY node", (name,))
    return [node for (node,) in rows]


def of_kind(
    connection: sqlite3.Connection, kind: str, since: Instant, until: Instant, most: int
) -> list[Found]:
    """The records of a kind that begin in ``since`` ≤ t < ``until``, oldest first."""
    rows = connection.execute(
        "SELECT * FROM records WHERE kind = ? AND since >= ? AND since < ? ORDER BY since LIMIT ?",
        (kind, since, until, most),
    )
    return [Found(*row) for row in rows]


def intervals(
    connection: sqlite3.Connection, place: str, since: Instant, until: Instant, most: int
) -> list[Found]:
    """A room's records that cover a time and begin in ``since`` ≤ t < ``until``, oldest first."""
    rows = connection.execute(
        "SELECT * FROM records WHERE place = ? AND since >= ? AND since < ? AND kind = 'storage'"
        " AND until > since ORDER BY since LIMIT ?",
        (place, since, until, most),
    )
    return [Found(*row) for row in rows]


def beside(connection: sqlite3.Connection, found: Found, count: int) -> tuple[list[Found], list[Found]]:
    """The records of its kind and place just before it, and just after it, in the order of time."""
    sides = []
    for beyond, order in (("<", "DESC"), (">", "ASC")):
        rows = connection.execute(
            f"SELECT * FROM records WHERE kind = ?1 AND (since, id) {beyond} (?2, ?3) AND place IS ?4"  # noqa: S608 - ours
            f" AND since {beyond}= ?2 ORDER BY since {order}, id {order} LIMIT ?5",
            (found.kind, found.since, found.id, found.place, count),
        )
        sides.append([Found(*row) for row in rows])
    before, after = sides
    return before[::-1], after


def arrivals(connection: sqlite3.Connection, node: str) -> list[Found]:
    """Where and when an animal arrived."""
    rows = connection.execute(
        "SELECT records.* FROM nodes JOIN records ON records.id = nodes.record WHERE nodes.node = ?"
        " AND kind = 'arrival' AND place IS NOT NULL",
        (node,),
    )
    return [Found(*row) for row in rows]


def arriving(
    connection: sqlite3.Connection, place: str, since: Instant, until: Instant, most: int
) -> list[str]:
    """The nodes of the arrivals at a place in ``since`` ≤ t < ``until``."""
    rows = connection.execute(
        "SELECT node FROM records JOIN nodes ON nodes.record = records.id WHERE place = ? AND since >= ?"
        " AND since < ? AND kind = 'arrival' LIMIT ?",
        (place, since, until, most),
    )
    return [node for (node,) in rows]


def maker(connection: sqlite3.Connection, trip: str) -> str | None:
    """The vehicle that made a trip."""
    row = connection.execute(
        "SELECT source FROM links WHERE target = ? AND relation = 'made' LIMIT 1", (trip,)
    ).fetchone()
    return None if row is None else row[0]


def members(connection: sqlite3.Connection, node: str, most: int) -> list[Link]:
    """What is ``of`` a lot."""
    rows = connection.execute(
        "SELECT source, relation, target, at FROM links WHERE target = ? AND relation = ? LIMIT ?",
        (node, MEMBER, most),
    )
    return [Link(*row) for row in rows]


def sources(connection: sqlite3.Connection, node: str, most: int) -> list[Link]:
    """What became ``node``, entered it, or went into it; not what is ``of`` it."""
    rows = connection.execute(
        "SELECT source, relation, target, at FROM links WHERE target = ? AND relation <> ? LIMIT ?",
        (node, MEMBER, most),
    )
    return [Link(*row) for row in rows]


def entering(
    connection: sqlite3.Connection, target: str, since: Instant, until: Instant, most: int
) -> list[Link]:
    """Who entered in ``since`` ≤ t < ``until``, oldest first."""
    rows = connection.execute(
        "SELECT source, relation, target, at FROM links WHERE target = ? AND relation = 'entered'"
        " AND at >= ? AND at < ? ORDER BY at LIMIT ?",
        (target, since, until, most),
    )
    return [Link(*row) for row in rows]


def staying(
    connection: sqlite3.Connection, target: str, since: Instant, at: Instant, most: int
) -> list[Link]:
    """Who entered in ``since`` ≤ t < ``at`` and had not left or become something else by then."""
    rows = connection.execute(
        "SELECT source, relation, target, at FROM links AS came WHERE target = ?1 AND relation = 'entered'"
        " AND at >= ?2 AND at < ?3 AND NOT EXISTS (SELECT 1 FROM links WHERE source = came.source AND"
        " relation = 'left' AND target = ?1 AND at >= came.at AND at < ?3)"
        " AND NOT EXISTS (SELECT 1 FROM links WHERE source = came.source AND relation = 'became'"
        " AND at >= came.at AND at < ?3) ORDER BY at LIMIT ?4",
        (target, since, at, most),
    )
    return [Link(*row) for row in rows]
