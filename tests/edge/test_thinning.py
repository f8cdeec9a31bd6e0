"""What is new enough for the journal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Code, Fix, Instant, Quality, Reading, Sighting
from edge.thinning import Thin, Thinning, great_circle_m, turned_deg

START = 1_795_305_600
"""2026-11-22T00:00:00Z, in seconds."""


def at(seconds: float) -> Instant:
    return Instant(int((START + seconds) * NANOSECONDS))


def reading(seconds: float, value: float | bool | None, quality: Quality = Quality.GOOD) -> Reading:
    return Reading(at(seconds), "temperature", value, quality, "" if quality is Quality.GOOD else "range")


def kept(thin: Thin, readings: Sequence[Reading]) -> list[Reading]:
    thinning = Thinning(thin)
    return [item for item in readings if thinning.keeps([item])]


def fixes_kept(thin: Thin, fixes: Sequence[Fix]) -> list[Fix]:
    thinning = Thinning(thin)
    return [item for item in fixes if thinning.keeps([item])]


TENTH = Thin(at_least_s=60.0, change=0.1)


@pytest.mark.parametrize("tenths", range(-50, 50))
def test_a_tenth_is_a_tenth_whatever_binary_fractions_make_of_it(tenths: int) -> None:
    assert len(kept(TENTH, [reading(0, tenths / 10), reading(1, (tenths + 1) / 10)])) == 2


def test_a_slow_drift_is_journalled_step_by_step() -> None:
    drift = [reading(second, second / 100) for second in range(50)]
    assert [item.value for item in kept(TENTH, drift)] == [0.0, 0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (reading(0, 3.4), reading(1, 3.4, Quality.SUSPECT)),
        (reading(0, 3.4, Quality.SUSPECT), reading(1, 3.4)),
        (reading(0, 3.4), reading(1, None, Quality.MISSING)),
        (reading(0, None, Quality.MISSING), reading(1, 3.4)),
        (reading(0, None, Quality.MISSING), reading(1, None, Quality.MISSING)),
        (reading(0, False), reading(1, True)),
    ],
)
def test_what_is_no_number_is_never_little_changed(one: Reading, other: Reading) -> None:
    assert kept(Thin(at_least_s=60.0, change=50.0), [one, other]) == [one, other]


def test_a_reason_that_changed_is_new() -> None:
    doubts = [reading(0, 3.4, Quality.SUSPECT), reading(1, 3.4, Quality.SUSPECT)]
    assert len(kept(TENTH, doubts)) == 1
    assert len(kept(TENTH, [doubts[0], doubts[1]._replace(reason="warming_up")])) == 2


def test_a_switch_that_did_not_turn_is_thinned() -> None:
    assert len(kept(TENTH, [reading(second, True) for second in range(60)])) == 1


def test_without_a_change_only_the_time_counts() -> None:
    readings = [reading(second, float(second)) for second in range(0, 180, 10)]
    assert [item.value for item in kept(Thin(at_least_s=60.0), readings)] == [0.0, 60.0, 120.0]


def test_one_quantity_that_moved_takes_the_others_of_its_frame_along() -> None:
    thinning = Thinning(TENTH)
    humidity = Reading(at(0), "humidity", 80.0)
    assert thinning.keeps([reading(0, 3.4), humidity])
    assert not thinning.keeps([reading(1, 3.45), humidity._replace(at=at(1), value=80.05)])
    assert thinning.keeps([reading(2, 3.45), humidity._replace(at=at(2), value=80.1)])
    assert not thinning.keeps([reading(3, 3.5), humidity._replace(at=at(3), value=80.1)])


def test_quantities_said_apart_are_judged_apart() -> None:
    thinning = Thinning(TENTH)
    assert thinning.keeps([reading(0, 3.4)])
    assert thinning.keeps([Reading(at(1), "humidity", 80.0)])
    assert not thinning.keeps([reading(2, 3.4)])


def test_after_a_gap_everything_is_new() -> None:
    thinning = Thinning(TENTH)
    assert thinning.keeps([reading(0, 3.4)])
    assert thinning.keeps([Fix(at(0), 35.66, 103.38)])
    thinning.forget()
    assert thinning.keeps([reading(1, 3.4)])
    assert thinning.keeps([Fix(at(1), 35.66, 103.38)])


def test_a_clock_that_was_set_back_does_not_stop_the_journal() -> None:
    assert len(kept(TENTH, [reading(3600, 3.4), reading(0, 3.4), reading(1, 3.4)])) == 2
    fixes = [Fix(at(seconds), 35.66, 103.38) for seconds in (3600, 0, 1)]
    assert len(fixes_kept(TENTH, fixes)) == 2


def test_a_sighting_is_always_new() -> None:
    thinning = Thinning(TENTH)
    seen = Sighting(at(0), Code("iso11784", "156003622926001"))
    assert [thinning.keeps([seen]), thinning.keeps([seen])] == [True, True]


@given(
    st.lists(st.integers(-300, 300).map(lambda tenths: tenths / 10), min_size=1, max_size=60),
    st.integers(1, 20).map(lambda tenths: tenths / 10),
    st.integers(1, 20),
)
def test_the_journal_is_never_further_than_the_change_and_never_older_than_the_time(
    values: list[float], change: float, at_least_s: int
) -> None:
    thinning = Thinning(Thin(float(at_least_s), change))
    last = reading(0, values[0])
    for second, value in enumerate(values):
        item = reading(second, value)
        assert last.value is not None
        news = (
            second == 0
            or round(abs(value - last.value), 6) >= change
            or item.at >= at(at_least_s) + (last.at - at(0))
        )
        assert thinning.keeps([item]) is news
        last = item if news else last


# --- positions ---------------------------------------------------------------------------------------------

NORTH_M = 111_195.08
"""A degree of latitude on the mean sphere: pi * 6371008.8 / 180."""


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((35.0, 103.0), (36.0, 103.0), NORTH_M),
        ((0.0, 179.5), (0.0, -179.5), NORTH_M),
        ((89.5, 0.0), (89.5, 180.0), NORTH_M),
        ((0.0, 0.0), (0.0, 180.0), 180 * NORTH_M),
        ((35.6636, 103.3894), (35.6636, 103.3894), 0.0),
        ((35.6636, 103.3894), (35.6636, 103.38941), 0.9034),  # a metre: 1e-5 deg * cos(35.6636 deg)
        ((60.0, 0.0), (60.0, 180.0), 60 * NORTH_M),  # over the pole
    ],
)
def test_a_distance_is_that_of_the_globe(
    one: tuple[float, float], other: tuple[float, float], metres: float
) -> None:
    found = great_circle_m(Fix(at(0), *one), Fix(at(0), *other))
    assert found == pytest.approx(metres, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "degrees"), [(350, 10, 20), (10, 350, 20), (0, 180, 180), (90, 90, 0), (359.5, 0, 0.5)]
)
def test_a_turn_goes_the_short_way_round(one: float, other: float, degrees: float) -> None:
    assert turned_deg(one, other) == degrees


def fix(seconds: float, metres_north: float = 0.0, *, speed: float | None = 10.0, course: float = 0.0) -> Fix:
    return Fix(at(seconds), 35.6636 + metres_north / NORTH_M, 103.3894, speed=speed, course=course)


ROAD = Thin(at_least_s=60.0, distance_m=50.0, turn_deg=20.0)


def test_a_bend_is_journalled_where_it_turned() -> None:
    courses = [0, 5, 10, 15, 20, 25, 30, 35, 40, 40, 40]
    bend = [fix(second, course=course) for second, course in enumerate(courses)]
    assert [item.course for item in fixes_kept(ROAD, bend)] == [0, 20, 40]


@pytest.mark.parametrize("speed", [0.0, 0.4, None])
def test_the_course_of_a_truck_that_stands_is_noise(speed: float | None) -> None:
    parked = [fix(second, speed=speed, course=second * 77 % 360) for second in range(59)]
    assert len(fixes_kept(ROAD, parked)) == 1


def test_a_truck_that_starts_is_journalled_with_its_course() -> None:
    starts = [fix(0, speed=0.0), fix(1, speed=0.2), fix(2, speed=3.0), fix(3, speed=5.0)]
    assert fixes_kept(ROAD, starts) == [starts[0], starts[2]]


def test_a_truck_that_creeps_is_journalled_by_its_distance() -> None:
    creeps = [fix(second, second * 2.0, speed=0.5) for second in range(55)]
    assert fixes_kept(ROAD, creeps) == [creeps[0], creeps[25], creeps[50]]


def test_what_was_not_asked_for_is_not_looked_at() -> None:
    fixes = [fix(second, second * 100.0, course=second * 30.0) for second in range(50)]
    assert len(fixes_kept(Thin(at_least_s=60.0), fixes)) == 1
    assert len(fixes_kept(Thin(at_least_s=60.0, distance_m=1e6), fixes)) == 1
    assert len(fixes_kept(Thin(at_least_s=60.0, turn_deg=20.0), fixes)) == 50


@given(
    st.lists(st.tuples(st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 359)), min_size=1, max_size=30),
    st.floats(1, 1e6),
    st.floats(1, 180),
)
def test_no_fix_is_left_out_that_is_far_or_turned(
    ways: list[tuple[float, float, float]], distance_m: float, turn_deg: float
) -> None:
    thinning = Thinning(Thin(3600.0, distance_m=distance_m, turn_deg=turn_deg))
    last: Fix | None = None
    for second, (lat, lon, course) in enumerate(ways):
        item = Fix(at(second), lat, lon, speed=20.0, course=course)
        if thinning.keeps([item]):
            last = item
            continue
        assert last is not None
        assert last.course is not None
        assert great_circle_m(last, item) < distance_m
        assert turned_deg(last.course, course) < turn_deg
