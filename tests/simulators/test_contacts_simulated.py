"""Simulated contacts: as pymodbus reads them, and a door of the day as the gateway's own bus hears it."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Device, Instant, Port
from drivers.links.serial import open_serial
from drivers.modbus.bus import Bus
from simulators.options import ScenarioError
from simulators.site import Site
from tests.drivers.contacts.test_contact import contact
from tests.drivers.modbus.modbus_line import Heard
from tests.simulators.peers import ONE_ROOM, rtu_client, tcp_client, truth, until


def system_now() -> Instant:
    return Instant(time.time_ns())


FROSTED = {"freezer": {"setpoint": -20.0, "door_every": 0, "defrost_first": 0}}
MODULE = {20: {"kind": "contacts", "inputs": ["chiller.door", None, "freezer.defrost"]}}


def site_of(device: str, units: dict[int, Any] | None = None, **room: object) -> dict[str, Any]:
    rooms = {**FROSTED, "chiller": ONE_ROOM["chiller"] | room}
    return {"rooms": rooms, "ports": {"bus": {"device": device, "units": units or MODULE}}}


async def test_inputs_are_discrete_inputs_and_coils(tmp_path: Path) -> None:
    async with Site(site_of("modbus_tcp"), tmp_path) as site, tcp_client(site, "bus") as client:
        inputs = await client.read_discrete_inputs(0, count=8, device_id=20)
        coils = await client.read_coils(2, count=1, device_id=20)
        beyond = await client.read_discrete_inputs(8, count=1, device_id=20)
        assert inputs.bits == [False, False, True, False, False, False, False, False]
        assert coils.bits[0] is True
        assert beyond.exception_code == 2
        (first, *_) = truth(site, "reply", function=2)
        assert (first["values"]["input.0"], first["values"]["input.2"]) == (0.0, 1.0)


async def test_a_contact_that_chatters_shows_either_level_and_settles(tmp_path: Path) -> None:
    async with (
        Site(site_of("modbus_rtu", door_first="40s", door_open=["1h", "1h"]), tmp_path, speed=20) as site,
        rtu_client(site, "bus") as client,
    ):

        async def door() -> bool:
            return bool((await client.read_discrete_inputs(0, count=1, device_id=20)).bits[0])

        site.fault("bounce", port="bus", unit=20, ms=1500, channel=1)
        assert [await door() for _ in range(5)] == [False] * 5, "nothing changes, nothing chatters"
        await until(lambda: truth(site, "door", open=True))
        chatter = [await door() for _ in range(40)]
        assert set(chatter) == {True, False}
        await asyncio.sleep(1.5)
        assert [await door() for _ in range(5)] == [True] * 5


def test_only_contacts_of_a_bus_bounce(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no channel 99"):
        Site(site_of("modbus_rtu"), tmp_path).fault("bounce", port="bus", unit=20, channel=99)
    ear = {"ports": {"ear": {"device": "ear_tag_reader"}}}
    with pytest.raises(ScenarioError, match="bounce is none of"):
        Site(ear, tmp_path).fault("bounce", port="ear")


async def test_the_bus_hears_a_door_that_chatters_open_and_shut_once_each_and_when(tmp_path: Path) -> None:
    scenario = site_of("modbus_rtu", door_first="20s", door_every="10h", door_open=["70s", "70s"])
    heard = Heard()
    async with Site(scenario, tmp_path, speed=20) as site:
        site.fault("bounce", port="bus", ms=200)
        opened = partial(open_serial, site.ports["bus"]["serial"], 9600, "none", 8, 1)
        port = Port("bus", "serial", timeout_s=0.3)
        door = Device("door", contact(unit=20, input=0, debounce="300ms"), 60)
        task = asyncio.create_task(Bus(port, opened, [door], system_now).run(heard))
        await until(lambda: len(heard.frames) == 3)
        task.cancel()
        await asyncio.wait([task])
        moved = truth(site, "door", port="chiller")
    assert heard.values("door") == [("open", False), ("open", True), ("open", False)]
    assert [move["open"] for move in moved] == [True, False]
    for move, reading in zip(moved, heard.readings("door")[1:], strict=True):
        truly = Instant(int(datetime.fromisoformat(move["t"]).timestamp() * 1e9))
        assert -0.5 < (reading.at - truly) / 1e9 < 2.0
