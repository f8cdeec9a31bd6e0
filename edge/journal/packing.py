"""Entries and records to the bytes of blocks: see ``block.py`` for the layout. Pure.

Entries are joined as they came, never encoded again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from drivers.contract import Instant
from edge.journal.block import MAX_BYTES, MAX_OBSERVATIONS, Entry, Lane
from edge.journal.identity import Identity
from edge.journal.trail import Index

TELEMETRY_KIND = "telemetry"

_LONGEST_SEQ = (1 << 40) - 1
_LONGEST_CLOCK = "x" * 16
_CLOSING = {Lane.TELEMETRY: b"]}", Lane.RECORDS: b"}"}


class Record(NamedTuple):
    """A record on its way to its block. body: its JSON object, encoded. trail: how it is found again."""

    kind: str
    at: Instant
    body: bytes
    trail: Index | None = None


class Draft(NamedTuple):
    """A block that has no seq yet. taken: how many entries or records it is made of."""

    kind: str
    first: Instant
    last: Instant
    observations: int
    content: bytes
    taken: int
    trail: Index | None = None


class Envelope:
    """The bytes around a block's content."""

    def __init__(self, identity: Identity, journal: str) -> None:
        self._names = b'{"v":1,"gateway":%b,"journal":%b,"lane":' % (
            orjson.dumps(identity.gateway),
            orjson.dumps(journal),
        )
        self._boot = orjson.dumps(identity.boot)
        self.room = MAX_BYTES - len(self.close(Lane.TELEMETRY, _LONGEST_SEQ, _LONGEST_CLOCK, b""))
        """Bytes that the entries of a telemetry block may take, commas included."""

    def close(self, lane: Lane, seq: int, clock: str, content: bytes, boot: str | None = None) -> bytes:
        """The finished block; of another boot than this one where ``boot`` is given."""
        opening = b'%b"%b","seq":%d,"boot":%b,"clock":%b,' % (
            self._names,
            lane.encode(),
            seq,
            self._boot if boot is None else orjson.dumps(boot),
            orjson.dumps(clock),
        )
        name = b'"observations":[' if lane is Lane.TELEMETRY else b'"record":'
        return b"".join((opening, name, content, _CLOSING[lane]))


def telemetry(entries: Iterable[Entry], room: int) -> Iterator[Draft]:
    """Fills one block after the other with entries, in order, none past its bounds."""
    chunk: list[Entry] = []
    observations = size = 0
    for entry in entries:
        grown = size + len(entry.body) + 1
        if chunk and (observations + entry.observations > MAX_OBSERVATIONS or grown - 1 > room):
            yield _draft(chunk, observations)
            chunk, observations, grown = [], 0, len(entry.body) + 1
        chunk.append(entry)
        observations += entry.observations
        size = grown
    if chunk:
        yield _draft(chunk, observations)


def records(waiting: Iterable[Record]) -> Iterator[Draft]:
    """A block for each record."""
    for record in waiting:
        yield Draft(record.kind, record.at, record.at, 0, record.body, 1, record.trail)


def within(drafts: Iterable[Draft], most_bytes: int) -> Iterator[Draft]:
    """The first of them, up to about ``most_bytes``; one at least."""
    size = 0
    for draft in drafts:
        if size and size + len(draft.content) > most_bytes:
            return
        size += len(draft.content)
        yield draft


def _draft(entries: list[Entry], observations: int) -> Draft:
    instants = [entry.at for entry in entries]
    content = b",".join([entry.body for entry in entries])
    return Draft(TELEMETRY_KIND, min(instants), max(instants), observations, content, len(entries))
