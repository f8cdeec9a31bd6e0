"""What a recorder remembers: tables of small rows, and which of them are not yet on disk.

A row is a dataclass; in the journal it is JSON under ``table/key``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter

from edge.journal.states import Row
from edge.restamping import Restamping

T = TypeVar("T")


class Table(Generic[T]):
    """Rows by key. A row that was changed in place is ``put`` again.

    told: its instants were told by others, who know the time.
    """

    def __init__(self, name: str, row: type[T], *, told: bool = False) -> None:
        self.name = name
        self._told = told
        self._adapter = TypeAdapter(row)
        self._rows: dict[str, T] = {}
        self._changed: set[str] = set()
        self._going: set[str] = set()
        self.unkept: dict[Table[Any], None] = {}
        """Those of its memory of which something is not on disk."""

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __getitem__(self, key: str) -> T:
        return self._rows[key]

    def get(self, key: str) -> T | None:
        return self._rows.get(key)

    def items(self) -> Iterator[tuple[str, T]]:
        """As they stand now, so that rows may be put and dropped on the way."""
        return iter(tuple(self._rows.items()))

    def values(self) -> Iterator[T]:
        return iter(tuple(self._rows.values()))

    def put(self, key: str, row: T) -> None:
        self._rows[key] = row
        self._changed.add(key)
        self.unkept[self] = None

    def drop(self, key: str) -> None:
        if self._rows.pop(key, None) is not None:
            self._changed.add(key)
            self.unkept[self] = None

    def load(self, key: str, body: bytes) -> None:
        """A row as it was on disk. Raises pydantic's ValidationError where it is of another form."""
        self._rows[key] = self._adapter.validate_json(body)

    def take_over(self, former: Table[T]) -> None:
        """Goes on with the rows of a table of the same name, those on their way to the disk included."""
        self._rows, self._changed, self._going = former._rows, former._changed, former._going

    def restamp(self, again: Restamping) -> None:
        """The time has become known: instants of this boot are put right."""
        if self._told:
            return
        for key, row in self.items():
            body = orjson.dumps(row)
            right = again.json(body)
            if right != body:
                self.put(key, self._adapter.validate_json(right))

    def changed(self) -> Iterator[tuple[str, bytes | None]]:
        """The rows that are not on disk as they stand; None: dropped."""
        self._going |= self._changed
        self._changed.clear()
        for key in self._going:
            row = self._rows.get(key)
            yield key, None if row is None else orjson.dumps(row)

    def kept(self) -> None:
        """What ``changed`` gave last is on disk; what was put since is not."""
        self._going.clear()
        if not self._changed:
            del self.unkept[self]


class Memory:
    """A recorder's tables."""

    def __init__(self, *tables: Table[Any]) -> None:
        self._tables: Mapping[str, Table[Any]] = {table.name: table for table in tables}
        self._unkept: dict[Table[Any], None] = {}
        for table in tables:
            table.unkept = self._unkept

    @property
    def is_kept(self) -> bool:
        """Whether all of it is on disk as it stands."""
        return not self._unkept

    def load(self, rows: Iterable[Row]) -> None:
        """What was on disk. A table that is no more is forgotten."""
        for row in rows:
            name, _, key = row.key.partition("/")
            if row.body is not None and name in self._tables:
                self._tables[name].load(key, row.body)

    def take_over(self, former: Memory) -> None:
        """Goes on where another of the same recorder stopped, on disk or not."""
        for name in self._tables.keys() & former._tables.keys():
            table, before = self._tables[name], former._tables[name]
            table.take_over(before)
            if before in former._unkept:
                self._unkept[table] = None

    def restamp(self, again: Restamping) -> None:
        for table in self._tables.values():
            table.restamp(again)

    def changed(self, recorder: str) -> Iterator[Row]:
        """The rows that are not on disk as they stand. Of what rests nothing is looked at."""
        for table in self._unkept:
            for key, body in table.changed():
                yield Row(recorder, f"{table.name}/{key}", body)

    def kept(self) -> None:
        """What ``changed`` gave last is on disk."""
        for table in tuple(self._unkept):
            table.kept()
