"""The splitters by themselves: what they keep, what they report, and how much they remember."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Frame, Reason, Reject, Splitter
from drivers.framing import FixedLength, Headed, Lines, PlainLines, xor_of


def boxed(candidate: bytes) -> Reason | None:
    """Four bytes: ``<``, two, the checksum of the two."""
    if not all(chr(byte).isalnum() for byte in candidate[1:3]):
        return Reason.LENGTH
    return None if candidate[3] == xor_of(candidate[1:3]) else Reason.CHECKSUM


def boxes() -> FixedLength:
    return FixedLength(b"<", 4, boxed)


def dollars() -> Lines:
    return Lines(b"$", 8)


def counted() -> Headed:
    """``#``, a digit that counts letters, the letters, and a lower case letter behind capitals at the end."""
    return Headed(re.compile(rb"#[1-9]"), 2, lambda head: 2 + int(head[1:]), lettered)


def lettered(candidate: bytes) -> Reason | None:
    if not candidate[2:].isalpha():
        return Reason.LENGTH
    return None if candidate[2:].islower() else Reason.CHECKSUM


def plain() -> PlainLines:
    return PlainLines(8)


GOOD = b"<ab\x03"


def shown(found: list[Frame | Reject]) -> list[bytes | str]:
    """Frames as bytes, rejects as their reason."""
    return [item.data if isinstance(item, Frame) else str(item.reason) for item in found]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"", []),
        (GOOD + GOOD, [GOOD, GOOD]),
        (b"<ab", []),
        (b"<<ab\x03", ["length", GOOD]),
        (b"<ab\x04", ["checksum"]),
        (b"<ab\x04<ab\x04", ["checksum", "checksum"]),
        (b"<ab<ab\x03", ["checksum", GOOD]),
        (b"noise" + GOOD + b"more noise" + GOOD, ["length", GOOD, "length", GOOD]),
        (b"noise <?? noise" + GOOD, ["length", GOOD]),
    ],
)
def test_frames_of_fixed_length(stream: bytes, expected: list[bytes | str]) -> None:
    assert shown(boxes().feed(stream)) == expected


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"\r\n\r\n", []),
        (b"$one\r\n$two\r\n", [b"$one", b"$two"]),
        (b"$one\n$two\r", [b"$one", b"$two"]),
        (b"$one$two\n", [b"$one", b"$two"]),
        (b"$one", []),
        (b"noise$one\r\n", ["length", b"$one"]),
        (b"$one\r\nnoise\r\nmore noise\r\n$two\r\n", [b"$one", "length", b"$two"]),
        (b"$12345678\n$one\n", ["length", b"$one"]),
        (b"$12345678 goes on and on\nnoise\n$one\n", ["length", b"$one"]),
        (b"$1234567\n", [b"$1234567"]),
    ],
)
def test_lines(stream: bytes, expected: list[bytes | str]) -> None:
    assert shown(dollars().feed(stream)) == expected


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"#2ab#1c", [b"#2ab", b"#1c"]),
        (b"#3ab", []),
        (b"##2ab", ["length", b"#2ab"]),
        (b"#2aB#1c", ["checksum", b"#1c"]),
        (b"#2a#2bc", ["length", b"#2bc"]),
        (b"noise#2ab?#", ["length", b"#2ab", "length"]),
        (b"#9#2ab", []),
        (b"#9#2ab#1c#1d", ["length", b"#2ab", b"#1c", b"#1d"]),
    ],
)
def test_frames_that_say_their_length(stream: bytes, expected: list[bytes | str]) -> None:
    assert shown(counted().feed(stream)) == expected


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"\r\n\r\n", []),
        (b"one\r\ntwo\rthree\n", [b"one", b"two", b"three"]),
        (b"one", []),
        (b"\x02one\x03\r\n", [b"one"]),
        (b"\x02one\x02two\r\n", ["length", b"two"]),
        (b"\xff\xfeone\n", ["length", b"one"]),
        (b"cut\xffone\n\xff", ["length", b"one", "length"]),
        (b"12345678\n", [b"12345678"]),
        (b"123456789\none\n", ["length", b"one"]),
        (b"123456789 goes on and on\xff and on\none\n", ["length", b" and on", b"one"]),
    ],
)
def test_lines_that_begin_with_anything(stream: bytes, expected: list[bytes | str]) -> None:
    assert shown(plain().feed(stream)) == expected


@pytest.mark.parametrize("made", [boxes, counted, dollars, plain])
@given(
    stream=st.lists(
        st.sampled_from(
            (GOOD, b"$one\r\n", b"#2ab", b"#9", b"<", b"$", b"\n", b"ab", b"aB", b"\x03", b"\xff", b"?" * 9)
        )
    ).map(b"".join),
    cuts=st.lists(st.integers(0, 200)),
)
def test_the_chunks_make_no_difference(made: type[Splitter], stream: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    splitter = made()
    pieces = [item for a, b in pairwise(places) for item in splitter.feed(stream[a:b])]
    assert shown(pieces) == shown(list(made().feed(stream)))


@pytest.mark.parametrize("made", [boxes, counted, dollars, plain])
@pytest.mark.parametrize("noise", [b"<", b"$", b"?", b"<a", b"$a"])
def test_endless_noise_neither_fills_the_memory_nor_the_counters(made: type[Splitter], noise: bytes) -> None:
    splitter = made()
    splitter.feed(b"<$")
    rejects = sum(len(list(splitter.feed(noise * 100))) for _ in range(1000))
    assert rejects < 2 or noise in (b"$", b"$a")  # each of those is a line
    kept = [value for value in vars(splitter).values() if isinstance(value, bytes)]
    assert sum(map(len, kept)) < 32


def test_the_checksum_of_a_known_sentence() -> None:
    assert xor_of(b"GPVTG,,T,,M,,N,,K,N") == 0x2C
    assert xor_of(b"") == 0
