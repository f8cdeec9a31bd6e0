"""A damaged journal that was set aside, read as far as it can be."""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from edge.evidence import chain
from edge.journal.block import Lane
from edge.journal.damage import UNREADABLE, highest_keys
from edge.journal.database import open_reader
from edge.journal.migrations import SEQ_BITS
from edge.journal.standing import SEQ_MASK
from edge.journal.trail import Index, Link

log = logging.getLogger(__name__)

COLUMNS: Final = "kind, first, last, observations, total, boot, clock, hash, body"
_TYPES: Final[tuple[Any, ...]] = (str, int, int, int, int, str, str, (bytes, type(None)), bytes)

_SCANNED_BYTES: Final = 1 << 28
"""Of the damaged file, where its own order does not tell how far a lane went."""

_NEAR: Final = 100_000
"""Blocks that a lane may have lost in one place and still be known to go on behind it."""


class Row(NamedTuple):
    """Of the table of blocks, without its key."""

    kind: str
    first: int
    last: int
    observations: int
    total: int
    boot: str
    clock: str
    hash: bytes | None
    body: bytes


class Aside:
    """Its tables; nothing of it raises."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = open_reader(path)
        except sqlite3.Error as error:
            log.error("%s: nothing of it can be read: %s", path, error)
            self._connection = sqlite3.connect(":memory:")
        list(self._query("PRAGMA cell_size_check = ON"))

    def close(self) -> None:
        self._connection.close()

    def row(self, key: int) -> Row | None:
        """A block; None: it cannot be read."""
        for found in self._query(f"SELECT {COLUMNS} FROM blocks WHERE key = ?", (key,)):  # noqa: S608 - ours
            if all(isinstance(value, kind) for value, kind in zip(found, _TYPES, strict=True)):
                return Row(*found)
        return None

    def hash_at(self, journal: str, lane: Lane, key: int) -> bytes | None:
        """Of a block, whether or not its body can be read, or of the place where retention stopped."""
        if not key & SEQ_MASK:
            return chain.genesis(journal, lane)
        for table in ("blocks", "seals"):
            for (found,) in self._query(f"SELECT hash FROM {table} WHERE key = ?", (key,)):  # noqa: S608 - ours
                if isinstance(found, bytes):
                    return found
        return None

    def table(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of a table up to the first that cannot be read, and from the end back to the last."""
        columns = [row[1] for row in self._query(f"PRAGMA table_info({name})")]
        back = ", ".join(f"{column} DESC" for column in columns[:2])
        for order in ("", f" ORDER BY {back}") if columns else ():
            for values in self._query(f"SELECT * FROM {name}{order}"):  # noqa: S608 - ours
                yield dict(zip(columns, values, strict=True))

    def has_all(self, name: str) -> bool:
        """Whether every row of a table can be counted; a table that it has not has them all."""
        columns = list(self._query(f"PRAGMA table_info({name})"))
        return not columns or bool(list(self._query(f"SELECT count(*) FROM {name}")))  # noqa: S608 - ours

    def lanes(self) -> list[tuple[int, str, Lane, int, int]]:
        """Number, journal, lane, how far retention has been and the observations until there."""
        names = {row["number"]: row["id"] for row in self.table("journals")}
        found: dict[int, tuple[int, str, Lane, int, int]] = {}
        for row in self.table("lanes"):
            try:
                pruned, total = int(row["pruned_seq"]), int(row["pruned_total"])
                number = row["number"]
                found[number] = (number, names[row["journal"]], Lane(row["lane"]), pruned, total)
            except UNREADABLE:
                continue
        return [found[number] for number in sorted(found)]

    def seqs(self) -> dict[int, list[int]]:
        """By lane, seqs that stand anywhere in the file and in its log, in order."""
        found: dict[int, set[int]] = defaultdict(set)
        for key in highest_keys(self.path, _SCANNED_BYTES):
            found[key >> SEQ_BITS].add(key & SEQ_MASK)
        return {lane: sorted(seqs) for lane, seqs in found.items()}

    def head(self, lane: int, pruned: int, seqs: Iterable[int]) -> int:
        """The last seq of a lane: of its last block that can be read, or of those that stand near before it.

        A damaged key may name any seq; one that is far from every other is none.
        """
        span = (lane << SEQ_BITS, lane << SEQ_BITS | SEQ_MASK)
        head = pruned
        for (key,) in self._query("SELECT max(key) FROM blocks WHERE key BETWEEN ? AND ?", span):
            if isinstance(key, int) and (row := self.row(key)):
                claim = chain.claim(row.body)
                head = claim.seq if claim and claim.seq == key & SEQ_MASK else head
        for seq in seqs:
            if head < seq <= head + _NEAR:
                head = seq
        return head

    def index(self, key: int) -> Iterator[Index]:
        """How the record in that block is found again; nothing where the block holds no newest revision."""
        query = "SELECT id, revision, since, until, place FROM records WHERE block = ?"
        for name, revision, since, until, place in list(self._query(query, (key,))):
            nodes = self._query("SELECT node FROM nodes WHERE record = ?", (name,))
            links = self._query(
                "SELECT source, relation, target, at FROM links WHERE record = ?1"
                " AND source IN (SELECT node FROM nodes WHERE record = ?1)",
                (name,),
            )
            yield Index(
                *(name, revision, since, until, place),
                tuple(node for (node,) in nodes),
                tuple(Link(*each) for each in links),
            )

    def _query(self, query: str, values: tuple[object, ...] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query, values)
        except UNREADABLE as error:
            log.debug("%s: %s: %s", self.path, query, error)
