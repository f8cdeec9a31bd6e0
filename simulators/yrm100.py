"""A UHF module YRM100 (M100, QM100), which is asked.

::

    BB | type | command | length 2 | data | sum of bytes from the type on | 7E

    00 22   the question for one inventory
    02 22   RSSI | PC 2 | EPC | CRC-16 of PC and EPC 2     a tag; the PC's five top bits count the EPC's words
    01 FF   15: no tag; 17: no such command

The tag's CRC has the polynomial 0x1021 from FFFF, complemented, high byte first. Source: the vendor's manual
of the M100 module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import ClassVar

from simulators.asked import AskedReader
from simulators.device import World
from simulators.hooks import RSSI, Hooks, read_together
from simulators.options import Options
from simulators.passing import InField, Passing

ONE_INVENTORY = 0x22
NO_TAG, NO_SUCH_COMMAND = 0x15, 0x17


def crc16(data: bytes) -> int:
    """Of ISO 18000-6C, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc ^ 0xFFFF


def framed(kind: int, command: int, data: bytes) -> bytes:
    """A message of the module."""
    body = bytes((kind, command, 0, len(data))) + data
    return b"\xbb" + body + bytes((sum(body) & 0xFF, 0x7E))


def frame(epc: str, rssi: int = RSSI[0]) -> bytes:
    """What the module answers for a tag. epc: hexadecimal digits."""
    tag = bytes((len(epc) // 4 << 3, 0)) + bytes.fromhex(epc)
    return framed(0x02, ONE_INVENTORY, bytes((rssi, *tag)) + crc16(tag).to_bytes(2, "big"))


def error(number: int) -> bytes:
    """What the module answers instead."""
    return framed(0x01, 0xFF, bytes((number,)))


def wrong_sum(message: bytes) -> bytes:
    """The frame with a sum that does not fit."""
    return message[:-2] + bytes((message[-2] ^ 0x15, 0x7E))


class Yrm100Reader(AskedReader):
    """Options, beside those of ``AskedReader``: ``tags`` or ``hooks``, ``together`` as a uhf_reader has."""

    can_have: ClassVar[frozenset[str]] = Passing.can_have | {"wrong_crc"}
    damage = MappingProxyType({"wrong_crc": wrong_sum})
    question = re.compile(rb"\xbb\x00(.)\x00(?:\x00|\x01.|\x02..|\x03...).\x7e", re.DOTALL)

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world)
        self._hooks = Hooks(options)
        self.together = read_together(options)
        options.done()

    def passing(self) -> Iterator[str]:
        return self._hooks.passing()

    def meet(self, tag: str) -> tuple[bytes, dict[str, object]]:
        return frame(tag, self.rng.randint(*RSSI)), {}

    def is_sound(self, question: bytes) -> bool:
        return sum(question[1:-2]) & 0xFF == question[-2]

    def answer(self, question: re.Match[bytes]) -> Sequence[InField | bytes]:
        if question[1][0] != ONE_INVENTORY:
            return [error(NO_SUCH_COMMAND)]
        return self.in_field or [error(NO_TAG)]
