"""The journal's file as the reading thread sees it: plain calls on a connection that cannot write."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edge.evidence import chain
from edge.journal import rollups, trail, walk
from edge.journal.block import Block
from edge.journal.database import explained, open_reader
from edge.journal.rollups import Rollup
from edge.journal.standing import SEQ_MASK, LaneStanding
from edge.journal.trail import Newest
from edge.journal.walk import Walked


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
        """A piece of the walk along the lane's chain, from its beginning or from ``walked``.

        Raises sqlite3.Error.
        """
        if walked is None or walked.seq < lane.pruned:
            link = walk.hash_at(self._connection, lane, lane.pruned)
            if link is None:
                return Walked(lane.pruned, b"", broken=lane.pruned)
            walked = Walked(lane.pruned, link)
        return walk.piece(self._connection, lane, walked.seq, walked.link, most_bytes)

    def rollups(self, point: str, first: int, end: int) -> list[Rollup]:
        """See ``rollups.query``. Raises sqlite3.Error."""
        return rollups.query(self._connection, point, first, end)

    def newest(self, record: str) -> Newest | None:
        """See ``trail.newest``. Raises sqlite3.Error."""
        return trail.newest(self._connection, record)

    def close(self) -> None:
        self._connection.close()
