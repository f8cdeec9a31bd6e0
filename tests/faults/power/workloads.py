"""What the journal is doing when its power goes: the real one, told what a gateway would tell it.

Nothing here knows what kind of disk is below. What has come to be on disk is said at once, so that whoever
records the disk can hold the journal to it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import orjson

from edge.journal.block import Lane
from edge.journal.migrations import MIGRATIONS, SEQ_BITS
from edge.journal.states import Row
from edge.journal.store import Journal, Rules
from tests.edge.journal.journal_rig import DAY_S, START, Box
from tests.faults.power.disk import Image
from tests.faults.power.promises import KIND

UPLINK: Final = "platform"
OTHER: Final = "store"

SMALL: Final = Rules(max_size_bytes=400_000)
"""A quota that telemetry outgrows within a few dozen commits."""


class Say(Protocol):
    """Tells whoever records the disk: see ``promises.py``."""

    def __call__(self, **fact: object) -> None: ...


class Counting:
    """A recorder that remembers how many records it has derived."""

    def __init__(self, n: int) -> None:
        self.n = self._kept = n

    def changed(self) -> Sequence[Row]:
        return [Row("counting", "n", b"%d" % self.n)] if self.n != self._kept else []

    def kept(self, rows: Sequence[Row]) -> None:
        self._kept = max(int(row.body or b"0") for row in rows) if rows else self._kept


class Play:
    """A gateway's life with one journal, session after session."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.box = Box(folder)
        self._say = say
        self._told: dict[tuple[str, str], int] = {}
        self._recorder = Counting(0)

    @asynccontextmanager
    async def session(self, rules: Rules | None = None, *uplinks: str) -> AsyncIterator[Journal]:
        """From start to stop. Where it stops, all that was stored has been said."""
        async with self.box.journal(rules) as journal:
            self._recorder = Counting(
                max([int(row.body or b"0") for row in await journal.remembered()], default=0)
            )
            journal.remember(self._recorder)
            for uplink in uplinks:
                await journal.register(uplink, "oldest")
            yield journal
            await self.tell(journal)

    async def store(self, journal: Journal, observations: int = 6, records: int = 1, size: int = 0) -> None:
        """What comes of a second: telemetry, and records with what their recorder remembers."""
        self.box.wait(1)
        for number in range(observations // 2):
            journal.observe(self.box.entry(f"chiller-{number}-air", size=size))
        for _ in range(records):
            self._recorder.n += 1
            journal.record(KIND, self.box.at, orjson.dumps({"n": self._recorder.n}))
        await journal.flush()
        await self.tell(journal)

    async def tell(self, journal: Journal) -> None:
        """Says what is on disk by now."""
        stored = []
        for lane in Lane:
            for block in await journal.read(journal.id, lane, self._told.get((journal.id, lane), 0), 1 << 30):
                stored.append((block.journal, lane, block.seq, block.body.decode()))
                self._told[journal.id, lane] = block.seq
        sealed = [seal.payload.decode() for seal in journal.seals]
        self._say(stored=stored, n=self._recorder.n, sealed=sealed)

    async def deliver(self, journal: Journal, uplink: str, most: int = 1 << 40) -> None:
        """The far side takes what an uplink owes, at most so many blocks a lane; the uplink acknowledges."""
        for owed in await journal.owed(uplink):
            place = uplink, owed.journal, owed.lane, min(owed.head, owed.cursor + most)
            self._say(delivered=place)
            await journal.acknowledge(*place)
            self._say(acknowledged=place)

    async def forget(self, journal: Journal, uplink: str) -> None:
        self._say(forgetting=uplink)
        await journal.forget(uplink)


async def steady(play: Play) -> None:
    """Telemetry and records, a commit a second, the log folded into the file every few commits."""
    async with play.session(None, UPLINK) as journal:
        for second in range(30):
            await play.store(journal, observations=2 * (second % 7), records=second % 3)


async def acknowledging(play: Play) -> None:
    """Two uplinks, one at the heels of the commits, one in leaps; the group commit runs."""
    rules = Rules(commit_every_s=0.001)
    async with play.session(rules, UPLINK, OTHER) as journal:
        running = asyncio.create_task(journal.run())
        for second in range(20):
            await play.store(journal)
            await play.deliver(journal, UPLINK, most=2)
            if second % 6 == 5:
                await play.deliver(journal, OTHER)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def first_start(play: Play) -> None:
    """No file, no folder's entry, no identity; then a second start."""
    async with play.session() as journal:
        await play.store(journal)
    async with play.session(None, UPLINK) as journal:
        await play.store(journal)


async def migrating(play: Play) -> None:
    """The first start of this program on an older one's file, with what that one still owes."""
    async with play.session() as journal:
        await play.store(journal)
        await play.deliver(journal, UPLINK, most=3)


async def retention(play: Play) -> None:
    """Telemetry gives room, delivered first; months later what is too old goes."""
    async with play.session(SMALL, UPLINK) as journal:
        for second in range(40):
            await play.store(journal, size=4000)
            if second == 10:
                await play.deliver(journal, UPLINK)
    play.box.wait(91 * DAY_S)
    async with play.session(SMALL) as journal:
        for _ in range(4):
            await play.store(journal)


async def reload(play: Play) -> None:
    """Uplinks come and go while the gateway runs."""
    async with play.session(None, UPLINK) as journal:
        for _ in range(6):
            await play.store(journal)
            await journal.register(OTHER, "oldest")
            await play.deliver(journal, OTHER, most=2)
            await play.deliver(journal, UPLINK, most=1)
            await play.forget(journal, OTHER)


class Before(NamedTuple):
    """What is on the disk when the recording begins, and what has been promised of it."""

    image: Image
    facts: Sequence[Mapping[str, Any]] = ()


def nothing() -> Before:
    return Before({})


def older(steps: int) -> Before:
    """A journal as an earlier program left it, after so many of the migrations."""
    journal, lanes = "01JD8YAG00000000000000000A", list(enumerate(Lane, start=1))
    blocks = [(number, lane, seq) for number, lane in lanes for seq in range(1, 9)]
    bodies = [_old_body(journal, lane, seq) for _, lane, seq in blocks]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA page_size = 1024")
            connection.execute("PRAGMA journal_mode = WAL")
            for number, script in enumerate(MIGRATIONS[:steps], start=1):
                connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")
            connection.execute(
                "INSERT INTO journals (id, gateway, machine, made) VALUES (?, 'dx-yidong-01', 'box-1', ?)",
                (journal, START),
            )
            connection.executemany("INSERT INTO lanes (number, journal, lane) VALUES (?, 1, ?)", lanes)
            connection.executemany(
                "INSERT INTO blocks (key, kind, first, last, observations, total, boot, clock, body)"
                " VALUES (?, 'storage', ?, ?, 0, 0, 'boot-0', 'ntp', ?)",
                [
                    (number << SEQ_BITS | seq, START, START, body.encode())
                    for (number, _, seq), body in zip(blocks, bodies, strict=True)
                ],
            )
            connection.executemany(
                "INSERT INTO cursors VALUES (?, ?, 3, 0)", [(UPLINK, number) for number, _ in lanes]
            )
        image = {"journal.db": path.read_bytes()}
    stored = [(journal, lane, seq, body) for (_, lane, seq), body in zip(blocks, bodies, strict=True)]
    cursors = [(UPLINK, journal, lane, 3) for lane in Lane]
    return Before(
        image,
        [
            {"stored": stored},
            *({"delivered": at} for at in cursors),
            *({"acknowledged": at} for at in cursors),
        ],
    )


def _old_body(journal: str, lane: Lane, seq: int) -> str:
    content = '"observations":[]' if lane is Lane.TELEMETRY else '"record":{}'
    return f'{{"v":1,"journal":"{journal}","lane":"{lane}","seq":{seq},{content}}}'


class Workload(NamedTuple):
    """before: made anew for each recording."""

    name: str
    play: Callable[[Play], Coroutine[Any, Any, None]]
    before: Callable[[], Before] = nothing


WORKLOADS: Final = (
    Workload("steady commits", steady),
    Workload("acknowledging", acknowledging),
    Workload("first start", first_start),
    Workload("migration from step 1", migrating, lambda: older(1)),
    Workload("migration from step 2", migrating, lambda: older(2)),
    Workload("retention", retention),
    Workload("reload of uplinks", reload),
)
