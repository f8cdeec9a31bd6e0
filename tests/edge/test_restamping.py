"""Stamps put right: those of the boot, and nothing else."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Code, Fix, Instant, Reading
from edge.devices import Intaken, state_of
from edge.instant import rfc3339
from edge.recorders.rooms import HOUR, RoomBook, Span
from edge.restamping import AHEAD, Restamping, of_boot
from edge.thinning import Thin
from edge.timekeeping import WRITTEN

BASE = WRITTEN
SHIFT = 40 * 86_400 * NANOSECONDS
AGAIN = of_boot(BASE, BASE + 3600 * NANOSECONDS, SHIFT)

MILLISECONDS = st.integers(-(10**9), 10**9).map(lambda ms: Instant(BASE + ms * 1_000_000))


def right(at: int) -> int:
    return at + SHIFT if BASE <= at <= BASE + 3600 * NANOSECONDS + AHEAD else at


@given(at=MILLISECONDS)
def test_a_stamp_of_the_boot_is_shifted_and_another_stays(at: Instant) -> None:
    told = {"t": rfc3339(at), "since": at, "points": [[at, 1.5], [at + 1, -2]], "at": at}
    moved = {
        "t": rfc3339(Instant(right(at))),
        "since": right(at),
        "points": [[right(at), 1.5], [right(at + 1), -2]],
        "at": right(at),
    }
    assert orjson.loads(AGAIN.json(orjson.dumps(told))) == moved


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_no_stamp_is_left_byte_for_byte(value: object) -> None:
    body = orjson.dumps(value)
    assert AGAIN.json(body) == body


def test_codes_and_what_people_wrote_are_no_stamps() -> None:
    body = orjson.dumps(
        {
            "code": str(BASE + NANOSECONDS),
            "said": "2026-11-22T08:10:00+08:00",
            "day": "2026-11-22",
            "text": f"at {rfc3339(BASE)} sharp",
            "impossible": "2026-13-41T00:00:00.000Z",
            "epc": f"E2001{BASE}",
        }
    )
    assert AGAIN.json(body) == body


def test_no_shift_costs_nothing() -> None:
    body = orjson.dumps({"t": rfc3339(BASE)})
    assert Restamping(0, 1 << 62, 0).json(body) is body


TAG = Code("cn-eartag", "362292600000123")
MINUTE = 60 * NANOSECONDS


def test_a_device_goes_on_as_if_the_time_had_always_been_known() -> None:
    """A tag that stands in the field is no news, a value that was journalled is not due, an age is right."""
    state = state_of(Intaken("gate", ("speed",), 10.0, True, {}, 30.0, Thin(60.0, 0.1, 50.0)), 0.0)
    before, after = Instant(BASE + MINUTE), Instant(BASE + MINUTE + SHIFT)
    assert state.windows.seen(TAG, before)
    assert state.thinning is not None
    assert state.thinning.keeps([Reading(before, "speed", 3.0), Fix(before, 35.0, 103.0)])
    state.newest["speed"], state.due, state.gap_told = Reading(before, "speed", 3.0), before, before
    state.restamp(AGAIN)
    assert not list(state.windows.close(Instant(after + NANOSECONDS)))
    assert not state.windows.seen(TAG, Instant(after + NANOSECONDS))
    soon = Instant(after + 5 * NANOSECONDS)
    assert not state.thinning.keeps([Reading(soon, "speed", 3.0), Fix(soon, 35.0, 103.0)])
    assert (state.newest["speed"].at, state.due, state.gap_told) == (after, after, after)


def test_the_minutes_of_a_room_stand_in_their_true_hours() -> None:
    book = RoomBook({"chiller-1": 4.0})
    for minute in range(90):
        book.add("chiller-1", "temperature", "air", Instant(BASE + minute * MINUTE), 2.0)
    again = of_boot(BASE, BASE + 90 * MINUTE, SHIFT + 25 * MINUTE)
    for table in (book.minutes, book.hours):
        table.restamp(again)
    begun = BASE + SHIFT + 25 * MINUTE
    true = Span("chiller-1", begun, begun + 90 * MINUTE)
    climate = book.climate("temperature", [true], HOUR)
    assert climate is not None
    assert (climate.count, climate.gaps) == (90, [])
    assert book.climate("temperature", [Span("chiller-1", BASE, BASE + 90 * MINUTE)], HOUR) is None
