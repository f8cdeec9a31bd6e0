"""From the value that an instrument shows to the true one."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.calibration import by_offset, by_points

TENTHS = st.integers(-2000, 2000).map(lambda tenths: tenths / 10)

CERTIFICATES = st.lists(
    st.tuples(TENTHS, TENTHS), min_size=2, max_size=6, unique_by=lambda pair: pair[0]
).map(sorted)
"""Pairs of shown and true value, in order of the shown."""


@pytest.mark.parametrize(
    ("shown", "true"), [(3.7, 3.4), (0.0, -0.3), (-18.0, -18.3), (0.3, 0.0), (1e6 / 3, 333_333.033333)]
)
def test_an_offset_is_added(shown: float, true: float) -> None:
    assert by_offset(-0.3)(shown) == true


@pytest.mark.parametrize(
    ("shown", "true"),
    [
        (-20.0, -20.5),  # before the first point its line goes on
        (-10.0, -10.2),
        (-5.0, -5.05),
        (0.0, 0.1),
        (5.0, 5.2),
        (10.0, 10.3),
        (60.0, 61.3),  # and after the last
    ],
)
def test_points_are_joined_by_straight_lines(shown: float, true: float) -> None:
    assert by_points([(-10.0, -10.2), (0.0, 0.1), (10.0, 10.3)])(shown) == pytest.approx(true, abs=1e-6)


def test_the_example_of_the_design_means_what_it_says() -> None:
    true_value = by_points([(0.0, 0.3), (10.0, 10.1)])
    assert [true_value(shown) for shown in (0.0, 5.0, 10.0, 3.7)] == [0.3, 5.2, 10.1, 3.926]


@pytest.mark.parametrize("shown", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("points", [[(0.0, 0.3), (10.0, 10.1)], [(0.0, 1.0), (1.0, 1.0)]])
def test_what_is_no_number_does_not_become_one(shown: float, points: list[tuple[float, float]]) -> None:
    true = by_points(points)(shown)
    assert true - true != 0.0  # as of every number it would be


@given(CERTIFICATES)
def test_every_point_of_the_certificate_is_met(points: list[tuple[float, float]]) -> None:
    true_value = by_points(points)
    assert [true_value(shown) for shown, _ in points] == [true for _, true in points]


@given(CERTIFICATES, st.lists(st.floats(-500, 500), min_size=2, max_size=20))
def test_true_values_rise_where_the_certificates_do(
    points: list[tuple[float, float]], shown: list[float]
) -> None:
    rising = [(at, true + 400 * place) for place, (at, true) in enumerate(points)]
    true_value = by_points(rising)
    assert all(true_value(one) <= true_value(other) for one, other in pairwise(sorted(shown)))


@given(CERTIFICATES, st.floats(-200, 200))
def test_between_two_points_the_true_value_lies_between_theirs(
    points: list[tuple[float, float]], shown: float
) -> None:
    place = bisect_left([at for at, _ in points], shown)
    if 0 < place < len(points):
        low, high = sorted((points[place - 1][1], points[place][1]))
        assert low <= by_points(points)(shown) <= high


def test_the_same_certificate_is_the_same_calibration() -> None:
    assert by_offset(-0.3) == by_offset(-0.3) != by_offset(0.3)
    assert by_points([(0.0, 0.3), (10.0, 10.1)]) == by_points([(0.0, 0.3), (10.0, 10.1)])
    assert by_points([(0.0, 0.3), (10.0, 10.1)]) != by_points([(0.0, 0.3), (10.0, 10.2)])
