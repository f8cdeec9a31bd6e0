"""The ports of this box: which adapter a serial one is, and which program has it, or a TCP endpoint, open."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from serial.tools.list_ports import comports
from serial.tools.list_ports_linux import SysFS

PROC: Final = Path("/proc")

PSEUDO: Final = "/dev/pts/"
"""A pseudo-terminal is held open by the program that plays its far end: only who has locked it has it."""


ESTABLISHED: Final = "01"


class Adapter(NamedTuple):
    """What the kernel says of a USB adapter. ids: vendor:product, in hexadecimal digits; "" where unsaid."""

    ids: str
    vendor: str
    product: str
    serial: str


class Holder(NamedTuple):
    """A program that has a port open. process: 0 where it may not be seen; name is then its user's.
    arguments: how it was started."""

    name: str
    process: int
    arguments: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.name} (process {self.process})" if self.process else self.name


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


def clients(host: str, number: int) -> list[Holder]:
    """The programs of this box that have a connection to this TCP endpoint: many a device server serves one
    client alone. None where the host's name is unknown."""
    try:
        found = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return []
    far = {_as_proc_spells(address[0], number) for *_, address in found if isinstance(address[0], str)}
    users = {f"socket:[{inode}]": user for inode, user in _connections(far)}
    processes = {name: process for name in users for process in _openers(name)}
    seen = [_holder(process) for process in sorted(set(processes.values()))]
    hidden = {user for name, user in users.items() if name not in processes}
    return seen + [Holder(_user(user), 0) for user in sorted(hidden)]


def _connections(far: Collection[str]) -> Iterator[tuple[str, int]]:
    """Inode and user of the sockets connected to there: proc(5), /proc/net/tcp::

    0: 0100007F:C350 0100007F:01F6 01 00000000:00000000 00:00000000 00000000  1000        0 4711
       near          far           state                                      user          inode
    """
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for words in map(str.split, lines):
            if words[2] in far and words[3] == ESTABLISHED:
                yield words[9], int(words[7])


def _as_proc_spells(address: str, number: int) -> str:
    """Words of 32 bits in this machine's order, in hexadecimal digits."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address.partition("%")[0])
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{number:04X}"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _openers(file: str) -> Iterator[int]:
    """The processes that have it open, as /proc calls it; those of other users are not seen."""
    for link in PROC.glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) == file:
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
