"""A radio that fails, and somebody who forges what its probes say: the gateway as its own process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from simulators.bluez.bus import missing
from simulators.site import Site
from tests.bluez import on_air
from tests.faults import rig
from tests.faults.rig import GatewayProcess, Gateways
from tests.simulators.peers import ONE_ROOM, truth

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(missing("radio") is not None, reason=missing("radio") or ""),
]

CORE, AIR, ROOM = "A4:C1:38:00:11:22", "A4:C1:38:00:00:03", "C0:11:22:33:44:55"
KEY = "00112233445566778899aabbccddeeff"
QUICK = {"sensor": "chiller", "every": "300ms", "measures": "1s"}
SCENARIO: dict[str, Any] = {
    "rooms": ONE_ROOM,
    "ports": {
        "radio": {
            "device": "radio",
            "units": {
                1: {**QUICK, "kind": "bthome", "address": CORE, "key": KEY},
                2: {**QUICK, "kind": "pvvx", "address": AIR},
                3: {**QUICK, "kind": "environmental-sensing", "address": ROOM},
            },
        }
    },
}
DEVICES = {
    "core": {"driver": "bthome", "address": CORE},
    "air": {"driver": "atc", "address": AIR},
    "room": {"driver": "environmental_sensing", "address": ROOM},
}
BACK_S = 60.0
"""After the radio is able again."""

AWAY_S = 15.0
"""Longer than the patience with a probe that is kept once a second."""

HOTTEST_C = 50.0
"""In a chiller, and far below what is forged."""


def settings(folder: Path, **core: object) -> Path:
    """A site's file; core: further keys of the core probe."""
    key = folder / "core.key"
    key.touch(mode=0o600)
    key.write_text(KEY)
    devices: dict[str, dict[str, object]] = {
        name: {**device, "port": "radio", "every": "1s"} for name, device in DEVICES.items()
    }
    devices["core"] |= {"key": {"file": str(key)}, **core}
    data = {
        "gateway": {
            "id": rig.GATEWAY,
            "operator": {"name": "rig"},
            "site": {"name": "rig"},
            "timezone": "Asia/Shanghai",
        },
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "ports": {"radio": {"bluetooth": "hci0"}},
        "devices": devices,
    }
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump(data))
    return file


async def news(gateway: GatewayProcess, device: str) -> None:
    """Returns once the device has said something more."""
    before = (await gateway.status())["devices"][device]["observed"]
    while (await gateway.status())["devices"][device]["observed"] == before:
        await asyncio.sleep(0.2)


def entries(gateway: GatewayProcess) -> Iterator[dict[str, Any]]:
    for (lane, _), body in rig.journalled(gateway.journal).items():
        if lane == "telemetry":
            yield from orjson.loads(body)["observations"]


async def broken(site: Site, gateway: GatewayProcess, fault: str, cure: str | None) -> None:
    """Until the radio is able again, and for a fault that the gateway must cure, from its beginning."""
    if cure is not None:
        site.fault(fault, port="radio", cure=cure)
        return
    site.fault(fault, port="radio")
    await asyncio.sleep(AWAY_S)
    status = await gateway.status()
    assert status["ports"]["radio"]["state"] == "down"
    site.fault(fault, port="radio", on=False)


@pytest.mark.parametrize(
    ("fault", "cure"),
    [("no_bluez", None), ("no_bus", None), ("unplug", None), ("deaf", "scan"), ("deaf", "power")],
)
async def test_a_radio_that_failed_is_back_and_its_gap_is_a_fact(
    fault: str, cure: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateways: Gateways
) -> None:
    async with on_air(SCENARIO, tmp_path / "air", monkeypatch) as site:
        gateway = gateways(settings(tmp_path))
        await gateway.start()
        for device in DEVICES:
            await news(gateway, device)
        await asyncio.sleep(10.0)  # their cadence is learnt
        await broken(site, gateway, fault, cure)
        able = time.monotonic()
        if cure is not None:
            while not truth(site, "cured", fault=fault):
                await asyncio.sleep(0.2)
        for device in DEVICES:
            await news(gateway, device)
        assert time.monotonic() - able < BACK_S
        status = await gateway.status()
        assert status["ports"]["radio"]["crashes"] == 0
        assert await gateway.stop() == 0
    silent = {entry["device"] for entry in entries(gateway) if ["missing", "silent"] in _qualities(entry)}
    assert {"core", "air"} <= silent


def _qualities(entry: dict[str, Any]) -> list[Any]:
    return list(entry.get("quality", {}).values())


async def test_what_is_forged_is_refused_and_nothing_of_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateways: Gateways
) -> None:
    async with on_air(SCENARIO, tmp_path / "air", monkeypatch) as site:
        gateway = gateways(settings(tmp_path))
        await gateway.start()
        await news(gateway, "core")
        site.fault("spoofed", port="radio")
        site.fault("replayed", port="radio", unit=1)
        refused: dict[str, int] = {}
        air: dict[str, int] = {}
        while not ({"replay", "checksum"} <= refused.keys() and air.get("range", 0) >= 5):
            devices = (await gateway.status())["devices"]
            refused, air = devices["core"]["refused"], devices["air"]["refused"]
            await asyncio.sleep(0.2)
        await news(gateway, "core")
        assert await gateway.stop() == 0
    hot = [entry for entry in entries(gateway) if (entry.get("temperature") or 0.0) > HOTTEST_C]
    assert hot == []


async def test_with_the_wrong_key_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateways: Gateways
) -> None:
    wrong = tmp_path / "wrong.key"
    wrong.touch(mode=0o600)
    wrong.write_text(KEY[::-1])
    async with on_air(SCENARIO, tmp_path / "air", monkeypatch):
        gateway = gateways(settings(tmp_path, key={"file": str(wrong)}))
        await gateway.start()
        await news(gateway, "air")
        core: dict[str, Any] = {}
        while core.get("refused", {}).get("checksum", 0) < 5:
            core = (await gateway.status())["devices"]["core"]
            await asyncio.sleep(0.2)
        assert core["points"] == {}
        assert await gateway.stop() == 0
    assert not [entry for entry in entries(gateway) if entry["device"] == "core" and "temperature" in entry
                and entry["temperature"] is not None]  # fmt: skip
