"""GS1 codes: the identifiers' forms, the three spellings of one code, and what each refuses."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.contract import Code, Reason, Reject
from drivers.scanners.gs1 import (
    GS,
    QUALIFIERS,
    SCHEMES,
    Element,
    bracketed,
    canonical,
    code_of,
    day_of,
    digital_link,
    element_string,
    measure_of,
)
from drivers.scanners.identifiers import FORMS, check_digit, checked, fits

GTIN = "09506000134352"
CHARACTERS = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""GS1's set of 82 characters, General Specifications figure 7.11-1."""


def refused(reason: Reason, read: object, *said: str) -> None:
    assert callable(read)
    with pytest.raises(Reject) as refusal:
        read(*said)
    assert refusal.value.reason is reason


def test_no_identifier_begins_with_another() -> None:
    assert not [(one, other) for one in FORMS for other in FORMS if other != one and other.startswith(one)]


def test_the_identifiers_of_the_trade_are_there() -> None:
    needed = {"00", "01", "02", "10", "11", "13", "15", "17", "21", "30", "37", "240", "241", "251"}
    needed |= {"400", "401", "420", "421", "422", "423", "8003", "8004", "8006", "8008"}
    needed |= {f"{measure}{decimals}" for measure in (310, 316, 320, 330, 340) for decimals in range(6)}
    needed |= {f"41{role}" for role in range(8)} | {f"700{number}" for number in range(2, 10)}
    needed |= {f"703{place}" for place in range(10)} | {f"9{number}" for number in range(10)}
    assert needed <= FORMS.keys()
    assert SCHEMES.keys() | QUALIFIERS.keys() <= FORMS.keys()


@pytest.mark.parametrize(
    ("ai", "value"),
    [
        ("00", "376104250021234569"),
        ("01", GTIN),
        ("02", GTIN),
        ("10", "LOT/7-a"),
        ("17", "251231"),
        ("17", "240229"),
        ("17", "260200"),
        ("30", "12345678"),
        ("3103", "001750"),
        ("37", "7"),
        ("401", "0614141xyz47/11"),
        ("402", "40123452223334443"[:16] + str(check_digit("4012345222333444"))),
        ("414", "9506000134307"),
        ("420", "731400"),
        ("421", "156731400"),
        ("423", "156"),
        ("423", "156036554"),
        ("7002", "3000A"),
        ("7003", "2512311430"),
        ("7006", "251231"),
        ("7007", "251231"),
        ("7007", "251201251231"),
        ("7030", "156622926"),
        ("8003", "040123450007718765"),
        ("8006", "040123451111180102"),
        ("8008", "25123114"),
        ("8008", "251231143000"),
        ("99", "!\"%&'()*+,-./:;<=>?_"),
    ],
)
def test_values_of_the_right_form(ai: str, value: str) -> None:
    checked(ai, value)
    assert element_string(ai + value) == (Element(ai, value),)


@pytest.mark.parametrize(
    ("ai", "value", "reason"),
    [
        ("00", "376104250021234568", Reason.CHECKSUM),
        ("01", "09506000134353", Reason.CHECKSUM),
        ("8003", "040123450007728765", Reason.CHECKSUM),
        ("253", "9506000134308A", Reason.CHECKSUM),
        ("01", "9506000134352", Reason.LENGTH),
        ("10", "", Reason.LENGTH),
        ("10", "A" * 21, Reason.LENGTH),
        ("10", "A B", Reason.LENGTH),
        ("10", "#1", Reason.LENGTH),
        ("10", "批次", Reason.LENGTH),
        ("01", "٠٩٥٠٦٠٠٠١٣٤٣٥٢", Reason.LENGTH),
        ("3103", "00175", Reason.LENGTH),
        ("17", "250229", Reason.RANGE),
        ("17", "251331", Reason.RANGE),
        ("17", "250001", Reason.RANGE),
        ("17", "250431", Reason.RANGE),
        ("7003", "2512001430", Reason.RANGE),
        ("1234", "1", Reason.RANGE),
        ("3106", "001750", Reason.RANGE),
    ],
)
def test_values_that_cannot_be(ai: str, value: str, reason: Reason) -> None:
    refused(reason, checked, ai, value)
    refused(reason, bracketed, f"({ai}){value}")


