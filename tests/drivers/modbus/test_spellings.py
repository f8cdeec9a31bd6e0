"""An unknown register, read in every way there is."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.spellings import Place, Spelling, places, spellings


def named(payload: bytes) -> dict[tuple[str, str], tuple[float, ...]]:
    return {(each.type, each.order): tuple(each.values) for each in spellings(payload)}


@pytest.mark.parametrize(
    ("number", "meant"),
    [
        (0, {("as_written", 3, 0), ("as_written", 4, 0)}),
        (41, {(c, f, a) for c, a in (("as_written", 41), ("one_based", 40)) for f in (3, 4)}),
        (40001, {("numbered", 3, 0), ("as_written", 3, 40001), ("one_based", 3, 40000)}),
        (49999, {("numbered", 3, 9998)}),
        (30011, {("numbered", 4, 10), ("as_written", 4, 30011)}),
        (400123, {("numbered", 3, 122)}),
        (365536, {("numbered", 4, 65535)}),
        (65535, {("as_written", 3, 65535), ("one_based", 4, 65534)}),
    ],
)
def test_a_manuals_number_may_mean_these_places(number: int, meant: set[tuple[str, int, int]]) -> None:
    found = set(places(number))
    assert meant <= found
    assert all(0 <= place.address <= 0xFFFF for place in found)
    if number > 65536:
        assert found == meant


def test_a_place_with_a_kind_comes_first() -> None:
    assert places(40001)[0] == Place("numbered", 3, 0)
    assert [place.counting for place in places(50000)] == ["as_written"] * 2 + ["one_based"] * 2


def test_one_register_has_two_meanings_at_three_scales() -> None:
    assert named(bytes.fromhex("ffeb")) == {
        ("u16", ""): (65515, 6551.5, 655.15),
        ("s16", ""): (-21, -2.1, -0.21),
    }


@pytest.mark.parametrize(
    ("payload", "order"),
    [("40490fd0", "ABCD"), ("0fd04049", "CDAB"), ("4940d00f", "BADC"), ("d00f4940", "DCBA")],
)
def test_a_float_stands_in_each_of_four_orders(payload: str, order: str) -> None:
    assert named(bytes.fromhex(payload))["float32", order] == (3.14159,)


@given(st.binary(min_size=4, max_size=4))
def test_every_order_and_sign_is_there_once(payload: bytes) -> None:
    said = list(spellings(payload))
    names = [(each.type, each.order) for each in said]
    assert len(names) == len(set(names))
    whole = [Spelling(*each) for each in said if each.type != "float32"]
    assert len(whole) == 2 + 2 * 4
    (big,) = struct.unpack(">i", payload)
    assert named(payload)["s32", "ABCD"][0] == big
