"""Bluetooth devices of a site: read with and without the gateway, and what is known of their cadence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from drivers.ble.advertisement import parse
from drivers.catalogue import DRIVERS
from edge import gateway
from edge.wiring import intaken
from simulators.bluez.bus import missing
from tests.bluez import on_air
from tests.edge.test_cli import tagtrail
from tests.faults.rig import Gateways
from tests.simulators.peers import ONE_ROOM

pytestmark = pytest.mark.skipif(missing("radio") is not None, reason=missing("radio") or "")

AIR, ROOM = "A4:C1:38:00:00:03", "C0:11:22:33:44:55"
QUICK = {"sensor": "chiller", "every": "100ms", "measures": "500ms"}
SCENARIO = {
    "rooms": ONE_ROOM,
    "ports": {
        "radio": {
            "device": "radio",
            "units": {
                1: {**QUICK, "kind": "pvvx", "address": AIR},
                2: {**QUICK, "kind": "environmental-sensing", "address": ROOM},
            },
        }
    },
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    devices = {
        "air": {"driver": "atc", "address": AIR},
        "room": {"driver": "environmental_sensing", "address": ROOM},
        "lost": {"driver": "atc", "address": "A4:C1:38:00:00:09"},
    }
    data = {
        "gateway": {"id": "x", "operator": {"name": "x"}, "site": {"name": "x"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(tmp_path / "journal.db")},
        "ports": {"radio": {"bluetooth": "hci0"}},
        "devices": {name: {**device, "port": "radio"} for name, device in devices.items()},
    }
    path.write_text(yaml.safe_dump(data))
    return path


async def test_it_opens_the_radio_itself_where_no_gateway_runs(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(SCENARIO, tmp_path / "air", monkeypatch):
        for device, uuid in (("air", 0x181A), ("room", 0x2A6E)):
            said = await tagtrail("read", site, device, "--json")
            assert said.code == 0, said
            assert said.facts["observations"][0]["temperature"] == pytest.approx(2.0, abs=1.0)
            assert uuid in parse(bytes.fromhex(said.facts["frame"])).service
            assert "Traceback" not in said.err
        said = await tagtrail("read", site, "lost", "--wait", "1")
        assert (said.code, "lost said nothing within 1" in said.err) == (3, True)


async def test_it_asks_the_running_gateway(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateways: Gateways
) -> None:
    async with on_air(SCENARIO, tmp_path / "air", monkeypatch):
        running = gateways(site)
        await running.start()
        await running.status()
        for device in ("air", "room"):
            said = await tagtrail("read", site, device)
            assert said.code == 0, said
            assert "temperature" in said.out
        status = await running.status()
        assert status["ports"]["radio"]["passive"] == 1
        assert await running.stop() == 0


async def test_without_a_bus_it_says_what_to_do(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    said = await tagtrail("read", site, "air")
    assert (said.code, "systemctl start dbus" in said.err) == (3, True)


def test_what_is_in_the_air_is_learnt_and_only_what_was_sent_to_us_is_not_anybodys(site: Path) -> None:
    facts = {device.name: device for device in intaken(gateway.load(site), DRIVERS)}
    assert [(device.learns, device.every_s) for device in facts.values()] == [(True, None)] * 3
    assert facts["air"].open_air
    assert not facts["room"].open_air
