"""How fast: the pauses between attempts, and the catch-up rate. Pure; the time comes in as seconds."""

from __future__ import annotations

import random
from typing import Final

PAUSE_FIRST_S: Final = 0.5
PAUSE_MOST_S: Final = 15.0
"""DESIGN §6."""


class Backoff:
    """Pauses that double, each shortened at random by up to a half: a fleet does not come back as one."""

    def __init__(self) -> None:
        self._next_s = PAUSE_FIRST_S

    def pause_s(self) -> float:
        pause_s = self._next_s * random.uniform(0.5, 1.0)
        self._next_s = min(PAUSE_MOST_S, self._next_s * 2)
        return pause_s

    def reset(self) -> None:
        self._next_s = PAUSE_FIRST_S


class CatchUp:
    """Holds the drain of a backlog to a rate, without ever letting the lane fall further behind.

    A token bucket of one second's bytes that may go into debt by one block. For each block that is new since
    the uplink came back, one passes free: so fresh data are not held back, however long the backlog.
    """

    def __init__(self, bytes_per_s: float | None) -> None:
        self._rate = bytes_per_s
        self._tokens = bytes_per_s or 0.0
        self._at_s: float | None = None
        self._free = 0

    def fresh(self, blocks: int) -> None:
        """So many blocks have been added to what the uplink owes."""
        self._free += blocks

    def wait_s(self, now_s: float) -> float:
        """How long the next block must wait; 0: it may go."""
        if self._rate is None or self._free > 0:
            return 0.0
        self._refill(self._rate, now_s)
        return max(0.0, -self._tokens / self._rate)

    def spend(self, size: int, now_s: float) -> None:
        """A block of ``size`` bytes was sent."""
        if self._rate is None:
            return
        if self._free > 0:
            self._free -= 1
            return
        self._refill(self._rate, now_s)
        self._tokens -= size

    def _refill(self, rate: float, now_s: float) -> None:
        if self._at_s is not None:
            self._tokens = min(rate, self._tokens + (now_s - self._at_s) * rate)
        self._at_s = now_s
