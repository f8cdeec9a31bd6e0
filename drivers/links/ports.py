"""The serial ports of this box: which adapter each is, and which program has it open."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from serial.tools.list_ports import comports
from serial.tools.list_ports_linux import SysFS

PROC: Final = Path("/proc")

PSEUDO: Final = "/dev/pts/"
"""A pseudo-terminal is held open by the program that plays its far end: only who has locked it has it."""


class Adapter(NamedTuple):
    """What the kernel says of a USB adapter. ids: vendor:product, in hexadecimal digits; "" where unsaid."""

    ids: str
    vendor: str
    product: str
    serial: str


class Holder(NamedTuple):
    """A program that has a port open. arguments: how it was started; none where it may not be seen."""

    name: str
    process: int
    arguments: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.name} (process {self.process})"


class SerialPort(NamedTuple):
    """A serial line. path: as it was named, or the kernel's name. adapter: None where it is no USB one."""

    path: str
    adapter: Adapter | None
    holders: Sequence[Holder]


def serial_ports() -> list[SerialPort]:
    """Those that the kernel knows, the counted names in order."""
    found = {info.device: _adapter(info) for info in comports()}
    order = sorted(found, key=lambda path: (len(path), path))
    return [SerialPort(path, found[path], holders(path)) for path in order]


def serial_port(path: str) -> SerialPort:
    """The one of this name, which may be a link; it need not exist."""
    return SerialPort(path, _adapter(SysFS(os.path.realpath(path))), holders(path))


def holders(path: str) -> list[Holder]:
    """The programs that have the device locked or open, as far as we may see them."""
    device = os.path.realpath(path)
    processes = set(_lockers(device))
    if not device.startswith(PSEUDO):
        processes |= set(_openers(device))
    return [_holder(process) for process in sorted(processes)]


def _openers(device: str) -> Iterator[int]:
    """The processes that have it open; those of other users are not seen."""
    for link in PROC.glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) == device:
                yield int(link.parents[1].name)
        except OSError:  # the process has ended, or is another user's
            continue


def _lockers(device: str) -> Iterator[int]:
    """The processes that have it locked, whoever's they are: proc(5), /proc/locks::

    1: FLOCK  ADVISORY  WRITE 4711 00:05:93 0 EOF
                              pid  device:inode
    """
    try:
        node = Path(device).stat()
        locks = (PROC / "locks").read_text()
    except OSError:
        return
    file = f"{os.major(node.st_dev):02x}:{os.minor(node.st_dev):02x}:{node.st_ino}"
    for kind, *_, process, locked in (line.split()[1:6] for line in locks.splitlines()):
        if (kind, locked) == ("FLOCK", file):
            yield int(process)


def _holder(process: int) -> Holder:
    try:
        name = (PROC / str(process) / "comm").read_text().strip()
        arguments = (PROC / str(process) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return Holder("?", process)
    return Holder(name, process, tuple(arguments.rstrip("\0").split("\0")))


def _adapter(info: SysFS) -> Adapter | None:
    if info.vid is None or info.pid is None:
        return None
    ids = f"{info.vid:04x}:{info.pid:04x}"
    return Adapter(ids, info.manufacturer or "", info.product or "", info.serial_number or "")
