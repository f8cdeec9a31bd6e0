"""What a trace asks of the trail (``trail.py``): which node a code names, what a record says, who was where.

Everything is a few looks into an index; nothing reads a whole table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from drivers.contract import Instant
from edge.journal.trail import Found, Link

_AFTER_COLON: Final = ";"
"""The character that follows ``:``, so that ``scheme;`` stands behind every node of a scheme."""


MEMBER: Final = "of"
"""The one relation that points against the way of the goods: from an animal to its lot."""

_LINKS: Final = "SELECT source, relation, target, at"


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


def records(connection: sqlite3.Connection, names: Iterable[str]) -> list[Found]:
    """The newest revisions of the records with these ids."""
    rows = connection.execute(
        "SELECT records.* FROM json_each(?) CROSS JOIN records ON records.id = value", (_json(names),)
    )
    return [Found(*row) for row in rows]


def bodies(connection: sqlite3.Connection, found: Iterable[Found]) -> Iterator[tuple[Found, dict[str, Any]]]:
    """The records themselves, in no order; without those whose block retention has taken since."""
    by_block = {each.block: each for each in found}
    rows = connection.execute(
        "SELECT blocks.key, body FROM json_each(?) CROSS JOIN blocks ON blocks.key = value",
        (_json(by_block),),
    )
    return ((by_block[key], orjson.loads(body)["record"]) for key, body in rows)


def nodes_of(connection: sqlite3.Connection, name: str) -> list[str]:
    """What the record with this id is about."""
    rows = connection.execute("SELECT node FROM nodes WHERE record = ? ORDER BY node", (name,))
    return [node for (node,) in rows]


def tagged(
    connection: sqlite3.Connection, county: str, since: Instant, until: Instant
) -> Iterator[tuple[Instant, str]]:
    """Ear tags of a county at their arrivals and slaughters in ``since`` ≤ t < ``until``, oldest first."""
    return connection.execute(
        "SELECT nodes.since, node FROM nodes CROSS JOIN records ON id = record"
        " WHERE substr(node, 12, 6) = ? AND node > 'cn-eartag:' AND node < 'cn-eartag;'"
        " AND nodes.since >= ? AND nodes.since < ? AND kind IN ('arrival', 'slaughter')"
        " ORDER BY nodes.since",
        (county, since, until),
    )


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


def begins(connection: sqlite3.Connection, nodes: Iterable[str], most: int) -> list[Link]:
    """The links that begin at these nodes, node by node."""
    rows = connection.execute(
        f"{_LINKS} FROM json_each(?) CROSS JOIN links ON source = value LIMIT ?", (_json(nodes), most)
    )
    return [Link(*row) for row in rows]


def delivered(connection: sqlite3.Connection, nodes: Iterable[str]) -> list[Link]:
    """When and to whom these goods were delivered."""
    rows = connection.execute(
        f"{_LINKS} FROM json_each(?) CROSS JOIN links ON source = value AND relation = 'delivered'",
        (_json(nodes),),
    )
    return [Link(*row) for row in rows]


def members(connection: sqlite3.Connection, nodes: Iterable[str], most: int) -> list[Link]:
    """What is ``of`` these lots, lot by lot."""
    return ends(connection, nodes, MEMBER, most)


def sources(connection: sqlite3.Connection, nodes: Iterable[str], most: int) -> list[Link]:
    """What became these nodes, entered them, or went into them, node by node; not what is ``of`` them."""
    rows = connection.execute(
        f"{_LINKS} FROM json_each(?) CROSS JOIN links ON target = value AND relation <> ? LIMIT ?",
        (_json(nodes), MEMBER, most),
    )
    return [Link(*row) for row in rows]


def ends(connection: sqlite3.Connection, nodes: Iterable[str], relation: str, most: int) -> list[Link]:
    """The links of one relation that end at these nodes, node by node."""
    rows = connection.execute(
        f"{_LINKS} FROM json_each(?) CROSS JOIN links ON target = value AND relation = ? LIMIT ?",
        (_json(nodes), relation, most),
    )
    return [Link(*row) for row in rows]


def latest(connection: sqlite3.Connection, node: str, most: int) -> tuple[list[Link], bool]:
    """Of a node with links beyond number: the newest that begin at it, and the newest of each relation that
    end at it, each newest first; and whether that is all of them.

    What begins at it is looked at whole: the trips of a vehicle, some a day.
    """
    sides = [("source = ? ORDER BY at DESC", [node])]
    sides += [
        ("target = ? AND relation = ? ORDER BY at DESC", [node, each])
        for each in _relations(connection, node)
    ]
    found: list[Link] = []
    complete = True
    for which, values in sides:
        rows = connection.execute(
            f"{_LINKS} FROM links WHERE {which} LIMIT ?", (*values, most + 1)
        ).fetchall()
        complete &= len(rows) <= most
        found += [Link(*row) for row in rows[:most]]
    return found, complete


def _relations(connection: sqlite3.Connection, node: str) -> Iterator[str]:
    """The relations of the links that end at a node, one look each."""
    last = ""
    while row := connection.execute(
        "SELECT relation FROM links WHERE target = ? AND relation > ? ORDER BY relation LIMIT 1", (node, last)
    ).fetchone():
        last = row[0]
        yield last


def _json(values: Iterable[object]) -> str:
    """As ``json_each`` takes them: one question for many nodes."""
    return orjson.dumps(list(values)).decode()
