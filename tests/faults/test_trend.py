"""VictoriaMetrics holds exactly the readings that are journalled, whichever side goes away in between."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import orjson
import pytest
import yaml

from simulators.site import Site
from tests.faults import rig
from tests.faults.rig import Gateways
from tests.victoria import Held, Series, Store

pytestmark = pytest.mark.slow

A_WHILE_S = 4.0


def settings(folder: Path, probes: str, store: Store) -> Path:
    file = rig.settings(folder, probes, 1)
    site = yaml.safe_load(file.read_text())
    (folder / "token").write_text("any")
    (folder / "token").chmod(0o600)
    trend = {"url": store.url, "org": "meat", "bucket": "cold", "token": {"file": str(folder / "token")}}
    site["uplinks"] = {"trend": {"influxdb": trend}}
    file.write_text(yaml.safe_dump(site))
    return file


def journalled(journal: Path) -> Held:
    """The readings of the journal as the store should hold them."""
    readings: Held = defaultdict(dict)
    for (lane, _), body in rig.journalled(journal).items():
        if lane != "telemetry":
            continue
        for entry in orjson.loads(body)["observations"]:
            at_ms = round(datetime.fromisoformat(entry["t"]).timestamp() * 1000)
            for quantity in rig.QUANTITIES:
                if entry.get(quantity) is not None:
                    name = Series(f"reading_{quantity}", entry["device"])
                    readings[name][at_ms] = entry[quantity]
    return dict(readings)


def readings(held: Held) -> Held:
    return {series: values for series, values in held.items() if series.name.startswith("reading_")}


async def test_the_store_and_the_gateway_go_away_in_turn(
    victoria: Path, tmp_path: Path, gateways: Gateways
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    async with Store(victoria, folder) as store:
        async with Site(rig.scenario(0), tmp_path / "devices", truth=False) as site:
            gateway = gateways(settings(tmp_path, site.ports["panel"]["tcp"], store))
            await gateway.start()
            await asyncio.sleep(A_WHILE_S)
            await store.stop()
            await asyncio.sleep(A_WHILE_S)
            await gateway.kill()
            await gateway.start()
            await asyncio.sleep(A_WHILE_S)
            await store.start()
            await asyncio.sleep(A_WHILE_S)
            await gateway.stop()
            await gateway.start()
            await asyncio.sleep(A_WHILE_S)
        async with asyncio.timeout(120):  # the probes are silent now: what is owed comes to an end
            while readings(await store.held()) != (expected := journalled(gateway.journal)):
                await asyncio.sleep(0.5)
        assert len(expected) == rig.PER_SECOND
        assert min(len(values) for values in expected.values()) > A_WHILE_S
