"""A low-frequency ear-tag reader 134K-RW-USB-D1 of RFID-shop, which is asked.

::

    02 | reader id | A7     | 01     | mode | XOR of all before | 03     the question for a tag
    02 | reader id | status | length | data | XOR of all before | 03     status 00: a tag, 01: none

    mode 0   national id 12 digits | 0 | country 3 digits | data block 1 | reserved | flags    12 bytes packed
    mode 1   0000000000 1, then 13 times 8 bits and a 1: chip 8, CRC 2, trailer 3      lowest bit first
    mode 2   chip 8 | CRC 2                                                            low byte first

The chip's 64 bits: 38 of the national id, 10 of the country, and the last one set for an animal; its CRC is
CRC-16/KERMIT. Source: 134K-RW-USB-D1 communication protocol (yumpu 49129657).
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import ClassVar

from simulators.asked import AskedReader
from simulators.device import World
from simulators.options import Options
from simulators.passing import Animals, InField, Passing

STX, ETX, READER = 0x02, 0x03, 0x01
TAG, NO_TAG = 0x00, 0x01
MODES = range(3)
ANIMAL = 1 << 63


def kermit(data: bytes) -> int:
    """CRC-16 with the polynomial 0x1021, reflected, from 0."""
    crc = 0
    for bit in (byte >> place & 1 for byte in data for place in range(8)):
        crc = crc >> 1 ^ (0x8408 if (crc ^ bit) & 1 else 0)
    return crc


def chip(code: str) -> bytes:
    """The eight bytes of an animal's chip and its CRC."""
    bits = ANIMAL | int(code[:3]) << 38 | int(code[3:])
    data = bits.to_bytes(8, "little")
    return data + kermit(data).to_bytes(2, "little")


def telegram(code: str) -> bytes:
    """The chip as it comes through the air: a header, and a 1 behind every eight bits."""
    bits, place = 1 << 10, 11
    for byte in chip(code) + bytes(3):
        bits |= (byte | 1 << 8) << place
        place += 9
    return bits.to_bytes(16, "little")


def digits(code: str) -> bytes:
    """The tag in packed decimal digits, and its flags."""
    return bytes.fromhex(f"{code[3:]}0{code[:3]}") + bytes((0, 0, 0, 0x10))


DATA = (digits, telegram, chip)
"""By mode."""


def framed(status: int, data: bytes = b"") -> bytes:
    """An answer."""
    body = bytes((STX, READER, status, len(data))) + data
    return body + bytes((functools.reduce(operator.xor, body), ETX))


def wrong_checksum(message: bytes) -> bytes:
    """The answer with an XOR that does not fit."""
    return message[:-2] + bytes((message[-2] ^ 0x15, ETX))


class RfidShopReader(AskedReader):
    """Options, beside those of ``AskedReader``: ``tags`` or ``county`` as an ear_tag_reader has."""

    can_have: ClassVar[frozenset[str]] = Passing.can_have | {"wrong_crc"}
    damage = MappingProxyType({"wrong_crc": wrong_checksum})
    question = re.compile(rb"\x02.\xa7\x01([\x00-\x02]).\x03", re.DOTALL)

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world)
        self._animals = Animals(options, self.rng)
        options.done()

    def passing(self) -> Iterator[str]:
        return self._animals.passing()

    def meet(self, tag: str) -> tuple[bytes, dict[str, object]]:
        return b"", {}

    def is_sound(self, question: bytes) -> bool:
        return functools.reduce(operator.xor, question[:-2]) == question[-2]

    def answer(self, question: re.Match[bytes]) -> Sequence[InField | bytes]:
        mode = question[1][0]
        for tag in self.in_field:
            tag.message, tag.facts = framed(TAG, DATA[mode](tag.code)), {"mode": mode}
        return self.in_field or [framed(NO_TAG)]
