"""A daemon's journal and nothing else, for tests that kill it: numbers what it says, tells what is on disk.

Each line on standard output is ``telemetry records cursor``: so many entries, records and acknowledged blocks
were on disk when it was written.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import orjson

from edge.journal.block import Entry, Lane
from edge.journal.store import Journal, Rules
from tests.edge.journal.journal_rig import Box, blocks, record_of


async def numbers(journal: Journal, lane: Lane) -> list[int]:
    """What is on disk, in order."""
    told = await blocks(journal, lane)
    if lane is Lane.RECORDS:
        return [record_of(block)["n"] for block in told]
    return [entry["n"] for block in told for entry in orjson.loads(block.body)["observations"]]


async def main(folder: Path) -> None:
    box = Box(folder)
    journal = await box.open(Rules(commit_every_s=0.001))
    await journal.register("platform", "oldest")
    entries = len(await numbers(journal, Lane.TELEMETRY))
    records = len(await numbers(journal, Lane.RECORDS))
    running = asyncio.create_task(journal.run())
    while not running.done():
        for _ in range(entries % 37 + 1):
            body = orjson.dumps({"n": entries, "pad": "x" * (entries % 700)})
            journal.observe(Entry(box.at, body, 1, urgent=entries % 5 == 0))
            entries += 1
        journal.record("gateway", box.at, orjson.dumps({"n": records}))
        records += 1
        await journal.flush()
        head = (await journal.read(journal.id, Lane.RECORDS, records - 1))[-1].seq
        await journal.acknowledge("platform", journal.id, Lane.RECORDS, head)
        print(entries, records, head, flush=True)  # noqa: T201 - it speaks to the test


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
