"""The journal's own code on a disk that writes down what is done to it: apsw's SQLite under a VFS of ours.

The standard library's sqlite3 knows no VFS in Python, so inside ``recording`` the journal's connections are
apsw's, behind the surface of sqlite3 that the journal uses; every statement, pragma and transaction is the
journal's. The files are real ones in a folder; what SQLite asks of them is done there and written down.
``mounted.py`` does the same below the real sqlite3, more slowly.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from unittest.mock import patch

import apsw

from tests.faults.power.disk import Image, Sync, SyncNames, Truncate, Write
from tests.faults.power.recording import Recording

if TYPE_CHECKING:
    from typing_extensions import Buffer  # collections.abc has it from Python 3.12 on

_T = TypeVar("_T")

_VFS: Final = "tagtrail-recording"
_NEW_LOG: Final = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
_BUSY_MS: Final = 5_000
SMALL_LOG_BYTES: Final = 48 << 10
"""So that the write-ahead log is folded into the file every few commits; in life it is every few minutes."""


@contextmanager
def recording(base: Image, synchronous: str = "FULL") -> Iterator[Recording]:
    """Inside, every journal is recorded. synchronous: another than the journal's own is a control."""
    found = Recording(base)
    vfs = _RecordingVFS(found)

    def connect(path: Path, mode: str) -> sqlite3.Connection:
        return cast(sqlite3.Connection, _Connection(path, mode, synchronous))

    try:
        with (
            patch("edge.journal.database._connect", connect),
            patch("edge.journal.database.sync_folder", lambda _: found.operations.append(SyncNames())),
            patch("edge.journal.database._WAL_BYTES", SMALL_LOG_BYTES),
        ):
            yield found
    finally:
        vfs.unregister()


class _RecordingVFS(apsw.VFS):
    """The real one for Unix, with a witness."""

    def __init__(self, found: Recording) -> None:
        super().__init__(_VFS, "unix", maxpathname=0)
        self._found = found

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _RecordingFile(name, flags, self._found)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._found.delete(Path(filename).name)
        if syncdir:
            self._found.operations.append(SyncNames())


class _RecordingFile(apsw.VFSFile):
    """One open file. Reads and locks are the real ones; the shared memory is no matter of the disk."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int], found: Recording) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        assert path is not None, "the journal has no business with temporary files"
        super().__init__("unix", name, flags)
        self._operations = found.operations
        self._file = found.file(Path(path).name)
        self._new_log = bool(flags[0] & _NEW_LOG) and bool(flags[0] & apsw.SQLITE_OPEN_CREATE)

    def xWrite(self, data: Buffer, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._operations.append(Write(self._file, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._operations.append(Truncate(self._file, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Nothing but written down. A new log's first sync is its folder's too (os_unix.c, DIRSYNC)."""
        self._operations.append(Sync(self._file))
        if self._new_log:
            self._operations.append(SyncNames())
            self._new_log = False


class _Rows:
    """A cursor as sqlite3 has them."""

    def __init__(self, cursor: apsw.Cursor, lastrowid: int) -> None:
        self._cursor = cursor
        self.lastrowid = lastrowid

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)

    def fetchone(self) -> Any:
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    def close(self) -> None:
        self._cursor.close()


class _Connection:
    """What the journal asks of a ``sqlite3.Connection``."""

    def __init__(self, path: Path, mode: str, synchronous: str) -> None:
        self._synchronous = f"PRAGMA synchronous = {synchronous}"
        access = apsw.SQLITE_OPEN_READONLY
        if mode != "ro":
            access = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._only_reads = mode == "ro"
        self._apsw = _as_sqlite3(lambda: apsw.Connection(str(path), flags=access, vfs=_VFS))
        self._apsw.set_busy_timeout(_BUSY_MS)

    @property
    def in_transaction(self) -> bool:
        return self._apsw.in_transaction

    def execute(self, sql: str, bindings: Sequence[Any] = ()) -> _Rows:
        if sql.startswith("PRAGMA synchronous"):
            sql = self._synchronous
        cursor = _as_sqlite3(lambda: self._apsw.execute(sql, bindings))
        return _Rows(cursor, self._apsw.last_insert_rowid())

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        _as_sqlite3(lambda: self._apsw.executemany(sql, rows))

    def executescript(self, sql: str) -> None:
        _as_sqlite3(lambda: self._apsw.execute(sql).fetchall())

    def close(self) -> None:
        with suppress(apsw.IOError) if self._only_reads else nullcontext():  # the last one may lock no file
            self._apsw.close()


def _as_sqlite3(work: Callable[[], _T]) -> _T:
    try:
        return work()
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error
