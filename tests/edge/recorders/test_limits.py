"""Limits as a cold store knows them: a warm room, a door left open, a defrost, a plant that fails."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Instant, Quality, Reading
from edge.alarms import Cause
from edge.journal.states import Row
from edge.recorders.contract import Notice
from edge.recorders.limits import Limit, Limits
from edge.recorders.upkeep import Upkeep

NOON = 1_795_348_800 * NANOSECONDS
AIR = ("chiller-1-air", "temperature")
DEFROST = ("chiller-1-control", "defrost")
DOOR = ("chiller-1-door", "open")
MINUTE = 60 * NANOSECONDS

WARM = Limit(
    "chiller-1-warm", [AIR], above=4.0, lasts=10 * MINUTE, clear=3.5, unless=DEFROST, severity="high"
)


def at(minutes: float) -> Instant:
    return Instant(NOON + int(minutes * MINUTE))


def says(minutes: float, value: float | bool | None, point: tuple[str, str] = AIR) -> tuple[str, Reading]:
    quality = Quality.MISSING if value is None else Quality.GOOD
    return point[0], Reading(at(minutes), point[1], value, quality, "" if value is not None else "no_answer")


def told(limits: Limits, said: Iterable[tuple[str, Reading]]) -> list[tuple[bool, float, Cause]]:
    """Raised or cleared, in minutes after noon, and why."""
    notices = [output for device, item in said for output in limits.observe(device, item)]
    assert all(isinstance(notice, Notice) for notice in notices)
    return [
        (each.active, (each.at - NOON) / MINUTE, each.cause) for each in notices if isinstance(each, Notice)
    ]


def test_a_room_that_stays_warm_is_told_from_when_it_was_first_beyond_and_cleared_by_the_deadband() -> None:
    warm = [says(minute, 3.9 if minute < 5 else 4.2) for minute in range(20)]
    cooling = [says(20, 3.9), says(21, 3.6), says(22, 3.5), says(23, 3.4)]
    limits = Limits([WARM])
    notices = [each for device, item in warm + cooling for each in limits.observe(device, item)]
    raised, cleared = notices
    assert isinstance(raised, Notice)
    assert isinstance(cleared, Notice)
    assert (raised.at, raised.active, raised.subject, raised.name) == (
        at(5),
        True,
        "chiller-1-air.temperature",
        "chiller-1-warm",
    )
    assert raised.facts["raised"] == "2026-11-22T12:15:00.000Z"
    assert (cleared.at, cleared.active, cleared.facts["worst"]) == (at(22), False, 4.2)


SCENES: dict[str, tuple[Limit, list[tuple[str, Reading]], list[tuple[bool, float, Cause]]]] = {
    "a short peak is nothing": (WARM, [says(0, 5.0), says(9, 5.0), says(9.5, 3.9), says(20, 5.0)], []),
    "a gap neither raises nor clears, and the stretch goes on behind it": (
        WARM,
        [says(0, 5.0), says(1, None), says(12, 5.0), says(13, None), says(60, 5.0)],
        [(True, 0, Cause.LIMIT)],
    ),
    "a defrost excuses, and the time begins when it is over": (
        WARM,
        [
            says(0, True, DEFROST),
            *[says(m, 6.0) for m in range(20)],
            says(20, False, DEFROST),
            *[says(m, 6.0) for m in range(20, 31)],
        ],
        [(True, 20, Cause.LIMIT)],
    ),
    "an alarm that stands is not cleared by a defrost": (
        WARM,
        [*[says(m, 6.0) for m in range(11)], says(11, True, DEFROST), says(12, 6.0), says(13, 3.0)],
        [(True, 0, Cause.LIMIT), (False, 13, Cause.LIMIT)],
    ),
    "a door left open": (
        Limit("door", [DOOR], equals=True, lasts=3 * MINUTE),
        [
            says(0, True, DOOR),
            says(1, False, DOOR),
            says(2, True, DOOR),
            says(5, True, DOOR),
            says(6, False, DOOR),
        ],
        [(True, 2, Cause.LIMIT), (False, 6, Cause.LIMIT)],
    ),
    "too cold at once": (
        Limit("frost", [AIR], below=-2.0, clear=-1.0),
        [says(0, -2.0), says(1, -2.1), says(2, -1.5), says(3, -1.0)],
        [(True, 1, Cause.LIMIT), (False, 3, Cause.LIMIT)],
    ),
    "a plant that fails shows in the rise before the limit": (
        Limit("failing", [AIR], rises=(2.0, 15 * MINUTE)),
        [says(m, 1.0) for m in range(10)] + [says(10 + m, 1.0 + 0.2 * m) for m in range(14)],
        [(True, 20, Cause.RISE)],
    ),
    "a slow rise is none": (
        Limit("failing", [AIR], rises=(2.0, 15 * MINUTE)),
        [says(m, 1.0 + 0.1 * m) for m in range(60)],
        [],
    ),
    "beside a trip": (
        Limit("body", [AIR], above=4.0, during=lambda: False),
        [says(0, 9.0), says(60, 9.0)],
        [],
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_raises_what_it_must_and_nothing_else(name: str) -> None:
    limit, said, expected = SCENES[name]
    assert told(Limits([limit]), said) == expected


def both() -> Limits:
    return Limits([WARM, WARM._replace(name="rise", above=None, rises=(1.0, MINUTE))])


@given(
    st.lists(st.tuples(st.floats(0, 120), st.sampled_from([2.0, 3.7, 4.5, 6.0, None])), max_size=40),
    st.integers(0, 40),
)
def test_a_gateway_that_was_killed_tells_what_it_would_have_told(
    said: list[tuple[float, float | None]], cut: int
) -> None:
    readings = [says(minute, value) for minute, value in sorted(said, key=lambda each: each[0])]
    whole, first = both(), both()
    before = told(first, readings[:cut])
    rows: list[Row] = list(first.memory.changed(first.name))
    second = both()
    second.memory.load(rows)
    assert before + told(second, readings[cut:]) == told(whole, readings)


def battery(minutes: float, value: float) -> tuple[str, Reading]:
    return "core-probe", Reading(at(minutes), "battery", value)


def test_a_battery_is_told_once_and_cleared_when_it_is_changed() -> None:
    upkeep = Upkeep(["core-probe"], {})
    said = [battery(0, 12), battery(1, 10), battery(2, 9), battery(3, 14), battery(4, 100)]
    notices = [each for device, item in said for each in upkeep.observe(device, item)]
    assert [(each.active, each.at) for each in notices if isinstance(each, Notice)] == [
        (True, at(1)),
        (False, at(4)),
    ]


def test_a_calibration_is_told_on_the_day_it_is_overdue_and_once() -> None:
    upkeep = Upkeep([], {"chiller-1-air": at(10)})
    notices = [each for minute in range(20) for each in upkeep.tick(at(minute))]
    [notice] = notices
    assert isinstance(notice, Notice)
    assert (notice.cause, notice.subject, notice.at) == (Cause.CALIBRATION_DUE, "chiller-1-air", at(10))
    renewed = Upkeep([], {"chiller-1-air": at(10_000)})
    renewed.memory.load(list(upkeep.memory.changed("upkeep")))
    assert [each.active for each in renewed.tick(at(20)) if isinstance(each, Notice)] == [False]


def test_a_limit_that_was_taken_out_and_put_back_tells_anew() -> None:
    limits = Limits([WARM])
    warm = [says(minute, 5.0) for minute in range(12)]
    assert [active for active, *_ in told(limits, warm)] == [True]
    without = Limits([])
    without.memory.load(limits.memory.changed(limits.name))
    without.tick(at(12))
    back = Limits([WARM])
    back.memory.load(row for row in without.memory.changed(limits.name) if row.body is not None)
    assert [active for active, *_ in told(back, [says(minute, 5.0) for minute in range(20, 32)])] == [True]
