"""Whether a journal is damaged, and setting one aside that is: kept under another name (DESIGN §10).

SQLite's own errors tell most of it. What it takes for the natural end of its write-ahead log is looked at
here: where the log goes on behind a frame that does not fit, commits that were on disk are gone.
"""

from __future__ import annotations

import logging
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from edge.errors import JournalDamagedError
from edge.evidence import chain
from edge.journal.ballast import Ballast
from edge.journal.database import PAGE_BYTES, open_reader, sync_folder
from edge.journal.migrations import APPLICATION_ID

log = logging.getLogger(__name__)

UNREADABLE: Final = (sqlite3.Error, ValueError, LookupError, TypeError, AttributeError, AssertionError)
"""What reading the tables of a damaged file may raise."""

_SURROUNDINGS: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
"""What is wrong around the file, not in it."""

_APPLICATION_ID_AT: Final = 68
_LOOKED_THROUGH_BYTES: Final = 16 << 20

_WAL_HEADER: Final = struct.Struct(">8I")  # magic, version, page bytes, checkpoint, salt, salt, sum, sum
_WAL_FRAME: Final = struct.Struct(">4I8x")  # page, pages of the file after a commit or 0, salt, salt, sums
_VALID_FRAMES: Final = struct.Struct("=16xI")  # in the shared memory, as SQLite has counted them
_LEAF: Final = 0x0D
_LEAF_HEADER_BYTES: Final = 8

_WAL_MAGIC: Final = b"\x37\x7f\x06"
_SUMMED_BYTES: Final = 24
CERTAIN_COMMITS: Final = 2
"""One commit at the most is being written when the power goes; two that do not count were on disk."""


def is_damage(error: Exception) -> bool:
    """Whether an error of the journal's file says that the file itself is not whole."""
    if isinstance(error, sqlite3.ProgrammingError) or not isinstance(error, UNREADABLE):
        return False
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:  # Python's own: text that is none, or what we found ourselves
        return not isinstance(error, sqlite3.OperationalError) or "UTF-8" in str(error)
    if code in {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_CONSTRAINT_TRIGGER}:
        return code == sqlite3.SQLITE_IOERR_READ
    return code & 0xFF not in _SURROUNDINGS


def suspect(path: Path, why: object) -> JournalDamagedError:
    """Marks the file, so that it is set aside at the next opening, whatever happens until then."""
    with suppress(OSError):
        _mark(path).touch()
        sync_folder(path.parent)
    return JournalDamagedError(
        f"{path} is damaged ({why}): it is set aside and kept; what can be read of it goes on in a new one"
    )


def is_suspect(path: Path) -> bool:
    """Whether it was found damaged while it was in use, or lacks what its log says was on disk."""
    return _mark(path).exists() or _was_emptied(path) or lost_commits(path) >= CERTAIN_COMMITS


def is_ours(path: Path) -> bool:
    """Whether a file that SQLite does not understand is, or was, a journal and not somebody else's file."""
    if _was_emptied(path):
        return True
    for name in (path, wal(path)):
        with suppress(OSError), name.open("rb") as file:
            content = file.read(_LOOKED_THROUGH_BYTES)
            kind = content[_APPLICATION_ID_AT : _APPLICATION_ID_AT + 4]
            if kind == APPLICATION_ID.to_bytes(4, "big") or next(chain.claims(content), None):
                return True
    return False


def set_aside(path: Path, aside: Path) -> None:
    """Gives the file and its log another name, and its place to ``successor``. Raises OSError."""
    if wal(path).exists():
        wal(path).rename(wal(aside))
    path.rename(aside)
    _mark(path).unlink(missing_ok=True)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    successor(path).rename(path)
    sync_folder(path.parent)
    log.error("%s is damaged; it is kept as %s, a new journal takes its place", path, aside)


def take_up(path: Path) -> None:
    """Finishes what a power cut left half done when a file was set aside."""
    if path.exists():
        for name in (successor(path), wal(successor(path))):
            name.unlink(missing_ok=True)
    elif successor(path).exists():
        _mark(path).unlink(missing_ok=True)
        path.with_name(path.name + "-shm").unlink(missing_ok=True)
        successor(path).rename(path)
        sync_folder(path.parent)


