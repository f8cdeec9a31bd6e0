"""A UHF reader of the UHFReader288 family in its active mode, with hooks that pass its antennas.

::

    0       1        2   3   4         5       6 …  n-4  n-3   n-2, n-1
    length  address  EE  00  antennas  length  EPC       RSSI  CRC-16, low byte first
    of what                  bit 0: 1  of EPC
    follows

The CRC has the polynomial 0x8408 (reflected) from FFFF. Source: UHFReader288MP User Manual v1.14.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import ClassVar

from simulators.device import World
from simulators.hooks import RSSI, Hooks, read_antennas, read_together
from simulators.options import Options
from simulators.passing import Passing

ACTIVE, TAG_SEEN = 0xEE, 0x00


def crc16(data: bytes) -> int:
    """Bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8408 if crc & 1 else crc >> 1
    return crc


def frame(epc: str, antenna: int, rssi: int = RSSI[0]) -> bytes:
    """What the reader sends for a tag. epc: hexadecimal digits; antenna: from 1."""
    tag = bytes.fromhex(epc)
    body = bytes((len(tag) + 8, 0, ACTIVE, TAG_SEEN, 1 << antenna - 1, len(tag), *tag, rssi))
    return body + crc16(body).to_bytes(2, "little")


def wrong_crc(message: bytes) -> bytes:
    """The frame with a CRC that does not fit."""
    return message[:-1] + bytes((message[-1] ^ 0x15,))


class UhfReader(Passing):
    """Options, beside those of ``Passing``: ``tags`` or ``hooks`` (see ``Hooks``), ``antennas`` (each tag
    passes one of them), ``together`` (tags in the field at the same time, as of a crate)."""

    can_have: ClassVar[frozenset[str]] = Passing.can_have | {"wrong_crc"}
    damage = MappingProxyType({"wrong_crc": wrong_crc})

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world)
        self._hooks = Hooks(options)
        self._antennas = read_antennas(options)
        self.together = read_together(options)
        options.done()

    def passing(self) -> Iterator[str]:
        return self._hooks.passing()

    def meet(self, tag: str) -> tuple[bytes, dict[str, object]]:
        antenna = self.rng.choice(self._antennas)
        return frame(tag, antenna, self.rng.randint(*RSSI)), {"antenna": antenna}