@pytest.mark.parametrize(
    "first", ["00", "02", "11", "20", "3103", "3304", "3201", "3402", "3500", "3600", "414"]
)
def test_a_value_of_predefined_length_needs_no_separator(first: str) -> None:
    values = {"00": "376104250021234569", "02": GTIN, "20": "07", "414": "9506000134307"}
    one = first + values.get(first, "251231")
    assert [found.ai for found in element_string(f"{one}10A")] == sorted([first, "10"])
    assert element_string(f"{one}{GS}10A") == element_string(f"{one}10A")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.LENGTH),
        (GS, Reason.LENGTH),
        ("01", Reason.LENGTH),
        (f"01{GTIN}10", Reason.LENGTH),
        (f"01{GTIN[:-1]}{GS}10A", Reason.LENGTH),
        (f"01{GTIN}{GS}{GS}10A", Reason.RANGE),
        ("0", Reason.RANGE),
        ("05", Reason.RANGE),
        ("ABC", Reason.RANGE),
        (f"10A{GS}10B", Reason.RANGE),
    ],
)
def test_element_strings_that_are_not_whole(text: str, reason: Reason) -> None:
    refused(reason, element_string, text)


@pytest.mark.parametrize("text", [f"(01){GTIN}(10", "(01)", f"A(01){GTIN}", "(10)A(B)", "(10)A\\B", ""])
def test_printed_forms_that_are_not_whole(text: str) -> None:
    refused(Reason.LENGTH, bracketed, text)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://",
        "https:///01/" + GTIN,
        "ftp://id.gs1.org/01/" + GTIN,
        "https://id.gs1.org/01",
        "https://id.gs1.org/10/LOT7",
        "https://id.gs1.org/01/1234",
        f"https://id.gs1.org/01/{GTIN}/more",
        f"https://id.gs1.org/01/{GTIN}/10/A/more",
        f"https://id.gs1.org/01/{GTIN}/21/5/10/A",
        f"https://id.gs1.org/01/{GTIN}/17/251231",
        f"https://id.gs1.org/?01={GTIN}",
        f"https://id.gs1.org/01/{GTIN}/10/%ff",
        f"https://[id.gs1.org/01/{GTIN}",
        "https://example.com/2025/01/12",
        "https://id.gs1.org/AQnYUc1gmiFWVg",
    ],
)
def test_uris_that_are_no_digital_links(uri: str) -> None:
    assert digital_link(uri) is None


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("https://id.gs1.org/01/09506000134353", Reason.CHECKSUM),
        ("https://id.gs1.org/01/9506000134353", Reason.CHECKSUM),
        (f"https://id.gs1.org/01/{GTIN}/10/" + "A" * 21, Reason.LENGTH),
        (f"https://id.gs1.org/01/{GTIN}/10/A%20B", Reason.LENGTH),
        (f"https://id.gs1.org/01/{GTIN}?17=251331", Reason.RANGE),
        (f"https://id.gs1.org/01/{GTIN}?1234=5", Reason.RANGE),
        (f"https://id.gs1.org/01/{GTIN}/10/A?10=B", Reason.RANGE),
    ],
)
def test_digital_links_that_say_what_cannot_be(uri: str, reason: Reason) -> None:
    refused(reason, digital_link, uri)


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("https://id.gs1.org/01/96385074", Code("gtin", "00000096385074")),
        (f"http://example.com:8080/a/b/01/{GTIN}/", Code("gtin", GTIN)),
        (f"https://id.gs1.org/01/{GTIN}/22/2A/10/B/21/C", Code("gs1", f"(01){GTIN}(10)B(21)C(22)2A")),
        (f"https://id.gs1.org/01/{GTIN}/10/A%2FB+%28", Code("gs1", f"(01){GTIN}(10)A/B+\\(")),
        (
            f"https://id.gs1.org/01/{GTIN}?3103=000195;17=251231",
            Code("gs1", f"(01){GTIN}(17)251231(3103)000195"),
        ),
        ("https://id.gs1.org/414/9506000134307/254/32a", Code("gs1", "(254)32a(414)9506000134307")),
        ("https://id.gs1.org/01/12/00/376104250021234569", Code("sscc", "376104250021234569")),
    ],
)
def test_digital_links(uri: str, code: Code) -> None:
    elements = digital_link(uri)
    assert elements is not None
    assert code_of(elements) == code


def test_the_check_digit_of_the_general_specifications() -> None:
    assert check_digit("629104150021") == 3  # gs1.org, how to calculate a check digit manually
    assert check_digit("890400021003") == 7  # gs1india.org
    assert check_digit("37610425002123456") == 9


@given(st.text("0123456789", min_size=1, max_size=17), st.data())
def test_one_wrong_digit_is_always_found(body: str, data: st.DataObject) -> None:
    full = body + str(check_digit(body))
    place = data.draw(st.integers(0, len(full) - 1))
    other = data.draw(st.sampled_from(sorted(set("0123456789") - {full[place]})))
    damaged = full[:place] + other + full[place + 1 :]
    assert check_digit(damaged[:-1]) != int(damaged[-1])


