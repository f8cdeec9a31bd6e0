"""Nothing committed is lost when the broker, the network or the process goes away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulators.site import Site
from tests.faults import rig
from tests.faults.rig import DurableBroker, Gateways, consuming
from tests.proxy import Proxy

pytestmark = pytest.mark.slow

OUTAGE_S = 60.0


@pytest.fixture
async def probes(tmp_path: Path) -> AsyncIterator[str]:
    """Where the simulated probes answer."""
    async with Site(rig.scenario(0), tmp_path / "devices", truth=False) as site:
        yield site.ports["panel"]["tcp"]


@pytest.fixture
async def broker(mosquitto: Path, tmp_path: Path) -> AsyncIterator[DurableBroker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    running = DurableBroker(mosquitto, folder)
    async with running:
        yield running


async def test_broker_stopped_then_the_gateway_killed_then_both_back(
    probes: str, broker: DurableBroker, tmp_path: Path, gateways: Gateways
) -> None:
    gateway = gateways(rig.settings(tmp_path, probes, broker.port))
    async with consuming(broker.port) as consumer:
        await gateway.start()
        await asyncio.sleep(10)
        await broker.stop()
        await asyncio.sleep(OUTAGE_S)
        await gateway.kill()
        stored = rig.observations(gateway.journal)
        await broker.start()
        heard = consumer.live
        await gateway.start()
        await gateway.status()
        async with asyncio.timeout(10):  # DESIGN: within 5 s of the connection; the rest is a busy machine's
            while consumer.live == heard:
                await asyncio.sleep(0.05)
        await asyncio.sleep(5)
        await gateway.stop()
        await gateway.start()
        blocks = await rig.delivered(gateway.journal, consumer)
        assert stored > 0.9 * OUTAGE_S * rig.PER_SECOND
        rig.expect_nothing_lost(blocks, consumer)
        assert consumer.duplicates() <= 3 * rig.WINDOW, "one window for each of the three interruptions"
        await gateway.stop()


async def test_a_link_that_goes_silent_and_is_then_reset(
    probes: str, broker: DurableBroker, tmp_path: Path, gateways: Gateways
) -> None:
    async with Proxy(broker.port) as proxy, consuming(broker.port) as consumer:
        gateway = gateways(rig.settings(tmp_path, probes, proxy.port))
        await gateway.start()
        await asyncio.sleep(5)
        proxy.silence()
        await asyncio.sleep(OUTAGE_S)
        proxy.reset()
        proxy.heal()
        await asyncio.sleep(5)
        blocks = await rig.delivered(gateway.journal, consumer)
        assert rig.observations(gateway.journal) > 0.9 * OUTAGE_S * rig.PER_SECOND
        rig.expect_nothing_lost(blocks, consumer)
        await gateway.stop()


async def test_without_a_broker_at_boot_it_polls_and_stores(
    probes: str, mosquitto: Path, tmp_path: Path, gateways: Gateways
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = DurableBroker(mosquitto, folder)
    gateway = gateways(rig.settings(tmp_path, probes, broker.port))
    await gateway.start()
    await asyncio.sleep(15)
    assert rig.observations(gateway.journal) > 5 * rig.PER_SECOND
    async with broker, consuming(broker.port) as consumer:
        await asyncio.sleep(20)
        blocks = await rig.delivered(gateway.journal, consumer)
        rig.expect_nothing_lost(blocks, consumer)
        await gateway.stop()


async def test_a_forbidden_publish_is_no_delivery_until_the_rules_allow_it(
    probes: str, mosquitto: Path, tmp_path: Path, gateways: Gateways
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    rules = folder / "acl"
    allowed = f"topic readwrite tagtrail/{rig.GATEWAY}/"
    forbidding = "".join(f"{allowed}{room}\n" for room in ("status", "live/#", "records/#", "seal/#"))
    rules.write_text(f"{forbidding}topic read tagtrail/#\n")
    rules.chmod(0o600)
    async with DurableBroker(mosquitto, folder, "acl_file {folder}/acl") as broker:
        gateway = gateways(rig.settings(tmp_path, probes, broker.port))
        async with consuming(broker.port) as consumer:
            await gateway.start()
            await asyncio.sleep(10)
            status = await gateway.status()
            assert status["uplinks"]["platform"]["acknowledged_observations"] == 0
            assert [alarm["cause"] for alarm in status["alarms"]] == ["uplink_refused"]
            assert not consumer.first_copies("telemetry")
            assert any(re.search(rb'"cause":"uplink_refused"', message.body) for message in consumer.messages)
            rules.write_text(f"{allowed}#\ntopic read tagtrail/#\n")
            broker.reload()
            await asyncio.sleep(20)
            blocks = await rig.delivered(gateway.journal, consumer)
            rig.expect_nothing_lost(blocks, consumer)
            assert (await gateway.status())["alarms"] == []
            await gateway.stop()
