"""When a probe that is put into meat has come to rest: a probe in air is no core.

::

    38 ┤                ╭────────────   settled after a rise: the core
       │               ╱
    18 ┤──╮   ╭───────╯                 settled, but it fell to there: air
       hook seen

Meat that cools is never colder than the air around it. So what counts has *risen* since the hook was seen,
and of several such rests the warmest is the core. A probe that was put in before tells
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RISE: Final = 2.0
"""Kelvin: less is the probe's own creeping."""

COLDEST: Final = -2.0
WARMEST: Final = 45.0
"""Of a core that can be: meat freezes at -1.5 Cel, and no animal is warmer."""


@dataclass(slots=True)
class Settling:
    """A row: what the probe does while a hook is before it. Instants in ns.

    number: the carcass. until: what is read later is no longer its. coolest: since the hook was seen. since,
    low, high: the rest that may be beginning. best, best_at: the core.
    """

    number: str
    until: int
    coolest: float | None = None
    since: int = 0
    low: float = 0.0
    high: float = 0.0
    best: float | None = None
    best_at: int = 0

    def add(self, at: int, value: float, change: float, lasts: int) -> None:
        """A reading. change, lasts: it rests when it moves by no more than this for so long."""
        if self.coolest is None:
            self.coolest, self.since, self.low, self.high = value, at, value, value
            return
        self.coolest = min(self.coolest, value)
        self.low, self.high = min(self.low, value), max(self.high, value)
        if self.high - self.low > change:
            self.since, self.low, self.high = at, value, value
        rests = at - self.since >= lasts and value - self.coolest >= RISE
        if rests and COLDEST <= value <= WARMEST and (self.best is None or value > self.best):
            self.best, self.best_at = value, at
