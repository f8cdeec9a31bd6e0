"""A truck from Dongxiang to Lanzhou: its trip as it is recorded, held to how it truly was."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.climate import RoomOptions
from simulators.days import road
from simulators.days.tape import Day
from tests.days.playback import (
    Playback,
    Word,
    dark,
    final,
    killed,
    of,
    programme,
    revisions,
    seconds,
)
from tests.days.sites import TRUCK

BEGINS = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
A_SECOND = 1.0
MEASURED_EVERY_S = 10.0
RESOLUTION_C = 0.005

TRIP = road.Trip(
    road.route_of("truck"),
    RoomOptions(
        2.0,
        ambient=24.0,
        defrost_every=0,
        door_every=0,
        openings=((5200, 5440),),
        failures=((6600, 9200),),
    ),
    dead=((7600, 8200),),
)
"""The door is opened at the stop in Sanjiaji, the unit fails before the tunnel, and there the sky is gone."""

WORDS = [
    Word(30.0, "disinfection", {"vehicle": "truck", "number": "XD-2026-0117"}),
    Word(40.0, "crew", {"vehicle": "truck", "names": ["马建国", "王强"]}),
    Word(45.0, "cleaning", {"place": "truck", "agent": "过氧乙酸"}),
]


@pytest.fixture(scope="module")
def day() -> Day:
    day = Day(BEGINS)
    road.play(day, TRIP)
    return day


@pytest.fixture(scope="module")
def records(day: Day, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    playback = Playback(TRUCK, BEGINS, tmp_path_factory.mktemp("road"))
    records = playback.play(programme(day, WORDS))
    assert playback.failures == playback.refused == {}
    return records


@pytest.fixture(scope="module")
def trip(records: list[dict[str, Any]]) -> dict[str, Any]:
    (trip,) = (record for record in final(records, "transport") if record["stretch"] == "trip")
    return trip


def near(told: str, truth: str, within_s: float = A_SECOND) -> bool:
    return abs(seconds(told) - seconds(truth)) <= within_s


def test_the_trip_begins_and_ends_when_and_where_it_truly_did(day: Day, trip: dict[str, Any]) -> None:
    basic = trip["basic"]
    (began,), (ended,) = of(day.truth, "began"), of(day.truth, "ended")
    assert near(basic["departed_at"], began["t"])
    assert near(basic["arrived_at"], ended["t"])
    assert (basic["start"]["place"], basic["end"]["place"]) == ("plant", "lanzhou")
    for where, truth in ((basic["start"], began), (basic["end"], ended)):
        assert (where["lat"], where["lon"]) == pytest.approx((truth["lat"], truth["lon"]), abs=1e-5)
    assert basic["plate"] == "甘N12345"
    assert basic["crew"] == ["马建国", "王强"]
    assert basic["disinfection"]["number"] == "XD-2026-0117"


def test_what_was_loaded_and_delivered_is_told_and_nothing_else(day: Day, trip: dict[str, Any]) -> None:
    for which in ("loaded", "delivered"):
        told = trip["basic"][which]
        truth = [(f"sscc:{line['code']}", line["t"]) for line in of(day.truth, which)]
        assert [(goods["subject"], goods["at"]) for goods in told["goods"]] == truth
        assert told["count"] == len(truth)


def test_the_way_its_stops_and_its_dead_spot(day: Day, trip: dict[str, Any]) -> None:
    way = trip["extended"]
    (lost,), (all_of_it,) = of(day.truth, "lost"), of(day.truth, "metres")
    (gap,) = way["gaps"]
    assert near(gap["from"], lost["t"])
    assert near(gap["to"], lost["until_at"])
    seen_km = (all_of_it["driven"] - lost["driven"]) / 1000
    assert way["distance_km"] == pytest.approx(seen_km, rel=0.002)
    on_the_way = [line for line in of(day.truth, "stood") if line["t"] > trip["from"]]
    assert len(way["stops"]) == len(on_the_way) == 2
    for stop, truth in zip(way["stops"], on_the_way, strict=True):
        assert near(stop["from"], truth["t"], 3 * A_SECOND)  # it creeps slower than 3 km/h before it stands
        assert near(stop["to"], truth["until_at"], 3 * A_SECOND)
        assert (stop["where"]["lat"], stop["where"]["lon"]) == pytest.approx(
            (truth["lat"], truth["lon"]), abs=1e-4
        )


def test_the_door_and_the_climate_of_the_trip(day: Day, trip: dict[str, Any]) -> None:
    opened, closed = of(day.truth, "door")
    (opening,) = trip["extended"]["openings"]
    assert (opening["from"], opening["to"]) == (opened["t"], closed["t"])
    felt = [line for line in of(day.truth, "air") if trip["from"] <= line["t"] <= trip["to"]]
    told = trip["climate"]["temperature"]
    true = [line["temperature"] for line in felt]
    assert abs(told["count"] - len(felt)) <= 1
    assert told["min"] == pytest.approx(min(true), abs=RESOLUTION_C)
    assert told["max"] == pytest.approx(max(true), abs=RESOLUTION_C)
    assert told["mean"] == pytest.approx(sum(true) / len(true), abs=RESOLUTION_C)
    assert told["gaps"] == []
    warm_s = sum(seconds(line["until_at"]) - seconds(line["t"]) for line in of(day.truth, "warm"))
    assert told["beyond_s"] == pytest.approx(warm_s, abs=4 * MEASURED_EVERY_S)


def test_the_intervals_follow_each_other_on_the_way(
    trip: dict[str, Any], records: list[dict[str, Any]]
) -> None:
    legs = [record for record in final(records, "transport") if record["stretch"] == "interval"]
    assert [leg["from"] for leg in legs] == [trip["from"], *(leg["to"] for leg in legs[:-1])]
    assert all(seconds(leg["to"]) % 900 == 0 for leg in legs), "they end with the quarters of the hour"
    assert len(legs) == seconds(legs[-1]["to"]) // 900 - seconds(trip["from"]) // 900
    assert {leg["trip"] for leg in legs} == {trip["id"]}
    assert 0 < seconds(trip["to"]) - seconds(legs[-1]["to"]) < 900


def test_the_failed_unit_is_an_alarm_and_so_is_the_dead_spot(day: Day, records: list[dict[str, Any]]) -> None:
    alarms = {record["cause"]: record for record in final(records, "alarm")}
    assert alarms.keys() == {"limit", "silent"}, "the door was open too short for one"
    _, failed = of(day.truth, "warm")
    assert near(alarms["limit"]["from"], failed["t"], MEASURED_EVERY_S)
    (lost,) = of(day.truth, "lost")
    assert alarms["silent"]["subject"] == "gps"
    assert near(alarms["silent"]["to"], lost["until_at"])


def test_killed_at_any_moment_while_the_world_waits(
    day: Day, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert revisions(killed(TRUCK, BEGINS, programme(day, WORDS), tmp_path)) == revisions(records)


def test_killed_while_the_truck_drives_on_the_gaps_are_told_and_the_trip_is_one(
    day: Day, trip: dict[str, Any], tmp_path: Path
) -> None:
    items = programme(day, WORDS)
    cut_at, dark_s = 3000.0, 900.0
    records = Playback(TRUCK, BEGINS, tmp_path, [dark(items, cut_at, dark_s)]).play(items)
    (with_gap,) = (record for record in final(records, "transport") if record["stretch"] == "trip")
    for name in ("departed_at", "arrived_at", "start", "end", "crew", "disinfection", "loaded", "delivered"):
        assert with_gap["basic"][name] == trip["basic"][name]
    blind, tunnel = with_gap["extended"]["gaps"]
    assert tunnel == trip["extended"]["gaps"][0]
    assert 0 <= BEGINS.timestamp() + cut_at - seconds(blind["from"]) <= 2 * A_SECOND
    assert abs(seconds(blind["to"]) - BEGINS.timestamp() - cut_at - dark_s) <= 3 * A_SECOND
    (unfelt,) = with_gap["climate"]["temperature"]["gaps"]
    assert abs(seconds(unfelt["from"]) - seconds(blind["from"])) <= MEASURED_EVERY_S
    assert abs(seconds(unfelt["to"]) - seconds(blind["to"])) <= MEASURED_EVERY_S
    driven = trip["extended"]["distance_km"] - with_gap["extended"]["distance_km"]
    assert driven == pytest.approx(blind["apart_km"], rel=0.2), "what is missing of the way is in the gap"
    assert with_gap["extended"]["stops"] == trip["extended"]["stops"]
    assert with_gap["extended"]["openings"] == trip["extended"]["openings"]
