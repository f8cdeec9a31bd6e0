"""What `status` shows of the journal: from memory, and what only the file itself knows."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from drivers.contract import Instant
from edge.instant import rfc3339
from edge.journal import sealing
from edge.journal.block import Lane
from edge.journal.standing import SEQ_MASK, Standing

_NEWEST_REASONS: Final = 5
"""Told of the blocks that an uplink has set aside."""


def lanes(standing: Standing, journal: str) -> dict[str, dict[str, int | None]]:
    """Of the journal now written: the newest seq, how far retention has been, the oldest instant kept."""
    return {
        lane.lane.value: {"head": lane.head, "pruned": lane.pruned, "oldest": lane.oldest}
        for lane in standing.lanes
        if lane.journal == journal
    }


def backlog(standing: Standing) -> dict[str, dict[str, dict[str, int]]]:
    """By uplink and lane, every journal of the file together: what is still to be delivered."""
    owed: dict[str, dict[str, dict[str, int]]] = {
        uplink: {lane.value: {"blocks": 0, "observations": 0} for lane in Lane}
        for uplink in sorted(standing.uplinks)
    }
    for lane in standing.lanes:
        for uplink, cursor in standing.waiting(lane).items():
            count = owed[uplink][lane.lane.value]
            count["blocks"] += lane.head - cursor.seq
            count["observations"] += lane.head_total - cursor.total
    return owed


def sizes(path: Path) -> dict[str, int]:
    """Of the file and of its write-ahead log."""
    names = {"size_bytes": path, "wal_bytes": path.with_name(path.name + "-wal")}
    return {name: file.stat().st_size if file.exists() else 0 for name, file in names.items()}


def stored(connection: sqlite3.Connection, standing: Standing) -> dict[str, Any]:
    """A few short looks into the file. walked: how far the background walk has come when that was last noted.

    Raises sqlite3.Error.
    """
    return {
        "oldest_owed": _oldest_owed(connection, standing),
        "quarantine": _quarantine(connection, standing),
        "seals": _seals(connection, standing),
    }


def _oldest_owed(connection: sqlite3.Connection, standing: Standing) -> dict[str, dict[str, str]]:
    """By uplink and lane: when the first block was observed that is still to be delivered."""
    oldest: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for lane in standing.lanes:
        for uplink, cursor in standing.waiting(lane).items():
            row = connection.execute(
                "SELECT first FROM blocks WHERE key > ? ORDER BY key LIMIT 1", (lane.key(cursor.seq),)
            ).fetchone()
            if row is not None:
                known = oldest[uplink].get(lane.lane, row[0])
                oldest[uplink][lane.lane] = min(known, row[0])
    return {
        uplink: {lane: rfc3339(Instant(at)) for lane, at in by_lane.items()}
        for uplink, by_lane in oldest.items()
    }


def _quarantine(connection: sqlite3.Connection, standing: Standing) -> dict[str, list[dict[str, Any]]]:
    """By uplink: the newest blocks that it has set aside, and why."""
    lanes = {lane.number: lane for lane in standing.lanes}
    told: dict[str, list[dict[str, Any]]] = {}
    for uplink in standing.quarantined:
        rows = connection.execute(
            "SELECT lane, seq, why, at FROM quarantine WHERE uplink = ? ORDER BY at DESC LIMIT ?",
            (uplink, _NEWEST_REASONS),
        )
        told[uplink] = [
            {"lane": lanes[lane].lane, "journal": lanes[lane].journal, "seq": seq, "why": why}
            | {"at": rfc3339(Instant(at))}
            for lane, seq, why, at in rows.fetchall()
            if lane in lanes
        ]
    return told


def _seals(connection: sqlite3.Connection, standing: Standing) -> dict[str, dict[str, Any]]:
    """By lane of the newest journal of the file."""
    told: dict[str, dict[str, Any]] = {}
    for lane in standing.lanes:
        if lane.journal == standing.lanes[-1].journal:
            seal = sealing.at_or_before(connection, lane, SEQ_MASK)
            told[lane.lane] = {
                "seq": seal.seq if seal else None,
                "t": seal.t if seal else None,
                "key": seal.key if seal else None,
                "head": lane.head,
                "walked": lane.walked,
            }
    return told
