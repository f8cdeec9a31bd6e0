"""The journal's file: its lock, its two kinds of connection, its transactions, and what its errors mean."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from edge.errors import JournalError
from edge.journal.migrations import known_version, migrate

log = logging.getLogger(__name__)

PAGE_BYTES = 1024
"""Measured at a commit of 100 readings a second: 160 bytes written a reading; 190 with 2 KiB, 250 with 4."""

_WAL_BYTES = 4 << 20
"""The write-ahead log is checkpointed at this size, and keeps it: room that a full disk cannot take away."""

_BUSY_S = 5.0


class Lock:
    """One journal, one daemon: flock on ``{path}.lock``, which names the owner; it ends with the process."""

    def __init__(self, path: Path) -> None:
        """Raises JournalError where another process has it, or the folder is not there or not ours."""
        name = path.with_name(path.name + ".lock")
        try:
            self._fd = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError as error:
            raise JournalError(
                f"{path}: there is no folder {path.parent}: make it and give it to the user who runs tagtrail"
            ) from error
        except OSError as error:
            raise JournalError(
                f"{name} cannot be opened ({error.strerror}): give the folder to the user who runs tagtrail"
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(self._fd, 200).decode(errors="replace").strip()
            os.close(self._fd)
            raise JournalError(
                f"{path} is in use by {owner or 'another process'}: stop it, or choose another journal.path"
            ) from error
        with suppress(OSError):  # a full disk: the name is a courtesy, the lock holds without
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"process {os.getpid()}\n".encode())

    def release(self) -> None:
        os.close(self._fd)


def open_writer(path: Path, max_size_bytes: int) -> sqlite3.Connection:
    """The one connection that writes. Raises JournalError, sqlite3.Error."""
    connection = _connect(path, "rwc")
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise JournalError(f"{path}: its file system cannot do what SQLite's WAL needs: use a local disk")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = OFF")  # Debian's default overwrites what retention deletes
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        page_bytes: int = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_BYTES // page_bytes}")
        migrate(connection, path)  # before the quota: a step may need room that a full journal has not
        connection.execute(f"PRAGMA max_page_count = {max_size_bytes // page_bytes}")
        sync_folder(path.parent)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises sqlite3.Error."""
    connection = _connect(path, "ro")
    connection.execute("PRAGMA query_only = ON")
    return connection


def expect_readable(path: Path) -> None:
    """Whether this program can go on with this journal; no file, or one that is not ours to see, is fine.

    Raises JournalError for a file that is not a journal or comes from a newer program.
    """
    with suppress(sqlite3.Error), closing(open_reader(path)) as connection:
        known_version(connection, path)


def begin_log_anew(connection: sqlite3.Connection, path: Path) -> None:
    """Folds the write-ahead log into the file and empties it; where that fails, the next start does it."""
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        log.warning("%s: the log goes on as it is, without a checkpoint: %s", path, error)


def is_log_folded(connection: sqlite3.Connection) -> bool:
    """Brings the write-ahead log into the file as far as readers let it. Whether all of it, and some.

    Raises sqlite3.Error.
    """
    frames: int
    done: int
    _busy, frames, done = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return 0 < frames == done


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it is on disk when this ends, or none of it. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has already rolled back
            connection.execute("ROLLBACK")
        raise


def is_full(error: sqlite3.Error) -> bool:
    """Whether the quota or the disk is what was missing. Python's own errors carry no code."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE


def explained(path: Path, error: Exception) -> JournalError:
    """What an error at opening means to who runs the gateway."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return JournalError(f"{path} is no journal that can be read ({error}): choose another journal.path")
    if code == sqlite3.SQLITE_FULL:
        return JournalError(f"{path} cannot be opened ({error}): make room on its disk")
    return JournalError(f"{path} cannot be opened ({error}): give it to the user who runs tagtrail")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, timeout=_BUSY_S, isolation_level=None
    )


def sync_folder(folder: Path) -> None:
    """A new file's name, too, survives a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
