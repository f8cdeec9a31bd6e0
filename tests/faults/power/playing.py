"""A workload with the real sqlite3, as a program of its own, on a file system of ours.

``python -m tests.faults.power.playing FOLDER NAME [SYNCHRONOUS]`` is that program. The third word is
what ``synchronous`` is set to instead of the journal's own (a control).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import orjson

from edge.evidence.keys import read_or_make_key
from tests.faults.power.cuts import SCRATCH, Recorded
from tests.faults.power.mounted import SAID, Mounted, mounted
from tests.faults.power.promises import KEY_FILE
from tests.faults.power.recorded import SMALL_LOG_BYTES
from tests.faults.power.workloads import WORKLOADS, Before, Play, Workload

CHECKOUT: Final = Path(__file__).parents[3]
SMALL_BALLAST_BYTES: Final = 4096
"""So that the cuts do not fall upon the holding back of room, of which nothing is promised."""

_PATIENCE_S: Final = 60.0


class _Lesser(sqlite3.Connection):
    """One that syncs as the third word says."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql.startswith("PRAGMA synchronous"):
            sql = f"PRAGMA synchronous = {sys.argv[3]}"
        return super().execute(sql, parameters)


def played(workload: Workload, synchronous: str | None = None) -> Recorded:
    """The workload to its end."""
    before = workload.before()
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch, mounted(before.image, Path(scratch)) as found:
        assert _run(workload, before, found, synchronous) == 0
    return Recorded(before.image, found.operations)


def broken_off(workload: Workload, fault: str, after: int) -> Recorded:
    """The fault comes once so many facts have been said, see ``mounted.py``; the program ends when it may."""
    before = workload.before()
    with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch, mounted(before.image, Path(scratch)) as found:
        found.fault(fault, after)
        _run(workload, before, found)
    return Recorded(before.image, found.operations)


def _run(workload: Workload, before: Before, found: Mounted, synchronous: str | None = None) -> int:
    for fact in before.facts:
        found.say(**fact)
    words = [str(found.path), workload.name, *([synchronous] if synchronous else [])]
    command = [sys.executable, "-m", "tests.faults.power.playing", *words]
    return subprocess.run(
        command, cwd=CHECKOUT, stderr=subprocess.DEVNULL, timeout=_PATIENCE_S, check=False
    ).returncode


def main(folder: Path, name: str) -> None:
    def say(**fact: object) -> None:
        os.setxattr(folder, SAID, orjson.dumps(fact))

    workload = next(workload for workload in WORKLOADS if workload.name == name)
    play = Play(folder, say)
    play.box.key = read_or_make_key(folder / KEY_FILE)
    say(key=play.box.key.public)
    asyncio.run(workload.play(play))


if __name__ == "__main__":
    if len(sys.argv) > 3:
        patch("sqlite3.connect", _Lesser).start()
    with (
        patch("edge.journal.database._WAL_BYTES", SMALL_LOG_BYTES),
        patch("edge.journal.ballast.SIZE_BYTES", SMALL_BALLAST_BYTES),
    ):
        main(Path(sys.argv[1]), sys.argv[2])
