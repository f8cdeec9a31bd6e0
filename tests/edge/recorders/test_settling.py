"""A probe that is put into meat, warm or chilled, and what it says before and behind it."""

from __future__ import annotations

import pytest

from drivers.contract import NANOSECONDS
from edge.recorders.settling import AIR_LASTS, Idle, Settling

CHANGE = 0.2
LASTS = 15 * NANOSECONDS
HALL, WARM, CHILLED = 14.0, 38.4, 3.5


def settled(air: float | None, *rests: float) -> float | None:
    """What is taken for the core when the probe rests at these one after the other, 20 s each."""
    row = Settling("26112300001", 90 * NANOSECONDS, air)
    for number, value in enumerate(rests):
        for second in range(0, 20, 2):
            row.add((20 * number + second) * NANOSECONDS, value, CHANGE, LASTS)
    return row.best


@pytest.mark.parametrize(
    ("rests", "core"),
    [
        ((HALL, WARM, HALL), WARM),
        ((HALL, CHILLED, HALL), CHILLED),
        ((WARM, HALL, WARM), WARM),  # still warm from the carcass before
        ((CHILLED, HALL, CHILLED), CHILLED),  # still cold
        ((HALL, HALL + 1.5), None),
        ((HALL,), None),
    ],
)
def test_a_core_is_where_the_probe_rests_away_from_the_air(
    rests: tuple[float, ...], core: float | None
) -> None:
    assert settled(HALL, *rests) == core


def test_as_long_as_the_air_is_not_known_only_a_rise_counts() -> None:
    assert settled(None, HALL, WARM, HALL) == WARM
    assert settled(None, HALL, CHILLED) is None


def test_the_air_is_where_it_rests_for_minutes_while_no_hook_is_there() -> None:
    idle = Idle(0, HALL, HALL)
    for second in range(0, 60, 10):
        idle.add(second * NANOSECONDS, WARM, CHANGE)
    assert idle.air is None, "a carcass whose hook was missed"
    for second in range(60, 60 + AIR_LASTS // NANOSECONDS + 20, 10):
        idle.add(second * NANOSECONDS, HALL, CHANGE)
    assert idle.air == HALL
