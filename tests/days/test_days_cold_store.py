"""A cold store whose door is left open: what is written of it, held to the truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.climate import RoomOptions
from simulators.days import store
from simulators.days.tape import Day
from tests.days.playback import (
    Playback,
    dark,
    final,
    killed,
    of,
    programme,
    revisions,
    seconds,
)
from tests.days.sites import COLD_STORE

BEGINS = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
MEASURED_EVERY_S = 10.0
RESOLUTION_C = 0.005

DAY = store.Store(
    RoomOptions(1.5, ambient=15.0, door_every=0, defrost_every=0, openings=((3600, 5100), (7200, 7260))),
    pallets=((600, 9000), (700, None)),
    dispatched=(600.0, "6901234000047"),
)
"""The door stands open for 25 minutes, and later for one, which is no alarm."""


@pytest.fixture(scope="module")
def day() -> Day:
    day = Day(BEGINS)
    store.play(day, DAY)
    return day


@pytest.fixture(scope="module")
def records(day: Day, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    playback = Playback(COLD_STORE, BEGINS, tmp_path_factory.mktemp("store"))
    records = playback.play(programme(day))
    assert playback.failures == playback.refused == {}
    return records


def alarm(records: list[dict[str, Any]], name: str) -> Mapping[str, Any]:
    (found,) = (record for record in final(records, "alarm") if record.get("name") == name)
    return found


def hours(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of whole intervals, not those of one movement."""
    return [record for record in final(records, "storage") if record.get("to")]


def air(day: Day, since: str, to: str) -> list[float]:
    """What the air truly was whenever the probe measured."""
    return [line["temperature"] for line in of(day.truth, "air") if since <= line["t"] < to]


def test_the_door_left_open_and_the_warmth_that_came_in_are_alarms_and_nothing_else_is(
    day: Day, records: list[dict[str, Any]]
) -> None:
    assert len(final(records, "alarm")) == 2
    opened, closed, _, _ = of(day.truth, "door")
    door = alarm(records, "door")
    assert (door["state"], door["from"], door["to"]) == ("cleared", opened["t"], closed["t"])

    (warm,) = of(day.truth, "warm")
    measured = list(of(day.truth, "air"))
    raised = alarm(records, "warm")
    cool = next(line for line in measured if line["t"] > warm["t"] and line["temperature"] <= 3.5)
    assert abs(seconds(raised["from"]) - seconds(warm["t"])) <= MEASURED_EVERY_S
    assert abs(seconds(raised["to"]) - seconds(cool["t"])) <= MEASURED_EVERY_S
    worst = max(line["temperature"] for line in measured)
    assert raised["facts"]["worst"] == pytest.approx(worst, abs=RESOLUTION_C)


def test_each_hour_has_the_climate_that_the_room_truly_had(day: Day, records: list[dict[str, Any]]) -> None:
    told = hours(records)
    assert [seconds(record["from"]) for record in told] == [BEGINS.timestamp() + 3600 * n for n in range(3)]
    warm_s = 0.0
    for record in told:
        true, climate = air(day, record["from"], record["to"]), record["climate"]["temperature"]
        assert climate["count"] == len(true)
        assert climate["min"] == pytest.approx(min(true), abs=RESOLUTION_C)
        assert climate["max"] == pytest.approx(max(true), abs=RESOLUTION_C)
        assert climate["mean"] == pytest.approx(sum(true) / len(true), abs=RESOLUTION_C)
        assert climate["gaps"] == []
        assert len(climate["series"]) == 12
        warm_s += climate["beyond_s"]
    (warm,) = of(day.truth, "warm")
    true_s = seconds(warm["until_at"]) - seconds(warm["t"])
    assert warm_s == pytest.approx(true_s, abs=2 * MEASURED_EVERY_S)


def test_each_hour_tells_how_often_and_how_long_the_door_was_open(records: list[dict[str, Any]]) -> None:
    doors = [record["basic"]["door"] for record in hours(records)]
    assert [(door["opened"], door["open_s"]) for door in doors] == [(0, 0.0), (1, 1500.0), (1, 60.0)]


def test_what_came_in_and_went_out_is_told_at_once_and_again_with_its_hour(
    day: Day, records: list[dict[str, Any]]
) -> None:
    true = [(f"sscc:{line['code']}", line["direction"], line["t"]) for line in of(day.truth, "moved")]
    at_once = [record for record in final(records, "storage") if not record.get("to")]
    for told in (at_once, hours(records)):
        movements = [each for record in told for each in record["basic"]["movements"]]
        assert [(each["subject"], each["direction"], each["at"]) for each in movements] == true
    assert [record["basic"]["present"] for record in hours(records)] == [2, 2, 1]


def test_the_pallet_that_leaves_is_told_with_its_receiver_and_at_what_it_was_kept(
    day: Day, records: list[dict[str, Any]]
) -> None:
    (left,), (true,) = final(records, "dispatch"), of(day.truth, "dispatched")
    assert [each["value"] for each in left["subjects"] if each["scheme"] == "sscc"] == [true["code"]]
    assert left["basic"]["receiver"] == "兰州肉联批发市场"
    assert left["basic"]["dispatched_at"] == true["t"]
    kept_at = next(line for line in reversed(list(of(day.truth, "air"))) if line["t"] < true["t"])
    told = left["basic"]["conditions"]["temperature"]
    assert told == pytest.approx(kept_at["temperature"], abs=RESOLUTION_C)


def test_killed_at_any_moment_while_the_world_waits(
    day: Day, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert revisions(killed(COLD_STORE, BEGINS, programme(day), tmp_path)) == revisions(records)


def test_killed_while_the_world_goes_on_only_what_happened_meanwhile_is_missing_and_that_is_told(
    day: Day, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    items = programme(day)
    dark_s, cut_at = 1200.0, 8000.0
    with_gap = Playback(COLD_STORE, BEGINS, tmp_path, [dark(items, cut_at, dark_s)]).play(items)
    missed = {f"sscc:{line['code']}" for line in of(day.truth, "moved") if line["t"] == day.stamp(9000)}
    assert missed, "a pallet goes out in the dark"

    before, _, hour = hours(with_gap)
    assert [before, hours(with_gap)[1]] == hours(records)[:2]
    climate = hour["climate"]["temperature"]
    (gap,) = climate["gaps"]
    assert cut_at - MEASURED_EVERY_S <= since(gap["from"]) <= cut_at
    assert since(gap["to"]) == pytest.approx(cut_at + dark_s, abs=MEASURED_EVERY_S)
    true = [*air(day, hour["from"], gap["from"]), *air(day, gap["to"], hour["to"])]
    assert climate["count"] == pytest.approx(len(true), abs=1)
    assert climate["mean"] == pytest.approx(sum(true) / len(true), abs=2 * RESOLUTION_C)
    assert hour["basic"]["movements"] == []
    assert hour["basic"]["present"] == 2, "nobody saw it go"
    assert final(with_gap, "alarm") == final(records, "alarm")


def since(text: str) -> float:
    """Seconds of the day."""
    return seconds(text) - BEGINS.timestamp()
