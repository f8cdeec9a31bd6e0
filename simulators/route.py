"""A truck on a road: way points with speeds and stops, driven there and back for ever."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from simulators.options import Options, ScenarioError, seconds

EARTH_M = 6_371_008.8
STEP_S = 1.0
SPEEDING_UP = 0.7
"""m/s², of a loaded truck."""
BRAKING = 1.0
"""m/s²."""
CREEP = 1.0
"""m/s: how the last metres to a stop are driven."""


class Waypoint(NamedTuple):
    """A point of the road. speed: from here on, in m/s; stop: how long the truck stands here, in s."""

    name: str
    lat: float
    lon: float
    altitude: float
    speed: float
    stop: float

    @classmethod
    def read(cls, options: Options) -> Waypoint:
        """From ``{name, at: [lat, lon], altitude, speed: km/h, stop}``. Raises ScenarioError."""
        at = options.items("at")
        if len(at) != 2 or not all(isinstance(degrees, float) for degrees in at):
            raise options.error("at", f"{at!r} is no [latitude, longitude] in decimal degrees")
        lat, lon = (float(str(degrees)) for degrees in at)
        point = cls(
            name=options.one("name", str),
            lat=lat,
            lon=lon,
            altitude=options.one("altitude", float),
            speed=options.one("speed", float, 60.0) / 3.6,
            stop=seconds(options.raw("stop", 0)),
        )
        if not (abs(lat) <= 90 and abs(lon) <= 180 and point.speed > 0):
            raise options.error("at", "latitude, longitude or speed is out of bounds")
        options.done()
        return point


class Place(NamedTuple):
    """Where the truck is. Degrees, m, m/s."""

    lat: float
    lon: float
    altitude: float
    speed: float
    course: float


class Located(Protocol):
    """Something on the map, in degrees."""

    @property
    def lat(self) -> float: ...

    @property
    def lon(self) -> float: ...


def read_route(options: Options) -> list[Waypoint]:
    """From the key ``route`` of a receiver. Raises ScenarioError."""
    return [
        Waypoint.read(Options(f"{options.where}.route.{number}", point))
        for number, point in enumerate(options.items("route"))
    ]


def distance_m(a: Located, b: Located) -> float:
    """On the great circle."""
    lat_a, lat_b, lon = math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon)
    hav = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(lon / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(hav))


def course(a: Waypoint, b: Waypoint) -> float:
    """From a to b, in degrees clockwise from north."""
    north = b.lat - a.lat
    east = (b.lon - a.lon) * math.cos(math.radians((a.lat + b.lat) / 2))
    return math.degrees(math.atan2(east, north)) % 360


class Truck:
    """Drives along a route, from its first point to its last and back, standing at each stop."""

    def __init__(self, there: Sequence[Waypoint]) -> None:
        if len(there) < 2:
            raise ScenarioError("a route needs at least two way points")
        self._at = 0.0
        self._road = _Road(there)
        self._gone_m = 0.0
        self._speed = 0.0
        self._stand_s = there[0].stop

    def place(self, at: float) -> Place:
        """Where it is at this scenario time, in seconds; time only goes forward."""
        while self._at + STEP_S <= at:
            self._at += STEP_S
            self._step(STEP_S)
        leg = self._road.leg(self._gone_m)
        return self._road.place(leg, self._gone_m + self._speed * (at - self._at), self._speed)

    def _step(self, step_s: float) -> None:
        if self._stand_s > 0:
            self._stand_s -= step_s
            return
        if self._gone_m >= self._road.length_m:
            self._road, self._gone_m = self._road.back(), 0.0
        stop_m, stop_s = self._road.next_stop(self._gone_m)
        may = min(self._road.speed(self._gone_m), math.sqrt(2 * BRAKING * (stop_m - self._gone_m)))
        self._speed = max(CREEP, min(may, self._speed + SPEEDING_UP * step_s))
        self._gone_m += self._speed * step_s
        if self._gone_m >= stop_m:
            self._gone_m, self._speed, self._stand_s = stop_m, 0.0, stop_s


class _Road:
    """A route in one direction, measured in metres from its beginning."""

    def __init__(self, points: Sequence[Waypoint]) -> None:
        self._points = points
        self._from_m = [0.0]
        for a, b in itertools.pairwise(points):
            self._from_m.append(self._from_m[-1] + distance_m(a, b))
        self.length_m = self._from_m[-1]
        self._stops = [
            (at_m, point.stop)
            for at_m, point in zip(self._from_m[1:], points[1:], strict=True)
            if point.stop > 0 or point is points[-1]
        ]

    def back(self) -> _Road:
        return _Road(self._points[::-1])

    def leg(self, gone_m: float) -> int:
        return min(bisect.bisect_right(self._from_m, gone_m), len(self._points) - 1) - 1

    def speed(self, gone_m: float) -> float:
        return self._points[self.leg(gone_m)].speed

    def next_stop(self, gone_m: float) -> tuple[float, float]:
        return next(stop for stop in self._stops if stop[0] > gone_m)

    def place(self, leg: int, gone_m: float, speed: float) -> Place:
        a, b = self._points[leg], self._points[leg + 1]
        share = min(1.0, (gone_m - self._from_m[leg]) / (self._from_m[leg + 1] - self._from_m[leg]))

        def between(start: float, end: float) -> float:
            return start + (end - start) * share

        return Place(
            lat=between(a.lat, b.lat),
            lon=between(a.lon, b.lon),
            altitude=between(a.altitude, b.altitude),
            speed=speed,
            course=course(a, b),
        )
