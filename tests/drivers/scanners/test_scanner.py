"""Scanners: captures, scans hidden in noise, damage, and what is never taken for what it is not."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.contract import Frame, Instant, Reject, Sighting
from drivers.scanners.scanner import ELEMENT_STRINGS, GTINS, Options, Scanner
from drivers.scanners.scans import LONGEST, Scans

AT = Instant(1_700_000_000_000_000_000)
VECTORS = Path(__file__).parents[2] / "vectors"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "scanner.json").read_text(encoding="utf-8"))["cases"]


def scanner(**options: object) -> Scanner:
    return Scanner(Options.model_validate(options))


def heard(decoder: Scanner, *chunks: bytes) -> tuple[list[str], list[str]]:
    """The codes seen, with their schemes, and the reasons of what was refused, in order."""
    splitter = decoder.splitter()
    codes: list[str] = []
    reasons: list[str] = []
    for chunk in chunks:
        for found in splitter.feed(chunk):
            try:
                if isinstance(found, Reject):
                    raise found
                for seen in decoder.decode(found, AT):
                    assert isinstance(seen, Sighting)
                    assert seen.at == AT
                    codes.append(" ".join(seen.code))
            except Reject as reject:
                reasons.append(str(reject.reason))
    return codes, reasons


def sent(case: dict[str, Any]) -> bytes:
    return case["text"].encode() if "text" in case else bytes.fromhex(case["hex"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_capture_says_what_it_is_known_to_say(case: dict[str, Any]) -> None:
    decoder = scanner(**case.get("options", {}))
    assert heard(decoder, sent(case)) == (case["codes"], case["rejects"])
    assert heard(decoder, *(bytes((byte,)) for byte in sent(case))) == (case["codes"], case["rejects"])


def test_the_shared_check_digits_are_right_and_wrong_as_stated(vectors: Path) -> None:
    facts = json.loads((vectors / "gs1" / "check_digits.json").read_text(encoding="utf-8"))
    spelt = {"GTIN-13": ("]E0", "gtin", 14), "GLN": ("]C1414", "gln", 13), "SSCC": ("]C100", "sscc", 18)}
    for case in facts["cases"]:
        aim, scheme, digits = spelt[case["type"]]
        assert heard(scanner(), f"{aim}{case['full']}\r".encode()) == (
            [f"{scheme} {case['full'].zfill(digits)}"],
            [],
        )
        for digit in set("0123456789") - {case["check"]}:
            assert heard(scanner(), f"{aim}{case['body']}{digit}\r".encode()) == ([], ["checksum"])
    for wrong in facts["negatives"]:
        aim = "]C101" if len(wrong) == 14 else "]C1414"
        assert heard(scanner(), f"{aim}{wrong}\r".encode()) == ([], ["checksum"])


def test_the_links_of_the_shared_events_are_read(vectors: Path) -> None:
    schemes: dict[str, int] = {}
    for path in sorted((vectors / "epcis").rglob("*.jsonld")):
        for link in set(path.read_text(encoding="utf-8").split('"')):
            if link.startswith(("https://id.gs1.org/", "https://id.example.com/")):
                codes, reasons = heard(scanner(), f"{link}\r".encode())
                assert not reasons, f"{path.name}: {link}"
                schemes[codes[0].split()[0]] = schemes.get(codes[0].split()[0], 0) + 1
    assert {"gs1", "gln", "sscc", "giai", "grai"} <= schemes.keys()


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\t", b"\x03", b"\x03\r\n"])
@pytest.mark.parametrize("start", [b"", b"\x02"])
def test_whatever_ends_a_scan(start: bytes, end: bytes) -> None:
    assert heard(scanner(), (start + b"one" + end) * 3) == (["text one"] * 3, [])


CLEAN = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=40).map(str.strip).filter(bool)


@given(CLEAN)
def test_text_goes_through_unchanged(text: str) -> None:
    if text[0] not in "](hH":
        assert heard(scanner(), f"{text}\r\n".encode()) == ([f"text {text}"], [])


@given(st.text("0123456789", min_size=1, max_size=40))
def test_digits_alone_are_text_whatever_their_check_digit(digits: str) -> None:
    assert heard(scanner(), f"{digits}\r".encode()) == ([f"text {digits}"], [])


@given(st.sampled_from(sorted(ELEMENT_STRINGS | GTINS)), st.text("0123456789A\x1d()", max_size=40))
def test_what_means_to_be_gs1_never_becomes_text(aim: str, said: str) -> None:
    codes, reasons = heard(scanner(), f"{aim}{said}\r".encode())
    assert len(codes) + len(reasons) == 1
    assert not any(code.startswith("text ") for code in codes)


@given(st.binary(max_size=80), st.sampled_from(["utf-8", "gbk", "either"]))
def test_whatever_the_bytes_the_decoder_only_ever_rejects(data: bytes, encoding: str) -> None:
    with suppress(Reject):
        scanner(encoding=encoding).decode(Frame(data), AT)


BITS = (b"one\r", b"\x02two\x03", b"\r\n", b"\t", b"cut", b"\x02", b"\x03", b"\x00", b"\xff", b"?" * LONGEST)


@pytest.mark.parametrize("lines", [False, True])
@given(data=st.data())
def test_the_chunks_make_no_difference(lines: bool, data: st.DataObject) -> None:
    stream = b"".join(data.draw(st.lists(st.sampled_from(BITS), max_size=12)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    splitter = Scans(lines)
    pieces = [
        item
        for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for item in splitter.feed(stream[begin:end])
    ]
    assert shown(pieces) == shown(Scans(lines).feed(stream))


def shown(found: list[Frame | Reject]) -> list[bytes | str]:
    return [item.data if isinstance(item, Frame) else str(item.reason) for item in found]


@given(st.lists(CLEAN.filter(lambda text: text[0] not in "](hH"), min_size=1), st.binary(max_size=60))
def test_between_stx_and_etx_a_scan_is_found_behind_any_noise(texts: list[str], noise: bytes) -> None:
    noise = noise.translate(None, b"\x02")
    stream = b"".join(noise + b"\x02" + text.encode() + b"\x03" for text in texts)
    found = iter([item.data for item in Scans().feed(stream) if isinstance(item, Frame)])
    assert all(text.encode() in found for text in texts), "in this order, whatever else there is"


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b"\r\n\t\x03\r\n"], []),
        ([b"one\r\ntwo\nthree\tfour\x03"], [b"one", b"two", b"three", b"four"]),
        ([b"one"], []),
        ([b"cut\x02two\x03"], ["length", b"two"]),
        ([b"\x02cut\r\n\x02two\x03\r\n"], [b"cut", b"two"]),
        ([b"\x02\x02two\x03"], [b"two"]),
        ([b"o\x00ne\rtwo\r"], ["length", b"two"]),
        ([b"o\x1dn\x1ee\x04\r"], [b"o\x1dn\x1ee\x04"]),
        ([b"\x00\r\x00\rone\r\x00\r"], ["length", b"one", "length"]),
        ([b"A" * LONGEST, b"A", b"tail\rone\r"], ["length", b"one"]),
        ([b"A" * LONGEST + b"A", b"\x02two\x03"], ["length", b"two"]),
    ],
)
def test_where_scans_begin_and_end(chunks: list[bytes], expected: list[bytes | str]) -> None:
    splitter = Scans()
    assert shown([item for chunk in chunks for item in splitter.feed(chunk)]) == expected


def test_a_whole_qr_code_fits_and_a_longer_line_does_not() -> None:
    longest = b"A" * LONGEST
    assert heard(scanner(), longest + b"\r") == ([f"text {longest.decode()}"], [])
    assert heard(scanner(), longest + b"A\rone\r") == (["text one"], ["length"])
    assert heard(scanner(), *([b"A" * 1000] * 9), b"\rone\r") == (["text one"], ["length"])


@pytest.mark.parametrize("noise", [b"?", b"\x00", b"\xff", b"\x02?", b"?\r\x00"])
def test_endless_noise_neither_fills_the_memory_nor_the_counters(noise: bytes) -> None:
    splitter = Scans()
    splitter.feed(b"\x02\x00")
    rejects = [item for _ in range(1000) for item in splitter.feed(noise * 100) if isinstance(item, Reject)]
    assert len(rejects) < 2 or b"?\r" in noise  # each of those lines is a scan
    assert len(vars(splitter)["_rest"]) <= LONGEST


@pytest.mark.parametrize("options", [{"encoding": "big5"}, {"end": "cr"}, {"prefix": "j"}])
def test_options_that_a_scanner_has_not(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        scanner(**options)
