"""How records are found again: by what they are about, where and when, and by what became of what.

A *node* is whatever a trail leads through, written ``scheme:value``: a code (``cn-eartag:362292600000123``),
a lot, a carcass, a place. A *link* says that one node became, entered or left another; together they are a
graph that is walked back to the animal and forward to the truck. Nodes and links stand for the newest
revision of their record, are committed with it, and go when retention takes its block.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from drivers.contract import Instant
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
    changed = connection.execute(
        "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " revision = excluded.revision, place = excluded.place, since = excluded.since,"
        " until = excluded.until, block = excluded.block WHERE excluded.revision >= records.revision",
        (index.id, kind, index.revision, index.place, index.since, index.until, block),
    ).rowcount
    if not changed:
        return
    if index.revision > 1:
        _forget(connection, index.id)
    ends = (end for link in index.links for end in (link.source, link.target))
    connection.executemany(
        "INSERT OR IGNORE INTO nodes VALUES (?, ?)", [(node, index.id) for node in {*index.nodes, *ends}]
    )
    connection.executemany(
        "INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?)",
        [(link.source, link.relation, link.target, link.at, index.id) for link in index.links],
    )


def drop(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Forgets the records whose newest revision stood in these blocks, which are being deleted."""
    gone = connection.execute("SELECT id FROM records WHERE block BETWEEN ? AND ?", (first, last)).fetchall()
    for (record,) in gone:
        _forget(connection, record)
    connection.execute("DELETE FROM records WHERE block BETWEEN ? AND ?", (first, last))


def _forget(connection: sqlite3.Connection, record: str) -> None:
    connection.execute(
        "DELETE FROM links WHERE record = ?1 AND source IN (SELECT node FROM nodes WHERE record = ?1)",
        (record,),
    )
    connection.execute("DELETE FROM nodes WHERE record = ?", (record,))


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
    """The records that are about ``node``, oldest first."""
    rows = connection.execute(
        "SELECT records.* FROM nodes JOIN records ON records.id = nodes.record WHERE nodes.node = ?"
        " ORDER BY since LIMIT ?",
        (node, most),
    )
    return [Found(*row) for row in rows]


def newest(connection: sqlite3.Connection, record: str) -> Newest | None:
    """A record by its id; None: there is none."""
    row = connection.execute(
        "SELECT body FROM records JOIN blocks ON blocks.key = records.block WHERE id = ?", (record,)
    ).fetchone()
    if row is None:
        return None
    nodes = connection.execute("SELECT node FROM nodes WHERE record = ? ORDER BY node", (record,)).fetchall()
    links = connection.execute(
        "SELECT source, relation, target, at FROM links WHERE record = ?1"
        " AND source IN (SELECT node FROM nodes WHERE record = ?1)",
        (record,),
    )
    return Newest(
        orjson.loads(row[0])["record"],
        tuple(node for (node,) in nodes),
        tuple(Link(*each) for each in links),
    )
