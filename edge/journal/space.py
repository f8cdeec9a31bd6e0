"""How much room the journal has: in its own file, under its quota, and on the disk around it (DESIGN §10)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from edge.journal import ballast
from edge.journal.ballast import Ballast
from edge.journal.rules import Rules
from edge.journal.standing import Standing

COMMIT_BYTES: Final = 1 << 20
"""Written in one transaction at the most, of each lane."""

_STEP_BYTES: Final = 8 << 20
_SMALL_STEP_BYTES: Final = 64 << 10
"""Deleted in one transaction at the most, of a large file and of one that has hardly begun."""

_NOTHING_BYTES: Final = 1 << 20
"""A disk that others leave no more than this is full."""


class Space:
    """What the file may take, and the ballast that is held back for a disk that others fill."""

    def __init__(self, path: Path, rules: Rules) -> None:
        self.commit_bytes = min(COMMIT_BYTES, rules.max_size_bytes // 64)
        self.disk_is_full = False
        """Whether others have filled the disk, as of the last good commit."""

        self._most_bytes = rules.max_size_bytes
        self._ballast = Ballast(path)
        self._disk_crowds = False

    def look_around(self, standing: Standing) -> None:
        """Takes the ballast again where the disk has room again."""
        held = self._ballast.take()
        free_bytes = self._ballast.free_bytes
        self.disk_is_full = not held or free_bytes < _NOTHING_BYTES
        begun = _size(standing) < ballast.SIZE_BYTES // 2
        self._disk_crowds = not held and not (begun and free_bytes > ballast.SIZE_BYTES // 2)
        """A file that has hardly begun grows first, into half of what was held back."""

    def is_crowded(self, standing: Standing) -> bool:
        """Whether telemetry has to give room; the last sixteenth is for records and cursors.

        On a full disk the file lives in the room that it has, and that must not run out.
        """
        if standing.used_bytes > self._most_bytes // 16 * 15:
            return True
        return self._disk_crowds and not self.is_within(standing)

    def is_within(self, standing: Standing) -> bool:
        """Whether the file has room within for what comes: four commits, or a quarter of a small file."""
        return standing.free_bytes > min(4 * self.commit_bytes, _size(standing) // 4)

    def runs_out(self, standing: Standing) -> bool:
        """Whether room will soon be needed."""
        return self.disk_is_full or standing.used_bytes >= self._most_bytes // 4 * 3

    def step_bytes(self, standing: Standing) -> int:
        """Deleted in one transaction at the most."""
        return min(_STEP_BYTES, self._most_bytes // 64, max(_size(standing) // 8, _SMALL_STEP_BYTES))

    def give_up_ballast(self) -> bool:
        """On a full disk. Whether that made room."""
        return self._ballast.disk_is_tight and self._ballast.give_up()


def _size(standing: Standing) -> int:
    return standing.used_bytes + standing.free_bytes
