"""A journal with something in it, and the ways in which a disk may damage it, each at a place of its own."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import orjson

from edge.journal.block import Lane
from edge.journal.store import Rules
from edge.journal.trail import Index
from tests.edge.journal.journal_rig import Box, blocks

RULES = Rules(commit_every_s=0.01, max_size_bytes=64 << 20)
HOWS = ("flipped", "zeroed", "cut", "flipped in the log", "zeroed in the log")


class Damage(NamedTuple):
    """How, and where: a fraction of the file."""

    how: str
    where: float

    def apply(self, path: Path) -> None:
        name = path.with_name(path.name + "-wal") if "log" in self.how else path
        content = bytearray(name.read_bytes())
        at = int(self.where * (_used(content) if "log" in self.how else len(content)))
        page = at - at % 1024
        if self.how.startswith("flipped"):
            content[at] ^= 1 << (at % 8)
        elif self.how.startswith("zeroed"):
            content[page : page + 1024] = bytes(min(1024, len(content) - page))
        else:
            del content[page:]
        name.write_bytes(content)


def _used(log: bytearray) -> int:
    """Of a write-ahead log, what has been written since it last began anew.

    Without the last frame: without that a commit was never one, as after a power cut in the midst of it.
    """
    frame = 24 + 1024
    salts = log[16:24]
    count = sum(1 for at in range(32, len(log), frame) if log[at + 8 : at + 16] == salts)
    return 32 + frame * (count - 1)


def places(count: int, seed: int) -> Iterator[Damage]:
    chance = random.Random(seed)
    for number in range(count):
        yield Damage(HOWS[number % len(HOWS)], chance.random())


class Told(NamedTuple):
    """What the file held before: bytes by lane and seq, how far the platform had them, the newest."""

    journal: str
    blocks: dict[tuple[Lane, int], bytes]
    delivered: dict[Lane, int]
    last: list[bytes]


async def made(folder: Path) -> Told:
    """A journal of which most lies in the file and the newest in its log, as a power cut leaves it."""
    life = Box(folder / "life")
    life.path.parent.mkdir()
    async with life.journal(RULES) as journal:
        await journal.register("platform", "oldest")
        for number in range(700):
            life.wait(5)
            journal.observe(life.entry(f"probe-{number % 7}", size=500 + number % 40 * 500))
            if number % 3 == 0:
                record = orjson.dumps({"id": f"r-{number}", "kind": "storage", "n": number})
                trail = Index(f"r-{number}", 1, life.at, life.at, "chiller-1", (f"lot:{number}",))
                journal.record("storage", life.at, record, trail)
            await journal.flush()
            if number == 560:
                delivered = {Lane.RECORDS: 40, Lane.TELEMETRY: 100}
                for lane, seq in delivered.items():
                    await journal.acknowledge("platform", journal.id, lane, seq)
        last = [(await blocks(journal, lane))[-1].body for lane in Lane]
        told = {(block.lane, block.seq): block.body for lane in Lane for block in await blocks(journal, lane)}
        for name in ("journal.db", "journal.db-wal"):
            shutil.copy(life.path.with_name(name), folder / name)
        return Told(journal.id, told, delivered, last)


def copy(folder: Path, into: Path) -> Box:
    into.mkdir()
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(folder / name, into / name)
    box = Box(into)
    box.wait(1_000_000)
    box.boot = "boot-2"
    return box


def is_whole(path: Path) -> bool:
    """By SQLite's own full check, which the gateway never has time for."""
    with closing(sqlite3.connect(path)) as file:
        return file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
