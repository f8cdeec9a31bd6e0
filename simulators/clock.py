"""The scenario's time, which may run faster than the wall's."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Seconds since the scenario began.

    speed: how many times faster than real the *world* runs: temperatures, doors, animals, the truck, the
    timeline of faults. Wires, epochs of a receiver and its UTC stay real.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._start = time.monotonic()

    def start(self) -> None:
        """The scenario begins now."""
        self._start = time.monotonic()

    def seconds(self) -> float:
        """Scenario seconds since the start."""
        return (time.monotonic() - self._start) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Let this many scenario seconds pass."""
        await asyncio.sleep(seconds / self.speed)


class Played(Clock):
    """Virtual: its time passes when somebody says so, and only forward. For days that are played at once."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = 0.0

    def seconds(self) -> float:
        return self._seconds

    def go(self, to: float) -> None:
        """It is now ``to`` seconds since the scenario began."""
        self._seconds = max(self._seconds, to)


def stamp(at: datetime | None = None) -> str:
    """RFC 3339 in UTC with milliseconds; of now where no instant is given."""
    text = (at or datetime.now(UTC)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
