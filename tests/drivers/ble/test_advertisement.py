"""Advertisements: taken apart as the Core Specification Supplement lays them out, and spelt again."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ble.advertisement import Advertisement, parse, spelt
from drivers.contract import Reason, Reject

SERVICE_128 = 0xEF090000_11D6_42BA_93B8_9DD7EC090AA9
"""SensorPush's own service."""

SAID = {
    "020106 03039af9": Advertisement("", {}, {}, frozenset({0xF99A})),
    "0a16d2fc40000902ca0a01 0508544f5050": Advertisement(
        "TOPP", {}, {0xFCD2: bytes.fromhex("40000902ca0a01")}, frozenset()
    ),
    "04ff990405 00": Advertisement("", {0x0499: b"\x05"}, {}, frozenset()),
    "1107a90a09ecd79db893ba42d6110000 09ef": Advertisement("", {}, {}, frozenset({SERVICE_128})),
    "": Advertisement("", {}, {}, frozenset()),
}


@pytest.mark.parametrize(("said", "means"), SAID.items())
def test_what_is_said_is_taken_apart(said: str, means: Advertisement) -> None:
    assert parse(bytes.fromhex(said)) == means


@pytest.mark.parametrize("said", ["0a16d2fc40", "ff", "02010605ff9904"])
def test_a_structure_cut_short_is_refused(said: str) -> None:
    with pytest.raises(Reject) as refused:
        parse(bytes.fromhex(said))
    assert refused.value.reason is Reason.LENGTH


def test_a_long_form_of_a_short_uuid_is_the_short_one() -> None:
    long_form = 0x0000FCD2_0000_1000_8000_00805F9B34FB.to_bytes(16, "little")
    assert parse(bytes([18, 0x21]) + long_form + b"\x40").service == {0xFCD2: b"\x40"}


UUIDS = st.integers(0, 2**16 - 1) | st.integers(2**112, 2**128 - 1)
DATA = st.binary(max_size=200)


@given(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.dictionaries(st.integers(0, 2**16 - 1), DATA, max_size=3),
    st.dictionaries(UUIDS, DATA, max_size=3),
    st.frozensets(UUIDS, max_size=3),
)
def test_what_is_spelt_is_what_was_said(
    name: str, manufacturer: dict[int, bytes], service: dict[int, bytes], services: frozenset[int]
) -> None:
    said = Advertisement(name, manufacturer, service, services)
    assert parse(spelt(said)) == said


@given(st.binary(max_size=2000))
def test_whatever_the_air_brings_is_taken_apart_or_refused(noise: bytes) -> None:
    with suppress(Reject):
        parse(noise)
