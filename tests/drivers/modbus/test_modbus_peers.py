"""Against peers of another make: pymodbus's server over TCP and RTU framing over a pseudo-terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.contract import Device, Link, Port
from drivers.links.serial import open_serial
from drivers.links.tcp import open_tcp
from drivers.modbus.bus import Bus
from tests.drivers.modbus.modbus_line import Heard, crc, decoder, loop_now, probe, registers_reply

SOON_S = 20.0
"""No test waits for it: it ends one that hangs."""


async def _until_heard(bus: Bus, enough: Callable[[Heard], bool]) -> Heard:
    heard = Heard()
    task = asyncio.create_task(bus.run(heard))
    try:
        async with asyncio.timeout(SOON_S):
            while not enough(heard):
                assert not task.done(), task.exception()
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.wait([task])
    return heard


async def test_pymodbus_server() -> None:
    """Two probes, three channels of a module, and a map with a hole in it."""
    holding = [SimData(0, values=[219, 0xFF92, 0x8000, 0, 0, 0, 0, 0], datatype=DataType.REGISTERS)]
    inputs = [SimData(0, values=[0, 0xFF33, 546, 7, 8], datatype=DataType.REGISTERS)]
    bits = [SimData(0, values=[True] * 16, datatype=DataType.BITS)]
    server = ModbusTcpServer(
        [SimDevice(unit, simdata=(bits, bits, holding, inputs)) for unit in (1, 2)], address=("127.0.0.1", 0)
    )
    await server.serve_forever(background=True)
    listening = cast(asyncio.Server, server.transport)
    port_number = listening.sockets[0].getsockname()[1]
    shutdown: Callable[[], Awaitable[None]] = server.shutdown
    holed = {f"temperature_{n}": {"address": n, "type": "s16"} for n in range(3, 8)}
    devices = [
        probe(1),
        *(Device(f"room-{n}", decoder("r4dcb08", 2, n), 1.0) for n in (1, 2, 3)),
        Device("holed", decoder({"documented_as": "this test", "function": 4, "points": holed}, 2), 1.0),
    ]
    bus = Bus(Port("peer", "tcp", 2.0), partial(open_tcp, "127.0.0.1", port_number), devices, loop_now)
    try:
        heard = await _until_heard(bus, lambda heard: len(heard.frames) >= 2 * len(devices))
    finally:
        await shutdown()
    assert heard.values("probe-1")[:2] == [("temperature", -20.5), ("humidity", 54.6)]
    rooms = [heard.values(f"room-{n}")[0][1] for n in (1, 2, 3)]
    assert rooms == [21.9, -11.0, "sensor_fault"]
    told = [value for _, value in heard.values("holed")][:5]
    assert told == [7.0, 8.0, "illegal_address", "illegal_address", "illegal_address"]
    assert bus.counters()["splits"] > 0
    assert heard.refused == []


async def test_probe_on_a_pseudo_terminal() -> None:
    """A station that answers byte by byte, behind the echo of a two-wire adapter."""
    station, line = pty.openpty()
    tty.setraw(station)
    tty.setraw(line)
    loop = asyncio.get_running_loop()
    asked = bytearray()

    def answer() -> None:
        asked.extend(os.read(station, 64))
        if len(asked) < 8:
            return
        request = bytes(asked[:8])
        del asked[:8]
        assert crc(request[:-2]) == request
        for n, byte in enumerate(request + registers_reply(request[0], 4, [0xFF33, 546])):
            loop.call_later(0.0005 * n, os.write, station, bytes([byte]))

    loop.add_reader(station, answer)
    opener: Callable[[], Awaitable[Link]] = partial(open_serial, os.ttyname(line), 19200)
    bus = Bus(Port("probes", "serial", 2.0, 19200), opener, [probe(1, every_s=0.1)], loop_now)
    try:
        heard = await _until_heard(bus, lambda heard: len(heard.frames) >= 5)
    finally:
        loop.remove_reader(station)
        await asyncio.sleep(0.05)
        os.close(station)
        os.close(line)
    assert set(heard.values("probe-1")) == {("temperature", -20.5), ("humidity", 54.6)}
    assert heard.refused == []
