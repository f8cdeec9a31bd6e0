"""How far each device's observations have come: observed, journalled, acknowledged by the broker.

Observed is what the gateway's intake counts. Journalled and acknowledged are read from the journal itself:
the blocks that are there, and those up to the uplink's cursor. Fewer are journalled than observed where a tag
repeats, a receiver talks more often than its cadence asks, or ``thin`` leaves out what says nothing new.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from edge.journal.block import Lane
from edge.journal.database import open_reader
from edge.journal.standing import SEQ_MASK, standing

_NO_QUANTITY: Final = {"t", "device", "raw", "quality"}
_POSITION: Final = {"lat", "lon", "speed", "course", "altitude", "satellites", "hdop"}


@dataclass(slots=True)
class Tally:
    """Of one journal; ``count`` looks at what has come since the last time."""

    path: Path
    uplink: str
    journalled: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    _waiting: dict[int, Counter[str]] = field(default_factory=dict)
    _seen: int = 0

    def count(self) -> None:
        """Reads the new blocks and the cursor; a journal that is still being made counts nothing."""
        if not self.path.exists():
            return
        try:
            with closing(open_reader(self.path)) as connection:
                self._count(connection)
        except sqlite3.OperationalError:
            return

    def _count(self, connection: sqlite3.Connection) -> None:
        now = standing(connection)
        lane = next((lane for lane in reversed(now.lanes) if lane.lane is Lane.TELEMETRY), None)
        if lane is None:
            return
        rows = connection.execute(
            "SELECT key, body FROM blocks WHERE key > ? AND key <= ? ORDER BY key",
            (lane.key(self._seen), lane.key(lane.head)),
        )
        for key, body in rows:
            self._seen = key & SEQ_MASK
            self._waiting[self._seen] = devices = _devices(body)
            self.journalled.update(devices)
        cursor = now.cursors.get((self.uplink, lane.number))
        for seq in [seq for seq in self._waiting if cursor and seq <= cursor.seq]:
            self.acknowledged.update(self._waiting.pop(seq))


def _devices(body: bytes) -> Counter[str]:
    devices: Counter[str] = Counter()
    for entry in orjson.loads(body)["observations"]:
        devices[entry["device"]] += _observations(entry)
    return devices


def _observations(entry: dict[str, Any]) -> int:
    quantities = entry.keys() - _NO_QUANTITY
    return 1 if "code" in entry or quantities <= _POSITION else len(quantities)
