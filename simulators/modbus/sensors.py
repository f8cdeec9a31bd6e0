"""What the units of all kinds are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simulators.modbus.registers import Point, Source

TENTH = 0.1
HUNDREDTH = 0.01


class Kind(NamedTuple):
    """What a unit answers with. mute: a failed one says nothing at all."""

    points: Sequence[Point]
    mute: bool = False


def constant(value: float) -> Source:
    """The same at any time."""
    return lambda: value
