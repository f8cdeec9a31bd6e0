"""The journal's file as the reading thread sees it: plain calls on a connection that cannot write."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from edge.evidence import chain
from edge.journal import facts, rollups, trail, walk
from edge.journal.block import Block
from edge.journal.database import explained, open_reader
from edge.journal.rollups import Rollup
from edge.journal.standing import SEQ_MASK, LaneStanding, standing
from edge.journal.trail import Newest
from edge.journal.walk import Walked

_PIECE_BYTES: Final = 1 << 20


class Sealed(NamedTuple):
    """A record, and the key of its block."""

    key: int
    record: dict[str, Any]


class Reader:
    """Short reads only: a long one would keep the write-ahead log from starting over."""

    def __init__(self, path: Path) -> None:
        """Raises JournalError."""
        try:
            self._connection = open_reader(path)
        except sqlite3.Error as error:
            raise explained(path, error) from error

    def blocks(self, lane: LaneStanding, after: int, most_bytes: int) -> list[Block]:
        """See ``Outbox.read``. Raises sqlite3.Error, also where a block is not the one that was stored."""
        found: list[Block] = []
        size = 0
        before, link = lane.key(after), walk.hash_at(self._connection, lane, after)
        rows = self._connection.execute(
            "SELECT key, kind, observations, hash, body FROM blocks WHERE key > ? AND key <= ? ORDER BY key",
            (lane.key(after), lane.key(SEQ_MASK)),
        )
        for key, kind, observations, kept, body in rows:
            if kept and link and key == before + 1 and kept != chain.link(link, body):
                rows.close()
                raise sqlite3.DatabaseError(f"block {key & SEQ_MASK} of {lane.lane} is not what was stored")
            before, link = key, kept
            found.append(Block(lane.journal, lane.lane, key & SEQ_MASK, kind, observations, body))
            size += len(body)
            if size >= most_bytes:
                break
        rows.close()  # or the snapshot stays open until the next read
        return found

    def walk(self, lane: LaneStanding, walked: Walked | None, most_bytes: int) -> Walked:
        """A piece of the walk along the lane's chain from ``walked``; None: from where it was left.

        Raises sqlite3.Error.
        """
        after = lane.walked if walked is None else walked.seq
        if walked is None or after < lane.pruned:
            after = max(after, lane.pruned)
            link = walk.hash_at(self._connection, lane, after)
            if link is None:
                return Walked(after, b"", broken=after)
            walked = Walked(after, link)
        return walk.piece(self._connection, lane, walked.seq, walked.link, most_bytes)

    def sealed(self, boot: str, clock: str, after: int) -> list[Sealed]:
        """A piece of the records behind the block with the key ``after`` that were sealed in this boot while
        the time was known as ``clock``. Raises sqlite3.Error.
        """
        rows = self._connection.execute(
            "SELECT key, body FROM blocks WHERE key > ? AND key <= ? AND boot = ? AND clock = ? ORDER BY key",
            (after, after | SEQ_MASK, boot, clock),
        )
        found: list[Sealed] = []
        size = 0
        for key, body in rows:
            found.append(Sealed(key, orjson.loads(body)["record"]))
            size += len(body)
            if size >= _PIECE_BYTES:
                break
        rows.close()
        return found

    def rollups(self, point: str, first: int, end: int) -> list[Rollup]:
        """See ``rollups.query``. Raises sqlite3.Error."""
        return rollups.query(self._connection, point, first, end)

    def stored(self) -> dict[str, Any]:
        """See ``facts.stored``. Raises sqlite3.Error."""
        return facts.stored(self._connection, standing(self._connection))

    def newest(self, record: str) -> Newest | None:
        """See ``trail.newest``. Raises sqlite3.Error."""
        return trail.newest(self._connection, record)

    def close(self) -> None:
        self._connection.close()
