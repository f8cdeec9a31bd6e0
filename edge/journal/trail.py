"""How records are found again: by what they are about, where and when, and by what became of what.

A *node* is whatever a trail leads through, written ``scheme:value``: a code (``cn-eartag:362292600000123``),
a lot, a carcass, a place. A *link* says that one node became, entered or left another; together they are a
graph that is walked back to the animal and forward to the truck. Nodes and links stand for the newest
revision of their record, are committed with it, and go when retention takes its block.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from drivers.contract import Instant
from edge.journal import presence
from edge.restamping import Restamping

TABLES: Final = """
CREATE TABLE records (                -- the newest revision of each
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    revision INTEGER NOT NULL,
    place TEXT,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,           -- the same instant where the record tells of a moment
    block INTEGER NOT NULL            -- blocks.key
) STRICT, WITHOUT ROWID;
CREATE INDEX records_in_time ON records (kind, since);
CREATE INDEX records_at_place ON records (place, since);
CREATE INDEX records_by_block ON records (block);

CREATE TABLE nodes (                  -- what a record is about
    node TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (node, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX nodes_by_record ON nodes (record);

CREATE TABLE links (                  -- what became of what
    source TEXT NOT NULL,
    relation TEXT NOT NULL,
    target TEXT NOT NULL,
    at INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (source, relation, target, at)  -- a carcass may enter a room twice
) STRICT, WITHOUT ROWID;
CREATE INDEX links_back ON links (target, relation, at);
"""

IN_TIME: Final = f"""
CREATE TABLE nodes_in_time (          -- what a record is about, and when it begins
    node TEXT NOT NULL,
    since INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (node, since, record)
) STRICT, WITHOUT ROWID;
INSERT INTO nodes_in_time SELECT node, since, record FROM nodes JOIN records ON id = record ORDER BY node;
DROP TABLE nodes;
ALTER TABLE nodes_in_time RENAME TO nodes;
CREATE INDEX nodes_by_record ON nodes (record);
CREATE INDEX nodes_by_county ON nodes (substr(node, 12, 6), since)  -- cn-eartag:3622926…: sheep of 622926
    WHERE node > 'cn-eartag:' AND node < 'cn-eartag;';
CREATE INDEX records_of_intervals ON records (place, since) WHERE kind = 'storage' AND until > since;
{presence.TABLE}
{presence.FILL}
"""  # noqa: S608 - ours


class Link(NamedTuple):
    """``source`` became, entered or is of ``target``, at this instant; forward is the way the goods go."""

    source: str
    relation: str
    target: str
    at: Instant


class Index(NamedTuple):
    """How a record is found again. nodes: what it is about; the ends of its links count too."""

    id: str
    revision: int
    since: Instant
    until: Instant
    place: str | None = None
    nodes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    def restamped(self, again: Restamping) -> Index:
        """The same where its stamps were put right."""
        return self._replace(
            since=again.instant(self.since),
            until=again.instant(self.until),
            links=tuple(link._replace(at=again.instant(link.at)) for link in self.links),
        )


class Found(NamedTuple):
    """A record as it stands in the index."""

    id: str
    kind: str
    revision: int
    place: str | None
    since: Instant
    until: Instant
    block: int


class Newest(NamedTuple):
    """The newest revision of a record, and how it is found."""

    body: Mapping[str, Any]
    nodes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


def add(connection: sqlite3.Connection, kind: str, index: Index, block: int) -> None:
    """Enters a record that stands in ``block``; an older revision than the one known changes nothing."""
    known = connection.execute("SELECT revision FROM records WHERE id = ?", (index.id,)).fetchone()
    if known is not None and known[0] > index.revision:
        return
    nodes = {*index.nodes, *(end for link in index.links for end in (link.source, link.target))}
    moved = _moved(kind, nodes, index.links)
    if known is not None:
        moved |= _moved(kind, _nodes(connection, index.id), _links_of(connection, index.id))
    presence.drop(connection, moved)
    if known is not None:
        _forget(connection, index.id)
    connection.execute(
        "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
        (index.id, kind, index.revision, index.place, index.since, index.until, block),
    )
    connection.executemany(
        "INSERT INTO nodes (node, since, record) VALUES (?, ?, ?)",
        [(node, index.since, index.id) for node in nodes],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?)",
        [(link.source, link.relation, link.target, link.at, index.id) for link in index.links],
    )
    presence.add(connection, moved)


def drop(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Forgets the records whose newest revision stood in these blocks, which are being deleted."""
    gone = connection.execute("SELECT id, kind FROM records WHERE block BETWEEN ? AND ?", (first, last))
    for record, kind in gone.fetchall():
        moved = _moved(kind, _nodes(connection, record), _links_of(connection, record))
        presence.drop(connection, moved)
        _forget(connection, record)
        presence.add(connection, moved)
    connection.execute("DELETE FROM records WHERE block BETWEEN ? AND ?", (first, last))


def _moved(kind: str, nodes: Iterable[str], links: Iterable[Link]) -> set[str]:
    """Whose stays a record tells."""
    arrived = nodes if kind == "arrival" else ()
    return {*arrived, *(link.source for link in links if link.relation in presence.MOVES)}


def _forget(connection: sqlite3.Connection, record: str) -> None:
    connection.execute(
        "DELETE FROM links WHERE record = ?1 AND source IN (SELECT node FROM nodes WHERE record = ?1)",
        (record,),
    )
    connection.execute("DELETE FROM nodes WHERE record = ?", (record,))


def _nodes(connection: sqlite3.Connection, record: str) -> list[str]:
    rows = connection.execute("SELECT node FROM nodes WHERE record = ? ORDER BY node", (record,))
    return [node for (node,) in rows]


def _links_of(connection: sqlite3.Connection, record: str) -> list[Link]:
    rows = connection.execute(
        "SELECT source, relation, target, at FROM links WHERE record = ?1"
        " AND source IN (SELECT node FROM nodes WHERE record = ?1)",
        (record,),
    )
    return [Link(*row) for row in rows]


def forward(connection: sqlite3.Connection, node: str, most: int) -> list[Link]:
    """What ``node`` became, at most so many."""
    return _links(connection, "source", node, most)


def back(connection: sqlite3.Connection, node: str, most: int) -> list[Link]:
    """What became ``node``, at most so many."""
    return _links(connection, "target", node, most)


def _links(connection: sqlite3.Connection, end: str, node: str, most: int) -> list[Link]:
    rows = connection.execute(
        f"SELECT source, relation, target, at FROM links WHERE {end} = ? LIMIT ?",  # noqa: S608 - ours
        (node, most),
    )
    return [Link(*row) for row in rows]


def about(connection: sqlite3.Connection, node: str, most: int) -> list[Found]:
    """The newest records that are about ``node``, oldest first."""
    rows = connection.execute(
        "SELECT records.* FROM nodes CROSS JOIN records ON records.id = nodes.record WHERE nodes.node = ?"
        " ORDER BY nodes.since DESC, nodes.record DESC LIMIT ?",
        (node, most),
    )
    return [Found(*row) for row in rows][::-1]


def newest(connection: sqlite3.Connection, record: str) -> Newest | None:
    """A record by its id; None: there is none."""
    row = connection.execute(
        "SELECT body FROM records JOIN blocks ON blocks.key = records.block WHERE id = ?", (record,)
    ).fetchone()
    if row is None:
        return None
    return Newest(
        orjson.loads(row[0])["record"],
        tuple(_nodes(connection, record)),
        tuple(_links_of(connection, record)),
    )
