"""Where blocks and seals are read from for verification: a journal, or a file of lines; and the verdict.

A file of lines holds payloads as they are published, one a line: blocks and seals, in any mixture of lanes,
and handovers from one key to the next where the records that tell of them are not in it.
An export is such a file, whole; a capture from the broker is one that may begin anywhere and repeat itself.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import orjson

from edge.errors import JournalError
from edge.evidence import chain
from edge.evidence.seals import Handover, Seal, read_handover, read_seal
from edge.evidence.verification import Break, Kind, LaneFound, LaneWalk, Rules, Trust
from edge.journal.block import Lane
from edge.journal.database import explained, open_reader
from edge.journal.sealing import kept
from edge.journal.standing import SEQ_MASK, LaneStanding, standing

EXPORT: Final = Rules(repeats=False, begins_anywhere=False, open_tail=frozenset(), every_signature=True)
CAPTURE: Final = Rules(repeats=True, begins_anywhere=True, open_tail=frozenset(Lane), every_signature=True)
JOURNAL: Final = Rules(
    repeats=False, begins_anywhere=False, open_tail=frozenset({Lane.TELEMETRY}), every_signature=False
)
"""Records are sealed as they are committed; telemetry each minute."""

_PIECE: Final = 1000
"""Blocks read at a time: a long read would keep the write-ahead log from starting over."""

_KEY_EVENT: Final = b'"event":"key"'
_SQLITE: Final = b"SQLite format 3\0"


class Found(NamedTuple):
    """A block where it was found. kept: the hash that stands beside it."""

    journal: str
    lane: Lane
    seq: int
    body: bytes
    kept: bytes | None = None


class Verdict(NamedTuple):
    """Lane by lane. malformed: the first line that is neither block nor seal."""

    lanes: Sequence[LaneFound]
    malformed: Break | None = None

    @property
    def holds(self) -> bool:
        """Whether there is something, and nothing of it is broken."""
        return bool(self.lanes) and not self.malformed and all(lane.broken is None for lane in self.lanes)


class Source(Protocol):
    """Where the blocks are.

    Once both have been read: handovers: those that stand beside them; malformed: what was none of these.
    """

    rules: Rules
    handovers: list[Handover]
    malformed: Break | None

    def seals(self) -> Iterable[Seal]: ...

    def blocks(self) -> Iterable[Found]: ...


def verify(
    source: Source, key: str, witnessed: Iterable[Seal] = (), handovers: Iterable[Handover] = ()
) -> Verdict:
    """Checks every lane of the source. key: the gateway's public key. handovers: beside those in its records.

    Raises JournalError, OSError.
    """
    seals: defaultdict[tuple[str, Lane], list[Seal]] = defaultdict(list)
    for seal in source.seals():
        seals[seal.journal, seal.lane].append(seal)
    walks = {at: LaneWalk(*at, found, source.rules) for at, found in seals.items()}
    known = [*handovers, *source.handovers]
    for journal, lane, seq, body, link in source.blocks():
        walk = walks.get((journal, lane))
        if walk is None:
            walk = walks[journal, lane] = LaneWalk(journal, lane, (), source.rules)
        walk.block(seq, body, link)
        if _KEY_EVENT in body and (handover := _handover(body)) is not None:
            known.append(handover)
    seen: defaultdict[tuple[str, Lane], list[Seal]] = defaultdict(list)
    for seal in witnessed:
        seen[seal.journal, seal.lane].append(seal)
    for at in seen.keys() - walks.keys():
        walks[at] = LaneWalk(*at, (), source.rules)
    trust = Trust(key, known)
    lanes = [walks[at].end(trust, seen[at]) for at in sorted(walks)]
    return Verdict(lanes, source.malformed)


class Lines:
    """A file of payloads, one a line. Reading raises OSError."""

    def __init__(self, path: Path, rules: Rules) -> None:
        self.rules = rules
        self.handovers: list[Handover] = []
        self.malformed: Break | None = None
        self._path = path

    def seals(self) -> Iterator[Seal]:
        for number, line in self._lines():
            if chain.claim(line) is None:
                try:
                    yield read_seal(line)
                except ValueError:
                    self._no_seal(number, line)

    def _no_seal(self, number: int, line: bytes) -> None:
        with suppress(orjson.JSONDecodeError):
            if (handover := read_handover(orjson.loads(line))) is not None:
                self.handovers.append(handover)
                return
        self.malformed = self.malformed or Break(Kind.MALFORMED, number, number)

    def blocks(self) -> Iterator[Found]:
        for _, line in self._lines():
            claim = chain.claim(line)
            if claim is not None:
                yield Found(*claim, line)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.removesuffix(b"\n")


class JournalFile:
    """A journal, as it stands at the first look; a gateway may go on writing it. Raises JournalError."""

    def __init__(self, path: Path) -> None:
        self.rules = JOURNAL
        self.handovers: list[Handover] = []
        self.malformed: Break | None = None
        self._path = path
        self._lanes: Sequence[LaneStanding] = ()

    def seals(self) -> Iterable[Seal]:
        try:
            with closing(open_reader(self._path)) as connection:
                connection.execute("BEGIN")
                self._lanes = standing(connection).lanes
                return [seal for lane in self._lanes for seal in kept(connection, lane)]
        except sqlite3.Error as error:
            raise explained(self._path, error) from error

    def blocks(self) -> Iterator[Found]:
        try:
            with closing(open_reader(self._path)) as connection:
                for lane in self._lanes:
                    yield from _blocks(connection, lane)
        except sqlite3.Error as error:
            raise explained(self._path, error) from error


def source_of(path: Path, *, captured: bool) -> Source:
    """What lies there. Raises JournalError where nothing does."""
    try:
        with path.open("rb") as file:
            is_journal = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise JournalError(f"{path} cannot be read ({error.strerror})") from error
    return JournalFile(path) if is_journal else Lines(path, CAPTURE if captured else EXPORT)


def witnesses(path: Path) -> list[Seal]:
    """The seals in a file of lines that somebody else has kept. Raises JournalError for any other line."""
    try:
        return [read_seal(line) for line in path.read_bytes().splitlines()]
    except OSError as error:
        raise JournalError(f"{path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise JournalError(f"{path} holds a line that is no seal as a gateway publishes it") from error


def export(path: Path) -> Iterator[bytes]:
    """A journal as lines that ``verify`` reads: of each lane its oldest seal, its blocks, its newest seal.

    Blocks that await their seal are left out. Raises JournalError.
    """
    journal = JournalFile(path)
    ends: dict[tuple[str, Lane], tuple[Seal, Seal]] = {}
    for seal in journal.seals():
        oldest, _ = ends.get((seal.journal, seal.lane), (seal, seal))
        ends[seal.journal, seal.lane] = oldest, seal
    for oldest, newest in ends.values():
        yield oldest.payload
        if newest != oldest:
            yield newest.payload
    for journal_id, lane, seq, body, _ in journal.blocks():
        if (journal_id, lane) in ends and seq <= ends[journal_id, lane][1].seq:
            yield body


def _blocks(connection: sqlite3.Connection, lane: LaneStanding) -> Iterator[Found]:
    after, head = lane.key(0), lane.key(lane.head)
    while rows := connection.execute(
        "SELECT key, body, hash FROM blocks WHERE key > ? AND key <= ? ORDER BY key LIMIT ?",
        (after, head, _PIECE),
    ).fetchall():
        for key, body, link in rows:
            yield Found(lane.journal, lane.lane, key & SEQ_MASK, body, link)
        after = rows[-1][0]


def _handover(body: bytes) -> Handover | None:
    """What a gateway's record of a new key says of the old one."""
    try:
        record = orjson.loads(body)["record"]
        return read_handover(record["facts"]["handover"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
