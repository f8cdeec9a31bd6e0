"""Whose weight it is that the scale shows.

An indicator shows the last carcass until it has been pushed on. So a weight counts that comes after its hook
was seen, and that is not the one before, still standing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.contract import NANOSECONDS

STILL: Final = 5 * NANOSECONDS
"""After so long without a stable weight the next is of another carcass, even if it is the same."""


@dataclass(slots=True)
class Weighing:
    """A row. Instants in ns.

    number, hook: what was seen last at the scale. until: what is read later is no longer its. spent: the
    weight that was taken and may still stand there. last: the newest reading.
    """

    number: str = ""
    hook: str = ""
    until: int = 0
    spent: float | None = None
    last: int = 0

    def arrives(self, number: str, hook: str, until: int) -> None:
        """A hook is seen before the scale."""
        self.number, self.hook, self.until = number, hook, until

    def fresh(self, at: int, mass_kg: float, least_kg: float) -> bool:
        """Whether this is a weight that nobody has been given. Told of every reading."""
        if self.spent is not None and (mass_kg != self.spent or at - self.last > STILL):
            self.spent = None
        self.last = at
        return self.spent is None and mass_kg >= least_kg

    def takes(self, mass_kg: float) -> None:
        """It has been given."""
        self.spent, self.number = mass_kg, ""
