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
from drivers.links.ports import Adapter, Holder, clients, holders, serial_port, serial_ports
from drivers.links.serial import open_serial
from drivers.links.tcp import open_tcp


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
    await process.communicate(b"")
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


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_who_talks_to_a_host_is_its_client(host: str) -> None:
    near = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, 0)
    async with near:
        number = near.sockets[0].getsockname()[1]
        assert clients(host, number) == [], "who serves it is not"
        link = await open_tcp(host, number)
        (holder,) = clients(host, number)
        link.close()
    assert holder.process == os.getpid()
    await asyncio.sleep(0)


def test_a_client_that_may_not_be_seen_is_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:C350 0100007F:01F6 01 00000000:00000000 00:00000000 00000000 0 0 4711\n"
        "   1: 0100007F:C350 0100007F:01F6 06 00000000:00000000 00:00000000 00000000 1 0 4712\n"
        "   2: 0100007F:01F6 0100007F:C350 01 00000000:00000000 00:00000000 00000000 1 0 4713\n"
    )
    monkeypatch.setattr(ports, "PROC", tmp_path)
    (holder,) = clients("127.0.0.1", 502)
    assert (str(holder), holder.process) == ("root", 0)


def test_an_unknown_host_has_no_clients() -> None:
    assert clients("no-such-host.invalid", 502) == []
