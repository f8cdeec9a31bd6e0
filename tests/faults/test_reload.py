"""Settings read again under load: who is not touched misses nothing, and nothing piles up."""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
import pytest
import yaml

from simulators.site import Site
from tests.faults import rig
from tests.faults.rig import GatewayProcess, Gateways

TOUCHED: Final = 5
"""The probes with the highest numbers are those that come, go and change."""

LATE: Final = f"probe-{rig.UNITS}"
"""It is not there at first."""

INTERVAL_S: Final = 1.0
"""Each probe is asked once in it."""

LEAST_S: Final = 0.25
"""Of a gap beyond two intervals on a machine that does other things as well."""

GROWTH_BYTES: Final = 2_000_000

Data: TypeAlias = dict[str, Any]


def adds(data: Data) -> None:
    """Another probe on the same wire."""
    data["devices"][LATE] = data["devices"]["probe-1"] | {"unit": rig.UNITS}


def removes(data: Data) -> None:
    del data["devices"][f"probe-{rig.UNITS - 1}"]


def another_cadence(data: Data) -> None:
    data["devices"][f"probe-{rig.UNITS - 2}"]["every"] = "2s"


def another_profile(data: Data) -> None:
    data["devices"][f"probe-{rig.UNITS - 3}"]["profile"] = "short"


def a_limit(data: Data) -> None:
    data["alarms"] = {"warm": {"points": ["probe-1.temperature"], "above": 90.0}}


def an_uplink(data: Data) -> None:
    data["uplinks"]["second"] = {"mqtt": {"url": "mqtt://127.0.0.1:10"}}


def broken(data: Data) -> None:
    data["devices"]["probe-1"]["unitt"] = 4


CHANGES: Final[tuple[Callable[[Data], None], ...]] = (
    *(adds, removes, another_cadence, broken, another_profile, a_limit, an_uplink),
)
"""One after the other, each from the first settings on."""


def memory_bytes(process: GatewayProcess) -> int:
    """Anonymous pages: what it holds, without what it only reads."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (held,) = [int(line.split()[1]) for line in lines if line.startswith("RssAnon:")]
    return held * 1024


def readings(journal: Path) -> Mapping[str, list[float]]:
    """When each device was read, in s."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for (lane, _), body in rig.journalled(journal).items():
        for entry in orjson.loads(body)["observations"] if lane == "telemetry" else ():
            if entry.get("temperature") is not None:
                found[entry["device"]].append(datetime.fromisoformat(entry["t"]).timestamp())
    return found


def events(journal: Path) -> list[Data]:
    blocks = rig.journalled(journal)
    records = [orjson.loads(body)["record"] for (lane, _), body in blocks.items() if lane == "records"]
    return [record for record in records if record["kind"] == "gateway"]


async def reloads(process: GatewayProcess, config: Path, count: int) -> list[int]:
    """So many times another file; the memory after each."""
    first = yaml.safe_load(config.read_text())
    short = yaml.safe_load((config.parent / "profiles" / "rig.yaml").read_text())
    del short["points"]["dew_point"]
    (config.parent / "profiles" / "short.yaml").write_text(yaml.safe_dump(short))
    held = []
    for turn in range(count):
        data = yaml.safe_load(yaml.safe_dump(first))
        CHANGES[turn % len(CHANGES)](data)
        config.write_text(yaml.safe_dump(data))
        before = (await process.status())["settings"]["read"]
        process.signal(signal.SIGHUP)
        while (await process.status())["settings"]["read"] == before:
            await asyncio.sleep(0.02)
        held.append(memory_bytes(process))
    return held


def without(config: Path, device: str) -> None:
    data = yaml.safe_load(config.read_text())
    del data["devices"][device]
    config.write_text(yaml.safe_dump(data))


async def plays(tmp_path: Path, gateways: Gateways, count: int) -> tuple[GatewayProcess, list[int]]:
    async with Site(rig.scenario(0), tmp_path / "devices", truth=False) as site:
        config = rig.settings(tmp_path, site.ports["panel"]["tcp"], 9)
        without(config, LATE)
        process = gateways(config)
        await process.start()
        await process.status()
        await asyncio.sleep(3)
        held = await reloads(process, config, count)
        await asyncio.sleep(2)
        assert await process.stop() == 0
    return process, held


def expect_nobody_waited(journal: Path) -> None:
    """Nobody who was in every file, as it was, waited longer than one interval more."""
    untouched = [f"probe-{unit}" for unit in range(1, rig.UNITS - TOUCHED + 1)]
    read = readings(journal)
    worst = {name: max(later - sooner for sooner, later in pairwise(read[name])) for name in untouched}
    assert max(worst.values()) < 2 * INTERVAL_S + LEAST_S, worst


async def test_a_few_reloads_under_load(tmp_path: Path, gateways: Gateways) -> None:
    process, _ = await plays(tmp_path, gateways, len(CHANGES))
    expect_nobody_waited(process.journal)
    told = events(process.journal)
    assert [each["event"] for each in told if each["event"].startswith("settings")] == [
        "settings_refused" if change is broken else "settings_applied" for change in CHANGES
    ]
    assert LATE in readings(process.journal)


@pytest.mark.slow
async def test_fifty_reloads_under_load(tmp_path: Path, gateways: Gateways) -> None:
    process, held = await plays(tmp_path, gateways, 50 + len(CHANGES))
    expect_nobody_waited(process.journal)
    first, last = held[len(CHANGES) - 1], held[-1]
    assert last - first <= GROWTH_BYTES, held
