"""Cables that come loose: each port is back by itself, nothing is leaked, the gap is a fact."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from edge.demo.site import demo_settings
from simulators.site import Site
from tests.faults import rig
from tests.faults.rig import GatewayProcess, Gateways

pytestmark = pytest.mark.slow

TIMES = 10
"""Of each of three ports."""

PORTS = {"ear": "ear-tags", "probes": "cutting-air", "panel": "chiller-1-air"}
"""And a device on each."""

BACK_S = {"ear": 30.0, "probes": 8.0, "panel": 8.0}
"""5 s is what a site may expect; the rest is a busy machine's, and until an animal passes the reader."""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with Site("slaughterhouse", tmp_path / "devices", truth=False) as site:
        yield site


async def loose(site: Site, gateway: GatewayProcess, port: str, dice: random.Random) -> None:
    """Unplugs and replugs one port at random moments; it must speak again each time."""
    for _ in range(TIMES):
        site.fault("unplug", port=port, on=True)
        await asyncio.sleep(dice.uniform(0.05, 1.0))
        site.fault("unplug", port=port, on=False)
        had = (await gateway.status())["ports"][port]
        async with asyncio.timeout(BACK_S[port]):
            while (await gateway.status())["ports"][port].get(_heard(port), 0) <= had.get(_heard(port), 0):
                await asyncio.sleep(0.1)
        await asyncio.sleep(dice.uniform(0.0, 1.0))


def _heard(port: str) -> str:
    return "frames" if port == "ear" else "bytes_in"


async def test_ports_unplugged_at_random_are_back_and_leak_nothing(
    site: Site, tmp_path: Path, gateways: Gateways
) -> None:
    path = demo_settings("slaughterhouse", site.ports, {"url": "mqtt://127.0.0.1:9"}, tmp_path)
    path.write_text(path.read_text().replace("every: 10s", "every: 1s").replace("every: 30s", "every: 1s"))
    gateway = gateways(path)
    await gateway.start()
    before = await gateway.status()
    await asyncio.sleep(3)
    descriptors = gateway.descriptors()
    await asyncio.gather(*(loose(site, gateway, port, random.Random(port)) for port in PORTS))
    status = await gateway.status()
    assert [facts["crashes"] for facts in status["ports"].values()] == [0] * len(status["ports"])
    assert all(status["ports"][port]["restarts"] >= TIMES for port in PORTS)
    assert before["up_s"] < status["up_s"]
    assert gateway.descriptors() <= descriptors + 2, "the broker that is not there takes one now and then"
    assert await gateway.stop() == 0
    blocks = rig.journalled(gateway.journal)
    entries = [
        entry
        for (lane, _), body in blocks.items()
        if lane == "telemetry"
        for entry in orjson.loads(body)["observations"]
    ]
    for device in PORTS.values():
        assert any(entry["device"] == device for entry in entries)
