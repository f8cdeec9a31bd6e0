"""Gateways that are none of ours: pymodbus's clients, a plain listener, and a reader of the truth."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from simulators.site import Site

ONE_ROOM: dict[str, Any] = {"chiller": {"setpoint": 2.0, "door_every": 0, "defrost_every": 0}}


def truth(site: Site, what: str, **facts: object) -> list[dict[str, Any]]:
    """The lines of this kind that say these facts."""
    assert site.truth is not None
    lines = [json.loads(line) for line in site.truth.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["what"] == what and facts.items() <= line.items()]


async def until(happened: Callable[[], object]) -> None:
    """Returns when it has; the bound on a test's time ends what never happens."""
    while not happened():
        await asyncio.sleep(0.01)


class Line:
    """A serial port opened as a gateway would, and what came in."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.heard = bytearray()
        self.gone = False
        asyncio.get_running_loop().add_reader(self._file, self._read)

    def say(self, data: bytes) -> None:
        os.write(self._file, data)

    async def hear(self, count: int) -> bytes:
        """That many bytes, taken off the line."""
        await until(lambda: len(self.heard) >= count)
        data = bytes(self.heard[:count])
        del self.heard[:count]
        return data

    def close(self) -> None:
        if self._file >= 0:
            asyncio.get_running_loop().remove_reader(self._file)
            os.close(self._file)
            self._file = -1

    def _read(self) -> None:
        try:
            data = os.read(self._file, 4096)
        except OSError:  # EIO: how Linux says that the device has vanished
            data = b""
        self.heard += data
        if not data:
            self.gone = True
            self.close()


@asynccontextmanager
async def line(site: Site, port: str) -> AsyncIterator[Line]:
    """The serial port of a site."""
    opened = Line(site.ports[port]["serial"])
    try:
        yield opened
    finally:
        opened.close()


@asynccontextmanager
async def tcp_client(site: Site, port: str, timeout: float = 5.0) -> AsyncIterator[AsyncModbusTcpClient]:
    """pymodbus over TCP."""
    host, _, number = site.ports[port]["tcp"].partition(":")
    client = AsyncModbusTcpClient(host, port=int(number), timeout=timeout, retries=0, reconnect_delay=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def rtu_client(site: Site, port: str, timeout: float = 5.0) -> AsyncIterator[AsyncModbusSerialClient]:
    """pymodbus over the serial line."""
    client = AsyncModbusSerialClient(
        site.ports[port]["serial"], baudrate=9600, timeout=timeout, retries=0, reconnect_delay=0
    )
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


def words(reply: ModbusPDU) -> list[int]:
    """The registers of a reply that is no exception."""
    assert not reply.isError(), reply
    return list(reply.registers)
