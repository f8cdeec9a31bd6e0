"""The demo is real: its gateway, its devices and its broker are programs that talk."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import gateway
from edge.demo.site import demo_settings
from tests.edge.test_cli import tagtrail
from tests.mosquitto import Broker

pytestmark = pytest.mark.slow


async def test_every_kind_of_device_gets_through_to_the_embedded_broker() -> None:
    said = await tagtrail("demo", "--for", "10s", "--json")
    assert said.code == 0, said
    kinds = said.facts["kinds"]
    wired = {"wl134", "uhf_reader18", "scale", "scanner", "modbus", "contact", "nmea"}
    assert kinds.keys() == wired | {"bthome", "ruuvi", "atc", "govee", "teltonika"}
    for counts in kinds.values():
        assert counts["observed"] >= counts["journalled"] >= counts["acknowledged"] > 0


async def test_one_site_with_a_broker_of_ones_own(mosquitto: Path, tmp_path: Path) -> None:
    async with Broker(mosquitto, tmp_path) as broker:
        said = await tagtrail(
            "demo", "truck", "--for", "8s", "--json", "--broker", f"mqtt://127.0.0.1:{broker.port}"
        )
    assert said.code == 0, said
    assert said.facts["kinds"].keys() == {"modbus", "nmea", "ruuvi", "teltonika"}


async def test_a_broker_that_is_not_there_is_a_no(tmp_path: Path) -> None:
    said = await tagtrail("demo", "truck", "--for", "4s", "--json", "--broker", "mqtt://127.0.0.1:9")
    assert said.code == 1
    assert said.facts["kinds"]["nmea"]["journalled"] > 0
    assert said.facts["kinds"]["nmea"]["acknowledged"] == 0


async def test_a_duration_without_a_unit_is_refused() -> None:
    said = await tagtrail("demo", "--for", "30")
    assert said.code == 2


async def test_what_nothing_plays_is_left_out_and_said() -> None:
    said = await tagtrail("demo", "truck", "--for", "2s", "--json")
    assert "truck: without ignition; nothing plays the port here." in said.err
    assert "contact" not in said.facts["kinds"]


def test_records_go_on_without_the_devices_that_nothing_plays(tmp_path: Path) -> None:
    played = {"panel": {"tcp": "127.0.0.1:1502"}}
    settings = gateway.load(demo_settings("coldstore", played, {"url": "mqtt://127.0.0.1:9"}, tmp_path))
    rooms = settings.records.storage
    assert rooms["freezer-1"].climate == ["freezer-1-air"]
    assert (rooms["cold-room-1"].climate, rooms["cold-room-1"].door) == (["cold-room-1-air"], None)
    assert rooms["cold-room-1"].defrost == "cold-room-1-control"

    probes = {"probes": {"serial": "/dev/ttyS9"}}
    settings = gateway.load(demo_settings("coldstore", probes, {"url": "mqtt://127.0.0.1:9"}, tmp_path))
    assert settings.records.storage.keys() == {"cold-room-1"}
