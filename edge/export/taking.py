"""What is asked of an export, and how it is done: rows, then the proof of them, then what the folder holds.

::

    FOLDER/readings.csv                 or .jsonl; of records a sheet for each kind: records-storage.csv
    FOLDER/blocks.jsonl                 the blocks that the rows came from, whole, and the seals around them
    FOLDER/public-key.txt               the key that the newest seal names
    FOLDER/export.json                  what was asked, what there is, how it is verified
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from drivers.contract import Instant
from edge.errors import JournalError
from edge.evidence import holding
from edge.evidence.seals import Seal
from edge.export import proof
from edge.export.blocks import Span, pieces
from edge.export.sheets import Asked, Rows
from edge.instant import rfc3339
from edge.journal import sealing
from edge.journal.block import Lane
from edge.journal.database import explained, open_reader
from edge.journal.standing import SEQ_MASK, LaneStanding, standing
from edge.messages import Lang
from edge.settings import Settings

BLOCKS: Final = "blocks.jsonl"
KEY: Final = "public-key.txt"
MANIFEST: Final = "export.json"

_DAY_NS: Final = 86_400_000_000_000
LAST: Final = Instant((1 << 63) - 1)
"""In the year 2262; no instant is later."""


@dataclass
class Taken:
    """What became of it. unproven: blocks with rows that no seal vouches for, yet or ever.

    captured: whether ``verify`` must be told that the blocks begin in the middle.
    """

    rows: int = 0
    blocks: int = 0
    unproven: int = 0
    key: str | None = None
    captured: bool = False
    files: list[str] = field(default_factory=list)


def take(settings: Settings, asked: Asked, folder: Path, lang: Lang) -> Taken:
    """Writes the folder, whose files must not be there yet. Raises JournalError, OSError."""
    path = settings.journal.path
    taken = Taken()
    try:
        with closing(open_reader(path)) as connection:
            folder.mkdir(parents=True, exist_ok=True)
            lanes = [lane for lane in standing(connection).lanes if lane.lane is asked.lane]
            with closing(Rows(settings, asked, folder, lang)) as rows:
                spans = [(lane, _rows_of(connection, lane, asked, rows, taken)) for lane in lanes]
            taken.rows, taken.files = rows.rows, rows.files
            _prove(connection, settings, spans, folder, taken)
            _tell(folder, settings, asked, taken)
    except sqlite3.Error as error:
        raise explained(path, error) from error
    except (ValueError, LookupError, TypeError) as error:  # whatever damaged bytes may say
        raise JournalError(f"{path} holds a block that is damaged; see `tagtrail verify`") from error
    return taken


def _rows_of(
    connection: sqlite3.Connection, lane: LaneStanding, asked: Asked, rows: Rows, taken: Taken
) -> range:
    """From the first to the last block that had rows."""
    newest = sealing.at_or_before(connection, lane, SEQ_MASK)
    sealed = newest.seq if newest else 0
    first = last = 0
    for piece in pieces(connection, lane, lane.pruned + 1, lane.head, _span(asked)):
        had = rows.take(connection, lane, piece)
        if had:
            first, last = first or had[0], had[-1]
            taken.blocks += len(had)
            taken.unproven += sum(1 for seq in had if seq > sealed)
    return range(first, last + 1) if last else range(0)


def _span(asked: Asked) -> Span:
    """Blocks that may hold it. A record is derived when what it tells of is over, or later."""
    if asked.lane is Lane.TELEMETRY:
        return Span(asked.since, asked.until)
    return Span(Instant(max(asked.since - _DAY_NS, 0)), LAST, asked.kind)


def _prove(
    connection: sqlite3.Connection,
    settings: Settings,
    spans: list[tuple[LaneStanding, range]],
    folder: Path,
    taken: Taken,
) -> None:
    newest: Seal | None = None
    with (folder / BLOCKS).open("xb") as file:
        taken.files.append(BLOCKS)
        for line in _handovers(settings):
            file.write(line + b"\n")
        for lane, span in spans:
            stretch = proof.around(connection, lane, span[0], span[-1]) if span else None
            if stretch is None:
                continue
            taken.captured |= not stretch.is_from_the_beginning
            file.writelines(line + b"\n" for line in proof.lines(connection, stretch))
            newest = sealing.at_or_before(connection, lane, stretch.last)
    if newest is not None:
        taken.key = newest.key
        with (folder / KEY).open("x", encoding="ascii") as key:
            key.write(newest.key + "\n")
        taken.files.append(KEY)


def _handovers(settings: Settings) -> Iterator[bytes]:
    """From the key of old seals to that of now; whoever may not read them exports without."""
    with suppress(OSError):
        for handover in holding.handovers(settings):
            yield orjson.dumps(handover._asdict())


def _tell(folder: Path, settings: Settings, asked: Asked, taken: Taken) -> None:
    told: dict[str, Any] = {
        "v": 1,
        "gateway": settings.gateway.id,
        "lane": asked.lane,
        "from": rfc3339(asked.since),
        "to": rfc3339(asked.until),
        "device": asked.device,
        "kind": asked.kind,
        "rows": taken.rows,
        "blocks": taken.blocks,
        "unproven_blocks": taken.unproven,
        "files": [*taken.files, MANIFEST],
        "verify": verify_line(folder, taken),
    }
    taken.files.append(MANIFEST)
    with (folder / MANIFEST).open("xb") as file:
        file.write(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")


def verify_line(folder: Path, taken: Taken) -> str | None:
    """What an inspector types; None: nothing of it is sealed."""
    if taken.key is None:
        return None
    captured = " --captured" if taken.captured else ""
    return f"tagtrail verify {folder.name}/{BLOCKS} --key {taken.key}{captured}"
