"""`tagtrail scan` finds what hangs on three serial ports and two hosts, and what it prints can be pasted."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tty
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from click.testing import CliRunner

from drivers.catalogue import DRIVERS
from edge import settings
from edge.cli import build
from simulators.site import Site
from tests.faults.rig import Gateways
from tests.simulators.peers import ONE_ROOM

CHECKOUT = Path(__file__).parents[3]

MINIMAL: dict[str, Any] = {
    "gateway": {"id": "dx", "operator": {"name": "伊东"}, "site": {"name": "东乡"}},
    "clock": {"trust": "system"},
}

TAG = "900250000023921"

SITE: dict[str, Any] = {
    "rooms": ONE_ROOM,
    "ports": {
        "ear": {
            "device": "ear_tag_reader",
            **{"tags": [TAG], "first": "10ms", "gap": ["100ms", "200ms"], "stay": ["200ms", "300ms"]},
        },
        "rail": {"device": "scale", "checksum": True, "first": "300ms", "settle": "100ms"},
        "line": {
            "device": "modbus_rtu",
            "units": {
                2: {"kind": "xy-md02", "sensor": "chiller"},
                3: {"kind": "r4dcb08", "sensors": ["chiller", "chiller.core", None]},
                5: {"kind": "danfoss-ekc-202d", "room": "chiller"},
                7: {"kind": "registers", "holding": {40: {"value": 22.5, "scale": 0.1}}},
            },
        },
        "panel": {
            "device": "modbus_tcp",
            "units": {
                1: {"kind": "vaisala-hmp", "sensor": "chiller"},
                4: {"kind": "pt100-8", "sensors": ["chiller", None, "chiller.core"]},
            },
        },
        "server": {
            "device": "modbus_rtu",
            "tcp": 0,
            "baud": 115200,
            "units": {
                1: {"kind": "comet-t3311", "sensor": "chiller"},
                6: {"kind": "carel-ir33", "room": "chiller"},
                9: {"kind": "eliwell-idplus-9xx", "room": "chiller"},
            },
        },
    },
}

ON_A_WIRE: dict[str, dict[int, tuple[str, list[int | None]]]] = {
    "line": {2: ("xy-md02", [None]), 3: ("r4dcb08", [1, 2]), 5: ("danfoss-ekc-202d", [None])},
    "panel": {1: ("vaisala-hmp", [None]), 4: ("pt100-8", [1, 3])},
    "server": {1: ("comet-t3311", [None]), 6: ("carel-ir33", [None]), 9: ("eliwell-idplus-9xx", [None])},
}
"""By port and unit: the profile, and the channels with a sensor."""

FEW = ("--unit", "1-9", "--unit", "240")
"""All 247 take minutes."""


class Said(NamedTuple):
    """What a call printed and how it ended."""

    code: int
    out: str
    err: str


async def scan(*arguments: object, lang: str = "en") -> Said:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "scan", *map(str, arguments), "--lang", lang),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
    )
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with Site(SITE, tmp_path / "devices", truth=False) as played:
        yield played


def where(site: Site, port: str) -> str:
    return next(iter(site.ports[port].values()))


def pasted(printed: str, folder: Path) -> settings.Settings:
    """The minimal file with what was printed behind it, as `check` reads it. Raises SettingsError."""
    path = folder / "site.yaml"
    site = MINIMAL | {"journal": {"path": str(folder / "journal.db")}}
    path.write_text(yaml.safe_dump(site, allow_unicode=True) + printed, encoding="utf-8")
    return settings.load(path, DRIVERS)


def described(held: settings.Settings) -> dict[int, tuple[str, list[int | None]]]:
    """By unit: the profile and the channels of what was pasted."""
    found: dict[int, tuple[str, list[int | None]]] = {}
    for name, device in held.devices.items():
        options: Any = device.options
        profile = name[: name.index(f"-{device.port}-")]
        found.setdefault(options.unit, (profile, []))[1].append(options.channel)
    return found


async def test_every_device_is_found_and_what_is_printed_can_be_pasted(site: Site, tmp_path: Path) -> None:
    heard, *swept = await asyncio.gather(
        scan("serial", "--port", where(site, "ear"), "--port", where(site, "rail"), lang="zh"),
        *(scan("modbus", where(site, port), *FEW) for port in ON_A_WIRE),
    )
    assert [each.code for each in (heard, *swept)] == [0, 0, 0, 0], [heard, *swept]

    talking = pasted(heard.out, tmp_path)
    assert {name: device.driver for name, device in talking.devices.items()} == {
        "wl134-ear": "wl134",
        "scale-rail": "scale",
    }
    rail: Any = talking.devices["scale-rail"].options
    assert (rail.format, rail.checksum) == ("mt-continuous", True)
    assert TAG in heard.out

    for (port, expected), each in zip(ON_A_WIRE.items(), swept, strict=True):
        held = pasted(each.out, tmp_path)
        assert described(held) == expected, port
        (wire,) = held.ports.values()
        assert wire.wire == where(site, port)
        assert wire.framing == ("rtu" if port == "server" else None)

    merged: dict[str, Any] = {"ports": {}, "devices": {}}
    for each in (heard, *swept):
        for section, entries in yaml.safe_load(each.out).items():
            assert not merged[section].keys() & entries.keys()
            merged[section] |= entries
    assert len(pasted(yaml.safe_dump(merged), tmp_path).devices) == 2 + sum(
        len(channels) for units in ON_A_WIRE.values() for _, channels in units.values()
    )


async def test_programs_are_told_the_same(site: Site) -> None:
    heard, swept = await asyncio.gather(
        scan("serial", "--port", where(site, "ear"), "--seconds", 5, "--json"),
        scan("modbus", where(site, "panel"), "--unit", "1-4", "--json"),
    )
    (ear,) = json.loads(heard.out)
    assert (ear["baud"], ear["parity"], ear["held_by"]) == (9600, "none", [])
    assert [(each["driver"], each["frames"] > 0) for each in ear["drivers"]] == [("wl134", True)]
    panel = json.loads(swept.out)
    assert (panel["tcp"], panel["framing"]) == (where(site, "panel"), "tcp")
    pt100 = panel["units"][1]["profiles"][0]
    assert (pt100["profile"], pt100["points"], pt100["error_values"]) == ("pt100-8", 2, 6)
    assert [channel["channel"] for channel in pt100["channels"]] == [1, 3]
    assert "unit 4 answers" in swept.err


async def test_an_unknown_register_is_read_in_every_way(site: Site, tmp_path: Path) -> None:
    said = await scan("modbus", where(site, "line"), "--unit", 7, "--register", 41)
    assert said.code == 0, said
    assert f"--unit {7} --register NUMBER" in said.out
    assert "function 3, address 40 on the wire (if the manual counts from 1): 00 e1" in said.out
    assert "function 3, address 41 on the wire (as written, counted from 0)" in said.out
    rows = [row.split() for row in said.out.splitlines()]
    assert ["#", "s16", "225", "22.5", "2.25"] in rows
    assert pasted(said.out, tmp_path).ports


async def test_a_port_that_a_gateway_has_is_let_alone(site: Site, tmp_path: Path, gateways: Gateways) -> None:
    line, server = where(site, "line"), where(site, "server")
    data = {
        **MINIMAL,
        "journal": {"path": str(tmp_path / "journal.db")},
        "ports": {"line": {"serial": line}, "server": {"tcp": server, "framing": "rtu"}},
        "devices": {
            name: {"driver": "modbus", "port": port, "unit": unit, "profile": profile, "every": "1s"}
            for name, port, unit, profile in (
                ("air", "line", 2, "xy-md02"),
                ("yard", "server", 1, "comet-t3311"),
            )
        },
    }
    config = tmp_path / "site.yaml"
    config.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    gateway = gateways(config)
    await gateway.start()
    while {port["state"] for port in (await gateway.status())["ports"].values()} != {"up"}:
        await asyncio.sleep(0.05)
    swept, host, heard = await asyncio.gather(
        scan("modbus", line), scan("modbus", server), scan("serial", "--port", line)
    )
    await gateway.stop()
    assert (swept.code, host.code, heard.code) == (3, 3, 3)
    for said in (swept.err, host.err, heard.out):
        assert "a gateway that runs" in said
        assert "tagtrail read CONFIG DEVICE" in said


async def test_a_line_on_which_something_talks_is_not_swept(site: Site) -> None:
    said = await scan("modbus", where(site, "ear"), "--unit", 1)
    assert said.code == 1
    assert "something talks here without being asked (02" in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("modbus", "/dev/nonexistent"), 3, "no such device"),
        (("modbus", "127.0.0.1:1", "--unit", "1"), 3, "connection is refused"),
        (("serial", "--port", "/dev/nonexistent"), 3, ""),
    ],
)
async def test_what_cannot_be_scanned_ends_with_its_code(
    arguments: tuple[str, ...], code: int, told: str
) -> None:
    said = await scan(*arguments)
    assert said.code == code, said
    assert told in said.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("modbus", "no host"), "neither a serial port"),
        (("modbus", "10.0.0.5:70000"), "neither a serial port"),
        (("modbus", "10.0.0.5", "--unit", "0-3"), "1-247"),
        (("modbus", "10.0.0.5", "--unit", "9-3"), "1-247"),
        (("modbus", "10.0.0.5", "--register", "465537"), "465536"),
        (("modbus", "/dev/ttyUSB0", "--baud", "9601"), "9600"),
        (("serial", "--seconds", "0"), "0.1"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(arguments: tuple[str, ...], told: str) -> None:
    ended = CliRunner().invoke(build("en"), ["scan", *arguments])
    assert ended.exit_code == 2
    assert told in ended.output


async def test_a_line_on_which_nobody_answers(site: Site) -> None:
    said = await scan(
        *("modbus", where(site, "line"), "--unit", "100-102", "--baud", "9600", "--parity", "none"),
        lang="zh",
    )
    assert said.code == 1
    assert "无人应答" in said.err


async def test_another_master_is_left_alone() -> None:
    """Two masters spoil each other's answers."""
    near, far = os.openpty()
    tty.setraw(far)
    conversation = bytes.fromhex("050300000002c58f0503040015012cae7a")

    async def talk() -> None:
        while True:
            os.write(near, conversation)
            await asyncio.sleep(0.3)

    master = asyncio.create_task(talk())
    try:
        said = await scan("modbus", os.ttyname(far), "--unit", 1)
    finally:
        master.cancel()
        await asyncio.wait([master])
        os.close(near)
        os.close(far)
    assert said.code == 1
    assert "somebody else asks units 5 here" in said.err
