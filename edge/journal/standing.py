"""How far everything is, as of the last commit: what the event loop knows of the file without asking it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from drivers.contract import Instant
from edge.evidence import chain
from edge.journal.block import Lane
from edge.journal.migrations import SEQ_BITS

SEQ_MASK = (1 << SEQ_BITS) - 1

NEWEST_OF = 100
"""Blocks at the end of a lane among which the newest instant is looked for: late ones are rare and near."""


class LaneStanding(NamedTuple):
    """One lane of one journal. number: its place in the file; oldest: the first instant still kept.

    head and pruned are the seqs of the last block written and of the last one deleted; the totals count the
    observations up to there. link: the hash of the head; None in a lane from before there were chains.
    walked: how far the background walk had come when that was last noted; 0: to its end, or it has not begun.
    """

    number: int
    journal: str
    lane: Lane
    pruned: int
    pruned_total: int
    head: int
    head_total: int
    oldest: Instant | None
    link: bytes | None
    walked: int = 0

    def key(self, seq: int) -> int:
        """Of the block with that seq, in the table of blocks."""
        return self.number << SEQ_BITS | seq


class Cursor(NamedTuple):
    """What an uplink has delivered of a lane. total: the observations up to ``seq``."""

    seq: int
    total: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The lanes of every journal in the file, oldest journal first, in it records first.

    cursors: by uplink and lane number. quarantined: blocks by uplink. used_bytes: pages that hold something;
    free_bytes: pages in the file that hold nothing.
    """

    lanes: tuple[LaneStanding, ...]
    cursors: Mapping[tuple[str, int], Cursor]
    quarantined: Mapping[str, int]
    used_bytes: int
    free_bytes: int

    @property
    def uplinks(self) -> frozenset[str]:
        return frozenset(uplink for uplink, _ in self.cursors)

    def lane(self, journal: str, lane: Lane) -> LaneStanding:
        """Raises KeyError for a journal that is not in this file."""
        for standing in self.lanes:
            if standing.journal == journal and standing.lane is lane:
                return standing
        raise KeyError(journal)

    def waiting(self, lane: LaneStanding) -> dict[str, Cursor]:
        """The uplinks that have not yet all of this lane, and how far they are."""
        return {
            uplink: cursor
            for (uplink, number), cursor in self.cursors.items()
            if number == lane.number and cursor.seq < lane.head
        }


def standing(connection: sqlite3.Connection) -> Standing:
    """As the file has it now."""
    pages, free, page_bytes = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return Standing(
        lanes=tuple(_lanes(connection)),
        cursors={
            (uplink, lane): Cursor(seq, total)
            for uplink, lane, seq, total in connection.execute("SELECT uplink, lane, seq, total FROM cursors")
        },
        quarantined=dict(connection.execute("SELECT uplink, count(*) FROM quarantine GROUP BY uplink")),
        used_bytes=(pages - free) * page_bytes,
        free_bytes=free * page_bytes,
    )


def _lanes(connection: sqlite3.Connection) -> list[LaneStanding]:
    rows = connection.execute(
        "SELECT lanes.number, journals.id, lane, pruned_seq, pruned_total, walked_seq"
        " FROM lanes JOIN journals ON journals.number = lanes.journal ORDER BY lanes.number"
    ).fetchall()
    lanes = []
    for number, journal, lane, pruned, pruned_total, walked in rows:
        span = (number << SEQ_BITS, number << SEQ_BITS | SEQ_MASK)
        newest = connection.execute(
            "SELECT key, total, hash FROM blocks WHERE key BETWEEN ? AND ? ORDER BY key DESC LIMIT 1", span
        ).fetchone()
        oldest = connection.execute(
            "SELECT first FROM blocks WHERE key BETWEEN ? AND ? ORDER BY key LIMIT 1", span
        ).fetchone()
        end = pruned, pruned_total, _hash_where_retention_stopped(connection, number << SEQ_BITS | pruned)
        if pruned == 0:
            end = 0, 0, chain.genesis(journal, Lane(lane))
        key, head_total, link = newest or end
        head = key & SEQ_MASK
        first = oldest[0] if oldest else None
        lanes.append(
            LaneStanding(
                *(number, journal, Lane(lane), pruned, pruned_total, head, head_total, first, link, walked)
            )
        )
    return lanes


def _hash_where_retention_stopped(connection: sqlite3.Connection, key: int) -> bytes | None:
    """The seal has it; None: there were no chains yet."""
    row = connection.execute("SELECT hash FROM seals WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def newest(connection: sqlite3.Connection, standing: Standing) -> Instant | None:
    """The newest instant journalled; None: there is none."""
    found = [
        connection.execute(
            "SELECT max(last) FROM (SELECT last FROM blocks WHERE key BETWEEN ? AND ?"
            " ORDER BY key DESC LIMIT ?)",
            (lane.key(0), lane.key(lane.head), NEWEST_OF),
        ).fetchone()[0]
        for lane in standing.lanes
    ]
    return max((instant for instant in found if instant is not None), default=None)
