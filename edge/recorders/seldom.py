"""What a recorder does once in a while, though it is told the time every second."""

from __future__ import annotations

from typing import Final

from drivers.contract import NANOSECONDS, Instant

TIDIED_EVERY: Final = 60 * NANOSECONDS


class Seldom:
    """every: ns, of event time."""

    def __init__(self, every: int = TIDIED_EVERY) -> None:
        self._every = every
        self._last = 0

    def is_due(self, at: Instant) -> bool:
        """Whether it is time again; then it counts as done. A clock that is set back makes it due."""
        if abs(at - self._last) < self._every:
            return False
        self._last = at
        return True
