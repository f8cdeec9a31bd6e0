"""When a probe that is put into meat has come to rest: a probe in air is no core.

::

    38 ┤                ╭────────────   settled, far from the air: the core
       │               ╱
    14 ┤──╮   ╭───────╯         ╭────   settled, where it always rests between carcasses: the air
       │               ╲       ╱
     4 ┤                ╰──────         settled, far from the air: the core of a chilled carcass
       hook seen

Where the probe rests for minutes while no hook is before it, that is the air. What counts is a rest away from
it, of several the furthest. As long as the air is not known, meat is taken to be warmer: a rest counts that
was *risen* to since the hook was seen, of several the warmest. A probe that was put in before tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.contract import NANOSECONDS

RISE: Final = 2.0
"""Kelvin: less is the probe's own creeping."""

AIR_LASTS: Final = 2 * 60 * NANOSECONDS
"""So long no probe stays in a carcass whose hook was missed."""

COLDEST: Final = -2.0
WARMEST: Final = 45.0
"""Of a core that can be: meat freezes at -1.5 Cel, and no animal is warmer."""


@dataclass(slots=True)
class Settling:
    """A row: what the probe does while a hook is before it. Instants in ns.

    number: the carcass. until: what is read later is no longer its. air: around it, if known. coolest: since
    the hook was seen. since, low, high: the rest that may be beginning. best, best_at: the core.
    """

    number: str
    until: int
    air: float | None = None
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
        if at - self.since < lasts or not COLDEST <= value <= WARMEST:
            return
        apart = self._apart(value)
        if apart >= RISE and (self.best is None or apart > self._apart(self.best)):
            self.best, self.best_at = value, at

    def _apart(self, value: float) -> float:
        """From the air, Kelvin."""
        assert self.coolest is not None
        return value - self.coolest if self.air is None else abs(value - self.air)


@dataclass(slots=True)
class Idle:
    """A row: the probe while no hook is before it. since, low, high: the rest that may be beginning."""

    since: int
    low: float
    high: float
    air: float | None = None

    def add(self, at: int, value: float, change: float) -> bool:
        """A reading; whether anything is new. change: it rests when it moves by no more than this."""
        before = (self.since, self.low, self.high, self.air)
        self.low, self.high = min(self.low, value), max(self.high, value)
        if self.high - self.low > change:
            self.since, self.low, self.high = at, value, value
        elif at - self.since >= AIR_LASTS:
            self.air = value
        return before != (self.since, self.low, self.high, self.air)
