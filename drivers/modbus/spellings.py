"""Every way to read an unknown register. Pure.

::

    as written      manual counts from 1      40001-style: 4xxxx holding, 3xxxx input registers
    N               N - 1                     N - 40001, N - 30001

    two registers   A B │ C D      16 bits: A B alone
    word orders     ABCD big, CDAB little (low word first); BADC, DCBA: the bytes of each word swapped too
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from drivers.contract import Request

HOLDING: Final = 3
INPUT: Final = 4

NUMBERED: Final = {40001: HOLDING, 400001: HOLDING, 30001: INPUT, 300001: INPUT}
"""First of a manual's numbers that say the kind of register: Modicon's five and six digits."""

BLOCK: Final = {5: 9999, 6: 65536}
"""Numbers in a block, by their digits."""

LARGEST_ADDRESS: Final = 0xFFFF

Counting: TypeAlias = Literal["as_written", "one_based", "numbered"]

ORDERS: Final = {"ABCD": (0, 1, 2, 3), "CDAB": (2, 3, 0, 1), "BADC": (1, 0, 3, 2), "DCBA": (3, 2, 1, 0)}

SCALES: Final = (1, 10, 100)
"""What a whole number is divided by."""

DIGITS: Final = 7
"""Of a float32."""


class Place(NamedTuple):
    """Where a number of a manual may stand. address: zero-based, as sent on the wire."""

    counting: Counting
    function: int
    address: int

    def request(self, unit: int, registers: int) -> Request:
        return Request(unit, self.function, self.address, registers)


class Spelling(NamedTuple):
    """A value of a register. type: as a profile names it. order: of its bytes, "" for 16 bits. values: as it
    stands and divided by 10 and 100; of a float, as it stands."""

    type: str
    order: str
    values: Sequence[float]


def places(number: int) -> list[Place]:
    """Where a register of this number may be, 0 to 465536."""
    found: list[Place] = []
    for first, function in NUMBERED.items():
        if 0 <= number - first < BLOCK[len(str(first))]:
            found.append(Place("numbered", function, number - first))
    direct: list[tuple[Counting, int]] = [("as_written", number), ("one_based", number - 1)]
    for counting, address in direct:
        if 0 <= address <= LARGEST_ADDRESS:
            found += [Place(counting, function, address) for function in (HOLDING, INPUT)]
    return found


def spellings(payload: bytes) -> Iterator[Spelling]:
    """Of one register, or of two: what the first means alone, and both together. payload: as on the wire."""
    for name, code in (("u16", ">H"), ("s16", ">h")):
        (value,) = struct.unpack(code, payload[:2])
        yield Spelling(name, "", _scaled(value))
    if len(payload) < 4:
        return
    for order, at in ORDERS.items():
        pattern = bytes(payload[place] for place in at)
        for name, code in (("u32", ">I"), ("s32", ">i")):
            (value,) = struct.unpack(code, pattern)
            yield Spelling(name, order, _scaled(value))
        (number,) = struct.unpack(">f", pattern)
        if math.isfinite(number):
            yield Spelling("float32", order, (float(f"{number:.{DIGITS}g}"),))


def _scaled(value: int) -> tuple[float, ...]:
    return tuple(value if scale == 1 else value / scale for scale in SCALES)
