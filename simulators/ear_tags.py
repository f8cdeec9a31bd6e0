"""A low-frequency ear-tag reader of the WL-134 family at a place where animals pass.

The 30-byte frame, ASCII hex with the least significant digit first::

    02 | national id 10 | country 4 | data '0' | animal '1' | reserved 4 + 6 | XOR | ~XOR | 03 FDX-B, 07 HDX
         bytes 1-10       11-14       15         16           17-26            27    28     29

XOR runs over bytes 1 to 26. Source: Makuna/Rfid134 ``Rfid134.h``; end byte 07: its issue #10.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from types import MappingProxyType
from typing import ClassVar

from simulators.device import World
from simulators.options import Options
from simulators.passing import Animals, Passing

STX, ETX_FDXB, ETX_HDX = 0x02, 0x03, 0x07
XOR_AT = 27


def frame(code: str, hdx: bool = False) -> bytes:
    """What the reader sends for an animal's tag.

    code: 15 digits of ISO 11784, 3 of the country and 12 of the national code.
    """
    country, national = int(code[:3]), int(code[3:])
    body = f"{national:010X}"[::-1] + f"{country:04X}"[::-1] + "01" + "0" * 10
    check = functools.reduce(operator.xor, body.encode())
    return bytes((STX, *body.encode(), check, check ^ 0xFF, ETX_HDX if hdx else ETX_FDXB))


def wrong_checksum(message: bytes) -> bytes:
    """The frame with an XOR that does not fit."""
    return message[:XOR_AT] + bytes((message[XOR_AT] ^ 0x15,)) + message[XOR_AT + 1 :]


class EarTagReader(Passing):
    """A reader whose frames have a checksum.

    Options, beside those of ``Passing``: ``tags`` (codes in order, over and over; else a flock of
    ``county``), ``hdx`` (share of HDX tags).
    """

    can_have: ClassVar[frozenset[str]] = Passing.can_have | {"wrong_crc"}
    damage = MappingProxyType({"wrong_crc": wrong_checksum})

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world)
        self._animals = Animals(options, self.rng)
        self._hdx = options.one("hdx", float, 0.2)
        options.done()

    def passing(self) -> Iterator[str]:
        return self._animals.passing()

    def meet(self, tag: str) -> tuple[bytes, dict[str, object]]:
        hdx = self.rng.random() < self._hdx
        return frame(tag, hdx), {"hdx": hdx}
