"""Who has a serial port."""

from __future__ import annotations

import asyncio
import os
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial.tools.list_ports_linux import SysFS

from drivers.links import ports
from drivers.links.ports import Adapter, Holder, holders, serial_port, serial_ports
from drivers.links.serial import open_serial


@pytest.fixture
def terminal() -> Iterator[str]:
    near, far = os.openpty()
    tty.setraw(far)
    yield os.ttyname(far)
    os.close(near)
    os.close(far)


async def test_who_has_locked_a_port_has_it(terminal: str, tmp_path: Path) -> None:
    assert holders(terminal) == [], "who plays its far end has not"
    named = tmp_path / "ear"
    named.symlink_to(terminal)
    link = await open_serial(terminal)
    try:
        (holder,) = holders(str(named))
    finally:
        link.close()
    assert (holder.process, str(holder)) == (os.getpid(), f"{holder.name} (process {os.getpid()})")
    assert holder.arguments
    assert holders(str(named)) == []


async def test_who_has_a_device_open_without_a_lock_has_it_too(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    code = "import sys; f = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, str(device)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    await process.stdout.readline()
    (holder,) = holders(str(device))
    await process.communicate()
    assert (holder.process, holder.arguments[-1]) == (process.pid, str(device))


def test_a_process_that_may_not_be_seen_is_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    node = device.stat()
    file = f"{os.major(node.st_dev):02x}:{os.minor(node.st_dev):02x}:{node.st_ino}"
    (tmp_path / "locks").write_text(
        f"1: FLOCK  ADVISORY  WRITE 4711 {file} 0 EOF\n"
        f"1: -> FLOCK  ADVISORY  WRITE 4712 {file} 0 EOF\n"
        f"2: POSIX  ADVISORY  READ 4713 {file} 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 4714 00:05:1 0 EOF\n"
    )
    monkeypatch.setattr(ports, "PROC", tmp_path)
    assert holders(str(device)) == [Holder("?", 4711)]


def test_a_port_that_is_not_there_is_nobodys() -> None:
    assert serial_port("/dev/nonexistent") == ("/dev/nonexistent", None, [])


def test_adapters_are_told_as_the_kernel_knows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = [_played("/dev/ttyUSB10", 0x0403), _played("/dev/ttyUSB2", None)]
    monkeypatch.setattr(ports, "comports", lambda: plugged)
    two, ten = serial_ports()
    assert (two.path, two.adapter) == ("/dev/ttyUSB2", None)
    assert ten.adapter == Adapter("0403:6001", "FTDI", "FT232R USB UART", "")


def _played(device: str, vendor: int | None) -> SysFS:
    info = SysFS(device)
    info.vid, info.pid = vendor, 0x6001
    info.manufacturer, info.product, info.serial_number = "FTDI", "FT232R USB UART", None
    return info
