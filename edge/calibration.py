"""What an instrument's certificate says of it: from the value that it shows to the true one. Pure.

One quantity's ``adjust:`` (DESIGN §5) becomes one function, made once: an offset, or straight lines through
the points of the certificate, the first and the last drawn on beyond them::

    true │        ╱
         │     •╱          points: [[shown, true], …]
         │  ╱•
         └──────────── shown
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

Calibration: TypeAlias = Callable[[float], float]
"""From the shown (raw) value to the true one, both in the quantity's unit."""

DIGITS: Final = 6
"""Decimals that an adjusted value keeps: far finer than any instrument, and 3.7 - 0.3 is 3.4."""


@dataclass(frozen=True, slots=True)
class _Offset:
    offset: float

    def __call__(self, shown: float) -> float:
        return round(shown + self.offset, DIGITS)


@dataclass(frozen=True, slots=True)
class _Lines:
    """lines: each from where on it holds: shown, true, slope. bends: the shown where the next begins."""

    lines: tuple[tuple[float, float, float], ...]
    bends: tuple[float, ...]

    def __call__(self, shown: float) -> float:
        start, true, slope = self.lines[bisect_right(self.bends, shown)]
        return round(true + (shown - start) * slope, DIGITS)


def by_offset(offset: float) -> Calibration:
    """Adds ``offset``. Two with the same are equal."""
    return _Offset(offset)


def by_points(points: Sequence[tuple[float, float]]) -> Calibration:
    """Straight lines through pairs of shown and true value: two at least, the shown strictly increasing.

    Two through the same points are equal.
    """
    lines = tuple(
        (shown, true, (next_true - true) / (next_shown - shown))
        for (shown, true), (next_shown, next_true) in pairwise(points)
    )
    return _Lines(lines, tuple(shown for shown, _, _ in lines[1:]))
