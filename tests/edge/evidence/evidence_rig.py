"""Sealed journals made block by block, and what an attacker with the file in his hands does to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from drivers.contract import Instant
from edge.evidence import chain
from edge.evidence.keys import SigningKey
from edge.evidence.seals import Seal, read_seal
from edge.evidence.verification import Break, Kind, Rules
from edge.evidence.verify import EXPORT, JournalFile, Lines, Verdict, export, verify
from edge.journal.block import Entry, Lane
from edge.journal.identity import Identity
from edge.journal.packing import Record
from edge.journal.rules import Rules as JournalRules
from edge.journal.waiting import Batch
from edge.journal.writer import Writer

START_NS = 1_795_317_247_000_000_000
SECOND_NS = 1_000_000_000
DAY_S = 86_400
KEY = SigningKey.generate()
OTHER_KEY = SigningKey.generate()


@dataclass
class Box:
    """A gateway whose time goes on by a step with each commit."""

    folder: Path
    key: SigningKey = KEY
    machine: str = "box-1"
    step_s: int = 20
    rules: JournalRules = field(default_factory=JournalRules)
    at: int = START_NS

    @property
    def path(self) -> Path:
        return self.folder / "journal.db"

    def now(self) -> Instant:
        return Instant(self.at)

    @contextmanager
    def writing(self, witnessed: Sequence[Seal] = ()) -> Iterator[Writer]:
        identity = Identity("dx-yidong-01", self.machine, "boot-1", "伊东羊业", self.key)
        with closing(Writer(self.path, identity, self.rules, self.now, witnessed)) as writer:
            yield writer

    def telemetry(self, writer: Writer, count: int = 1, device: str = "chiller-1-air") -> None:
        for _ in range(count):
            self.at += self.step_s * SECOND_NS
            body = b'{"t":"%d","device":"%s","temperature":3.4}' % (self.at, device.encode())
            writer.commit(Batch([Entry(self.now(), body, 1)], [], {}, "ntp"))

    def record(self, writer: Writer, body: bytes = b'{"kind":"gateway"}') -> None:
        self.at += self.step_s * SECOND_NS
        writer.commit(Batch([], [Record("gateway", self.now(), body)], {}, "ntp"))

    def written(self, telemetry: int = 12, records: int = 4) -> None:
        with self.writing() as writer:
            for _ in range(records):
                self.record(writer)
            self.telemetry(writer, telemetry)

    @contextmanager
    def tampering(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path)) as file:
            yield file
            file.commit()

    def key_of(self, lane: Lane, seq: int) -> int:
        return (1 if lane is Lane.RECORDS else 2) << 40 | seq


def checked(
    path: Path, key: SigningKey = KEY, witnessed: Iterable[Seal] = (), rules: Rules | None = None
) -> Verdict:
    """What ``verify`` says of a journal; with ``rules``, of a file of lines."""
    return verify(JournalFile(path) if rules is None else Lines(path, rules), key.public, witnessed)


def exported(path: Path, to: Path) -> list[bytes]:
    lines = list(export(path))
    write(to, lines)
    return lines


def write(path: Path, lines: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def check_lines(folder: Path, lines: Iterable[bytes], witnessed: Iterable[Seal] = ()) -> Verdict:
    return checked(write(folder / "tampered.jsonl", lines), witnessed=witnessed, rules=EXPORT)


def the_break(verdict: Verdict) -> Break:
    """The one lane that is broken."""
    (found,) = [lane.broken for lane in verdict.lanes if lane.broken is not None]
    return found


def kinds(verdict: Verdict) -> set[Kind]:
    return {lane.broken.kind for lane in verdict.lanes if lane.broken is not None}


def seals_of(lines: Iterable[bytes]) -> list[Seal]:
    return [read_seal(line) for line in lines if chain.claim(line) is None]


def newest_seal(path: Path, lane: Lane) -> Seal:
    return max((s for s in JournalFile(path).seals() if s.lane is lane), key=lambda seal: seal.seq)


def blocks_of(lines: Iterable[bytes], lane: Lane) -> list[bytes]:
    return [line for line in lines if (claim := chain.claim(line)) is not None and claim.lane is lane]
