"""Where a vehicle went, in few points: simplified as it comes, and told as GeoJSON.

A *stroke* is a stretch without a gap; where nothing is known a new one begins, so that no line is drawn that
nobody has seen. Points are left out by their distance *at their time* (Douglas-Peucker with the synchronous
distance of Meratnia and de By, 2004): whoever reads the line between two points by the clock is nowhere off
by more than the tolerance, and a stop stays a stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import cos, hypot, radians
from typing import Any, Final, TypeAlias

import orjson

from drivers.contract import Instant
from edge.instant import rfc3339
from edge.thinning import EARTH_RADIUS_M

TOLERANCE_M: Final = 10.0
"""What a receiver is off by in any case."""

TOLERANCE_MOST_M: Final = 1_000_000.0
"""Nothing but the ends is left."""

POINTS_KEPT: Final = 64
"""Of the strokes that are being drawn, once they have been simplified ..."""

POINTS_MOST: Final = 128
"""... which is at this many."""

ROUTE_BYTES: Final = 16 * 1024
"""Most that a route may take in a record."""

DIGITS: Final = 5
"""Of a degree: 1.1 m."""

_METRES_A_DEGREE: Final = radians(1.0) * EARTH_RADIUS_M


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """at: ns. WGS 84 degrees."""

    at: int
    lat: float
    lon: float


Strokes: TypeAlias = list[list[Point]]


@dataclass(slots=True)
class Track:
    """A row: the strokes of a stretch that is not over."""

    strokes: Strokes = field(default_factory=list)

    def add(self, point: Point) -> None:
        if not self.strokes:
            self.strokes.append([])
        self.strokes[-1].append(point)
        if sum(map(len, self.strokes)) > POINTS_MOST + 2 * len(self.strokes):
            self.strokes = fewer(self.strokes, POINTS_KEPT)

    def lift(self) -> None:
        """What follows does not hang together with what was drawn."""
        if self.strokes and self.strokes[-1]:
            self.strokes.append([])

    def next(self) -> Track:
        """Of the stretch that follows at once: it begins where this one ends."""
        return Track([self.strokes[-1][-1:]] if self.strokes else [])


def joined(pieces: Iterable[Strokes]) -> Strokes:
    """Of stretches that follow each other; a stroke that begins where the last ended goes on with it."""
    whole: Strokes = []
    for stroke in (stroke for piece in pieces for stroke in piece if stroke):
        if whole and whole[-1][-1] == stroke[0]:
            whole[-1].extend(stroke[1:])
        else:
            whole.append(list(stroke))
    return whole


def simplified(points: Sequence[Point], tolerance_m: float) -> list[Point]:
    """The first, the last, and those without which one would be off by more than the tolerance."""
    if len(points) < 3:
        return list(points)
    kept = {0, len(points) - 1}
    stretches = [(0, len(points) - 1)]
    while stretches:
        first, last = stretches.pop()
        furthest, off_m = _furthest(points, first, last)
        if off_m > tolerance_m:
            kept.add(furthest)
            stretches += [(first, furthest), (furthest, last)]
    return [points[place] for place in sorted(kept)]


def fewer(strokes: Strokes, most: int) -> Strokes:
    """At most so many points in all, as far as two for each stroke allow."""
    tolerance_m = TOLERANCE_M
    found = [simplified(stroke, tolerance_m) for stroke in strokes]
    while sum(map(len, found)) > most and tolerance_m < TOLERANCE_MOST_M:
        tolerance_m *= 2
        found = [simplified(stroke, tolerance_m) for stroke in found]
    return found


def geojson(strokes: Strokes, most_bytes: int = ROUTE_BYTES) -> dict[str, Any] | None:
    """A Feature of a LineString, or of a MultiLineString where there are gaps; None: nothing was seen.

    ``properties.coordTimes`` has the time of each position, nested as the coordinates are. Where even two
    points for each stroke are too many, the longest strokes stand and ``properties.leftOut`` counts the rest.
    """
    strokes = [stroke if len(stroke) > 1 else stroke * 2 for stroke in strokes if stroke]
    if not strokes:
        return None
    tolerance_m = TOLERANCE_M
    shown = [simplified(stroke, tolerance_m) for stroke in strokes]
    while (size := len(orjson.dumps(found := _feature(shown, len(strokes))))) > most_bytes:
        if tolerance_m < TOLERANCE_MOST_M:
            tolerance_m *= 2
            shown = [simplified(stroke, tolerance_m) for stroke in shown]
        else:
            shown = _longest(shown, len(shown) * most_bytes // size - 1)
    return found


def _feature(strokes: Strokes, of: int) -> dict[str, Any]:
    places = [[[round(p.lon, DIGITS), round(p.lat, DIGITS)] for p in stroke] for stroke in strokes]
    times = [[f"{rfc3339(Instant(point.at))[:19]}Z" for point in stroke] for stroke in strokes]
    properties: dict[str, Any] = {"coordTimes": times if of > 1 else times[0]}
    if len(strokes) < of:
        properties["leftOut"] = of - len(strokes)
    geometry = {
        "type": "MultiLineString" if of > 1 else "LineString",
        "coordinates": places if of > 1 else places[0],
    }
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _longest(strokes: Strokes, most: int) -> Strokes:
    by_length = sorted(strokes, key=lambda stroke: stroke[-1].at - stroke[0].at, reverse=True)
    return sorted(by_length[: max(most, 1)])


def _furthest(points: Sequence[Point], first: int, last: int) -> tuple[int, float]:
    """Which point between two others is furthest from where the straight line has it at its time, in m."""
    start, end = points[first], points[last]
    east_m = _METRES_A_DEGREE * cos(radians(start.lat))
    span = max(end.at - start.at, 1)
    furthest, off_m = first, -1.0
    for place in range(first + 1, last):
        point = points[place]
        share = (point.at - start.at) / span
        north = (point.lat - start.lat - (end.lat - start.lat) * share) * _METRES_A_DEGREE
        east = (point.lon - start.lon - (end.lon - start.lon) * share) * east_m
        if (apart_m := hypot(north, east)) > off_m:
            furthest, off_m = place, apart_m
    return furthest, off_m
