"""Weighing indicators: captures, frames hidden in noise, damage, and patterns of a site's own."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.contract import Frame, Observation, Quality, Reading, Reject
from drivers.scales.described import LONGEST, described
from drivers.scales.scale import Options, Scale
from edge.quantities import QUANTITIES
from tests.drivers.hearing import AT, byte_by_byte, captures, parted, sent, told

CASES = captures("scale")
MT: dict[str, object] = {"format": "mt-continuous"}
AND: dict[str, object] = {"format": "and"}
LINE: dict[str, object] = {"format": "line", "unit": "kg", "pattern": "(?P<weight>[0-9.]+)"}


def scale(**options: object) -> Scale:
    return Scale(Options.model_validate(options))


def said(reading: Observation) -> str:
    assert isinstance(reading, Reading)
    if reading.value is None:
        assert reading.quality is Quality.MISSING
        return f"{reading.quantity} missing {reading.reason}"
    return f"{reading.quantity} {reading.value!r}"


def heard(decoder: Scale, *chunks: bytes) -> tuple[list[str], list[str]]:
    """The readings, and the reasons of what was refused, in order."""
    readings, reasons = parted(told(decoder, *chunks))
    return [said(reading) for reading in readings], reasons


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_capture_says_what_it_is_known_to_say(case: dict[str, Any]) -> None:
    decoder = scale(**case["options"])
    assert heard(decoder, sent(case)) == (case["readings"], case["rejects"])
    assert heard(decoder, *byte_by_byte(sent(case))) == (case["readings"], case["rejects"])


@pytest.mark.parametrize("options", [MT, AND, LINE], ids=lambda options: str(options["format"]))
def test_what_is_measured_has_a_unit(options: dict[str, object]) -> None:
    assert {QUANTITIES[quantity].unit for quantity in scale(**options).quantities()} == {"kg"}
    assert scale(**options).quantities()[0] == "mass"


def mt_frame(weight: int, tare: int, swb: int, checksum: bool) -> bytes:
    frame = bytes((2, 0x2D, swb, 0x20)) + f"{weight:06}{tare:06}\r".encode()
    return frame + bytes((-sum(frame) & 0x7F,)) if checksum else frame


DIGITS = st.integers(0, 999_999)
STABLE_KG = st.sampled_from([0x31, 0x33])


@given(
    st.lists(st.tuples(DIGITS, DIGITS, STABLE_KG), min_size=1, max_size=6),
    st.binary(max_size=40) | st.text("\x02-1 0\r", max_size=40).map(str.encode),
    st.booleans(),
    st.data(),
)
def test_frames_are_found_behind_noise(
    weights: list[tuple[int, int, int]], noise: bytes, checksum: bool, data: st.DataObject
) -> None:
    frames = [mt_frame(weight, tare, swb, checksum) for weight, tare, swb in weights]
    splitter = scale(**MT, checksum=checksum).splitter()
    stream = noise + noise.join(frames) + bytes(20)
    assume(
        not any(isinstance(item, Frame) for item in scale(**MT).splitter().feed(noise + noise + bytes(20)))
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = [item.data for piece in pieces for item in splitter.feed(piece) if isinstance(item, Frame)]
    assert found == frames


@given(DIGITS, DIGITS, STABLE_KG, st.integers(0, 17 * 8 + 6))
def test_no_flipped_bit_makes_another_weight(weight: int, tare: int, swb: int, bit: int) -> None:
    assume(bit % 8 != 7)  # the checksum looks at seven
    frame = mt_frame(weight, tare, swb, checksum=True)
    damaged = bytearray(frame)
    damaged[bit // 8] ^= 1 << bit % 8
    decoder = scale(**MT, checksum=True)
    assert heard(decoder, bytes(damaged) + frame + bytes(20))[0] == heard(decoder, frame)[0]


@given(st.integers(-999_999, 999_999), st.sampled_from(["g", "kg", "lb"]), st.integers(0, 4))
def test_a_weight_is_exact_to_its_last_digit(digits: int, unit: str, decimals: int) -> None:
    text = f"{digits / 10**decimals:+09.{decimals}f}"
    readings, reasons = heard(scale(**AND), f"ST,{text} {unit}\r\n".encode())
    assert reasons == []
    mass_kg = float(readings[0].removeprefix("mass "))
    factor = {"g": 0.001, "kg": 1.0, "lb": 0.45359237}[unit]
    assert abs(mass_kg - float(text) * factor) <= factor * 10.0**-decimals / 2
    places = decimals + {"g": 3, "kg": 0, "lb": 1}[unit]
    assert mass_kg == round(mass_kg, places)


@pytest.mark.parametrize("options", [MT, {**MT, "checksum": True}, AND, LINE], ids=str)
@given(data=st.binary(max_size=90) | st.text("STUSOLGN,+-0123456789. kgt\r\x02", max_size=40).map(str.encode))
def test_whatever_the_bytes_the_decoder_only_ever_rejects(options: dict[str, object], data: bytes) -> None:
    decoder = scale(**options)
    heard(decoder, data)
    with suppress(Reject):
        decoder.decode(Frame(data), AT)


@given(st.binary(max_size=60).filter(lambda noise: not set(noise) & set(b"\r\n\x03")), st.integers(0, 99_999))
def test_lines_are_found_behind_noise(noise: bytes, grams: int) -> None:
    line = f"ST,+{grams / 1000:08.3f} kg\r\n".encode()
    readings, _ = heard(scale(**AND), noise + b"\xff" + line + noise + b"\xff" + line)
    assert readings == [f"mass {grams / 1000!r}"] * 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({}, "Field required"),
        ({"format": "toledo"}, "Input should be"),
        ({"format": "and", "checksum": True}, "only mt-continuous has a checksum"),
        ({"format": "and", "unit": "kg"}, "only format: line"),
        ({"format": "mt-continuous", "pattern": "x"}, "only format: line"),
        ({"format": "line"}, "needs a pattern"),
        ({"format": "line", "pattern": "(?P<weight>[0-9]+)"}, "a unit is needed"),
        ({**LINE, "unit": "oz"}, "Input should be"),
        ({**LINE, "pattern": "[0-9]+"}, "no group"),
        ({**LINE, "pattern": "(?P<weight>[0-9]+"}, "no regular expression"),
        ({**LINE, "pattern": "(?P<weight>[0-9]+)" + "x" * 200}, "at most 200"),
        ({**LINE, "pattern": "(?P<weight>([0-9]+)+)"}, "cannot be repeated"),
        ({**LINE, "pattern": "(?:x|y){2}(?P<weight>[0-9]+)"}, "cannot be repeated"),
        ({**LINE, "pattern": r"(?P<weight>[0-9]+)\1"}, "no references"),
        ({**LINE, "pattern": "(?P<weight>[0-9]+)(?P=weight)"}, "no references"),
        ({**LINE, "pattern": "(?i)(?P<weight>[0-9]+)"}, "no references"),
        ({**LINE, "pattern": ".* .* .*(?P<weight>[0-9]+)"}, "4 repeats"),
        ({**LINE, "pattern": "a?a?a?a?a?(?P<weight>[0-9]+)"}, "5 choices"),
        ({**LINE, "checksum": True}, "only mt-continuous"),
        ({**MT, "baud": 9600}, "Extra inputs"),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        scale(**options)


@pytest.mark.parametrize(
    "pattern",
    [
        r"[+*?|(]\+\(\?(?P<weight>[0-9]+)",
        r"[]+*?|(]*+a?+b?+c?+d?+e?+(?P<weight>[0-9]++) *+ *+",
        "(?P<weight>[0-9]+)(?:kg)?",
    ],
)
def test_only_what_may_be_tried_anew_is_counted(pattern: str) -> None:
    assert described(pattern)


def test_the_worst_pattern_let_through_is_done_soon() -> None:
    """The bound is for a busy machine; a quiet one needs a hundredth of it."""
    decoder = scale(format="line", unit="kg", pattern="a?a?a?a?a*a*a*(?P<weight>b)")
    began = time.process_time()
    with pytest.raises(Reject):
        decoder.decode(Frame(b"a" * LONGEST), AT)
    assert time.process_time() - began < 2.0


def test_a_line_too_long_is_not_read_up_to_its_limit() -> None:
    with pytest.raises(Reject, match="does not match"):
        scale(**LINE).decode(Frame(b"1.0" + b" " * LONGEST + b"2"), AT)
