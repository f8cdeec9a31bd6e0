"""Points and the words that spell them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

Source = Callable[[], float]
"""What a point shows now, in its own unit."""

COILS, DISCRETE_INPUTS, HOLDING_REGISTERS, INPUT_REGISTERS = 1, 2, 3, 4
"""The functions that read them."""

BIT_FUNCTIONS = frozenset({COILS, DISCRETE_INPUTS})

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
"""Exception codes."""

_INTEGERS = {"s16": ">h", "u16": ">H", "s32": ">i", "u32": ">I"}
TYPES = (*_INTEGERS, "float32")


class Point(NamedTuple):
    """One value of a unit.

    source: None where nothing is connected. error: the words that say so; empty where the kind has none.
    channel: the input it belongs to, which can fail alone. flag: it shows 1 where that input failed too.
    """

    function: int
    address: int
    name: str
    source: Source | None
    scale: float = 1.0
    type: str = "s16"
    little: bool = False
    error: tuple[int, ...] = ()
    channel: int | None = None
    flag: bool = False

    @property
    def length(self) -> int:
        """In words or bits."""
        return 2 if self.type.endswith("32") else 1

    def spell(self, value: float) -> tuple[tuple[int, ...], float]:
        """The words of a value, big-endian, and the value that they then mean."""
        if self.function in BIT_FUNCTIONS:
            return (int(bool(value)),), float(bool(value))
        if self.type == "float32":
            data = struct.pack(">f", value / self.scale)
            sent = struct.unpack(">f", data)[0] * self.scale
        else:
            raw = round(value / self.scale)
            data, sent = struct.pack(_INTEGERS[self.type], raw), round(raw * self.scale, 6)
        words = struct.unpack(f">{len(data) // 2}H", data)
        return (words[::-1] if self.little else words), sent


class Reading(NamedTuple):
    """What a unit holds at one instant: words by function and address, values by name."""

    words: dict[int, dict[int, int]]
    values: dict[str, float | None]


def read_out(points: Sequence[Point], failed: Callable[[Point], bool]) -> Reading:
    """Every point as it stands. One that shows its error words has no value, whatever the reason."""
    reading = Reading({}, {})
    for point in points:
        words, value = _show(point, failed(point))
        reading.values[point.name] = value
        reading.words.setdefault(point.function, {}).update(enumerate(words, point.address))
    return reading


def _show(point: Point, failed: bool) -> tuple[tuple[int, ...], float | None]:
    shown = 0.0 if point.source is None else point.source()
    if point.flag:
        return point.spell(float(failed or bool(shown)))
    if point.error and (failed or point.source is None):
        return point.error, None
    words, value = point.spell(shown)
    return words, None if words == point.error else value


def pack(function: int, words: Sequence[int]) -> bytes:
    """The reply's PDU: function, byte count, data."""
    if function in BIT_FUNCTIONS:
        bits = sum(bit << place for place, bit in enumerate(words))
        data = bits.to_bytes((len(words) + 7) // 8, "little")
    else:
        data = struct.pack(f">{len(words)}H", *words)
    return bytes((function, len(data))) + data
