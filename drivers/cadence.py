"""How often a device that talks by itself is heard, learnt from its arrivals."""

from __future__ import annotations

from collections import deque
from typing import Final

BURST_S: Final = 1.0
"""Arrivals within this time of each other are one: beacons say the same several times in a row."""

RECENT: Final = 60
"""Gaps between arrivals that count; older ones are forgotten, so that a device set to another pace is learnt
anew."""

ENOUGH: Final = 5
"""Gaps without which nothing is known yet."""

USUAL: Final = 0.95
"""This share of the recent gaps was no longer than the cadence: a lost advertisement or a power cut does not
make a device slow."""

SLOWEST_S: Final = 3600.0
"""The cadence of a device that is heard more seldom than this."""


class Cadence:
    """Of one device. ``every_s``: between BURST_S and SLOWEST_S; None as long as too little was heard."""

    def __init__(self) -> None:
        self.every_s: float | None = None
        self._gaps: deque[float] = deque(maxlen=RECENT)
        self._last_s: float | None = None

    def heard(self, at_s: float) -> None:
        """An arrival, on a clock that nobody sets."""
        if self._last_s is None:
            self._last_s = at_s
        gap_s = at_s - self._last_s
        if gap_s < BURST_S:
            return
        self._last_s = at_s
        self._gaps.append(gap_s)
        if len(self._gaps) >= ENOUGH:
            usual = sorted(self._gaps)[int(USUAL * (len(self._gaps) - 1))]
            self.every_s = min(usual, SLOWEST_S)
