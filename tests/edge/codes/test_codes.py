"""Identifiers: what each says of itself, and what gives a misread away."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.codes.divisions import division
from edge.codes.ear_tag import NotAnEarTag, ear_tag
from edge.codes.trace_code import CHECKS, Check, TraceRule

SHARED = Path(__file__).parents[4] / "shared" / "vectors"


def shared(name: str) -> dict[str, Any]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the shared vectors are not here: {name}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


TAGS = {
    "362292600001234": ("sheep", "622926", "00001234", ()),
    "141012200000001": ("pig", "410122", "00000001", ()),
    "241012212345678": ("cattle", "410122", "12345678", ()),
    "741012200000001": ("sow", "410122", "00000001", ()),
    "541012200000001": (None, "410122", "00000001", ("species",)),
    "399999900000001": ("sheep", "999999", "00000001", ("county",)),
    "362290000000001": ("sheep", "622900", "00000001", ("county",)),
    "156003622926001": ("pig", "560036", "22926001", ("county",)),
}


@pytest.mark.parametrize("value", TAGS)
def test_an_ear_tag_is_taken_apart_and_doubted(value: str) -> None:
    tag = ear_tag(value)
    assert (tag.species, tag.county, tag.serial, tag.doubts) == TAGS[value]


@pytest.mark.parametrize(
    "value", ["36229260000123", "3622926000012345", "36229260000123X", "062292600001234", ""]
)
def test_what_has_another_form_is_no_ear_tag(value: str) -> None:
    with pytest.raises(NotAnEarTag):
        ear_tag(value)


def test_the_shared_ear_tags_are_read_as_stated() -> None:
    cases = shared("animal_id/china_eartag.json")
    for case in cases["valid"]:
        tag = ear_tag(case["code"])
        assert tag.serial == case["code"][7:]
        assert tag.species == {"breeding": "sow", "sheep/goat": "sheep"}.get(
            case["species"].split()[0], case["species"]
        )


def test_an_iso_number_that_cannot_be_chinese_is_doubted() -> None:
    """900 to 998 are manufacturers' codes of ISO 11784; no county of GB/T 2260 begins with 00."""
    assert ear_tag("900250000023921").doubts == ("species", "county")


DIVISIONS = {
    "622926": "甘肃省临夏回族自治州东乡族自治县",
    "410122": "河南省郑州市中牟县",
    "110101": "北京市东城区",
    "620000": "甘肃省",
    "469001": "海南省五指山市",
}


@pytest.mark.parametrize("code", DIVISIONS)
def test_a_division_has_its_name(code: str) -> None:
    found = division(code)
    assert found is not None
    assert (found.full_name, found.until) == (DIVISIONS[code], None)


def test_a_county_that_was_renamed_is_still_known() -> None:
    """崇文区 went into 东城区 in 2010."""
    found = division("110103")
    assert found is not None
    assert (found.full_name, found.until) == ("北京市崇文区", 2009)


@pytest.mark.parametrize("code", ["000000", "560036", "62292", "6229260", ""])
def test_what_never_was_a_division_is_none(code: str) -> None:
    assert division(code) is None


CHECKED: list[tuple[Check, str]] = [
    ("gs1", "9506000134352"),
    ("gs1", "376104250021234569"),
    ("luhn", "79927398713"),
    ("mod11-10", "07945"),
    ("mod37-36", "A12425GABC1234002M"),
]
"""Sources: GS1's own examples; the worked example of ISO/IEC 7812-1's algorithm; ISO/IEC 7064 (0794 with its
check digit 5); ISO 15706's ISAN example, written with its check character."""


@pytest.mark.parametrize(("check", "value"), CHECKED)
def test_a_check_digit_holds_and_no_other_does(check: Check, value: str) -> None:
    assert CHECKS[check](value)
    others = [digit for digit in "0123456789" if digit != value[-1]]
    assert not any(CHECKS[check](value[:-1] + other) for other in others)


@pytest.mark.parametrize("check", ["gs1", "luhn", "mod11-10", "mod37-36"])
@given(st.text(max_size=20))
def test_whatever_is_held_against_a_check_is_judged(check: Check, text: str) -> None:
    assert CHECKS[check](text) in (True, False)


def test_a_rule_says_which_part_of_it_is_broken() -> None:
    rule = TraceRule(re.compile("[0-9]{12}"), "luhn")
    assert rule.faults("1234") == "pattern"
    assert rule.faults("123456789012") == "check"
    assert rule.faults("123456789015") is None
    assert TraceRule(re.compile(".*"), "gs1").faults("") == "check"
