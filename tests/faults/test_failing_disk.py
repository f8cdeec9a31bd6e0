"""Syncs that fail: what was not synced is never taken for stored, and all of it is once they work again."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.alarms import Cause
from edge.journal.block import Lane
from edge.journal.store import Rules
from tests.edge.journal.journal_rig import Box, blocks, devices

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The mount point."""
    able = Path("/dev/fuse").exists() and shutil.which("fusermount3") and importlib.util.find_spec("mfusepy")
    if not able:
        pytest.skip("no FUSE here")
    backing, mounted = tmp_path / "backing", tmp_path / "disk"
    backing.mkdir()
    mounted.mkdir()
    program = [sys.executable, "-m", "tests.faults.failing_disk", str(backing), str(mounted)]
    serving = subprocess.Popen(program, cwd=REPOSITORY)
    try:
        while not mounted.is_mount():
            if serving.poll() is not None:
                pytest.skip("FUSE does not let us mount")
            time.sleep(0.05)
        yield mounted
    finally:
        subprocess.run(["fusermount3", "-u", "-z", str(mounted)], check=False)
        serving.terminate()
        serving.wait()


async def test_what_could_not_be_synced_is_not_stored_until_it_is(disk: Path) -> None:
    box, failing = Box(disk), disk.parent / "failing"
    async with box.journal(Rules(commit_every_s=0.05)) as journal:
        await journal.register("platform", "oldest")
        running = asyncio.create_task(journal.run())
        journal.observe(box.entry("before"))
        await journal.flush()
        news = journal.subscribe()
        failing.touch()
        journal.observe(box.entry("during"))
        journal.record("alarm", box.at, b'{"kind":"alarm"}')
        acknowledged = asyncio.create_task(journal.acknowledge("platform", journal.id, Lane.TELEMETRY, 1))
        async with asyncio.timeout(5):
            while ("raised", Cause.JOURNAL_FAILING, "journal") not in box.rung:
                await asyncio.sleep(0.02)
        assert not news.is_set()
        assert not acknowledged.done()
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["before"]
        assert [owed.head for owed in await journal.owed("platform")] == [1]

        failing.unlink()
        async with asyncio.timeout(5):
            await acknowledged
        await journal.flush()
        assert box.rung[-1] == ("cleared", Cause.JOURNAL_FAILING, "journal")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert devices(await blocks(journal, Lane.TELEMETRY)) == ["before", "during"]
        assert len(await blocks(journal, Lane.RECORDS)) == 1
    async with box.journal() as again:
        assert devices(await blocks(again, Lane.TELEMETRY)) == ["before", "during"]
        assert again.predecessor is None
