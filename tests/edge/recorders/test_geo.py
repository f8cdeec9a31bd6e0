"""Who is inside a circle, and when that began."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.recorders.geo import Circle, Passage, Presence
from edge.recorders.route import Point

METRE = 1 / 111_195.0
YARD = Circle("yard", 35.0, 103.0, 100.0)


def north(metres: float) -> Point:
    return Point(0, 35.0 + metres * METRE, 103.0)


def told(*distances_m: float) -> list[tuple[int, Passage]]:
    presence = Presence()
    passages = [(at, presence.pass_by(YARD, at, north(metres))) for at, metres in enumerate(distances_m)]
    return [(at, passage) for at, passage in passages if passage is not None]


@pytest.mark.parametrize(
    ("distances_m", "expected"),
    [
        ((500, 200, 99), [(2, Passage.ENTERED)]),
        ((50, 90), [(0, Passage.ENTERED)]),
        (
            (0, 101, 99, 124, 99),
            [(0, "entered"), (1, "leaving"), (2, "returned"), (3, "leaving"), (4, "returned")],
        ),
        ((0, 101, 110, 126), [(0, "entered"), (1, "leaving"), (3, "left")]),
        ((0, 5_000), [(0, "entered"), (1, "left")]),
        ((0, 130, 101, 99), [(0, "entered"), (1, "left"), (3, "entered")]),
    ],
)
def test_a_circle_is_entered_at_its_radius_and_left_behind_its_margin(
    distances_m: tuple[float, ...], expected: list[tuple[int, Passage]]
) -> None:
    assert told(*distances_m) == expected


def test_it_was_left_when_the_radius_was_passed() -> None:
    presence = Presence()
    for at, metres in enumerate((0, 99, 101, 120, 126)):
        presence.pass_by(YARD, at, north(metres))
    assert (presence.inside, presence.since) == (False, 2)


@given(st.lists(st.floats(0, 300), max_size=50))
def test_entering_and_leaving_take_turns(distances_m: list[float]) -> None:
    passages = [passage for _, passage in told(*distances_m) if passage in (Passage.ENTERED, Passage.LEFT)]
    assert passages == [Passage.ENTERED, Passage.LEFT] * (len(passages) // 2) + [Passage.ENTERED] * (
        len(passages) % 2
    )
