"""Which driver understands what was heard: each driver's own captures, and what is nobody's."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.catalogue import DRIVERS
from drivers.contract import Sighting
from drivers.recognition import candidates, recognised, seven_even
from tests.drivers.hearing import captures, sent

TRIED: Final = list(candidates(DRIVERS))

NMEA: Final = (
    b"$GPRMC,120000,A,3540.0000,N,10323.0000,E,0.0,,010624,,,A*5D\r\n"
    b"$GPGGA,120000,3540.0000,N,10323.0000,E,1,09,1.0,1800.0,M,,M,,*6F\r\n"
)
SCALE: Final = bytes.fromhex("022c31203030383633353030303132300d")
UNSTABLE: Final = b"US,+00123.45  kg\r\n"
MODBUS: Final = bytes.fromhex("01040001000261cb0104040017022b2b1b")


def drivers_for(data: bytes) -> list[str]:
    return [made.candidate.driver for made in recognised(data, TRIED)]


def telling(driver: str) -> list[Any]:
    """Captures without a fault that become observations under the options a scan tries."""
    guessed = [candidate.options for candidate in TRIED if candidate.driver == driver]
    return [
        pytest.param(driver, case, id=f"{driver}: {case['name']}")
        for case in captures(driver)
        if (case.get("codes") or case.get("readings"))
        and not case["rejects"]
        and case.get("options", {}) in guessed
    ]


@pytest.mark.parametrize(
    ("driver", "case"),
    [
        param
        for driver in ("wl134", "tag_lines", "rfid_shop", "uhf_reader18", "yrm100", "r2000", "scale")
        for param in telling(driver)
    ],
)
def test_a_drivers_own_captures_are_known_as_its(driver: str, case: dict[str, Any]) -> None:
    understood, *_ = recognised(sent(case) * 3, TRIED)
    assert understood.candidate.driver == driver
    assert understood.candidate.options == case.get("options", understood.candidate.options)


def test_every_driver_that_is_heard_on_a_line_is_tried() -> None:
    assert {candidate.driver for candidate in TRIED} == {
        *("nmea", "wl134", "tag_lines", "rfid_shop", "uhf_reader18", "yrm100", "r2000", "scale", "scanner")
    }


def test_a_receiver_is_known_by_two_epochs_and_is_no_scanner() -> None:
    assert drivers_for(NMEA * 2) == ["nmea"]


def test_a_receiver_under_a_roof_or_of_1999_is_known_all_the_same() -> None:
    void = b"$GPRMC,120000,V,,,,,,,010624,,,N*51\r\n"
    rollover = captures("nmea")
    of_1999 = next(case for case in rollover if case["name"] == "week rollover seen as 1999")
    assert drivers_for(void * 5) == ["nmea"]
    assert drivers_for("".join(line + "\r\n" for line in of_1999["sentences"]).encode() * 5) == ["nmea"]


def test_a_scale_that_never_stands_still_is_known_by_its_third_line() -> None:
    assert drivers_for(UNSTABLE * 3) == ["scale"]


def test_the_checksum_decides_how_a_scale_is_set() -> None:
    with_checksum = SCALE + bytes((-sum(SCALE) & 0x7F,))
    (plain,) = recognised(SCALE * 5, TRIED)
    (checked,) = recognised(with_checksum * 5, TRIED)
    assert plain.candidate.options == {"format": "mt-continuous"}
    assert checked.candidate.options == {"format": "mt-continuous", "checksum": True}


def test_a_beginning_in_the_middle_costs_nothing() -> None:
    assert drivers_for(SCALE[5:] + SCALE * 3) == ["scale"]


def test_a_code_is_a_scanners_where_no_reader_knows_it() -> None:
    (scanned,) = recognised(b"]E08904000210037\r\n", TRIED)
    assert scanned.candidate.driver == "scanner"
    (seen,) = scanned.observations
    assert isinstance(seen, Sighting)
    assert seen.code.scheme == "gtin"


def test_seven_bits_with_even_parity_are_told_by_the_eighth() -> None:
    line = b"ST,+00123.45  kg\r\n"
    heard = bytes(byte | (byte.bit_count() % 2) << 7 for byte in line)
    assert seven_even(heard) == line
    assert seven_even(line) is None, "plain ASCII is 8N1"
    assert seven_even(bytes((heard[0] ^ 0x80,)) + heard[1:]) is None, "one odd character"
    assert seven_even(b"\x81") is None, "too little to tell"


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", MODBUS, bytes(range(0x80, 0x100)) * 4, b"\x00\xf8" * 99])
def test_what_is_nobodys_is_nobodys(data: bytes) -> None:
    assert drivers_for(data) == []


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    for understood in recognised(data, TRIED):
        assert understood.observations or understood.frames >= 3
