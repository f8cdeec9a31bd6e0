"""What a device says into the air, taken apart (Bluetooth Core Specification Supplement, part A).

::

    len | type | data ...        repeated; len counts the type and the data, 0 ends the whole

    type  08, 09   local name, shortened or complete, UTF-8
          02, 03   list of 16-bit service UUIDs, low byte first
          06, 07   list of 128-bit service UUIDs, low byte first
          16       service data: UUID (2), data
          21       service data: UUID (16), data
          FF       manufacturer data: company (2, low byte first), data

A radio's frame is these structures. Where BlueZ hands out their contents instead, ``spelt`` writes them as
they stood on the air, so that a capture, a log line and a test row are bytes like any other frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from drivers.contract import Reason, Reject

LONGEST: Final = 1650
"""Bytes of an advertisement that is chained over several packets (Core Specification 5.0, vol 6, part B)."""

_BASE: Final = 0x0000_0000_0000_1000_8000_0080_5F9B_34FB
"""A UUID of 16 or 32 bits stands for one of 128 bits, in the first 32 of this one."""

_BASE_MASK: Final = (1 << 96) - 1

_NAMES: Final = (0x08, 0x09)
_SERVICES: Final = {0x02: 2, 0x03: 2, 0x06: 16, 0x07: 16}
_SERVICE_DATA: Final = {0x16: 2, 0x21: 16}
_MANUFACTURER_DATA: Final = 0xFF


class Advertisement(NamedTuple):
    """name: "" where it has none. manufacturer: data by company id. service: data by UUID, a number of 16
    bits where it is a short one, else of 128. services: the UUIDs it lists."""

    name: str
    manufacturer: Mapping[int, bytes]
    service: Mapping[int, bytes]
    services: frozenset[int]


def parse(frame: bytes) -> Advertisement:
    """Raises Reject(LENGTH) where a structure is cut short. Of two structures with one key the last holds."""
    name = ""
    manufacturer: dict[int, bytes] = {}
    service: dict[int, bytes] = {}
    services: set[int] = set()
    for kind, data in _structures(frame):
        if kind in _NAMES:
            name = data.decode(errors="replace")
        elif size := _SERVICES.get(kind):
            services.update(_uuid(data[at : at + size]) for at in range(0, len(data) - size + 1, size))
        elif (size := _SERVICE_DATA.get(kind)) and len(data) >= size:
            service[_uuid(data[:size])] = data[size:]
        elif kind == _MANUFACTURER_DATA and len(data) >= 2:
            manufacturer[int.from_bytes(data[:2], "little")] = data[2:]
    return Advertisement(name, manufacturer, service, frozenset(services))


def spelt(said: Advertisement) -> bytes:
    """The structures that say this; a name or data beyond what a structure holds is cut."""
    structures = [(_NAMES[1], said.name.encode())] if said.name else []
    for uuid in sorted(said.services):
        short = uuid < 1 << 16
        structures.append((0x03 if short else 0x07, _bytes(uuid)))
    for uuid, data in said.service.items():
        short = uuid < 1 << 16
        structures.append((0x16 if short else 0x21, _bytes(uuid) + data))
    for company, data in said.manufacturer.items():
        structures.append((_MANUFACTURER_DATA, company.to_bytes(2, "little") + data))
    return b"".join(bytes([len(data[:254]) + 1, kind]) + data[:254] for kind, data in structures)


def short_uuid(uuid: int) -> int:
    """The 16-bit form of a 128-bit UUID that has one."""
    return uuid >> 96 if uuid & _BASE_MASK == _BASE and uuid >> 112 == 0 else uuid


def _structures(frame: bytes) -> Iterator[tuple[int, bytes]]:
    if len(frame) > LONGEST:
        raise Reject(Reason.LENGTH, f"{len(frame)} bytes, an advertisement has at most {LONGEST}")
    at = 0
    while at < len(frame) and frame[at]:
        end = at + 1 + frame[at]
        if end > len(frame):
            raise Reject(Reason.LENGTH, f"the structure at byte {at} ends {end - len(frame)} bytes too late")
        yield frame[at + 1], frame[at + 2 : end]
        at = end


def _uuid(data: Sequence[int]) -> int:
    return short_uuid(int.from_bytes(bytes(data), "little"))


def _bytes(uuid: int) -> bytes:
    return uuid.to_bytes(2 if uuid < 1 << 16 else 16, "little")
