"""What a program said before its power went, and whether a journal that comes back keeps it.

The facts said are JSON, so that a program in another process can say them too:

========================================================= =================================================
``{"stored": [[journal, lane, seq, body], …], "n": …}``    on disk: these blocks, and the last record whose
                                                          number a recorder remembers
``{"delivered": [uplink, journal, lane, seq]}``            the far side has had them up to there
``{"acknowledged": [uplink, journal, lane, seq]}``         on disk: the cursor there
``{"forgetting": uplink}``                                 from here on its cursors may be gone
``{"key": public}``                                        on disk: the key that seals
``{"sealed": [payload, …]}``                               published: the newest seal of each lane
========================================================= =================================================
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from edge.errors import JournalError
from edge.evidence.keys import read_key
from edge.evidence.seals import Seal, read_seal
from edge.evidence.verify import JournalFile, verify
from edge.journal.block import Block, Lane
from edge.journal.database import open_reader
from edge.journal.packing import Record
from edge.journal.reader import Reader
from edge.journal.standing import LaneStanding, standing
from edge.journal.store import Rules
from edge.journal.waiting import Batch
from edge.journal.writer import Writer
from tests.edge.journal.journal_rig import Box

LOST: Final = "lost"
"""A block, a cursor or a remembered state that was said to be on disk is not."""

CORRUPT: Final = "corrupt"
"""The file does not open, is damaged, or holds other bytes than were stored."""

HOLES: Final = "holes"
"""A seq is missing between others, or is given out a second time."""

AHEAD: Final = "ahead"
"""A cursor beyond what was delivered, or a state other than its records'."""

BROKEN: Final = (LOST, CORRUPT, HOLES, AHEAD)

KIND: Final = "dispatch"
"""Of the records whose numbers a recorder remembers."""

KEY_FILE: Final = "journal.db.key"

_ALL: Final = 1 << 40

Key: TypeAlias = tuple[str, str, int]
Place: TypeAlias = tuple[str, str, str]


@dataclass(slots=True)
class Promised:
    """Everything said up to some moment. n: the last record that a recorder remembers."""

    blocks: dict[Key, str] = field(default_factory=dict)
    n: int = 0
    delivered: dict[Place, int] = field(default_factory=dict)
    acknowledged: dict[Place, int] = field(default_factory=dict)
    key: str | None = None
    seals: Sequence[str] = ()

    def hear(self, fact: Mapping[str, Any]) -> None:
        self.key = fact.get("key", self.key)
        self.seals = fact.get("sealed", self.seals)
        for journal, lane, seq, body in fact.get("stored", ()):
            self.blocks[journal, lane, seq] = body
        self.n = max(self.n, fact.get("n", 0))
        for seqs, word in ((self.delivered, "delivered"), (self.acknowledged, "acknowledged")):
            if word in fact:
                uplink, journal, lane, seq = fact[word]
                seqs[uplink, journal, lane] = max(seq, seqs.get((uplink, journal, lane), 0))
        if "forgetting" in fact:
            for place in [place for place in self.acknowledged if place[0] == fact["forgetting"]]:
                del self.acknowledged[place]


class Found(NamedTuple):
    """A journal that came back, and one more record stored in it. cursors: by uplink, journal and lane.

    n: what the recorder remembers. next: the seq that the record got. intact: what SQLite's own check says,
    and that of the chain against the seals that others have seen. key: the public half of the key in the
    folder, if there is one.
    """

    lanes: Sequence[LaneStanding]
    blocks: Mapping[Key, Block]
    cursors: Mapping[Place, int]
    n: int
    next: Key
    intact: bool
    key: str | None


def broken(folder: Path, promised: Promised, ever: Mapping[Key, str]) -> set[str]:
    """Opens the journal in this folder as the gateway would, and says what it does not keep.

    It may go on in a new journal, or in a new file with what was saved of the old one: that breaks nothing.
    ever: every block that was said to be stored, before the cut or later.
    """
    try:
        found = _open(Box(folder), [read_seal(payload.encode()) for payload in promised.seals])
    except (JournalError, sqlite3.Error, LookupError, TypeError, ValueError):  # of rows that make no sense
        return {CORRUPT}
    checks = {
        LOST: _loses(found, promised),
        CORRUPT: _is_corrupt(found, ever),
        HOLES: _has_holes(found),
        AHEAD: _is_ahead(found, promised),
    }
    return {word for word, is_so in checks.items() if is_so}


