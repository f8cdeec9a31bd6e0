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
from simulators.options import Options
from simulators.passing import Passing

ACTIVE, TAG_SEEN = 0xEE, 0x00
ANTENNAS = range(1, 9)
RSSI = (0x30, 0x70)


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


def is_epc(epc: object) -> bool:
    """Whether it is hexadecimal digits in words of four, at most 31 words."""
    if not isinstance(epc, str) or not 4 <= len(epc) <= 124 or len(epc) % 4:
        return False
    return all(digit in "0123456789ABCDEF" for digit in epc)


class UhfReader(Passing):
    """Options, beside those of ``Passing``: ``tags`` (EPCs in order, over and over), else ``hooks`` of a
    line (how many there are before the first comes round), ``antennas`` (each tag passes one of them),
    ``together`` (tags in the field at the same time, as of a crate)."""

    can_have: ClassVar[frozenset[str]] = Passing.can_have | {"wrong_crc"}
    damage = MappingProxyType({"wrong_crc": wrong_crc})

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world)
        self._tags = [str(epc) for epc in options.items("tags") if self._holds(epc, options)]
        hooks = options.one("hooks", int, 400)
        if not self._tags:
            self._tags = [f"E2001{number:019X}" for number in range(1, hooks + 1)]
        if not self._tags:
            raise options.error("hooks", f"{hooks} is less than 1")
        self._antennas = [number for number in options.items("antennas") if isinstance(number, int)] or [1]
        if not set(self._antennas) <= set(ANTENNAS):
            raise options.error("antennas", f"{self._antennas} are not all 1 to 8")
        self.together = options.one("together", int, 1)
        if self.together < 1:
            raise options.error("together", f"{self.together} is less than 1")
        options.done()

    def passing(self) -> Iterator[str]:
        while True:
            yield from self._tags

    def meet(self, tag: str) -> tuple[bytes, dict[str, object]]:
        antenna = self.rng.choice(self._antennas)
        return frame(tag, antenna, self.rng.randint(*RSSI)), {"antenna": antenna}

    def _holds(self, epc: object, options: Options) -> bool:
        if not is_epc(epc):
            raise options.error("tags", f"{epc!r} is no EPC: hexadecimal digits by fours, in quotes")
        return True
