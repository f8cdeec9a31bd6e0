"""The blocks of a lane, in pieces so short that the write-ahead log can start over between them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from drivers.contract import Instant
from edge.journal.standing import SEQ_MASK, LaneStanding

_STEP: Final = 512
"""Blocks looked at in one read."""

_STEP_BYTES: Final = 1 << 20
"""A read ends early once it has found this much."""


class Kept(NamedTuple):
    """A block as it stands in the file. key: ``blocks.key``."""

    key: int
    seq: int
    kind: str
    body: bytes


class Span(NamedTuple):
    """Which blocks: those with an entry in ``since`` ≤ t < ``until``; kind: None, of any."""

    since: Instant
    until: Instant
    kind: str | None = None


def pieces(
    connection: sqlite3.Connection, lane: LaneStanding, first: int, last: int, span: Span
) -> Iterator[list[Kept]]:
    """The lane's blocks with seqs ``first`` to ``last`` that lie in ``span``. Raises sqlite3.Error."""
    after = first - 1
    while after < last:
        upto = min(after + _STEP, last)
        found = _piece(connection, lane, after, upto, span)
        full = sum(len(block.body) for block in found) >= _STEP_BYTES
        after = found[-1].seq if full else upto
        if found:
            yield found


def _piece(
    connection: sqlite3.Connection, lane: LaneStanding, after: int, upto: int, span: Span
) -> list[Kept]:
    rows = connection.execute(
        "SELECT key, kind, body FROM blocks WHERE key > ? AND key <= ? AND last >= ? AND first < ?"
        " AND kind = ifnull(?, kind) ORDER BY key",
        (lane.key(after), lane.key(upto), *span),
    )
    found: list[Kept] = []
    size = 0
    for key, kind, body in rows:
        found.append(Kept(key, key & SEQ_MASK, kind, body))
        size += len(body)
        if size >= _STEP_BYTES:
            break
    rows.close()  # or the snapshot stays open until the next read
    return found
