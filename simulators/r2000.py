"""A UHF reader with the Impinj R2000 (YR900 to YR9010), which is asked, antenna by antenna.

::

    A0 | length of what follows | address | command | data | two's complement of the sum of all before

    74   set the antenna, from 0                answer 10: done, 41: no such antenna
    89   inventory, so many rounds              frequency and antenna | PC 2 | EPC | RSSI     a tag
                                                antenna | tags a second 2 | tags 4            the end
                                                36                                            no tag

The antenna stands in the two low bits of the first byte and the top bit of the RSSI. Source: UHF RFID serial
interface protocol V2.2 (YR903) and V3.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import ClassVar

from simulators.asked import AskedReader
from simulators.device import World
from simulators.hooks import ANTENNAS, Hooks, read_antennas, read_together
from simulators.options import Options
from simulators.passing import InField, Passing

START, ADDRESS = 0xA0, 0x01
SET_ANTENNA, INVENTORY = 0x74, 0x89
DONE, NO_SUCH_ANTENNA, NO_TAG = 0x10, 0x41, 0x36
FREQUENCY = 0x34
RSSI = (0x30, 0x60)


def framed(command: int, data: bytes) -> bytes:
    """A message of the reader."""
    body = bytes((START, 3 + len(data), ADDRESS, command)) + data
    return body + bytes((-sum(body) & 0xFF,))


def frame(epc: str, antenna: int, rssi: int = RSSI[0]) -> bytes:
    """What the reader answers for a tag. epc: hexadecimal digits; antenna: from 1."""
    upper, lower = divmod(antenna - 1, 4)
    pc = bytes((len(epc) // 4 << 3, 0))
    tag = bytes((FREQUENCY | lower,)) + pc + bytes.fromhex(epc) + bytes((upper << 7 | rssi,))
    return framed(INVENTORY, tag)


def end(antenna: int, tags: int) -> bytes:
    """Behind the tags of an inventory."""
    return framed(INVENTORY, bytes((antenna - 1, 0, 0)) + tags.to_bytes(4, "big"))


def wrong_sum(message: bytes) -> bytes:
    """The frame with a sum that does not fit."""
    return message[:-1] + bytes((message[-1] ^ 0x15,))


class R2000Reader(AskedReader):
    """Options, beside those of ``AskedReader``: ``tags`` or ``hooks``, ``antennas`` and ``together`` as a
    uhf_reader has."""

    can_have: ClassVar[frozenset[str]] = Passing.can_have | {"wrong_crc"}
    damage = MappingProxyType({"wrong_crc": wrong_sum})
    question = re.compile(rb"\xa0\x04.([\x74\x89])(.).", re.DOTALL)

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, options, world)
        self._hooks = Hooks(options)
        self._antennas = read_antennas(options)
        self._antenna = ANTENNAS[0]
        self.together = read_together(options)
        options.done()

    def passing(self) -> Iterator[str]:
        return self._hooks.passing()

    def meet(self, tag: str) -> tuple[bytes, dict[str, object]]:
        antenna = self.rng.choice(self._antennas)
        return frame(tag, antenna, self.rng.randint(*RSSI)), {"antenna": antenna}

    def is_sound(self, question: bytes) -> bool:
        return sum(question) & 0xFF == 0

    def answer(self, question: re.Match[bytes]) -> Sequence[InField | bytes]:
        if question[1][0] == SET_ANTENNA:
            return [self._set_antenna(question[2][0] + 1)]
        seen = [tag for tag in self.in_field if tag.facts["antenna"] == self._antenna]
        return [*seen, end(self._antenna, len(seen))] if seen else [framed(INVENTORY, bytes((NO_TAG,)))]

    def _set_antenna(self, antenna: int) -> bytes:
        if antenna not in ANTENNAS:
            return framed(SET_ANTENNA, bytes((NO_SUCH_ANTENNA,)))
        self._antenna = antenna
        return framed(SET_ANTENNA, bytes((DONE,)))
