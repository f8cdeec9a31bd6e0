"""Which observations need not be journalled, since they say nothing new (DESIGN §5, ``thin``).

Left out is what differs little from the last that was journalled, never what is new: a value that is
missing, a quality that changed, a switch that turned, the first of all and the first after a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple, Protocol

from drivers.contract import NANOSECONDS, Fix, Instant, Observation, Reading
from edge.restamping import Restamping

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius of WGS 84 (IUGG); taken as a sphere, distances are right within 0.6 %."""

MOVING_M_PER_S: Final = 1.0
"""Slower than walking, a receiver's course is noise."""

_DIGITS: Final = 6
"""From 0.2 to 0.3 it is 0.1, whatever binary fractions make of it."""


class Located(Protocol):
    """What has a place on the earth: WGS 84 degrees."""

    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...


class Thin(NamedTuple):
    """What counts as new, of one device. None: not looked at.

    at_least_s: and in any case what comes this long after the last that was journalled. change: in the unit
    of the quantity. distance_m: over ground. turn_deg: of the course while moving, 0 to 180.
    """

    at_least_s: float
    change: float | None = None
    distance_m: float | None = None
    turn_deg: float | None = None


class Thinning:
    """What one device last had journalled. Pure: time comes in with what is said."""

    def __init__(self, thin: Thin) -> None:
        self._thin = thin
        self._at_least = int(thin.at_least_s * NANOSECONDS)
        self._readings: dict[str, Reading] = {}
        self._fix: Fix | None = None
        self._course: float | None = None

    def keeps(self, observations: Sequence[Observation]) -> bool:
        """Whether these are to be journalled, all of them; then they are the last that were."""
        if not any(self._is_news(item) for item in observations):
            return False
        for item in observations:
            if isinstance(item, Reading):
                self._readings[item.quantity] = item
            elif isinstance(item, Fix):
                self._fix, self._course = item, _course(item)
        return True

    def restamp(self, again: Restamping) -> None:
        """The time has become known."""
        self._readings = {
            name: item._replace(at=again.instant(item.at)) for name, item in self._readings.items()
        }
        if self._fix is not None:
            self._fix = self._fix._replace(at=again.instant(self._fix.at))

    def forget(self) -> None:
        """After a gap, and where the last was not journalled after all: whatever comes next is new."""
        self._readings.clear()
        self._fix = None

    def _is_news(self, item: Observation) -> bool:
        if isinstance(item, Reading):
            reading = self._readings.get(item.quantity)
            return reading is None or self._is_due(item.at, reading.at) or self._changed(item, reading)
        if isinstance(item, Fix):
            fix = self._fix
            return fix is None or self._is_due(item.at, fix.at) or self._moved(item, fix)
        return True

    def _is_due(self, at: Instant, last: Instant) -> bool:
        """A clock that was set back begins anew."""
        return not 0 <= at - last < self._at_least

    def _changed(self, item: Reading, last: Reading) -> bool:
        if item.value is None or last.value is None:
            return True
        if (item.quality, item.reason) != (last.quality, last.reason):
            return True
        if isinstance(item.value, bool):
            return item.value != last.value
        change = self._thin.change
        return change is not None and round(abs(item.value - last.value), _DIGITS) >= change

    def _moved(self, item: Fix, last: Fix) -> bool:
        distance_m, turn_deg = self._thin.distance_m, self._thin.turn_deg
        if distance_m is not None and great_circle_m(item, last) >= distance_m:
            return True
        course = _course(item)
        if turn_deg is None or course is None:
            return False
        return self._course is None or turned_deg(self._course, course) >= turn_deg


def great_circle_m(one: Located, other: Located) -> float:
    """Distance over ground (haversine, which holds for the short ones too)."""
    lat, other_lat = radians(one.lat), radians(other.lat)
    across = sin((other_lat - lat) / 2) ** 2
    along = sin(radians(other.lon - one.lon) / 2) ** 2
    half_chord = min(1.0, sqrt(across + cos(lat) * cos(other_lat) * along))  # rounding may not pass the globe
    return 2 * EARTH_RADIUS_M * asin(half_chord)


def turned_deg(one: float, other: float) -> float:
    """The angle between two courses, 0 to 180, the short way round."""
    return abs((other - one + 180) % 360 - 180)


def _course(fix: Fix) -> float | None:
    """The course of a vehicle that moves."""
    return fix.course if fix.speed is not None and fix.speed >= MOVING_M_PER_S else None
