"""One number on two animals shows where one animal cannot have been at both places."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Code, Fix, Instant, Sighting
from edge.alarms import Cause
from edge.instant import parse_rfc3339
from edge.recorders.contract import Notice
from edge.recorders.twins import REMEMBERED, Spot, Twins

NOON = parse_rfc3339("2026-11-22T04:00:00Z")
TAG = "362292600000123"

DONGXIANG = Spot("plant", Fix(Instant(0), 35.6636, 103.3894), 300.0)
LANZHOU = Spot("market", Fix(Instant(0), 36.0611, 103.8343), 250.0)
"""59.7 km apart, as the crow flies."""

SPOTS = {
    "lairage-left": Spot("lairage"),
    "lairage-right": Spot("lairage"),
    "stunning": Spot("stunning"),
    "at-plant": DONGXIANG,
    "at-market": LANZHOU,
}


def at(seconds: float) -> Instant:
    return Instant(NOON + round(seconds * NANOSECONDS))


def seen(seconds: float, value: str = TAG, scheme: str = "cn-eartag") -> Sighting:
    return Sighting(at(seconds), Code(scheme, value))


def told(outputs: Any) -> list[bool]:
    notices = list(outputs)
    assert all(isinstance(each, Notice) and each.cause is Cause.TWIN_TAG for each in notices)
    return [each.active for each in notices]


@pytest.mark.parametrize(
    ("first", "second", "seconds", "is_twin"),
    [
        ("lairage-left", "stunning", 1.9, True),
        ("lairage-left", "stunning", 2.0, False),
        ("lairage-left", "lairage-right", 0.0, False),
        ("stunning", "stunning", 0.1, False),
        ("at-plant", "at-market", 20 * 60, True),
        ("at-plant", "at-market", 30 * 60, False),
        ("at-plant", "at-market", -20 * 60, True),
        ("at-plant", "stunning", 5, False),
    ],
)
def test_who_cannot_have_gone_there_is_another(
    first: str, second: str, seconds: float, is_twin: bool
) -> None:
    twins = Twins(SPOTS)
    assert told(twins.observe(first, seen(0))) == []
    assert told(twins.observe(second, seen(seconds))) == ([True] if is_twin else [])


def test_it_is_told_once_and_stands_a_day_after_the_last_sighting() -> None:
    twins = Twins(SPOTS)
    list(twins.observe("lairage-left", seen(0)))
    [notice] = twins.observe("stunning", seen(1))
    assert isinstance(notice, Notice)
    assert (notice.subject, notice.at) == (f"cn-eartag:{TAG}", at(1))
    assert notice.facts["places"] == ["lairage", "stunning"]
    assert told(twins.observe("lairage-left", seen(2))) == []
    assert told(twins.tick(at(3600))) == []
    assert told(twins.tick(Instant(at(2) + REMEMBERED))) == []
    assert told(twins.tick(Instant(at(100) + REMEMBERED))) == [False]
    assert not next(iter(twins.memory.changed("twins"))).body


def test_a_barcode_may_stand_on_many_goods() -> None:
    twins = Twins(SPOTS)
    for device in ("lairage-left", "stunning"):
        assert told(twins.observe(device, seen(0, "09501101530003", "gtin"))) == []


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(SPOTS)), st.floats(0, 4000), st.sampled_from("AB")), max_size=20
    ),
    st.integers(0, 20),
)
def test_a_restart_changes_nothing(passing: list[tuple[str, float, str]], cut: int) -> None:
    whole, pieces = Twins(SPOTS), Twins(SPOTS)
    for number, (device, seconds, tag) in enumerate(passing):
        if number == cut:
            rows = list(pieces.memory.changed("twins"))
            pieces = Twins(SPOTS)
            pieces.memory.load(rows)
        item = seen(seconds, tag)
        assert told(pieces.observe(device, item)) == told(whole.observe(device, item))
