"""Lines of few points that are nowhere far from the truth."""

from __future__ import annotations

from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS
from edge.recorders.route import (
    POINTS_MOST,
    ROUTE_BYTES,
    Point,
    Track,
    geojson,
    joined,
    simplified,
)
from edge.thinning import great_circle_m

WALK = st.lists(st.tuples(st.integers(1, 60), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)), max_size=120)


def points(steps: list[tuple[int, float, float]]) -> list[Point]:
    found = [Point(0, 35.0, 103.0)]
    for seconds, north, east in steps:
        last = found[-1]
        found.append(Point(last.at + seconds * NANOSECONDS, last.lat + north, last.lon + east))
    return found


def by_the_clock(line: list[Point], at: int) -> Point:
    for a, b in pairwise(line):
        if a.at <= at <= b.at:
            share = (at - a.at) / (b.at - a.at)
            return Point(at, a.lat + (b.lat - a.lat) * share, a.lon + (b.lon - a.lon) * share)
    return line[0]


@given(WALK, st.floats(1, 5_000))
def test_a_simplified_line_is_nowhere_off_by_more_than_the_tolerance(
    steps: list[tuple[int, float, float]], tolerance_m: float
) -> None:
    way = points(steps)
    line = simplified(way, tolerance_m)
    assert (line[0], line[-1]) == (way[0], way[-1])
    for point in way:
        # the plane that distances are taken in bends a little over these kilometres
        assert great_circle_m(by_the_clock(line, point.at), point) <= tolerance_m * 1.05 + 1


def test_a_straight_road_is_two_points_and_a_stop_on_it_four() -> None:
    road = [Point(n * NANOSECONDS, 35.0 + n * 1e-4, 103.0) for n in range(100)]
    assert simplified(road, 10.0) == [road[0], road[-1]]
    stop = [Point((99 + n) * NANOSECONDS, road[-1].lat, 103.0) for n in range(1, 100)]
    on = [Point((198 + n) * NANOSECONDS, road[-1].lat + n * 1e-4, 103.0) for n in range(1, 100)]
    assert len(simplified([*road, *stop, *on], 12.0)) == 4


def test_intervals_are_drawn_on_and_gaps_are_not() -> None:
    first, second, third = (Point(n, 35.0 + n, 103.0) for n in range(3))
    track = Track()
    track.add(first)
    track.add(second)
    follows = track.next()
    follows.add(third)
    assert joined([track.strokes, follows.strokes]) == [[first, second, third]]
    follows = track.next()
    follows.lift()
    follows.add(third)
    assert joined([track.strokes, follows.strokes]) == [[first, second], [third]]


def test_a_track_is_bounded_however_wild_the_way() -> None:
    track = Track()
    for n in range(20_000):
        track.add(
            Point(n * NANOSECONDS, 35.0 + (n * 7919 % 1000) / 1000, 103.0 + (n * 104_729 % 1000) / 1000)
        )
        assert sum(map(len, track.strokes)) <= POINTS_MOST + 3


@pytest.mark.parametrize("strokes", [1, 2, 150, 400])
def test_a_route_fits_its_room_whatever_it_is_made_of(strokes: int) -> None:
    way = [
        [
            Point((n * 100 + k) * NANOSECONDS, 35.0 + (k * 37 % 11) / 50 + n, 103.0 + (k * 53 % 7) / 50)
            for k in range(40)
        ]
        for n in range(strokes)
    ]
    route = geojson(way)
    assert route is not None
    assert len(orjson.dumps(route)) <= ROUTE_BYTES
    geometry, properties = route["geometry"], route["properties"]
    assert geometry["type"] == ("LineString" if strokes == 1 else "MultiLineString")
    if strokes > 1:
        assert len(geometry["coordinates"]) == len(properties["coordTimes"])
        assert len(geometry["coordinates"]) + properties.get("leftOut", 0) == strokes


def test_a_single_position_between_two_gaps_is_a_line_that_geojson_allows() -> None:
    route = geojson([[Point(0, 35.0, 103.0)]])
    assert route is not None
    assert route["geometry"]["coordinates"] == [[103.0, 35.0], [103.0, 35.0]]
    assert geojson([]) is None
