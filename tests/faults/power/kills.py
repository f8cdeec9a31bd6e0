"""kill -9 of the real gateway at any moment, over and over on one journal, as a part of `make faults`."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from simulators.site import Site
from tests.faults import rig
from tests.faults.rig import Blocks, Consumer, DurableBroker, GatewayProcess, consuming
from tests.faults.table import Budget, Row

TITLE: Final = "kill -9"

KILLS: Final = 200
RESTART_S: Final = 3.0
"""From the start of the process to its first reading."""

_FIRST_READING_S: Final = 60.0
"""Waited for at the most, on however busy a machine."""

_EARLY: Final = 0.2
"""So many of the kills come before there is a first reading."""


class Restart(NamedTuple):
    """From the start of the process to its first reading; a busy machine shows in ``took_s`` alone."""

    took_s: float
    cpu_s: float


def run(budget: Budget) -> Iterator[Row]:
    """See ``table.Part``."""
    program = shutil.which("mosquitto")
    assert program is not None, "no mosquitto on this machine: apt-get install mosquitto"
    kills = budget.of(KILLS)
    found, restarts = asyncio.run(killed(budget.folder, Path(program), kills, budget.seed))
    slowest_s = max(restart.took_s for restart in restarts)
    facts = {**found, "restart ≤ s": slowest_s, "its CPU ≤ s": max(restart.cpu_s for restart in restarts)}
    holds = not (found["lost"] or found["holes"] or found["excess"]) and slowest_s <= RESTART_S
    yield Row(f"under {rig.PER_SECOND} readings a second", kills, facts, holds)


async def killed(folder: Path, mosquitto: Path, kills: int, seed: int) -> tuple[Counter[str], list[Restart]]:
    """What was lost, and how long the gateway took to its first reading after the kills.

    lost: blocks that were at the broker or in the file before a kill and are not in the file after it, or
    never arrive. holes: seqs missing in a lane. excess: duplicates beyond one window a kill.
    """
    chance = random.Random(seed)
    found: Counter[str] = Counter(lost=0, holes=0, duplicates=0, excess=0)
    restarts: list[Restart] = []
    async with _site(folder, mosquitto) as (gateway, consumer):
        before: Blocks = {}
        for _ in range(kills):
            restarts += await _life(gateway, consumer, chance)
            await gateway.kill()
            after = rig.journalled(gateway.journal) if gateway.journal.exists() else {}
            found["lost"] += len(before.items() - after.items()) + len(
                _heard(consumer).items() - after.items()
            )
            found["holes"] += _holes(after)
            before = after
        await gateway.start()
        await gateway.status()
        arrived = await rig.delivered(gateway.journal, consumer)
        await gateway.stop()
        found["lost"] += len(arrived.items() - _heard(consumer).items())
        found["duplicates"] = consumer.duplicates()
        found["excess"] = max(0, consumer.duplicates() - kills * rig.WINDOW)
    return found, restarts


async def _life(gateway: GatewayProcess, consumer: Consumer, chance: random.Random) -> list[Restart]:
    """From a start to the moment of the kill; nothing, if there was no first reading."""
    heard, started = consumer.live, time.monotonic()
    await gateway.start()
    if chance.random() < _EARLY:
        await asyncio.sleep(chance.uniform(0.0, 1.5))
        return []
    async with asyncio.timeout(_FIRST_READING_S):
        while consumer.live == heard:
            gateway.expect_running()
            await asyncio.sleep(0.01)
    restart = Restart(time.monotonic() - started, gateway.cpu_s())
    await asyncio.sleep(chance.uniform(0.0, 2.0))
    return [restart]


@asynccontextmanager
async def _site(folder: Path, mosquitto: Path) -> AsyncIterator[tuple[GatewayProcess, Consumer]]:
    """Probes, a broker, somebody who listens, and a gateway that is not yet started."""
    (folder / "broker").mkdir()
    async with (
        Site(rig.scenario(0), folder / "devices", truth=False) as site,
        DurableBroker(mosquitto, folder / "broker") as broker,
        consuming(broker.port) as consumer,
    ):
        gateway = GatewayProcess(rig.settings(folder, site.ports["panel"]["tcp"], broker.port))
        try:
            yield gateway, consumer
        finally:
            await gateway.kill()


def _heard(consumer: Consumer) -> Blocks:
    return {(message.lane, message.seq): message.body for message in consumer.messages}


def _holes(blocks: Blocks) -> int:
    seqs = [[seq for lane, seq in blocks if lane == name] for name in ("records", "telemetry")]
    return sum(max(lane, default=0) - len(lane) for lane in seqs)
