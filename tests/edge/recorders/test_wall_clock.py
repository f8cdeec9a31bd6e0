"""Intervals by the clock on the wall."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS
from edge.instant import parse_rfc3339, rfc3339
from edge.recorders.wall_clock import DAY, interval_end, interval_start

HOUR = 3600 * NANOSECONDS


@pytest.mark.parametrize(
    ("zone", "at", "every", "begin", "end"),
    [
        ("Asia/Shanghai", "2026-11-22T10:20:00+08:00", HOUR, "10:00+08:00", "11:00+08:00"),
        ("Asia/Shanghai", "2026-11-22T10:00:00+08:00", HOUR, "10:00+08:00", "11:00+08:00"),
        ("Asia/Shanghai", "2026-11-22T22:20:00+08:00", 7 * HOUR, "21:00+08:00", "24:00+08:00"),
        ("Asia/Kathmandu", "2026-11-22T10:20:00+05:45", HOUR, "10:00+05:45", "11:00+05:45"),
        ("Asia/Shanghai", "2026-11-22T10:20:00+08:00", DAY, "00:00+08:00", "24:00+08:00"),
    ],
)
def test_they_begin_and_end_where_people_expect_it(
    zone: str, at: str, every: int, begin: str, end: str
) -> None:
    place, instant = ZoneInfo(zone), parse_rfc3339(at)
    assert rfc3339(interval_start(instant, every, place)) == on_the_day(begin)
    assert rfc3339(interval_end(instant, every, place)) == on_the_day(end)


def on_the_day(clock: str) -> str:
    day = "2026-11-23T00" if clock.startswith("24") else f"2026-11-22T{clock[:2]}"
    return rfc3339(parse_rfc3339(f"{day}{clock[2:5]}:00{clock[5:]}"))


@given(
    st.integers(1_700_000_000, 1_900_000_000),
    st.sampled_from([900, 3600, 7 * 3600, 86_400]),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns"]),
)
def test_an_end_is_always_ahead_and_not_too_far(second: int, every_s: int, zone: str) -> None:
    at = second * NANOSECONDS
    end = interval_end(at, every_s * NANOSECONDS, ZoneInfo(zone))
    assert at < end <= at + every_s * NANOSECONDS
    assert interval_start(at, every_s * NANOSECONDS, ZoneInfo(zone)) <= at
