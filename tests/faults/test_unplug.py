"""Cables that come loose: each port is back by itself, nothing is leaked, the gap is a fact."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
import pytest
import yaml

from edge import gateway, status
from edge.gateway import Gateway
from simulators.site import Site
from tests.drivers.links.conftest import descriptors
from tests.faults.rig import journalled

pytestmark = pytest.mark.slow

TIMES = 10
"""Of each of ten ports, a hundred in all."""

BACK_S = 5.0
"""What a site may expect."""

BUSY_S = 8.0
"""What a busy machine may take, one time in ten."""

NOTICED_S = 2.0
"""From the pulled plug to the record of it, likewise."""


class Hung(NamedTuple):
    """What stands behind a port, and how the gateway is told of it."""

    simulated: dict[str, Any]
    driver: dict[str, Any]
    port: Mapping[str, str] = MappingProxyType({})


PASSING = {"first": 0, "gap": ["10ms", "50ms"], "stay": ["100ms", "200ms"], "repeat": "50ms"}
ROUTE = [
    {"name": "plant", "at": [35.6636, 103.3894], "altitude": 2610.0},
    {"name": "market", "at": [36.0611, 103.8343], "altitude": 1525.0},
]
PROBE = {"units": {1: {"kind": "registers", "holding": {0: {"value": 2.0}, 1: {"value": 3.0}}}}}
READ = {"driver": "modbus", "profile": "probe", "unit": 1, "every": "1s"}

PORTS = {
    "ear": Hung({"device": "ear_tag_reader", **PASSING}, {"driver": "wl134"}),
    "sticks": Hung({"device": "line_reader", **PASSING}, {"driver": "tag_lines"}),
    "hooks": Hung({"device": "uhf_reader", **PASSING}, {"driver": "uhf_reader18"}),
    "gate": Hung({"device": "yrm100_reader", "tcp": 0, **PASSING}, {"driver": "yrm100"}),
    "rail": Hung({"device": "scale"}, {"driver": "scale", "format": "mt-continuous"}),
    "gps": Hung({"device": "nmea_receiver", "route": ROUTE}, {"driver": "nmea"}),
    "tracker": Hung({"device": "gpsd", "route": ROUTE}, {"driver": "gpsd"}),
    "panel": Hung({"device": "modbus_tcp", **PROBE}, READ),
    "probes": Hung({"device": "modbus_rtu", **PROBE}, READ),
    "remote": Hung({"device": "modbus_rtu", "tcp": 0, **PROBE}, READ, {"framing": "rtu"}),
}


class Outage(NamedTuple):
    """Of a port, in seconds since 1970."""

    unplugged: float
    plugged: float
    heard: float


def settings(folder: Path, site: Site) -> Path:
    point = {"temperature": {"address": 0, "type": "s16"}}
    profile = {"documented_as": "the simulator", "function": 3, "points": point}
    (folder / "profiles").mkdir()
    (folder / "profiles" / "probe.yaml").write_text(yaml.safe_dump(profile))
    data = {
        "gateway": {"id": "loose-01", "operator": {"name": "loose"}, "site": {"name": "loose"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "ports": {name: {**site.ports[name], **hung.port} for name, hung in PORTS.items()},
        "devices": {name: {**hung.driver, "port": name} for name, hung in PORTS.items()},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Gateway]:
    """In this process, where its tasks can be counted."""
    stop = asyncio.Event()
    opened = await Gateway.open(gateway.load(path))
    life = asyncio.create_task(opened.run(stop))
    try:
        yield opened
    finally:
        stop.set()
        await life


def heard(subject: Gateway, port: str) -> int:
    """How much has come in on this port since the start."""
    counts = status.full(subject)["ports"][port]
    return int(counts["frames"] if "frames" in counts else counts["bytes_in"])


async def hears(subject: Gateway, port: str, more_than: int) -> None:
    while heard(subject, port) <= more_than:
        await asyncio.sleep(0.02)


async def loose(site: Site, subject: Gateway, port: str) -> list[Outage]:
    """Unplugs and replugs one port at random moments; it must speak again each time."""
    dice = random.Random(port)
    outages = []
    for _ in range(TIMES):
        await asyncio.sleep(dice.uniform(0.0, 1.0))
        unplugged = time.time()
        site.fault("unplug", port=port, on=True)
        await asyncio.sleep(dice.uniform(0.05, 1.0))
        had, plugged = heard(subject, port), time.time()
        site.fault("unplug", port=port, on=False)
        async with asyncio.timeout(BUSY_S):
            await hears(subject, port, had)
        outages.append(Outage(unplugged, plugged, time.time()))
    return outages


async def tasks() -> Counter[str]:
    """Of this process, by what they run: those that stay. (A commit's is there for a millisecond.)"""
    lasting = _tasks()
    for _ in range(20):
        await asyncio.sleep(0.05)
        lasting &= _tasks()
    return lasting


def _tasks() -> Counter[str]:
    return Counter(str(task.get_coro()).partition(" at ")[0] for task in asyncio.all_tasks())


def gaps(journal: Path) -> dict[str, list[tuple[float, float]]]:
    """From when to when each port was down, as the records say."""
    found: dict[str, list[tuple[float, float]]] = {port: [] for port in PORTS}
    for (lane, _), body in journalled(journal).items():
        record = orjson.loads(body).get("record", {}) if lane == "records" else {}
        if record.get("kind") == "alarm" and record["cause"] == "port_down" and record["state"] == "cleared":
            found[record["subject"]].append((seconds(record["from"]), seconds(record["to"])))
    return found


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_a_hundred_plugs_pulled_at_random(tmp_path: Path) -> None:
    scenario = {"ports": {name: hung.simulated for name, hung in PORTS.items()}}
    async with Site(scenario, tmp_path / "devices", truth=False) as site:
        path = settings(tmp_path, site)
        async with running(path) as subject:
            await asyncio.gather(*(hears(subject, port, 0) for port in PORTS))
            before = await tasks(), descriptors()
            outages = await asyncio.gather(*(loose(site, subject, port) for port in PORTS))
            after = await tasks(), descriptors()
            ports = status.full(subject)["ports"]
    took_s = [outage.heard - outage.plugged for of_port in outages for outage in of_port]
    assert len(took_s) == 100
    assert sorted(took_s)[89] < BACK_S
    assert after[0] == before[0]
    assert len(after[1]) == len(before[1])
    assert {facts["crashes"] for facts in ports.values()} == {0}
    recorded = gaps(tmp_path / "journal.db")
    for port, of_port in zip(PORTS, outages, strict=True):
        assert len(recorded[port]) == TIMES
        for (begin, end), outage in zip(recorded[port], of_port, strict=True):
            assert outage.unplugged - 0.1 < begin < outage.unplugged + NOTICED_S
            assert outage.plugged - 0.1 < end < outage.heard + 0.1
