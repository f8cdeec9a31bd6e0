"""What `status` shows of the journal."""

from __future__ import annotations

from pathlib import Path

from edge.journal.block import Lane
from edge.journal.standing import Standing


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
