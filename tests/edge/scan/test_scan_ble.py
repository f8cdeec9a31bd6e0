"""`tagtrail scan ble`: who is in the air, and the lines that bring them into service."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.ble.probe import Heard
from drivers.catalogue import DRIVERS
from drivers.contract import Frame
from edge import settings
from edge.scan.ble import as_yaml, facts, found
from simulators.site import Site
from tests.simulators.peers import ONE_ROOM, truth

CHECKOUT = Path(__file__).parents[3]
EYE = "D0:CF:5E:03:97:18"
PUCK = "FF:E9:F1:C2:25:F9"
STRANGER = "02:00:00:00:00:01"

IN_THE_AIR = [
    Heard(
        EYE,
        "MP1_1234567",
        -35,
        [
            Frame(bytes.fromhex("0201061aff4c000215ffffffff0b8c404510c655aab636ebefbb70005502")),
            Frame(bytes.fromhex("0eff9a0801b708b4120ccb0bffc767")),
        ],
    ),
    Heard(
        PUCK,
        "P RHT 900459",
        -60,
        [
            Frame(bytes.fromhex("02010608ff5707213012b80a0d09502052485420393030343539")),
            Frame(bytes.fromhex("05ff5707f145")),
        ],
    ),
    Heard(STRANGER, "", -90, [Frame(bytes.fromhex("04ff4c0010"))]),
    Heard("02:00:00:00:00:02", "ear\x1b[2Jphones", -91, []),
]


def test_whoever_is_understood_is_told_with_all_that_he_says() -> None:
    eye, puck, stranger, silent = facts([found(heard, DRIVERS) for heard in IN_THE_AIR])
    assert eye["drivers"] == ["teltonika"]
    assert (eye["address"], eye["name"], eye["rssi_dbm"]) == (EYE, "MP1_1234567", -35)
    assert (eye["readings"]["temperature"], eye["readings"]["open"]) == (22.28, True)
    assert puck["drivers"] == ["ela", "teltonika"], "the maker's own driver first"
    assert puck["readings"] == {"temperature": 27.44, "humidity": 48.0, "battery": 69.0}
    assert (stranger["drivers"], stranger["readings"]) == ([], {})
    assert stranger["frames"] == ["04ff4c0010"]
    assert silent["drivers"] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_printed_can_be_pasted(lang: Any, tmp_path: Path) -> None:
    printed = as_yaml([found(heard, DRIVERS) for heard in IN_THE_AIR], "hci0", lang)
    site = {
        "gateway": {"id": "dx", "operator": {"name": "a"}, "site": {"name": "b"}},
        "journal": {"path": "/var/lib/tagtrail/journal.db"},
    }
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(site) + printed, encoding="utf-8")

    held = settings.load(path, DRIVERS)

    assert {name: device.driver for name, device in held.devices.items()} == {
        "teltonika-039718": "teltonika",
        "ela-c225f9": "ela",
    }
    assert held.ports["radio"].bluetooth == "hci0"
    assert "22.28 Cel" in printed
    assert ": teltonika\n" in printed or "：teltonika\n" in printed
    assert f"{STRANGER}  -90 dBm  04ff4c0010" in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_where_nobody_is_nothing_is_to_paste(lang: Any) -> None:
    assert yaml.safe_load(as_yaml([], "hci0", lang)) is None


async def scan(bus: str, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "scan", "ble", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
        env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus},
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_command_hears_a_simulated_radio(tmp_path: Path) -> None:
    units = {1: {"kind": "teltonika-eye", "address": EYE, "sensor": "chiller", "every": "50ms"}}
    air = {"rooms": ONE_ROOM, "ports": {"radio": {"device": "radio", "units": units}}}
    async with Site(air, tmp_path) as site:
        code, out, err = await scan(site.buses["radio"], "--for", "2s", "--json", "--lang", "en")
        assert (code, err) == (0, "")
        [eye] = json.loads(out)
        assert (eye["address"], eye["drivers"]) == (EYE, ["teltonika"])
        assert eye["rssi_dbm"] < 0
        said = truth(site, "advert", unit=1)
        assert eye["readings"]["temperature"] in {line["temperature"] for line in said}
        assert eye["readings"]["humidity"] in {line["humidity"] for line in said}

        code, _, err = await scan(site.buses["radio"], "--adapter", "hci7", "--lang", "en")
        assert code == 3
        assert "no Bluetooth adapter hci7; there is hci0" in err


async def test_without_a_bus_the_command_says_so() -> None:
    code, _, err = await scan("unix:path=/nonexistent/bus", "--lang", "zh")
    assert code == 3
    assert "systemctl start dbus" in err
