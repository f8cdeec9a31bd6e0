"""Blocks that wait for the time: on disk, with neither seq nor hash, until their stamps can be right.

::

    commit ──time not known──▶ held ──learnt, or waited long enough──▶ blocks
                                ▲
    commit ──while some wait────┘   what comes queues behind them

What another boot left here is released as it is: that boot never learnt the time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final, NamedTuple

import orjson

from drivers.contract import Instant
from edge.journal import boots
from edge.journal.block import Lane
from edge.journal.packing import Draft
from edge.journal.trail import Index, Link
from edge.restamping import Restamping, of_boot

UNSYNCED: Final = "unsynced"


class Ready(NamedTuple):
    """What becomes a block. boot: in which it was said; clock: how the time was known in it."""

    draft: Draft
    boot: str
    clock: str


def hold(connection: sqlite3.Connection, lane: Lane, drafts: Iterable[Draft], boot: str, clock: str) -> None:
    """Keeps what cannot become blocks yet."""
    connection.executemany(
        "INSERT INTO held (lane, kind, first, last, observations, boot, clock, content, trail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                lane,
                draft.kind,
                draft.first,
                draft.last,
                draft.observations,
                boot,
                clock,
                draft.content,
                _json(draft),
            )
            for draft in drafts
        ],
    )


def are_there(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM held LIMIT 1").fetchone() is not None


def oldest(
    connection: sqlite3.Connection, most_bytes: int, *, but: str | None = None
) -> list[tuple[int, Lane, Ready]]:
    """The first of them in order, about ``most_bytes``, with their numbers and right stamps.

    but: a boot whose blocks wait on.
    """
    found: list[tuple[int, Lane, Ready]] = []
    size = 0
    rows = connection.execute(
        "SELECT number, lane, boot, clock, kind, first, last, observations, content, trail FROM held"
        " WHERE boot IS NOT ? ORDER BY number",
        (but,),
    )
    for number, lane, boot, stamped, *facts in rows:
        again, clock = _learnt(connection, boot, stamped, facts[2])
        found.append((number, Lane(lane), Ready(_draft(again, *facts), boot, clock)))
        size += len(facts[4])
        if size >= most_bytes:
            break
    rows.close()
    return found


def drop(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("DELETE FROM held WHERE number = ?", (number,))


def _learnt(connection: sqlite3.Connection, boot: str, stamped: str, last: int) -> tuple[Restamping, str]:
    row = boots.read(connection, boot)
    if stamped != UNSYNCED or row is None or row.source is None:
        return Restamping(0, 0, 0), stamped
    return of_boot(row.base, last, row.shift), row.source


def _draft(
    again: Restamping,
    kind: str,
    first: int,
    last: int,
    observations: int,
    content: bytes,
    trail: bytes | None,
) -> Draft:
    index = _index(trail).restamped(again) if trail is not None else None
    span = again.instant(first), again.instant(last)
    return Draft(kind, *span, observations, again.json(content), 1, index)


def _json(draft: Draft) -> bytes | None:
    if draft.trail is None:
        return None
    return orjson.dumps(draft.trail._asdict() | {"links": [list(link) for link in draft.trail.links]})


def _index(trail: bytes) -> Index:
    row = orjson.loads(trail)
    links = tuple(Link(*each[:3], Instant(each[3])) for each in row["links"])
    return Index(**row | {"nodes": tuple(row["nodes"]), "links": links})
