"""Walking a lane's chain: the last blocks before work begins, all of them in the background (DESIGN §10)."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from edge.evidence import chain
from edge.journal.standing import SEQ_MASK, LaneStanding

LAST_BLOCKS: Final = 64
"""Checked at the start: a disk that lies about syncing loses or mangles what was written last."""


class Walked(NamedTuple):
    """How far a piece of the walk came, and the hash there. broken: the block that does not follow."""

    seq: int
    link: bytes
    broken: int | None = None


def piece(
    connection: sqlite3.Connection, lane: LaneStanding, after: int, link: bytes, most_bytes: int
) -> Walked:
    """Follows the chain from ``after``, whose hash is ``link``, over about so many bytes.

    Raises sqlite3.Error.
    """
    rows = connection.execute(
        "SELECT key, hash, body FROM blocks WHERE key > ? AND key <= ? ORDER BY key",
        (lane.key(after), lane.key(lane.head)),
    )
    size = 0
    for key, kept, body in rows:
        seq = key & SEQ_MASK
        if seq != after + 1 or kept != chain.link(link, body):
            rows.close()
            return Walked(after, link, broken=after + 1)
        after, link = seq, kept
        size += len(body)
        if size >= most_bytes:
            break
    rows.close()  # or the snapshot stays open until the next read
    return Walked(after, link)


def hash_at(connection: sqlite3.Connection, lane: LaneStanding, seq: int) -> bytes | None:
    """The hash that the journal keeps for a block, or for the one where retention stopped."""
    if seq == 0:
        return chain.genesis(lane.journal, lane.lane)
    row = connection.execute(
        "SELECT hash FROM blocks WHERE key = ?1 UNION ALL SELECT hash FROM seals WHERE key = ?1",
        (lane.key(seq),),
    ).fetchone()
    return row[0] if row else None


def last_blocks(connection: sqlite3.Connection, lane: LaneStanding) -> int | None:
    """The first of the lane's last blocks that does not follow; None: they all do. Raises sqlite3.Error."""
    after = max(lane.pruned, lane.head - LAST_BLOCKS)
    link = hash_at(connection, lane, after)
    if link is None:
        return after
    return piece(connection, lane, after, link, lane.head << 20).broken
