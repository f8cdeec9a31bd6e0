"""How fast ``verify`` checks blocks: a journal of a thousand readings a second, and one of records alone."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from drivers.contract import NANOSECONDS, Instant
from edge.evidence.keys import SigningKey
from edge.evidence.verify import JournalFile, verify
from edge.journal.block import Entry
from edge.journal.identity import Identity
from edge.journal.packing import Record
from edge.journal.rules import Rules
from edge.journal.waiting import Batch
from edge.journal.writer import Writer

BLOCKS: Final = 20_000
PER_COMMIT: Final = 10
RECORD: Final = b'{"kind":"storage","series":"%s"}' % (b"3.4," * 150)
READING: Final = b'{"t":"2026-11-22T03:14:07.120Z","device":"chiller-1-air","temperature":3.4}'


def blocks_per_s(folder: Path) -> float:
    """Blocks checked in a second of CPU: records of 700 bytes and telemetry of about as much, by turns."""
    key = SigningKey.generate()
    with TemporaryDirectory(dir=folder) as inner:
        path = Path(inner) / "journal.db"
        _fill(path, key)
        began = time.process_time()
        verdict = verify(JournalFile(path), key.public)
        took_s = time.process_time() - began
    if not verdict.holds:
        raise RuntimeError(f"a journal that nobody touched does not hold: {verdict}")
    return sum(lane.blocks for lane in verdict.lanes) / took_s


def _fill(path: Path, key: SigningKey) -> None:
    at = 1_795_317_247 * NANOSECONDS

    def now() -> Instant:
        return Instant(at)

    reading = b",".join([READING] * 8)
    with closing(Writer(path, Identity("dx-yidong-01", "box", "boot", "", key), Rules(), now)) as writer:
        for _ in range(BLOCKS // 2 // PER_COMMIT):
            at += NANOSECONDS
            records = [Record("storage", now(), RECORD)] * PER_COMMIT
            writer.commit(Batch([], records, {}, "ntp"))
            for _ in range(PER_COMMIT):
                writer.commit(Batch([Entry(now(), reading, 8)], [], {}, "ntp"))
