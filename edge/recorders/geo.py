"""Circles on the map, and who is inside them.

::

                 ╭─ radius ─╮╭ margin ╮
    ·············│    in    ││  edge  │  out
    a ──────────▶│ entered                          at the first fix inside
                 │◀── b ─── leaving, returned        it only touched the edge
                 │    c ───────────────▶ left       as of the first fix beyond the radius

A receiver's position trembles: only what has passed the margin has left, and it left when it passed the
radius.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from edge.thinning import Located, great_circle_m

MARGIN_LEAST_M: Final = 25.0
"""A receiver between tall buildings is as far off as this ..."""

MARGIN_SHARE: Final = 0.1
"""... and a large circle need not be left to the metre."""


class Circle(NamedTuple):
    """A place on the map. name: in the settings. zone: entering and leaving it is an alarm."""

    name: str
    lat: float
    lon: float
    radius_m: float
    zone: bool = False

    @property
    def margin_m(self) -> float:
        return max(MARGIN_LEAST_M, self.radius_m * MARGIN_SHARE)


class Passage(StrEnum):
    """What a fix says of a circle."""

    ENTERED = "entered"
    LEAVING = "leaving"
    RETURNED = "returned"
    LEFT = "left"


@dataclass(slots=True)
class Presence:
    """Part of a row: a vehicle and a circle. Instants in ns.

    inside: None: not known yet. since: the first fix inside, or outside. leaving: the first fix beyond the
    radius, while the margin has not been passed.
    """

    inside: bool | None = None
    since: int = 0
    leaving: int | None = None

    def pass_by(self, circle: Circle, at: int, where: Located) -> Passage | None:
        """The vehicle was seen ``where``; None: nothing changed."""
        apart_m = great_circle_m(circle, where)
        if not self.inside:
            return self._from_outside(at, apart_m <= circle.radius_m)
        if apart_m <= circle.radius_m:
            was_leaving, self.leaving = self.leaving, None
            return Passage.RETURNED if was_leaving is not None else None
        began = self.leaving is None
        if self.leaving is None:
            self.leaving = at
        if apart_m > circle.radius_m + circle.margin_m:
            self.inside, self.since, self.leaving = False, self.leaving, None
            return Passage.LEFT
        return Passage.LEAVING if began else None

    def _from_outside(self, at: int, inside: bool) -> Passage | None:
        if inside or self.inside is None:
            self.inside, self.since = inside, at
        return Passage.ENTERED if inside else None
