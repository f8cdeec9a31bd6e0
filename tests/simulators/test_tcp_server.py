"""The TCP server byte by byte, and what faults do to it."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from pymodbus.exceptions import ModbusIOException

from simulators.options import ScenarioError
from simulators.site import Site
from tests.simulators.peers import tcp_client, truth, until, words

UNITS = {"1-50": {"kind": "registers", "holding": {n: {"name": f"t{n}", "value": n} for n in range(10)}}}
SCENARIO: dict[str, Any] = {"ports": {"panel": {"device": "modbus_tcp", "units": UNITS}}}


def request(transaction: int, unit: int, count: int = 2) -> bytes:
    return struct.pack(">HHHBBHH", transaction, 0, 6, unit, 3, 0, count)


def reply(transaction: int, unit: int, count: int = 2) -> bytes:
    return struct.pack(f">HHHBBB{count}H", transaction, 0, 3 + 2 * count, unit, 3, 2 * count, *range(count))


async def connect(site: Site) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = site.ports["panel"]["tcp"].partition(":")
    return await asyncio.open_connection(host, int(port))


async def test_pipelined_requests_in_any_chunks(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        reader, writer = await connect(site)
        stream = b"".join(request(n, n % 50 + 1) for n in range(100))
        for start in range(0, len(stream), 7):
            writer.write(stream[start : start + 7])
            await writer.drain()
            await asyncio.sleep(0)
        expected = b"".join(reply(n, n % 50 + 1) for n in range(100))
        assert await reader.readexactly(len(expected)) == expected
        assert len(truth(site, "reply", delivered=True)) == 100
        writer.close()


async def test_an_unknown_unit_is_silent_and_the_next_is_not(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path, truth=False) as site:
        reader, writer = await connect(site)
        writer.write(request(1, 51))
        await asyncio.sleep(0.05)
        writer.write(request(2, 50))
        assert await reader.readexactly(13) == reply(2, 50)
        writer.close()


@pytest.mark.parametrize("header", ["000100010006", "000100000001", "0001000000ff", "0001000000000000"])
async def test_a_malformed_header_ends_the_connection(header: str, tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        reader, writer = await connect(site)
        writer.write(bytes.fromhex(header) + b"\x01\x03\0\0\0\1")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await reader.readexactly(1)
        writer.close()


async def test_values_are_fresh_after_the_sample_time(tmp_path: Path) -> None:
    rooms = {"a": {"setpoint": 2.0}}
    units = {1: {"kind": "pt100-8", "sensors": ["a"]}}
    scenario = {"rooms": rooms, "ports": {"panel": {"device": "modbus_tcp", "units": units}}}
    async with Site(scenario, tmp_path, speed=600, truth=False) as site, tcp_client(site, "panel") as client:
        seen: set[int] = set()
        while len(seen) < 3:
            seen.update(words(await client.read_holding_registers(0, device_id=1)))
            await asyncio.sleep(0.05)


async def test_unplugged_and_plugged_in_again(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        before = site.ports
        reader, writer = await connect(site)
        writer.write(request(1, 1))
        await reader.readexactly(13)
        site.fault("unplug", port="panel")
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await connect(site)
        site.fault("unplug", port="panel", on=False)
        assert site.ports == before
        async with tcp_client(site, "panel") as client:
            assert words(await client.read_holding_registers(3, device_id=7)) == [3]
        assert [fact["on"] for fact in truth(site, "fault", fault="unplug")] == [True, False]


async def test_unplugged_before_anybody_listened(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        for on in (True, False, True, False):
            site.fault("unplug", port="panel", on=on)
            await asyncio.sleep(0)
        async with tcp_client(site, "panel") as client:
            assert words(await client.read_holding_registers(3, device_id=7)) == [3]


@pytest.mark.parametrize("turns", range(6))
async def test_unplugged_while_somebody_connects(turns: int, tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        host, _, port = site.ports["panel"]["tcp"].partition(":")
        with socket.create_connection((host, int(port))) as near:
            for _ in range(turns):
                await asyncio.sleep(0)
            site.fault("unplug", port="panel")
            await asyncio.sleep(0.05)
            near.setblocking(False)
            with pytest.raises(ConnectionResetError):
                near.recv(1)


async def test_silence_without_closing(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site, tcp_client(site, "panel", timeout=0.3) as client:
        site.fault("silence", port="panel", unit=1)
        with pytest.raises(ModbusIOException):
            await client.read_holding_registers(0, device_id=1)
    assert truth(site, "reply", unit=1, delivered=False, faults=["silence"])


async def test_wrong_unit_late_split_and_illegal(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        reader, writer = await connect(site)
        site.fault("wrong_unit", port="panel", unit=1)
        site.fault("late", port="panel", unit=2, ms=150)
        site.fault("split", port="panel", unit=3)
        site.fault("illegal", port="panel", unit=4)
        asked = time.monotonic()
        writer.write(b"".join(request(n, n) for n in (1, 2, 4)))
        assert await reader.readexactly(13) == reply(1, 2)
        assert await reader.readexactly(9) == bytes.fromhex("000400000003048302")
        assert await reader.readexactly(13) == reply(2, 2)
        assert time.monotonic() - asked >= 0.15
        writer.write(request(3, 3))
        assert await reader.readexactly(13) == reply(3, 3)
        writer.close()
        facts = {fact["unit"]: (fact["delivered"], fact["faults"]) for fact in truth(site, "reply")}
        assert facts == {
            1: (False, ["wrong_unit"]),
            2: (True, ["late"]),
            3: (True, ["split"]),
            4: (True, ["illegal"]),
        }


@pytest.mark.parametrize(("where", "delivered"), [("before", False), ("inside", False), ("after", True)])
async def test_noise_that_comes_first_ends_a_stream(where: str, delivered: bool, tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        site.fault("noise", port="panel", where=where)
        reader, writer = await connect(site)
        writer.write(request(1, 1))
        heard = await reader.readexactly(14)
        assert heard.startswith(reply(1, 1)) == delivered
        assert truth(site, "reply", delivered=delivered, faults=["noise"])
        writer.close()


async def test_a_gateway_that_hangs_up_before_a_late_answer(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        site.fault("late", port="panel", ms=3_600_000)
        _, writer = await connect(site)
        writer.write(request(1, 1))
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        await until(lambda: truth(site, "reply", delivered=False, faults=["late"]))


async def test_a_gateway_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path, truth=False) as site:
        _, writer = await connect(site)
        near = writer.get_extra_info("socket")
        near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

        async def ask_for_ever() -> None:
            while True:
                writer.write(request(1, 1, count=10) * 100)
                await writer.drain()

        with pytest.raises(ConnectionError):
            await ask_for_ever()
        writer.close()


@pytest.mark.parametrize("fault", ["wrong_crc", "echo"])
async def test_faults_that_tcp_cannot_have(fault: str, tmp_path: Path) -> None:
    async with Site(SCENARIO, tmp_path) as site:
        with pytest.raises(ScenarioError, match=f"{fault} is none of"):
            site.fault(fault, port="panel")
        with pytest.raises(ScenarioError, match="unit 99 is none of 1, 2"):
            site.fault("silence", port="panel", unit=99)
        with pytest.raises(ScenarioError, match="port pannel is none of panel"):
            site.fault("silence", port="pannel")
