"""The climate of a stretch of time, against a plain count over its readings."""

from __future__ import annotations

from statistics import fmean

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from drivers.contract import NANOSECONDS, Instant
from edge.instant import parse_rfc3339, rfc3339
from edge.recorders.watch import MOST_GAPS, Watch

NOON = 1_795_348_800 * NANOSECONDS
MINUTE = 60


def at(seconds: float) -> Instant:
    return Instant(NOON + int(seconds * NANOSECONDS))


def watch(limit: float | None = 4.0, patience_s: float = 90, since_s: float = 0) -> Watch:
    return Watch(at(since_s), 5 * MINUTE * NANOSECONDS, int(patience_s * NANOSECONDS), limit)


def gaps(room: Watch, until_s: float) -> list[tuple[str, str]]:
    return [(gap.since[11:19], gap.to[11:19]) for gap in room.ended(at(until_s)).gaps]


def test_an_hour_is_counted_and_laid_down_in_points_of_five_minutes() -> None:
    room = watch()
    values = [3.0 + minute % 10 / 10 for minute in range(60)]
    for minute, value in enumerate(values):
        room.add("air", at(minute * MINUTE), value)

    climate = room.ended(at(3600))

    assert (climate.count, climate.min, climate.max) == (60, 3.0, 3.9)
    assert climate.mean == pytest.approx(fmean(values), abs=0.001)
    assert [point.n for point in climate.series] == [5] * 12
    assert climate.series[1].t == rfc3339(at(300))
    assert (climate.beyond_s, climate.gaps) == (0, [])


def test_a_value_beyond_the_limit_holds_until_the_next_one() -> None:
    room = watch()
    for second, value in [(0, 3.0), (60, 5.0), (100, 5.0), (130, 3.0)]:
        room.add("air", at(second), value)
    assert room.ended(at(180)).beyond_s == 70


def test_the_worst_probe_counts_and_time_is_not_counted_twice() -> None:
    room = watch()
    room.add("front", at(0), 3.0)
    room.add("back", at(10), 6.0)
    room.add("front", at(20), 3.0)
    room.add("back", at(40), 3.0)
    assert room.ended(at(60)).beyond_s == 30


def test_silence_is_a_gap_from_the_last_reading_and_nothing_is_known_in_it() -> None:
    room = watch(patience_s=90)
    room.add("air", at(0), 5.0)
    room.add("air", at(600), 5.0)
    room.add("air", at(660), 3.0)
    assert room.beyond == (90 + 60) * NANOSECONDS
    assert gaps(room, 700) == [("12:00:00", "12:10:00")]


def test_a_probe_that_fails_beside_one_that_speaks_is_no_gap() -> None:
    room = watch(patience_s=90)
    room.add("front", at(0), 5.0)
    for second in range(0, 600, 60):
        room.add("back", at(second), 3.0)
    climate = room.ended(at(600))
    assert climate.gaps == []
    assert climate.beyond_s == 90


def test_a_room_that_never_spoke_is_one_gap() -> None:
    climate = watch().ended(at(3600))
    assert (climate.count, climate.min, climate.mean, climate.series) == (0, None, None, [])
    assert [(gap.since, gap.to) for gap in climate.gaps] == [(rfc3339(at(0)), rfc3339(at(3600)))]


def test_the_next_stretch_begins_with_what_is_held() -> None:
    first = watch()
    first.add("air", at(3590), 5.0)
    second = first.next(at(3600))
    first.ended(at(3600))
    second.add("air", at(3650), 3.0)
    climate = second.ended(at(3660))
    assert (climate.count, climate.beyond_s, climate.gaps) == (1, 50, [])


def test_a_reading_from_before_is_late_and_changes_nothing() -> None:
    room = watch(since_s=600)
    room.add("air", at(599), 40.0)
    climate = room.ended(at(601))
    assert (climate.count, climate.max, climate.late) == (0, None, 1)


def test_gaps_are_bounded() -> None:
    room = watch(patience_s=1)
    for second in range(0, 10 * MOST_GAPS, 5):
        room.add("air", at(second), 3.0)
    climate = room.ended(at(10 * MOST_GAPS))
    assert len(climate.gaps) == MOST_GAPS
    assert climate.gaps[-1].to == rfc3339(at(10 * MOST_GAPS))


READINGS = st.lists(
    st.tuples(st.floats(0, 7200), st.sampled_from(["front", "back"]), st.floats(-40, 40)), max_size=60
)


@given(READINGS)
def test_whatever_comes_in_order_is_counted_as_a_plain_count_does(
    readings: list[tuple[float, str, float]],
) -> None:
    room = watch()
    said = sorted((at(second), device, value) for second, device, value in readings)
    for when, device, value in said:
        room.add(device, when, value)
    until = at(7200)

    climate = room.ended(until)

    values = [value for _, _, value in said]
    assert climate.count == len(values) == sum(point.n for point in climate.series)
    assert (climate.min, climate.max) == (min(values, default=None), max(values, default=None))
    assert climate.beyond_s is not None
    silent = sum(_seconds(gap.since, gap.to) for gap in climate.gaps)
    assert 0 <= climate.beyond_s <= 7200.1
    assert 0 <= silent <= 7200.1
    if said:
        assert climate.mean == pytest.approx(fmean(values), abs=0.001)


def _seconds(since: str, to: str) -> float:
    return (parse_rfc3339(to) - parse_rfc3339(since)) / NANOSECONDS


@given(READINGS, st.integers(0, 60))
def test_a_watch_that_was_written_down_and_read_again_goes_on_as_if_nothing_had_been(
    readings: list[tuple[float, str, float]], cut: int
) -> None:
    whole, parted = watch(), watch()
    said = sorted((at(second), device, value) for second, device, value in readings)
    for place, (when, device, value) in enumerate(said):
        if place == cut:
            parted = TypeAdapter(Watch).validate_json(orjson.dumps(parted))
        whole.add(device, when, value)
        parted.add(device, when, value)
    assert parted.ended(at(7200)) == whole.ended(at(7200))
