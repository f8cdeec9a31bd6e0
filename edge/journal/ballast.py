"""Room held back for the moment when the disk is full: then SQLite in WAL mode cannot even delete.

It is a file beside the journal, ``{name}.ballast``, which holds nothing. Giving it up lets what lies in the
write-ahead log into the file and lets retention delete; from then on the journal lives in its own room.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

SIZE_BYTES: Final = 8 << 20
"""The write-ahead log once more, for its pages in the file, and as much for what deleting writes."""


class Ballast:
    """Taken while the disk has room for it, and for as much again that is left to others."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".ballast")
        self._folder = journal.parent
        self.held = self._whole()

    @property
    def disk_is_tight(self) -> bool:
        """Whether the disk has less room than the ballast needs to be taken."""
        return self.free_bytes < 2 * SIZE_BYTES

    @property
    def free_bytes(self) -> int:
        """What the disk has left; one that does not know counts as having plenty."""
        usage = shutil.disk_usage(self._folder)
        return usage.free if usage.total else sys.maxsize

    def take(self) -> bool:
        """Whether it is held now. One that is not whole is made anew."""
        if self.held or self.disk_is_tight:
            return self.held
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, SIZE_BYTES)
            self.held = True
        except OSError as error:
            log.warning("%s: no room can be held back for a full disk: %s", self._path, error)
            self.give_up()
        return self.held

    def give_up(self) -> bool:
        """Whether that made room."""
        was_there = self._path.exists()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.held = False
        return was_there and not self._path.exists()

    def _whole(self) -> bool:
        try:
            kept = self._path.stat()
        except OSError:
            return False
        return kept.st_size == SIZE_BYTES <= kept.st_blocks * 512