def blocks_in(path: Path) -> dict[Key, Block]:
    """Every block of a journal. Raises sqlite3.Error, JournalError."""
    with closing(open_reader(path)) as connection, closing(Reader(path)) as reader:
        blocks = [block for lane in standing(connection).lanes for block in reader.blocks(lane, 0, _ALL)]
    return {(block.journal, block.lane.value, block.seq): block for block in blocks}


def _open(box: Box, witnessed: Sequence[Seal]) -> Found:
    key_file = box.path.with_name(KEY_FILE)
    if key_file.exists():
        box.key = read_key(key_file)
    with closing(Writer(box.path, box.identity(), Rules(), box.now)) as writer:
        while writer.carry_over("ntp"):
            pass
        now = writer.standing
        blocks = blocks_in(box.path)
        lanes = {lane.number: lane for lane in now.lanes}
        cursors = {
            (uplink, lanes[number].journal, lanes[number].lane.value): cursor.seq
            for (uplink, number), cursor in now.cursors.items()
        }
        n = max((int(row.body or b"0") for row in writer.remembered()), default=0)
        writer.commit(Batch([], [Record("gateway", box.now(), b"{}")], {}, "ntp"))
        head = writer.standing.lane(writer.journal, Lane.RECORDS).head
        with closing(sqlite3.connect(box.path)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    chained = all(
        lane.broken is None
        for lane in verify(JournalFile(box.path), box.key.public, witnessed).lanes
        if lane.journal == writer.journal
    )
    key = box.key.public if key_file.exists() else None
    return Found(
        now.lanes, blocks, cursors, n, (writer.journal, Lane.RECORDS.value, head), sound and chained, key
    )


def _loses(found: Found, promised: Promised) -> bool:
    pruned = {(lane.journal, lane.lane.value): lane.pruned for lane in found.lanes}
    missing = promised.blocks.keys() - found.blocks.keys()
    return (
        any(seq > pruned.get((journal, lane), 0) for journal, lane, seq in missing)
        or any(found.cursors.get(place, 0) < seq for place, seq in promised.acknowledged.items())
        or found.n < promised.n
        or (promised.key is not None and found.key != promised.key)
    )


def _is_corrupt(found: Found, ever: Mapping[Key, str]) -> bool:
    return not found.intact or any(
        ever.get(key, body := block.body.decode()) != body for key, block in found.blocks.items()
    )


def _has_holes(found: Found) -> bool:
    seqs: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for journal, lane, seq in found.blocks:
        seqs[journal, lane].append(seq)
    return found.next in found.blocks or any(
        seqs[lane.journal, lane.lane.value] != list(range(lane.pruned + 1, lane.head + 1))
        for lane in found.lanes
    )


def _is_ahead(found: Found, promised: Promised) -> bool:
    """A cursor passes what was not delivered only where a record says that it was given up."""
    given_up = _given_up(found.blocks.values())
    for place, seq in found.cursors.items():
        had = promised.delivered.get(place, 0)
        if not given_up[place].issuperset(range(had + 1, seq + 1)):
            return True
    numbers = [
        orjson.loads(block.body)["record"]["n"] for block in found.blocks.values() if block.kind == KIND
    ]
    return bool(numbers) and max(numbers) != found.n


def _given_up(blocks: Iterable[Block]) -> defaultdict[Place, set[int]]:
    """The seqs that gap records name."""
    seqs: defaultdict[Place, set[int]] = defaultdict(set)
    for block in blocks:
        facts = orjson.loads(block.body)["record"].get("facts", {}) if block.kind == "gateway" else {}
        if "first_seq" in facts:
            place = facts["uplink"], facts["journal"], facts["lane"]
            seqs[place].update(range(facts["first_seq"], facts["last_seq"] + 1))
    return seqs
