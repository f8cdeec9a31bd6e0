"""What is kept of each uplink: how far it is in each lane, and the blocks that were set aside for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from drivers.contract import Instant
from edge.journal.standing import LaneStanding


def begin(
    connection: sqlite3.Connection, uplink: str, lanes: Iterable[LaneStanding], *, oldest: bool
) -> None:
    """For an uplink that has none: at what is kept, or at what is new."""
    rows = [
        (uplink, lane.number, lane.pruned, lane.pruned_total)
        if oldest
        else (uplink, lane.number, lane.head, lane.head_total)
        for lane in lanes
    ]
    connection.executemany("INSERT INTO cursors VALUES (?, ?, ?, ?)", rows)


def move(
    connection: sqlite3.Connection, cursors: Mapping[tuple[str, int], int], lanes: Iterable[LaneStanding]
) -> None:
    """By uplink and number of the lane, the seq up to which it has acknowledged. Never back."""
    by_number = {lane.number: lane for lane in lanes}
    connection.executemany(
        "UPDATE cursors SET seq = ?1, total = (SELECT total FROM blocks WHERE key = ?2)"
        " WHERE uplink = ?3 AND lane = ?4 AND seq < ?1",
        [(seq, by_number[lane].key(seq), uplink, lane) for (uplink, lane), seq in cursors.items()],
    )


def forget(connection: sqlite3.Connection, uplink: str) -> None:
    """Gives up the uplink's cursors and what was set aside for it."""
    connection.execute("DELETE FROM cursors WHERE uplink = ?", (uplink,))
    connection.execute("DELETE FROM quarantine WHERE uplink = ?", (uplink,))


def quarantine(
    connection: sqlite3.Connection, uplink: str, lane: LaneStanding, seq: int, *, why: str, at: Instant
) -> None:
    """Sets a block aside for this uplink."""
    connection.execute(
        "INSERT OR REPLACE INTO quarantine (uplink, lane, seq, why, at) VALUES (?, ?, ?, ?, ?)",
        (uplink, lane.number, seq, why, at),
    )