@pytest.mark.parametrize(
    ("ai", "value", "number"),
    [
        ("3103", "001750", 1.75),
        ("3100", "001750", 1750.0),
        ("3305", "000001", 0.00001),
        ("3202", "012345", 123.45),
        ("01", GTIN, None),
        ("3922", "1234", None),
        ("10", "3103", None),
    ],
)
def test_measures(ai: str, value: str, number: float | None) -> None:
    assert measure_of(Element(ai, value)) == number


@pytest.mark.parametrize(
    ("written", "this_year", "day"),
    [
        ("251231", 2026, date(2025, 12, 31)),
        ("260200", 2026, date(2026, 2, 28)),
        ("240200", 2026, date(2024, 2, 29)),
        ("760101", 2026, date(2076, 1, 1)),  # 50 years ahead
        ("770101", 2026, date(1977, 1, 1)),  # 51
        ("000101", 2049, date(2000, 1, 1)),  # 49 back
        ("000101", 2050, date(2100, 1, 1)),  # 50 back
        ("490101", 2099, date(2149, 1, 1)),
        ("990101", 2001, date(1999, 1, 1)),
    ],
)
def test_the_century_is_the_nearest(written: str, this_year: int, day: date) -> None:
    assert day_of(written, this_year) == day


def test_a_day_that_is_none() -> None:
    with pytest.raises(ValueError):
        day_of("251331", 2026)


def sound(ai: str, raw: str) -> str:
    """The value with its check digit put right."""
    match = FORMS[ai].pattern.fullmatch(raw)
    assert match is not None
    key = match.groupdict().get("key")
    return raw if not key else key[:-1] + str(check_digit(key[:-1])) + raw[len(key) :]


def is_sound(element: Element) -> bool:
    try:
        checked(*element)
    except Reject:
        return False
    return True


def element(ai: str) -> st.SearchStrategy[Element]:
    values = st.from_regex(FORMS[ai].pattern, fullmatch=True).map(lambda raw: Element(ai, sound(ai, raw)))
    return values.filter(is_sound)


DATED = {ai for ai, form in FORMS.items() if re.search("<(month|day)>", form.pattern.pattern)}
ELEMENTS = st.lists(
    st.sampled_from(sorted(FORMS.keys() - DATED)).flatmap(element),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.ai,
)


@given(ELEMENTS)
def test_what_is_written_either_way_reads_the_same(elements: list[Element]) -> None:
    string = "".join(
        ai + value + (GS if FORMS[ai].predefined is None else "") for ai, value in elements
    ).removesuffix(GS)
    read = element_string(string)
    assert sorted(read) == sorted(elements)
    assert bracketed(canonical(elements)) == read
    assert bracketed(code_of(read).value if len(read) > 1 else canonical(read)) == read
    assert code_of(read) == code_of(element_string(GS + string))


@given(st.data())
def test_a_digital_link_says_the_same(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(QUALIFIERS)))
    path = [key, *(ai for ai in QUALIFIERS[key] if data.draw(st.booleans()))]
    query = data.draw(st.lists(st.sampled_from(["30", "3103", "400", "7002", "91"]), unique=True, max_size=3))
    said = {ai: data.draw(element(ai)).value for ai in [*path, *query]}
    elements = [Element(ai, said[ai]) for ai in sorted(said)]
    steps = "".join(f"/{ai}/{quote(said[ai], safe='')}" for ai in path)
    pairs = "&".join(f"{ai}={quote(said[ai], safe='')}" for ai in query)
    assert digital_link(f"https://example.org/p{steps}?{pairs}") == bracketed(canonical(elements))


@given(st.text(CHARACTERS + GS + "#中 ", max_size=60))
def test_whatever_the_text_it_is_read_or_refused(text: str) -> None:
    for read in (element_string, bracketed):
        try:
            elements = read(text)
        except Reject:
            continue
        assert all(fits(*one) for one in elements)


@given(st.text(max_size=30), st.text("/%2F01?&=;#:[]@" + CHARACTERS, max_size=60))
def test_whatever_the_uri_it_is_read_or_refused(host: str, rest: str) -> None:
    for uri in (host + rest, f"https://{host}/{rest}", f"https://id.gs1.org/01/{GTIN}{rest}"):
        try:
            elements = digital_link(uri)
        except Reject:
            continue
        assert elements is None or code_of(elements)


@given(element("01"), st.integers(1, 13), st.sampled_from(["10", "21"]))
def test_a_cut_code_is_never_another_key(whole: Element, kept: int, behind: str) -> None:
    assume(kept != len(whole.value))
    refused(Reason.LENGTH, element_string, f"01{whole.value[:kept]}")
    with pytest.raises(Reject):
        bracketed(f"(01){whole.value[:kept]}({behind})A")
