"""A journal damaged anywhere: the gateway comes up, delivers nothing wrong, and says what is gone."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import orjson
import pytest

from edge.alarms import Cause
from edge.errors import JournalDamagedError
from edge.journal.block import Block, Lane
from edge.journal.store import Journal
from simulators.site import Site
from tests.edge.journal.journal_rig import Box, record_of
from tests.faults import rig
from tests.faults.damaging import RULES, Damage, Told, copy, is_whole, made, places
from tests.faults.rig import Gateways

UP_S = 10.0
RANDOM_PLACES = 20


class Platform:
    """What an uplink delivers of every journal in the file, until nothing is owed."""

    def __init__(self) -> None:
        self.had: dict[tuple[str, Lane, int], bytes] = {}

    async def take(self, journal: Journal) -> None:
        for owed in await journal.owed("platform"):
            after = owed.cursor
            while piece := await journal.read(owed.journal, owed.lane, after):
                self._have(piece)
                after = piece[-1].seq
                await journal.acknowledge("platform", owed.journal, owed.lane, after)

    def _have(self, piece: Iterable[Block]) -> None:
        for block in piece:
            at = block.journal, block.lane, block.seq
            assert self.had.setdefault(at, block.body) == block.body, "one seq, two contents"


async def life_after(box: Box, platform: Platform) -> tuple[Journal, int]:
    """Opens, works and delivers as the daemon does; opened again where damage shows. How often it was."""
    for opened in range(1, 6):
        begun = monotonic()
        journal = await box.open(RULES)
        assert monotonic() - begun < UP_S
        await journal.register("platform", "oldest")
        journal.record("gateway", box.at, b'{"kind":"gateway","event":"started","facts":{}}')
        journal.observe(box.entry("probe-new"))
        work = [asyncio.create_task(journal.run()), asyncio.create_task(journal.inspect())]
        try:
            async with asyncio.timeout(UP_S):
                while journal.facts()["carrying_over"]:
                    await asyncio.sleep(0.01)
                    for task in work:
                        if task.done():
                            task.result()
            await journal.flush()
            await platform.take(journal)
            await journal.flush()
        except JournalDamagedError:
            continue
        else:
            return journal, opened
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            if opened and any(task.done() for task in work):
                with suppress(JournalDamagedError):
                    await journal.close()
            box.wait(10)
    raise AssertionError("it never stays up")


def lost(platform: Platform) -> dict[Lane, set[int]]:
    """The seqs that the gap records name."""
    named: dict[Lane, set[int]] = {lane: set() for lane in Lane}
    for (journal, lane, seq), body in platform.had.items():
        record = record_of(Block(journal, lane, seq, "", 0, body)) if lane is Lane.RECORDS else {}
        facts: dict[str, Any] = record.get("facts", {})
        if facts.get("reason") == "damaged":
            for first, last in facts["seqs"]:
                named[Lane(facts["lane"])].update(range(first, last + 1))
    return named


async def check(folder: Path, told: Told, damage: Damage, number: int) -> bool:
    """Whether the damage was one that anybody could notice."""
    box = copy(folder, folder / f"place-{number}")
    damage.apply(box.path)
    platform = Platform()
    await life_after(box, platform)
    aside = list(box.path.parent.glob("journal.db.damaged-*"))
    named = lost(platform)
    for (journal, lane, seq), body in platform.had.items():
        if journal == told.journal and (lane, seq) in told.blocks:
            assert told.blocks[lane, seq] == body, "wrong bytes were delivered as good"
    for (lane, seq), body in told.blocks.items():
        if seq <= told.delivered[lane] or (told.journal, lane, seq) in platform.had:
            continue
        if not aside:  # the log's last commit, which might as well never have been finished
            assert body in told.last, "undelivered blocks are gone and nothing was said"
            assert all(at[0] != told.journal or at[1:] in told.blocks for at in platform.had)
            continue
        assert seq in named[lane] or not any(at[0] == told.journal for at in platform.had), (lane, seq)
    if aside:
        assert is_whole(box.path)
        assert ("raised", Cause.JOURNAL_DAMAGED, "journal") in box.rung
    shutil.rmtree(box.path.parent)
    return bool(aside)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[Path, Told]]:
    """In memory where that can be had: what counts here is bytes, not how long a disk takes to sync them."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder), asyncio.run(made(Path(folder)))


@pytest.mark.parametrize("number", range(RANDOM_PLACES))
async def test_damage_anywhere_is_survived_and_told(whole: tuple[Path, Told], number: int) -> None:
    seed = random.randrange(1 << 30)
    damage = list(places(number + 1, seed))[-1]
    try:
        await check(*whole, damage, number)
    except AssertionError as error:
        raise AssertionError(f"{damage}: {error}") from error


