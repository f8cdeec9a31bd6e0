"""Blocks that wait for the time: on disk, with neither seq nor hash, until their stamps can be right.

::

    commit ──time not known──▶ held ──learnt, or waited long enough──▶ blocks
                                ▲
    commit ──while some wait────┘   what comes queues behind them

What another boot left here is released as it is: that boot never learnt the time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

from edge.journal import boots
from edge.journal.block import Lane
from edge.journal.packing import Draft
from edge.journal.trail import Index, Link
from edge.restamping import Restamping, of_boot

UNSYNCED: Final = "unsynced"

_COLUMNS: Final = ("lane", "kind", "first", "last", "observations", "boot", "clock", "content", "trail")
_NAMES: Final = ", ".join(_COLUMNS)


class Ready(NamedTuple):
    """What becomes a block. boot: in which it was said; clock: how the time was known in it."""

    draft: Draft
    boot: str
    clock: str


class Passed(NamedTuple):
    """What a commit makes blocks of, by lane, and the telemetry in it that had been held.

    queued: whether what is new now waits itself. freed: whether anything was released.
    """

    blocks: Mapping[Lane, list[Ready]]
    released: Sequence[Ready]
    queued: bool
    freed: bool


NOTHING: Final = Passed({lane: [] for lane in Lane}, (), queued=False, freed=False)


class Held:
    """What waits in the file; for the thread that writes, within its transactions. boot: this one."""

    def __init__(self, connection: sqlite3.Connection, boot: str) -> None:
        self._connection = connection
        self._boot = boot

    @property
    def waits(self) -> bool:
        """Whether anything does."""
        return self._connection.execute("SELECT 1 FROM held LIMIT 1").fetchone() is not None

    def own(self, drafts: Iterable[Draft], clock: str) -> list[Ready]:
        """What was said in this boot."""
        return [Ready(draft, self._boot, clock) for draft in drafts]

    def passed(
        self, new: Mapping[Lane, Sequence[Draft]], clock: str, *, hold: bool, most_bytes: int
    ) -> Passed:
        """Releases about ``most_bytes`` of what waited, and lets pass what is new, or keeps it.

        hold: what this boot says waits for the time.
        """
        blocks: dict[Lane, list[Ready]] = {lane: [] for lane in Lane}
        for number, lane, ready in self._oldest(most_bytes, but=self._boot if hold else None):
            blocks[lane].append(ready)
            self._connection.execute("DELETE FROM held WHERE number = ?", (number,))
        released, freed = tuple(blocks[Lane.TELEMETRY]), any(blocks.values())
        queued = hold or self.waits
        for lane, drafts in new.items():
            if queued:
                self._keep(lane, drafts, clock)
            else:
                blocks[lane] += self.own(drafts, clock)
        return Passed(blocks, released, queued, freed)

    def _keep(self, lane: Lane, drafts: Iterable[Draft], clock: str) -> None:
        self._connection.executemany(
            f"INSERT INTO held ({_NAMES}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
            [
                (*row, _hash(row))
                for kind, first, last, observations, content, _, trail in drafts
                for row in [
                    (str(lane), kind, first, last, observations, self._boot, clock, content, _json(trail))
                ]
            ],
        )

    def _oldest(self, most_bytes: int, but: str | None) -> list[tuple[int, Lane, Ready]]:
        """In order, with their numbers and right stamps, those of the boot ``but`` excepted.

        Raises sqlite3.Error, also where one is not what was stored.
        """
        found: list[tuple[int, Lane, Ready]] = []
        size = 0
        rows = self._connection.execute(
            f"SELECT number, hash, {_NAMES} FROM held WHERE boot IS NOT ? ORDER BY number",  # noqa: S608 - ours
            (but,),
        )
        for number, kept, *row in rows:
            if kept != _hash(row):
                rows.close()
                raise sqlite3.DatabaseError(f"held block {number} is not what was stored")
            lane, kind, first, last, observations, boot, stamped, content, trail = row
            again, clock = _learnt(self._connection, boot, stamped, last)
            index = _index(trail).restamped(again) if trail is not None else None
            span = again.instant(first), again.instant(last)
            draft = Draft(kind, *span, observations, again.json(content), 1, index)
            found.append((number, Lane(lane), Ready(draft, boot, clock)))
            size += len(content)
            if size >= most_bytes:
                break
        rows.close()
        return found


def is_sound(row: Mapping[str, Any]) -> bool:
    """Whether a row of a damaged file is what was stored."""
    try:
        return bool(row["hash"] == _hash([row[name] for name in _COLUMNS]))
    except (LookupError, TypeError):
        return False


def _hash(row: Sequence[Any]) -> bytes:
    *facts, content, trail = row
    return sha256(orjson.dumps(facts) + content + (trail or b"")).digest()


def _learnt(connection: sqlite3.Connection, boot: str, stamped: str, last: int) -> tuple[Restamping, str]:
    row = boots.read(connection, boot)
    if stamped != UNSYNCED or row is None or row.source is None:
        return Restamping(0, 0, 0), stamped
    return of_boot(row.base, last, row.shift), row.source


def _json(trail: Index | None) -> bytes | None:
    if trail is None:
        return None
    return orjson.dumps(trail._asdict() | {"links": [list(link) for link in trail.links]})


def _index(trail: bytes) -> Index:
    row = orjson.loads(trail)
    links = tuple(Link(source, relation, target, at) for source, relation, target, at in row["links"])
    return Index(**row | {"nodes": tuple(row["nodes"]), "links": links})
