"""A cadence is learnt from arrivals: neither a lost one nor an outage nor a burst misleads it for long."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cadence import BURST_S, ENOUGH, RECENT, SLOWEST_S, Cadence


def learnt(gaps_s: Iterable[float]) -> float | None:
    cadence, at_s = Cadence(), 1000.0
    cadence.heard(at_s)
    for gap_s in gaps_s:
        at_s += gap_s
        cadence.heard(at_s)
    return cadence.every_s


@pytest.mark.parametrize(
    ("gaps_s", "every_s"),
    [
        pytest.param([], None, id="never heard again"),
        pytest.param([10.0] * (ENOUGH - 1), None, id="too little yet"),
        pytest.param([10.0] * ENOUGH, 10.0, id="steady"),
        pytest.param([10.0] * 50 + [3600.0], 10.0, id="an outage"),
        pytest.param(([10.0] * 9 + [20.0]) * 6, 20.0, id="one in ten is lost"),
        pytest.param([1.0] * RECENT + [60.0] * 5, 60.0, id="set to a slower pace"),
        pytest.param([60.0] * RECENT + [1.0] * RECENT, 1.0, id="set to a faster pace"),
        pytest.param([0.1, 0.1, 59.8] * 10, 60.0, id="three times in a row every minute"),
        pytest.param([0.1] * 200, 1.0, id="ten times a second"),
        pytest.param([2 * SLOWEST_S] * 10, SLOWEST_S, id="twice a day"),
    ],
)
def test_a_cadence_is_learnt(gaps_s: list[float], every_s: float | None) -> None:
    assert learnt(gaps_s) == pytest.approx(every_s)


@given(st.lists(st.floats(0, 1e6), max_size=200))
def test_a_cadence_stays_within_its_bounds(gaps_s: list[float]) -> None:
    every_s = learnt(gaps_s)
    assert every_s is None or BURST_S <= every_s <= SLOWEST_S
