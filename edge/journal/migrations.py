"""The journal's schema, as numbered steps; ``user_version`` says how many a file has been through.

A step that has been released is never edited: a change is one more step. There is no way back, and a file
that has been through more steps than this program knows is refused.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edge.errors import JournalError
from edge.journal import states, trail

APPLICATION_ID = 0x54616774
"""``Tagt``: marks the file as ours (``file`` and ``sqlite3`` show it)."""

SEQ_BITS = 40
"""A block's key is its lane's number and its seq in one integer, ``lanes.number << 40 | seq``: the order of
the file is the order of the lanes, and no index page is written with each commit."""

_FIRST = f"""
PRAGMA application_id = {APPLICATION_ID};

CREATE TABLE journals (
    number INTEGER PRIMARY KEY,       -- the order they were made in; a clock may lie
    id TEXT NOT NULL UNIQUE,          -- ULID
    gateway TEXT NOT NULL,
    machine TEXT NOT NULL,            -- /etc/machine-id of the box that made it
    made INTEGER NOT NULL,            -- instants are ns since 1970 UTC
    predecessor TEXT                  -- the journal before it in this file
) STRICT;

CREATE TABLE lanes (
    number INTEGER PRIMARY KEY,       -- records first: the busy lane grows at the file's end
    journal INTEGER NOT NULL REFERENCES journals (number),
    lane TEXT NOT NULL CHECK (lane IN ('records', 'telemetry')),
    pruned_seq INTEGER NOT NULL DEFAULT 0,    -- blocks up to this one are gone; their seq is never used again
    pruned_total INTEGER NOT NULL DEFAULT 0,  -- and so many observations with them
    rolled_seq INTEGER NOT NULL DEFAULT 0,    -- blocks up to this one are in the rollups
    UNIQUE (journal, lane)
) STRICT;

CREATE TABLE blocks (
    key INTEGER PRIMARY KEY,          -- lanes.number << {SEQ_BITS} | seq
    kind TEXT NOT NULL,
    first INTEGER NOT NULL,           -- instants of the earliest and latest entry
    last INTEGER NOT NULL,
    observations INTEGER NOT NULL,
    total INTEGER NOT NULL,           -- observations of the lane up to and with this block
    boot TEXT NOT NULL,
    clock TEXT NOT NULL,
    hash BLOB,                        -- of the chain; NULL in a journal from before there were chains
    body BLOB NOT NULL
) STRICT;

CREATE TABLE cursors (
    uplink TEXT NOT NULL,
    lane INTEGER NOT NULL REFERENCES lanes (number),
    seq INTEGER NOT NULL,             -- acknowledged up to this one
    total INTEGER NOT NULL,           -- and so many observations
    PRIMARY KEY (uplink, lane)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    uplink TEXT NOT NULL,
    lane INTEGER NOT NULL REFERENCES lanes (number),
    seq INTEGER NOT NULL,
    why TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (uplink, lane, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollups (
    minute INTEGER NOT NULL,          -- minutes since 1970 UTC
    point TEXT NOT NULL,
    n INTEGER NOT NULL,
    min REAL NOT NULL,
    max REAL NOT NULL,
    sum REAL,                         -- infinite or NULL past what a double holds
    PRIMARY KEY (minute, point)
) STRICT, WITHOUT ROWID;
"""

_SEALS = """
CREATE TABLE seals (                  -- signed heads of the lanes' chains
    key INTEGER PRIMARY KEY,          -- as of the block with that seq; seq 0 before the first
    pruned INTEGER NOT NULL,          -- the last seq that retention had deleted
    hash BLOB NOT NULL,               -- of the chain up to there
    at INTEGER NOT NULL,              -- when it was signed
    signer TEXT NOT NULL,             -- public key, hexadecimal
    signature BLOB NOT NULL
) STRICT;

ALTER TABLE journals ADD COLUMN ended TEXT;  -- why it is not continued: identity.Reason
ALTER TABLE lanes ADD COLUMN walked_seq INTEGER NOT NULL DEFAULT 0;  -- so far the background walk has come
"""

_BOOTS = """
CREATE TABLE boots (
    number INTEGER PRIMARY KEY,
    boot TEXT NOT NULL UNIQUE,
    opened INTEGER NOT NULL,          -- on its own clock, ns: when the gateway first ran in it
    base INTEGER NOT NULL,            -- its instant zero, as it was reckoned at first
    sealed INTEGER NOT NULL,          -- blocks.key of the last record before it
    last INTEGER NOT NULL DEFAULT 0,  -- on its own clock, ns: its newest stamp, noted at the next start
    source TEXT,                      -- from which it learnt the time; NULL: never
    shift INTEGER NOT NULL DEFAULT 0, -- to add to what it stamped before that
    uncertainty INTEGER,
    told INTEGER NOT NULL DEFAULT 0   -- whether a record says when one that never learnt can have been
) STRICT;

CREATE TABLE held (                   -- blocks that wait for the time, see held.py
    number INTEGER PRIMARY KEY,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    observations INTEGER NOT NULL,
    boot TEXT NOT NULL,
    clock TEXT NOT NULL,              -- how the time was known when it was stamped
    content BLOB NOT NULL,
    trail BLOB,                       -- JSON
    hash BLOB NOT NULL                -- SHA-256 of the row: no chain vouches for it yet
) STRICT;
"""

_SALVAGE = """
CREATE TABLE salvage (                -- lanes of a damaged journal that are being carried over
    lane INTEGER PRIMARY KEY REFERENCES lanes (number),
    file TEXT NOT NULL,               -- where the damaged journal is
    after INTEGER NOT NULL,           -- the last seq looked at
    head INTEGER NOT NULL,            -- the last there was
    total INTEGER NOT NULL,           -- observations up to the last block taken
    lost_blocks INTEGER NOT NULL,
    lost INTEGER NOT NULL,            -- observations, as far as is known
    since INTEGER,                    -- between these instants
    until INTEGER,
    ranges TEXT NOT NULL,             -- JSON: [[first, last], …]
    lost_held INTEGER NOT NULL,       -- blocks that waited for the time and are lost too, of either lane
    told INTEGER NOT NULL             -- whether a record says so; the row then says that the lane has holes
) STRICT;
"""

MIGRATIONS = (_FIRST, states.TABLE + trail.TABLES, _SEALS, trail.IN_TIME, _BOOTS, _SALVAGE)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Brings the file to this program's schema, each step in one transaction.

    Raises JournalError for a file that is not a journal or comes from a newer program.
    """
    version = known_version(connection, path)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def known_version(connection: sqlite3.Connection, path: Path) -> int:
    """How many steps the file has been through.

    Raises JournalError for a file that is not a journal or comes from a newer program.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application != APPLICATION_ID and not (empty and version == 0):
        raise JournalError(f"{path} is another program's file, not a journal: choose another journal.path")
    if version > len(MIGRATIONS):
        raise JournalError(
            f"{path} was written by a newer Tagtrail (schema {version}, this one knows {len(MIGRATIONS)}): "
            "install that version again, or choose another journal.path"
        )
    return version