async def test_a_whole_journal_is_left_where_it_is(whole: tuple[Path, Told]) -> None:
    folder, told = whole
    box = copy(folder, folder / "whole")
    platform = Platform()
    await life_after(box, platform)
    assert not list(box.path.parent.glob("*damaged*"))
    undelivered = {at for at in told.blocks if at[1] > told.delivered[at[0]]}
    assert {at[1:] for at in platform.had if at[0] == told.journal} >= undelivered
    assert lost(platform) == {lane: set() for lane in Lane}


async def test_one_flipped_bit_costs_one_block_and_is_delivered_under_no_name(
    whole: tuple[Path, Told],
) -> None:
    folder, told = whole
    box = copy(folder, folder / "bit")
    seq = 300
    with closing(sqlite3.connect(box.path)) as file:
        changed = told.blocks[Lane.TELEMETRY, seq].replace(b'"q1":1.5', b'"q1":1.7', 1)
        file.execute("UPDATE blocks SET body = ? WHERE body = ?", (changed, told.blocks[Lane.TELEMETRY, seq]))
        file.commit()
    platform = Platform()
    await life_after(box, platform)
    assert lost(platform) == {Lane.RECORDS: set(), Lane.TELEMETRY: {seq}}
    kept = {at[1:]: body for at, body in platform.had.items() if at[0] == told.journal}
    for at, body in told.blocks.items():
        if at[1] > told.delivered[at[0]]:
            assert kept.get(at) == (None if at == (Lane.TELEMETRY, seq) else body)
    (aside,) = box.path.parent.glob("journal.db.damaged-*[A-Z0-9]")
    with closing(sqlite3.connect(f"file:{aside}?mode=ro", uri=True)) as file:
        assert file.execute("SELECT count(*) FROM blocks WHERE body = ?", (changed,)).fetchone() == (1,)


async def test_an_emptied_file_is_no_new_journal(box: Box) -> None:
    async with box.journal(RULES) as journal:
        await journal.register("platform", "oldest")
    box.path.write_bytes(b"")
    async with box.journal(RULES) as journal:
        assert journal.set_aside is not None
        assert journal.predecessor is None


async def test_who_carries_over_and_is_cut_off_goes_on_later(whole: tuple[Path, Told]) -> None:
    folder, told = whole
    box = copy(folder, folder / "cut-off")
    box.path.with_name("journal.db.suspect").touch()
    cut_off = await box.open(RULES)
    first = cut_off.set_aside
    await cut_off.close()
    box.boot = "boot-3"
    platform = Platform()
    await life_after(box, platform)
    assert [path.name for path in box.path.parent.glob("journal.db.damaged-*[A-Z0-9]")] == [first]
    kept = {at[1:]: body for at, body in platform.had.items() if at[0] == told.journal}
    assert kept == {at: body for at, body in told.blocks.items() if at[1] > told.delivered[at[0]]}
    assert await named_predecessor(box) == told.journal


async def named_predecessor(box: Box) -> str:
    async with box.journal(RULES) as journal:
        with closing(sqlite3.connect(box.path)) as file:
            query = "SELECT predecessor FROM journals WHERE id = ?"
            (predecessor,) = file.execute(query, (journal.id,)).fetchone()
            return str(predecessor)


@pytest.mark.slow
async def test_a_gateway_finds_its_journal_damaged_and_is_up_again(
    tmp_path: Path, gateways: Gateways
) -> None:
    async with Site(rig.scenario(0), tmp_path / "devices", truth=False) as site:
        gateway = gateways(rig.settings(tmp_path, site.ports["panel"]["tcp"], 1))
        await gateway.start()
        journal = (await gateway.status())["journal"]["id"]
        await asyncio.sleep(4)
        await gateway.kill()
        content = bytearray(gateway.journal.with_name("journal.db-wal").read_bytes())
        content[len(content) // 3] ^= 1
        gateway.journal.with_name("journal.db-wal").write_bytes(content)
        begun = monotonic()
        await gateway.start()
        status = await gateway.status()
        assert monotonic() - begun < UP_S
        assert status["journal"]["id"] != journal
        assert "journal_damaged" in [alarm["cause"] for alarm in status["alarms"]]
        (aside,) = tmp_path.glob("journal.db.damaged-*[A-Z0-9]")
        assert await gateway.stop() == 0
    with closing(sqlite3.connect(gateway.journal)) as file:
        bodies = file.execute("SELECT body FROM blocks WHERE kind = 'gateway' ORDER BY key").fetchall()
    events = [orjson.loads(body)["record"] for (body,) in bodies]
    (begun_anew,) = [record["facts"] for record in events if record["event"] == "journal"]
    assert begun_anew["damaged"] == aside.name
