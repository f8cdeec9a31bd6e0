"""The book of the rooms, against a plain count over all that was read."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Instant
from edge.instant import rfc3339
from edge.recorders.memory import Memory
from edge.recorders.rooms import KEPT, RoomBook, Span

NOON = 1_795_348_800 * NANOSECONDS
MINUTE = 60 * NANOSECONDS
ROOM = "chiller-1"


def at(minutes: float) -> Instant:
    return Instant(NOON + round(minutes * MINUTE))


def book(values: list[tuple[float, float]], device: str = "air") -> RoomBook:
    rooms = RoomBook({ROOM: 4.0})
    for minute, value in values:
        rooms.add(ROOM, "temperature", device, at(minute), value)
    return rooms


@given(
    values=st.lists(st.floats(-5, 15).map(lambda value: round(value, 1)), min_size=30, max_size=200),
    since=st.integers(0, 20),
    length=st.integers(1, 100),
)
def test_a_stay_is_what_was_read_meanwhile(values: list[float], since: int, length: int) -> None:
    rooms = book([(minute + 0.5, value) for minute, value in enumerate(values)])
    meanwhile = values[since : since + length]
    climate = rooms.climate("temperature", [Span(ROOM, at(since), at(since + length))], 30 * MINUTE)
    assert climate is not None
    assert (climate.count, climate.min, climate.max) == (len(meanwhile), min(meanwhile), max(meanwhile))
    assert climate.mean == pytest.approx(fmean(meanwhile), abs=0.001)
    assert sum(point.n for point in climate.series) == len(meanwhile)


def test_time_beyond_the_limit_goes_on_until_the_next_value() -> None:
    rooms = book([(0, 3.0), (1, 5.0), (4, 5.0), (5, 3.0), (8, 3.0)])
    climate = rooms.climate("temperature", [Span(ROOM, at(0), at(9))], 30 * MINUTE)
    assert climate is not None
    assert (climate.limit, climate.beyond_s) == (4.0, 240.0)


def test_the_warmest_probe_is_held_against_the_limit() -> None:
    rooms = book([])
    for minute in range(10):
        rooms.add(ROOM, "temperature", "front", at(minute), 2.0)
        rooms.add(ROOM, "temperature", "back", at(minute + 0.5), 6.0)
    climate = rooms.climate("temperature", [Span(ROOM, at(0), at(10))], 30 * MINUTE)
    assert climate is not None
    assert climate.beyond_s == pytest.approx(9 * 60)


def test_a_gap_is_where_nothing_was_read_and_a_stay_may_begin_or_end_in_one() -> None:
    rooms = book([(minute, 3.0) for minute in (*range(10, 20), *range(40, 50))])
    climate = rooms.climate("temperature", [Span(ROOM, at(0), at(60))], 30 * MINUTE)
    assert climate is not None
    assert [(gap.since, gap.to) for gap in climate.gaps] == [
        (rfc3339(at(0)), rfc3339(at(10))),
        (rfc3339(at(19)), rfc3339(at(40))),
        (rfc3339(at(49)), rfc3339(at(60))),
    ]


def test_stays_in_two_rooms_are_one_climate() -> None:
    rooms = book([(minute, 3.0) for minute in range(30)])
    for minute in range(30, 60):
        rooms.add("chiller-2", "temperature", "other", at(minute), 1.0)
    spans = [Span(ROOM, at(0), at(30)), Span("chiller-2", at(30), at(60))]
    climate = rooms.climate("temperature", spans, 30 * MINUTE)
    assert climate is not None
    assert (climate.count, climate.min, climate.max, climate.gaps) == (60, 1.0, 3.0, [])


def test_a_reading_of_a_minute_that_is_full_is_counted_as_late() -> None:
    rooms = book([(0, 3.0), (5, 3.0), (1, 9.0)])
    climate = rooms.climate("temperature", [Span(ROOM, at(0), at(6))], 30 * MINUTE)
    assert climate is not None
    assert (climate.count, climate.max, climate.late) == (2, 3.0, 1)


def test_a_room_of_which_nothing_is_known_has_no_climate() -> None:
    assert book([]).climate("temperature", [Span(ROOM, at(0), at(60))], 30 * MINUTE) is None


def test_the_book_is_bounded() -> None:
    rooms = book([(minute, 3.0) for minute in range(0, 30 * 24 * 60, 15)])
    hours = sum(row.body is not None for row in Memory(rooms.hours).changed("x"))
    assert hours <= KEPT / (60 * MINUTE) + 1
