"""A serial line, read by the event loop itself: pyserial only opens and configures it."""

from __future__ import annotations

import asyncio
import errno
import os
import termios
from pathlib import Path
from typing import Literal, TypeAlias

import serial

from drivers.contract import LinkDown
from drivers.links.inbox import MOST_BYTES, Inbox
from drivers.links.ports import holders

Parity: TypeAlias = Literal["none", "even", "odd"]

PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}

BY_ID = Path("/dev/serial/by-id")
"""Where udev names the adapters by their serial numbers."""


class SerialLink:
    """An open serial line, ours alone. It goes down when the adapter is pulled out."""

    def __init__(self, port: serial.Serial, path: str) -> None:
        self._port = port
        self._path = path
        self._descriptor = port.fileno()
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox(self._stop_reading, self._start_reading)
        self._room: asyncio.Future[None] | None = None
        self._start_reading()

    async def read(self) -> bytes:
        return await self._inbox.take()

    def rest(self, seconds: float) -> None:
        self._inbox.rest(seconds)

    async def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if self._inbox.failure:
                raise LinkDown(self._inbox.failure)
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                await self._wait_for_room()
            except OSError as error:
                self._fail(str(error.strerror))

    def close(self) -> None:
        self._inbox.fail(f"{self._path}: the link was closed")
        self._give_up()

    def _start_reading(self) -> None:
        if self._port.is_open:
            self._loop.add_reader(self._descriptor, self._readable)

    def _stop_reading(self) -> None:
        self._loop.remove_reader(self._descriptor)

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, MOST_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(str(error.strerror))
            return
        if data:
            self._inbox.put(data)
        else:
            self._fail("end of file")

    async def _wait_for_room(self) -> None:
        self._room = self._loop.create_future()
        self._loop.add_writer(self._descriptor, self._has_room)
        try:
            await self._room
        finally:
            self._room = None
            if self._port.is_open:
                self._loop.remove_writer(self._descriptor)

    def _has_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _fail(self, why: str) -> None:
        self._inbox.fail(f"{self._path}: the device is gone ({why}); check the cable and the adapter")
        self._give_up()

    def _give_up(self) -> None:
        if self._port.is_open:
            self._loop.remove_reader(self._descriptor)
            self._loop.remove_writer(self._descriptor)
            self._port.close()
        self._has_room()


async def open_serial(
    path: str, baud: int = 9600, parity: Parity = "none", data_bits: int = 8, stop_bits: int = 1
) -> SerialLink:
    """Raises LinkDown, which says whether the device is missing, busy or forbidden."""
    port = serial.Serial(
        baudrate=baud,
        bytesize=data_bits,
        parity=PARITIES[parity],
        stopbits=stop_bits,
        timeout=0,
        write_timeout=0,
        exclusive=True,
    )
    port.port = path
    try:
        await asyncio.to_thread(port.open)  # some adapters take seconds
    except (OSError, termios.error, ValueError) as error:
        raise LinkDown(f"{path}: {await asyncio.to_thread(advice, path, error)}") from error
    return SerialLink(port, path)


def advice(path: str, error: Exception) -> str:
    """What happened and what to do."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
        return f"no such device; check the cable and the path ({_present()})"
    if number in (errno.EACCES, errno.EPERM):
        return "permission denied; add the user of the gateway to the group dialout and start it anew"
    if number in (errno.EAGAIN, errno.EBUSY):
        by = ", ".join(map(str, holders(path))) or "another program has it open"
        return f"busy: {by}; stop that program, or give the gateway another port"
    return f"cannot be opened as a serial line ({error}); check the path and the baud rate"


def _present() -> str:
    names = sorted(entry.name for entry in BY_ID.iterdir()) if BY_ID.is_dir() else []
    return f"in {BY_ID}: {', '.join(names)}" if names else "no serial adapter is plugged in"
