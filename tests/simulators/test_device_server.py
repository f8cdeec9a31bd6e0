"""Modbus RTU units behind a serial device server, as a client of another make sees them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient

from simulators.options import ScenarioError
from simulators.site import Site
from tests.simulators.peers import truth, words

UNITS = {"1-3": {"kind": "registers", "holding": {n: {"name": f"t{n}", "value": n} for n in range(10)}}}
SCENARIO: dict[str, Any] = {"ports": {"remote": {"device": "modbus_rtu", "tcp": 0, "units": UNITS}}}

REQUEST = bytes.fromhex("010300000002c40b")
REPLY = bytes.fromhex("010304000000013bf3")


async def connect(site: Site) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = site.ports["remote"]["tcp"].partition(":")
    return await asyncio.open_connection(host, int(port))


async def test_pymodbus_reads_rtu_over_tcp(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        host, _, port = site.ports["remote"]["tcp"].partition(":")
        client = AsyncModbusTcpClient(
            host, port=int(port), framer=FramerType.RTU, timeout=5, retries=0, reconnect_delay=0
        )
        assert await client.connect()
        assert words(await client.read_holding_registers(3, count=4, device_id=2)) == [3, 4, 5, 6]
        client.close()
        assert len(truth(site, "reply", delivered=True)) == 1


async def test_a_new_client_takes_the_place_of_the_old(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path, truth=False) as site:
        old_reader, old = await connect(site)
        reader, writer = await connect(site)
        with pytest.raises(ConnectionResetError):
            await old_reader.read(1)
        writer.write(REQUEST)
        assert await reader.readexactly(len(REPLY)) == REPLY
        writer.close()
        old.close()


async def test_unplugged_it_resets_and_refuses_and_comes_back_where_it_was(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path, truth=False) as site:
        reader, writer = await connect(site)
        where = site.ports["remote"]
        site.fault("unplug", port="remote")
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await connect(site)
        site.fault("unplug", port="remote", on=False)
        assert site.ports["remote"] == where
        reader, writer = await connect(site)
        writer.write(REQUEST)
        assert await reader.readexactly(len(REPLY)) == REPLY
        writer.close()


async def test_what_nobody_is_there_to_hear_is_not_delivered(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        site.fault("late", port="remote", ms=100)
        _, writer = await connect(site)
        writer.write(REQUEST)
        writer.close()
        while not truth(site, "reply"):
            await asyncio.sleep(0.01)
        assert [fact["delivered"] for fact in truth(site, "reply")] == [False]


async def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path, truth=False) as site:
        number = int(site.ports["remote"]["tcp"].rpartition(":")[2])
        taken = {"ports": {"remote": {"device": "modbus_rtu", "tcp": number, "units": UNITS}}}
        with pytest.raises(ScenarioError, match=rf"remote: 127\.0\.0\.1:{number}"):
            async with Site(taken, tmp_path, truth=False):
                pass
