"""A disk that fails its syncs on command: ``python -m tests.faults.failing_disk BACKING MOUNTPOINT``.

While ``BACKING/../failing`` exists, every sync fails with EIO, as on a card that is worn out.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import mfusepy as fuse


class FailingDisk(fuse.Operations):  # type: ignore[misc]  # it has no types
    """Files in one folder, passed through."""

    use_ns = True

    def __init__(self, backing: Path) -> None:
        self._backing = backing
        self._failing = backing.parent / "failing"

    def _at(self, path: str) -> Path:
        return self._backing / path.removeprefix("/")

    def _fail(self) -> None:
        if self._failing.exists():
            raise fuse.FuseOSError(errno.EIO)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        try:
            found = self._at(path).lstat()
        except OSError as error:
            raise fuse.FuseOSError(error.errno or errno.EIO) from error
        names = ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid")
        return {name: getattr(found, name) for name in names}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *(each.name for each in self._at(path).iterdir())]

    def statfs(self, path: str) -> dict[str, int]:
        found = os.statvfs(self._backing)
        return {
            name: getattr(found, name) for name in ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail")
        }

    def create(self, path: str, mode: int, fi: object = None) -> int:
        return os.open(self._at(path), os.O_RDWR | os.O_CREAT, mode)

    def open(self, path: str, flags: int) -> int:
        return os.open(self._at(path), os.O_RDWR)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        os.truncate(self._at(path), length)
        return 0

    def unlink(self, path: str) -> int:
        self._at(path).unlink()
        return 0

    def rename(self, old: str, new: str) -> int:
        self._at(old).rename(self._at(new))
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._fail()
        return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0


if __name__ == "__main__":
    fuse.FUSE(FailingDisk(Path(sys.argv[1])), sys.argv[2], foreground=True, nothreads=True)
