"""From a settings file to readings: instruments on a line behind a serial device server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.catalogue import DRIVERS
from drivers.contract import LinkDown, Quality, Source
from edge import gateway, wiring
from simulators.site import Site
from tests.drivers.modbus.modbus_line import Heard, loop_now

ROOM = {"chiller": {"setpoint": 2.0, "door_every": 0, "defrost_every": 0, "core": 32.0}}

UNITS: dict[Any, Any] = {
    1: {"kind": "comet-t3311", "sensor": "chiller"},
    2: {"kind": "r4dcb08", "sensors": ["chiller", "chiller.core"]},
    3: {
        "kind": "registers",
        "input": {7: {"value": 3.5, "scale": 0.1}},
        "coils": {0: {"value": 1}},
        "discrete": {12: {"value": 1}, 13: {"value": 0}},
    },
    4: {"kind": "eliwell-idplus-9xx", "room": "chiller"},
    5: {"kind": "carel-ir33", "room": "chiller"},
    6: {"kind": "vaisala-hmp", "sensor": "chiller"},
}

OWN_PROFILE = """
documented_as: the electrician's drawing 12
function: 4
points:
  temperature: {address: 7, type: s16, scale: 0.1}
  door: {address: 12, function: 2, type: bool}
  open: {address: 13, function: 2, type: bool}
  alarm: {address: 0, function: 1, type: bool}
"""

DEVICES = {
    "comet": {"unit": 1, "profile": "comet-t3311"},
    "air": {"unit": 2, "channel": 1, "profile": "r4dcb08"},
    "core": {"unit": 2, "channel": 2, "profile": "r4dcb08"},
    "own": {"unit": 3, "profile": "dock-module"},
    "eliwell": {"unit": 4, "profile": "eliwell-idplus-9xx"},
    "carel": {"unit": 5, "profile": "carel-ir33"},
    "vaisala": {"unit": 6, "profile": "vaisala-hmp"},
}


@asynccontextmanager
async def stood_up(folder: Path) -> AsyncIterator[tuple[Site, Source]]:
    """The line and the source that the gateway makes for it."""
    line = {"device": "modbus_rtu", "tcp": 0, "baud": 115200, "units": UNITS}
    async with Site({"rooms": ROOM, "ports": {"remote": line}}, folder / "line", truth=False) as site:
        yield site, source_for(site, folder)


def source_for(site: Site, folder: Path) -> Source:
    data = {
        "gateway": {"id": "dx", "operator": {"name": "伊东"}, "site": {"name": "东乡"}},
        "journal": {"path": str(folder / "journal.db")},
        "ports": {"remote": {**site.ports["remote"], "framing": "rtu", "baud": 115200, "timeout": "500ms"}},
        "devices": {
            name: {"driver": "modbus", "port": "remote", "every": "100ms", **device}
            for name, device in DEVICES.items()
        },
    }
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "dock-module.yaml").write_text(OWN_PROFILE, encoding="utf-8")
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return wiring.sources(gateway.load(path), DRIVERS, loop_now)["remote"]


async def heard_until(source: Source, enough: Callable[[Heard], bool]) -> Heard:
    heard = Heard()
    task = asyncio.create_task(source.run(heard))
    try:
        async with asyncio.timeout(20):
            while not enough(heard):
                assert not task.done(), task.exception()
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.wait([task])
    return heard


def all_good(heard: Heard) -> bool:
    """Each device's newest readings are there and good."""
    return all(
        newest and all(seen.quality is Quality.GOOD for seen in newest)
        for newest in (heard.readings(name)[-4:] for name in DEVICES)
    )


async def test_several_devices_and_a_sites_own_profile_on_one_line(tmp_path: Path) -> None:
    async with stood_up(tmp_path) as (_, source):
        heard = await heard_until(source, all_good)
        counters = source.counters()
    assert heard.values("own")[:4] == [("temperature", 3.5), ("door", True), ("open", False), ("alarm", True)]
    latest = {name: dict(heard.values(name)) for name in DEVICES}
    for name in ("comet", "air", "eliwell", "carel", "vaisala"):
        assert latest[name]["temperature"] == pytest.approx(2.0, abs=3.0), name
    assert float(str(latest["core"]["temperature"])) > 20
    assert (latest["carel"]["setpoint"], latest["eliwell"]["defrost"]) == (2.0, False)
    assert (counters["timeouts"], counters["suspended_units"], heard.refused) == (0, 0, [])


async def test_a_failed_probe_is_missing_by_its_fault_bit(tmp_path: Path) -> None:
    """The Carel goes on showing a temperature: only its discrete input tells."""
    async with stood_up(tmp_path) as (site, source):
        site.fault("sentinel", port="remote", unit=5, channel=1)
        heard = await heard_until(source, lambda heard: bool(heard.readings("carel")))
    assert heard.values("carel")[0] == ("temperature", "sensor_fault")


async def test_noise_on_the_line_costs_no_value(tmp_path: Path) -> None:
    async with stood_up(tmp_path) as (site, source):
        site.fault("noise", port="remote", where="before")
        site.fault("split", port="remote", ms=1)
        heard = await heard_until(source, all_good)
        counters = source.counters()
    assert counters["stray_bytes"] > 0
    assert {value for quantity, value in heard.values("own") if quantity == "temperature"} == {3.5}


async def test_late_answers_are_nobodys_value(tmp_path: Path) -> None:
    """Unit 3's answers come after its time: it is silent, and no neighbour gets its 3.5."""
    async with stood_up(tmp_path) as (site, source):
        site.fault("late", port="remote", unit=3, ms=600)
        heard = await heard_until(
            source, lambda heard: len(heard.readings("own")) >= 8 and len(heard.readings("air")) >= 10
        )
        counters = source.counters()
    assert {value for _, value in heard.values("own")} == {"no_answer"}
    told = [value for name in DEVICES if name != "own" for _, value in heard.values(name)]
    assert 3.5 not in told
    assert counters["stray_bytes"] > 0


async def test_a_device_server_that_goes_and_comes_back(tmp_path: Path) -> None:
    async with stood_up(tmp_path) as (site, source):
        heard = Heard()
        task = asyncio.create_task(source.run(heard))
        async with asyncio.timeout(20):
            while not all_good(heard):
                await asyncio.sleep(0.01)
            site.fault("unplug", port="remote")
            await asyncio.wait([task])
            assert isinstance(task.exception(), LinkDown)
            site.fault("unplug", port="remote", on=False)
            await heard_until(source, all_good)
