"""Rooms and roads: curves that look right and stay in their bounds."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from simulators.climate import Room, RoomOptions
from simulators.options import Options, ScenarioError
from simulators.route import Truck, Waypoint, distance_m
from simulators.scenario import load

HOUR_S = 3600.0


class Day:
    """A room and the hands of its clock."""

    def __init__(self, **options: Any) -> None:
        self.now_s = 0.0
        self.room = Room(RoomOptions(**options), lambda: self.now_s, random.Random(1))

    def curve(self, spot: str, hours: float, every_s: float = 60.0) -> list[float]:
        values = []
        end = self.now_s + hours * HOUR_S
        while self.now_s < end:
            self.now_s += every_s
            values.append(self.room.look(spot))
        return values


def test_a_compressor_keeps_its_room() -> None:
    air = Day(setpoint=2.0, door_every=0.0, defrost_every=0.0).curve("air", 12)
    assert 0.5 < min(air) < 1.3
    assert 2.7 < max(air) < 3.5
    assert max(abs(after - before) for before, after in pairwise(air)) < 0.6, "smooth"


def test_a_defrost_shows_as_a_peak() -> None:
    day = Day(setpoint=-20.0, ambient=12.0, door_every=0.0, defrost_every=6 * HOUR_S, defrost_first=HOUR_S)
    quiet = day.curve("air", 0.9)
    assert not day.room.defrost()
    thawing = day.curve("air", 0.3)
    assert day.room.defrost()
    assert day.room.evaporator() > 10
    assert max(thawing) > max(quiet) + 3
    assert max(day.curve("air", 2)[-30:]) < -18, "and passes"


def test_an_open_door_warms_the_room() -> None:
    shut = Day(setpoint=2.0, defrost_every=0.0, door_every=0.0).curve("air", 24)
    day = Day(setpoint=2.0, defrost_every=0.0, door_every=900.0, door_open=(120.0, 300.0))
    assert sum(day.curve("door", 12)) > 0
    assert max(day.curve("air", 12)) > max(shut) + 0.3


def test_a_warm_carcass_cools_to_seven_degrees() -> None:
    core = Day(setpoint=2.0, core=32.0).curve("core", 24)
    assert core[0] > 31
    assert 6 * 60 < next(minute for minute, cel in enumerate(core) if cel < 7) < 12 * 60
    assert all(after <= before + 0.01 for before, after in pairwise(core))


def test_warm_carcasses_are_work_for_the_compressor() -> None:
    empty = Day(setpoint=2.0, door_every=0.0, defrost_every=0.0).curve("compressor", 4)
    full = Day(setpoint=2.0, door_every=0.0, defrost_every=0.0, core=32.0).curve("compressor", 4)
    assert sum(full) > 1.5 * sum(empty)


def test_looking_often_or_seldom_changes_nothing() -> None:
    often, seldom = Day(setpoint=2.0), Day(setpoint=2.0)
    assert often.curve("air", 5, every_s=7.0)[-1] == pytest.approx(
        seldom.curve("air", 5, every_s=1800)[-1], abs=0.05
    )


def route() -> list[Waypoint]:
    gps = load("truck")[0].ports["gps"]
    return [Waypoint.read(Options("route", point)) for point in gps.items("route")]


def test_the_route_leads_from_dongxiang_to_the_market_in_lanzhou() -> None:
    points = route()
    assert (points[0].lat, points[0].lon) == (35.6636, 103.3894)
    assert (points[-1].lat, points[-1].lon) == (36.0611, 103.8343)
    legs_km = [distance_m(a, b) / 1000 for a, b in pairwise(points)]
    assert max(legs_km) < 16
    assert 120 < sum(legs_km) < 170


def test_the_truck_keeps_to_the_road_stops_and_comes_back() -> None:
    truck, points = Truck(route()), route()
    places = [truck.place(float(second)) for second in range(0, 7 * 3600, 5)]
    assert max(place.speed for place in places) <= 80 / 3.6 + 0.01
    for before, after in pairwise(places):
        here = Waypoint("", before.lat, before.lon, 0, 1, 0)
        there = Waypoint("", after.lat, after.lon, 0, 1, 0)
        assert distance_m(here, there) < 5 * 80 / 3.6 + 5, "no jumps"
    market = [place for place in places if (place.lat, place.lon) == (points[-1].lat, points[-1].lon)]
    assert 39 * 12 <= len(market) <= 41 * 12, "forty minutes at the market"
    assert any((place.lat, place.lon) == (35.6012, 103.2270) and place.speed == 0 for place in places)
    late = places[-60 * 12 :]
    assert min(place.lat for place in late) < 35.7, "and back"


def test_a_route_of_one_point_is_none() -> None:
    with pytest.raises(ScenarioError, match="two way points"):
        Truck(route()[:1])
