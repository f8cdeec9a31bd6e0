"""What recorders remember, row by row, committed with the records that they derive."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

TABLE: Final = """
CREATE TABLE states (                 -- what a recorder remembers, row by row
    recorder TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,               -- JSON
    PRIMARY KEY (recorder, key)
) STRICT, WITHOUT ROWID;
"""


class Row(NamedTuple):
    """A row of what a recorder remembers. body: JSON; None: it is forgotten."""

    recorder: str
    key: str
    body: bytes | None


class States(Protocol):
    """What recorders remember, as the journal sees it."""

    def changed(self) -> Sequence[Row]:
        """The rows that differ from what is on disk, as they stand now."""

    def kept(self, rows: Sequence[Row]) -> None:
        """These are on disk."""


class NoStates:
    """Of a journal without recorders."""

    def changed(self) -> Sequence[Row]:
        return ()

    def kept(self, rows: Sequence[Row]) -> None: ...


def remember(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Writes what recorders remember."""
    connection.executemany(
        "INSERT OR REPLACE INTO states VALUES (?, ?, ?)", [row for row in rows if row.body is not None]
    )
    connection.executemany(
        "DELETE FROM states WHERE recorder = ? AND key = ?",
        [(row.recorder, row.key) for row in rows if row.body is None],
    )


def remembered(connection: sqlite3.Connection) -> list[Row]:
    """All of it."""
    return [Row(*row) for row in connection.execute("SELECT recorder, key, body FROM states")]
