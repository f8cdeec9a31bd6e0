"""Asked to end under full load, the gateway ends at once and keeps what it took in."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from simulators.site import Site
from tests.faults.rig import PER_SECOND, QUANTITIES, Gateways, journalled, observations, scenario, settings

ENDS_WITHIN_S = 5.0
LOADED_S = 4.0


async def verified(config: Path) -> dict[str, Any]:
    """What ``tagtrail verify`` says."""
    verify = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "verify", str(config), "--json"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    said, _ = await verify.communicate()
    assert verify.returncode == 0
    verdict: dict[str, Any] = orjson.loads(said)
    return verdict


async def test_a_gateway_under_full_load_ends_within_seconds_and_keeps_what_it_took_in(
    tmp_path: Path, gateways: Gateways
) -> None:
    async def mute(heard: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        """A broker that takes the connection and never says a word."""
        await heard.read()
        to.close()

    broker = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with Site(scenario(0), tmp_path / "simulated") as played:
        config = settings(tmp_path, played.ports["panel"]["tcp"], broker.sockets[0].getsockname()[1])
        gateway = gateways(config)
        await gateway.start()
        before, began = await gateway.status(), time.monotonic()
        await asyncio.sleep(LOADED_S)
        last, lasted_s = await gateway.status(), time.monotonic() - began
        asked_s = time.monotonic()
        assert await gateway.stop() == 0
        assert time.monotonic() - asked_s < ENDS_WITHIN_S
    broker.close()
    taken = [sum(each["observed"] for each in facts["devices"].values()) for facts in (before, last)]
    assert taken[1] - taken[0] > 0.8 * PER_SECOND * lasted_s
    assert observations(gateway.journal) >= taken[1]
    assert taken[1] % len(QUANTITIES) == 0
    verdict = await verified(config)
    assert {lane["head"] - lane["proven"] for lane in verdict["lanes"]} == {0}, "the last seal seals all"
    blocks = journalled(gateway.journal)
    records = [orjson.loads(body)["record"] for (lane, _), body in blocks.items() if lane == "records"]
    assert [record["event"] for record in records if record["kind"] == "gateway"] == ["started", "stopped"]
