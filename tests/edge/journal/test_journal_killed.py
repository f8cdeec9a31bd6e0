"""kill -9 at any moment: what was said to be on disk is there, once, in order, without holes."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from edge.journal.block import Lane, Owed
from tests.conftest import CHECKOUT
from tests.edge.journal.journal_rig import Box, blocks
from tests.edge.journal.writing_process import numbers

KILLS = 8


def write_until_killed(folder: Path, lines: int, then_s: float) -> list[int]:
    """Runs the writer, kills it some time after so many lines; the last line it wrote."""
    command = [sys.executable, "-m", "tests.edge.journal.writing_process", str(folder)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            writer.stdout.readline()
        time.sleep(then_s)
        writer.kill()
        said = writer.stdout.read().rpartition("\n")[0]
    assert said, "it wrote nothing in between"
    return [int(number) for number in said.splitlines()[-1].split()]


async def test_nothing_that_was_on_disk_is_lost_doubled_or_misnumbered(box: Box) -> None:
    chance = random.Random(20261122)
    seen = 0
    for _ in range(KILLS):
        told = write_until_killed(box.path.parent, chance.randrange(1, 20), chance.uniform(0.05, 0.15))
        async with box.journal() as journal:
            entries = await numbers(journal, Lane.TELEMETRY)
            records = await numbers(journal, Lane.RECORDS)
            assert entries == list(range(len(entries)))
            assert records == list(range(len(records)))
            assert len(entries) >= told[0] > seen
            assert len(records) >= told[1]
            for lane in Lane:
                seqs = [block.seq for block in await blocks(journal, lane)]
                assert seqs == list(range(1, len(seqs) + 1))
            owed = {owed.lane: owed for owed in await journal.owed("platform")}
            finished = Owed(journal.id, Lane.RECORDS, len(records), len(records))
            assert owed.get(Lane.RECORDS, finished).cursor >= told[2]
            seen = len(entries)
