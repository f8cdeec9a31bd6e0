"""What has been said and is not yet on disk. Bounded; touched by the event loop alone."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from drivers.contract import Instant
from edge.journal.block import MAX_OBSERVATIONS, Entry
from edge.journal.boots import Learnt
from edge.journal.packing import Record
from edge.journal.states import Row
from edge.restamping import Restamping

MOST_OBSERVATIONS = 20_000
"""Held while the disk does not take them: 20 s at 1,000 a second, some 2 MB."""

MOST_ROLLED = 20_000
"""Instants held likewise whose values are for the rollups alone; they take no room from observations."""

MOST_RECORDS = 10_000
"""Held likewise. Weeks of a line's work, and a bound none the less."""


class Refusal(StrEnum):
    """Why the journal did not take something."""

    WAITING = "waiting"
    """Too much waits for the disk already."""

    OVERSIZED = "oversized"
    """An entry that fits into no block."""

    CLOSED = "closed"


class Rolled(NamedTuple):
    """Values by point that stand in no entry, for the rollups alone."""

    at: Instant
    values: Sequence[tuple[str, float]]


class Batch(NamedTuple):
    """What the next commit may take, in order. cursors: new seqs by (uplink, lane number).

    states: what recorders remember once all of these records are derived; written only with the last of them.
    hold: it waits, on disk, for the time to be known. learnt: what has been learnt since the last commit.
    """

    entries: list[Entry]
    records: list[Record]
    cursors: dict[tuple[str, int], int]
    clock: str
    rolled: Sequence[Rolled] = ()
    states: Sequence[Row] = ()
    hold: bool = False
    learnt: Sequence[Learnt] = ()


class Committed(NamedTuple):
    """What a commit took from the batch; more: whether it left something for want of space in it.

    states: whether what recorders remember went with it: never before the last record derived from it.
    released: whether blocks that were held went with it.
    """

    entries: int
    records: int
    more: bool
    states: bool
    released: bool = False


class Waiting:
    """Entries and records in the order in which they came. room: bytes of entries that fill a block."""

    def __init__(self, room: int) -> None:
        self.entries: list[Entry] = []
        self.records: list[Record] = []
        self.rolled: list[Rolled] = []
        self.observations = 0
        self.accepted = 0
        self.stored = 0
        """Entries and records, ever; what was accepted before is stored once ``stored`` has come up to it."""
        self._room = room
        self._fresh_observations = 0
        self._fresh_bytes = 0

    def refusal(self, entry: Entry) -> Refusal | None:
        """Why this entry cannot be added, if it cannot."""
        if len(entry.body) > self._room or entry.observations > MAX_OBSERVATIONS:
            return Refusal.OVERSIZED
        if self.observations + entry.observations > MOST_OBSERVATIONS:
            return Refusal.WAITING
        return None

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.accepted += 1
        self.observations += entry.observations
        self._fresh_observations += entry.observations
        self._fresh_bytes += len(entry.body) + 1

    def add_record(self, record: Record) -> Refusal | None:
        if len(self.records) >= MOST_RECORDS:
            return Refusal.WAITING
        self.records.append(record)
        self.accepted += 1
        return None

    def add_rolled(self, rolled: Rolled) -> Refusal | None:
        if len(self.rolled) >= MOST_ROLLED:
            return Refusal.WAITING
        self.rolled.append(rolled)
        return None

    @property
    def fills_a_block(self) -> bool:
        """Whether what came since the last commit began is enough for a whole block."""
        return self._fresh_observations >= MAX_OBSERVATIONS or self._fresh_bytes > self._room

    def take(self, clock: str, cursors: dict[tuple[str, int], int], *, telemetry: bool, hold: bool) -> Batch:
        """For a commit. All of it goes on waiting until ``remove`` says that it is on disk.

        What is for the rollups alone waits here for the time to be known, the rest on disk.
        """
        self._fresh_observations = self._fresh_bytes = 0
        entries, rolled = (self.entries.copy(), self.rolled.copy()) if telemetry else ([], [])
        return Batch(entries, self.records.copy(), cursors, clock, [] if hold else rolled, hold=hold)

    def restamp(self, again: Restamping) -> None:
        """The time has become known: what was stamped before is put right."""
        self.entries = [
            entry._replace(at=again.instant(entry.at), body=again.json(entry.body)) for entry in self.entries
        ]
        self.records = [_restamped(record, again) for record in self.records]
        self.rolled = [rolled._replace(at=again.instant(rolled.at)) for rolled in self.rolled]

    def remove(self, entries: int, records: int, rolled: int) -> None:
        """The first so many entries and records are on disk, so many values in the rollups."""
        self.observations -= sum(entry.observations for entry in self.entries[:entries])
        del self.entries[:entries]
        del self.records[:records]
        del self.rolled[:rolled]
        self.stored += entries + records


def _restamped(record: Record, again: Restamping) -> Record:
    trail = record.trail.restamped(again) if record.trail is not None else None
    return Record(record.kind, again.instant(record.at), again.json(record.body), trail)