def successor(path: Path) -> Path:
    """Of the journal ``path``, the one that is to take its place."""
    return path.with_name(path.name + ".successor")


def highest_keys(path: Path, most_bytes: int) -> Iterator[int]:
    """Of every leaf of a table that stands anywhere in the file and in its log, the last row's key.

    What a leaf once held and does so no longer is told as well.
    """
    for name, start, between in ((path, 0, 0), (wal(path), _WAL_HEADER.size, _WAL_FRAME.size)):
        if not name.exists():
            continue
        with name.open("rb") as file:
            file.seek(start)
            step = PAGE_BYTES + between
            while (content := file.read(step * 1024)) and file.tell() <= most_bytes:
                for at in range(between, len(content) - PAGE_BYTES + 1, step):
                    key = _last_key(content[at : at + PAGE_BYTES])
                    if key is not None:
                        yield key


def _last_key(page: bytes) -> int | None:
    """A leaf begins ``0D, free:2, cells:2, …``, then eight bytes on the place of each cell, in order of keys.

    A cell begins with its length and its key, each of them seven bits a byte.
    """
    cells = int.from_bytes(page[3:5], "big")
    end = _LEAF_HEADER_BYTES + 2 * cells
    if page[0] != _LEAF or not cells or end > len(page):
        return None
    at = int.from_bytes(page[end - 2 : end], "big")
    for is_key in (False, True):
        number = 0
        for count, byte in enumerate(page[at : at + 9], start=1):
            number = number << 8 | byte if count == 9 else number << 7 | byte & 0x7F
            if count == 9 or not byte & 0x80:
                at += count
                break
        if is_key:
            return number
    return None


def wal(path: Path) -> Path:
    """Of the journal ``path``, the write-ahead log."""
    return path.with_name(path.name + "-wal")


def _mark(path: Path) -> Path:
    return path.with_name(path.name + ".suspect")


def _was_emptied(path: Path) -> bool:
    """A file without a byte is a journal that was never begun; room is held back for one that was."""
    return path.exists() and path.stat().st_size == 0 and Ballast(path).held


def lost_commits(path: Path) -> int:
    """Commits that the log holds and SQLite does not count, because a frame before their end does not fit.

    A power cut may leave one, which was never on disk; so may damage to the last that was.
    """
    try:
        content = wal(path).read_bytes()
    except FileNotFoundError:
        return 0
    if len(content) <= _WAL_HEADER.size or not path.exists():
        return 0
    try:
        with closing(open_reader(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            with path.with_name(path.name + "-shm").open("rb") as shared:
                (valid,) = _VALID_FRAMES.unpack(shared.read(_VALID_FRAMES.size))
    except (sqlite3.Error, OSError, struct.error):
        return 0  # what is wrong here shows at the opening
    return _commits_beyond(content, valid)


def _commits_beyond(content: bytes, valid: int) -> int:
    """Commits in the log behind its valid frames that belong to the same log as its beginning does."""
    salts = _WAL_HEADER.unpack_from(content)[4:6]
    step = _WAL_FRAME.size + PAGE_BYTES
    ends = range(_WAL_HEADER.size + valid * step, len(content) - step + 1, step)
    frames = (_WAL_FRAME.unpack_from(content, at) for at in ends)
    commits = Counter(tuple(salt) for _page, pages, *salt in frames if pages)
    return commits[salts] if _is_header(content) else max(commits.values(), default=0)


def _is_header(content: bytes) -> bool:
    """Whether the log's first bytes are a header: SQLite takes none of the log where they are not."""
    *_, first, second = _WAL_HEADER.unpack_from(content)
    order = ">" if content[3] & 1 else "<"
    low = high = 0
    for even, odd in struct.iter_unpack(f"{order}2I", content[:_SUMMED_BYTES]):
        low = (low + even + high) & 0xFFFFFFFF
        high = (high + odd + low) & 0xFFFFFFFF
    return content.startswith(_WAL_MAGIC) and (low, high) == (first, second)
