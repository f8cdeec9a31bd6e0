"""The journal on a file system of ours (FUSE): the real sqlite3, the real system calls, a process of its own.

The folder keeps in memory what is written to it, and writes down every operation in order, as ``recorded.py``
does. A program inside says what it has promised, and others say what is to go wrong, by setting attributes of
the mounted folder::

    user.said   {"stored": …}     a fact, see ``promises.py``
    user.fault  7 cut             once 7 more facts have been said: nothing works any more
    user.fault  7 lie             syncs say yes and do nothing
    user.fault  7 sync            syncs fail, and what was to be synced is forgotten, as Linux does
    user.fault  7 full            writes fail for want of room
"""

from __future__ import annotations

import errno
import os
import pickle
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any, Final

import orjson

from tests.faults.power.disk import Image, Operation, Said, Sync, SyncFailed, SyncNames, Truncate, Write
from tests.faults.power.recording import Recording

SAID: Final = "user.said"
FAULT: Final = "user.fault"
_PATIENCE_S: Final = 10.0


def why_not() -> str | None:
    """What this machine lacks for it."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse for us on this machine"
    return None if which("fusermount3") else "no fusermount3 on this machine: apt-get install fuse3"


class Mounted:
    """A mounted folder; once it is unmounted, ``operations`` is all that was done to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.operations: list[Operation] = []

    def fault(self, word: str, after: int) -> None:
        """after: so many facts."""
        os.setxattr(self.path, FAULT, f"{after} {word}".encode())

    def say(self, **fact: object) -> None:
        os.setxattr(self.path, SAID, orjson.dumps(fact))


@contextmanager
def mounted(base: Image, scratch: Path) -> Iterator[Mounted]:
    """Holds ``base`` at first. scratch: an empty folder for what is needed around it."""
    folder, before, after = scratch / "mounted", scratch / "before", scratch / "after"
    folder.mkdir()
    before.write_bytes(pickle.dumps(base))
    command = [sys.executable, "-m", "tests.faults.power.mounted", str(folder), str(before), str(after)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as process:
        found = Mounted(folder)
        try:
            _wait_for(folder, process)
            yield found
        finally:
            subprocess.run(["fusermount3", "-u", "-z", str(folder)], check=False)
            process.wait(_PATIENCE_S)
    found.operations = pickle.loads(after.read_bytes())


def _wait_for(folder: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not folder.is_mount():
        assert process.poll() is None, "the file system ended before it was mounted"
        assert time.monotonic() < until, "the file system does not come up"
        time.sleep(0.01)


class _Folder:
    """Answers FUSE. A file's handle is its number in the recording."""

    use_ns = True

    def __init__(self, base: Image) -> None:
        self.found = Recording(base)
        self._contents = {number: bytearray(data) for number, data in enumerate(base.values())}
        self._modes: dict[int, int] = {}
        self._fault = self._coming = "none"
        self._wait = 0

    def setxattr(self, path: str, name: str, value: bytes, options: int, position: int = 0) -> int:
        if name == SAID:
            self._alive()
            self.found.operations.append(Said(orjson.loads(value)))
            self._wait -= 1
            if self._wait == 0:
                self._fault = self._coming
        elif name == FAULT:
            wait, self._coming = value.decode().split()
            self._wait = int(wait)
        else:
            raise OSError(errno.ENOTSUP, name)
        return 0

    def getattr(self, path: str, fh: int | None = None) -> Mapping[str, int]:
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        self._alive()
        number = self._number(path)
        mode = stat.S_IFREG | self._modes.get(number, 0o644)
        return {"st_mode": mode, "st_nlink": 1, "st_size": len(self._contents[number])}

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *self.found.names]

    def create(self, path: str, mode: int) -> int:
        self._alive()
        number = self.found.file(path[1:])
        self._contents[number] = bytearray()
        self._modes[number] = stat.S_IMODE(mode)
        return number

    def open(self, path: str, flags: int) -> int:
        self._alive()
        return self._number(path)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        self._alive()
        return bytes(self._contents[fh][offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._alive()
        if self._fault == "full":
            raise OSError(errno.ENOSPC, path)
        content = self._contents[fh]
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data
        self.found.operations.append(Write(fh, offset, data))
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        self._alive()
        number = self._number(path) if fh is None else fh
        content = self._contents[number]
        content[length:] = bytes(max(0, length - len(content)))
        self.found.operations.append(Truncate(number, length))
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._alive()
        if self._fault == "sync":
            self.found.operations.append(SyncFailed(fh))
            raise OSError(errno.EIO, path)
        if self._fault != "lie":
            self.found.operations.append(Sync(fh))
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        self._alive()
        if self._fault == "sync":
            raise OSError(errno.EIO, path)
        if self._fault != "lie":
            self.found.operations.append(SyncNames())
        return 0

    def unlink(self, path: str) -> int:
        self._alive()
        self._number(path)
        self.found.delete(path[1:])
        return 0

    def rename(self, old: str, new: str) -> int:
        self._alive()
        self._number(old)
        self.found.rename(old[1:], new[1:])
        return 0

    def chmod(self, path: str, mode: int) -> int:
        self._modes[self._number(path)] = stat.S_IMODE(mode)
        return 0

    def chown(self, path: str, uid: int, gid: int) -> int:
        return 0

    def utimens(self, path: str, times: Any = None) -> int:
        return 0

    def _number(self, path: str) -> int:
        try:
            return self.found.names[path[1:]]
        except KeyError:
            raise OSError(errno.ENOENT, path) from None

    def _alive(self) -> None:
        if self._fault == "cut":
            raise OSError(errno.EIO, "the power is cut")


def _serve(folder: str, before: str, after: str) -> None:
    """Until it is unmounted. One thread, so that the order of the operations is one."""
    from mfusepy import FUSE

    serving = _Folder(pickle.loads(Path(before).read_bytes()))
    FUSE(serving, folder, foreground=True, nothreads=True, fsname="tagtrail-power")
    Path(after).write_bytes(pickle.dumps(serving.found.operations))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
