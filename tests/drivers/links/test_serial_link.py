"""A serial line on a pseudo terminal, which has everything of a real one but the baud rate."""

from __future__ import annotations

import asyncio
import errno
import os
import pty
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from drivers.contract import LinkDown
from drivers.links import serial as serial_link
from drivers.links.inbox import MOST_BYTES
from drivers.links.serial import Parity, advice, open_serial


class Terminal:
    """Both ends of a line: ours is a path, the device's a descriptor."""

    def __init__(self) -> None:
        self.device, ours = pty.openpty()
        self.path = os.ttyname(ours)
        self._ours = ours
        self._plugged_in = True

    def release(self) -> None:
        """Our end is the link's alone from now on."""
        os.close(self._ours)

    def say(self, data: bytes) -> None:
        os.write(self.device, data)

    def unplug(self) -> None:
        if self._plugged_in:
            self._plugged_in = False
            os.close(self.device)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.unplug()


async def opened(terminal: Terminal) -> serial_link.SerialLink:
    link = await open_serial(terminal.path)
    terminal.release()
    return link


async def read_all(link: serial_link.SerialLink, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += await link.read()
    return data


async def test_what_the_device_says_is_read_as_it_comes(terminal: Terminal) -> None:
    link = await opened(terminal)
    reading = asyncio.create_task(link.read())
    await asyncio.sleep(0)
    terminal.say(b"\x02\x00\x03\r\n\x11\x13\xff")
    assert await reading == b"\x02\x00\x03\r\n\x11\x13\xff", "the line must be raw"
    terminal.say(b"more")
    assert await link.read() == b"more"
    link.close()


async def test_what_is_written_reaches_the_device_however_slow_it_is(terminal: Terminal) -> None:
    link = await opened(terminal)
    sent = bytes(range(256)) * 1024
    writing = asyncio.create_task(link.write(sent))
    await asyncio.sleep(0.01)
    assert not writing.done(), "more than a terminal holds was accepted at once"
    received = b""
    while len(received) < len(sent):
        received += await asyncio.to_thread(os.read, terminal.device, 4096)
    await writing
    assert received == sent
    link.close()


async def test_a_device_that_is_not_heard_is_left_waiting(terminal: Terminal) -> None:
    link = await opened(terminal)
    sent = bytes(range(256)) * 4096
    talking = threading.Thread(target=lambda: say_all(terminal, sent))
    talking.start()
    await asyncio.sleep(0.2)
    assert talking.is_alive(), "the link swallows without bound"
    first = await link.read()
    assert len(first) <= MOST_BYTES
    assert first + await read_all(link, len(sent) - len(first)) == sent
    await asyncio.to_thread(talking.join)
    link.close()


def say_all(terminal: Terminal, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(terminal.device, rest) :]


async def test_unplugging_ends_a_waiting_read(terminal: Terminal) -> None:
    link = await opened(terminal)
    reading = asyncio.create_task(link.read())
    await asyncio.sleep(0)
    terminal.unplug()
    with pytest.raises(LinkDown, match=r"^/dev/pts/\d+: the device is gone .*check the cable"):
        await reading
    with pytest.raises(LinkDown, match="the device is gone"):
        await link.read()
    with pytest.raises(LinkDown, match="the device is gone"):
        await link.write(b"hello")
    link.close()


async def test_unplugging_ends_a_waiting_write(terminal: Terminal) -> None:
    link = await opened(terminal)
    writing = asyncio.create_task(link.write(bytes(1 << 20)))
    await asyncio.sleep(0.01)
    terminal.unplug()
    with pytest.raises(LinkDown, match="the device is gone"):
        await writing
    link.close()


async def test_a_write_that_is_given_up_leaves_the_line_usable(terminal: Terminal) -> None:
    link = await opened(terminal)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await link.write(bytes(1 << 20))
    terminal.say(b"still here")
    assert await link.read() == b"still here"
    link.close()


async def test_closing_twice_is_closing_once(terminal: Terminal) -> None:
    link = await opened(terminal)
    reading = asyncio.create_task(link.read())
    await asyncio.sleep(0)
    link.close()
    link.close()
    with pytest.raises(LinkDown, match="closed"):
        await reading


async def test_a_port_is_opened_by_one_alone_and_says_by_whom(terminal: Terminal) -> None:
    link = await opened(terminal)
    with pytest.raises(LinkDown, match=rf"busy: .*\(process {os.getpid()}\); stop that program"):
        await open_serial(terminal.path)
    link.close()
    (await open_serial(terminal.path)).close()


async def test_an_opening_that_is_given_up_leaves_nothing_open(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, done = threading.Event(), threading.Event()
    really_open = serial.Serial.open

    def slowly(port: serial.Serial) -> None:
        go_on.wait()
        really_open(port)
        done.set()

    monkeypatch.setattr(serial.Serial, "open", slowly)
    opening = asyncio.create_task(open_serial(terminal.path))
    await asyncio.sleep(0.01)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    terminal.release()
    go_on.set()
    await asyncio.to_thread(done.wait)
    await asyncio.to_thread(lambda: None)  # the thread has let go of the port


@pytest.mark.parametrize("parity", ["none", "even", "odd"])
async def test_the_line_is_set_as_the_settings_say(
    terminal: Terminal, parity: Parity, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[serial.Serial] = []
    really_open = serial.Serial.open

    def noting(port: serial.Serial) -> None:
        made.append(port)
        really_open(port)

    monkeypatch.setattr(serial.Serial, "open", noting)
    (await open_serial(terminal.path, 19200, parity, data_bits=7, stop_bits=2)).close()
    terminal.release()
    (port,) = made
    assert (port.baudrate, port.bytesize, port.stopbits) == (19200, 7, 2)
    assert port.parity == {"none": "N", "even": "E", "odd": "O"}[parity]


async def test_a_device_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_link, "BY_ID", tmp_path / "none")
    with pytest.raises(
        LinkDown, match=r"^/dev/ttyUSB99: no such device; check .*no serial adapter is plugged in"
    ):
        await open_serial("/dev/ttyUSB99")
    (tmp_path / "usb-FTDI_A10K").touch()
    monkeypatch.setattr(serial_link, "BY_ID", tmp_path)
    with pytest.raises(LinkDown, match="usb-FTDI_A10K"):
        await open_serial("/dev/ttyUSB99")


async def test_a_path_that_is_no_serial_line() -> None:
    with pytest.raises(LinkDown, match="cannot be opened as a serial line"):
        await open_serial("/dev/null")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "group dialout"),
        (errno.EBUSY, "another program has it open; stop that program"),
        (errno.EIO, "check the cable"),
        (errno.EMFILE, "Too many open files"),
    ],
)
def test_a_technician_is_told_what_to_do(number: int, said: str) -> None:
    assert said in advice("/dev/nobody-has-this", OSError(number, os.strerror(number)))
