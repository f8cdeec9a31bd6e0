"""What keys say: every character of a US keyboard, how scanners type what is on none, and what is lost."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.links.keys import EVENT, LOST, PLAIN, SHIFTED, Typing

SYN, KEY, MSC = 0, 1, 4
UP, DOWN, HELD_ON = 0, 1, 2
SHIFT, RIGHT_SHIFT, CTRL, ALT, ALT_GR, CAPS, NUM, META, F1, LEFT = 42, 54, 29, 56, 100, 58, 69, 125, 59, 105
ENTER, KEYPAD_ENTER, TAB, SPACE = 28, 96, 15, 57
KEYPAD = {"7": 71, "8": 72, "9": 73, "4": 75, "5": 76, "6": 77, "1": 79, "2": 80, "3": 81, "0": 82}
LETTERS = dict(
    zip("qwertyuiopasdfghjklzxcvbnm", [*range(16, 26), *range(30, 39), *range(44, 51)], strict=True)
)
"""KEY_Q … KEY_M of Linux input-event-codes.h."""


def event(kind: int, code: int, value: int) -> bytes:
    return EVENT.pack(1_700_000_000, 0, kind, code, value)


def key(code: int, *values: int) -> bytes:
    """As a keyboard reports it: the scan code, the key, the end of the report."""
    return b"".join(
        event(MSC, 4, 0x70000 + code) + event(KEY, code, value) + event(SYN, 0, 0)
        for value in values or (DOWN, UP)
    )


def keys(codes: Iterable[int]) -> bytes:
    return b"".join(key(code) for code in codes)


def with_held(held: int, *codes: int) -> bytes:
    return key(held, DOWN) + keys(codes) + key(held, UP)


def typed(events: bytes) -> bytes:
    return Typing().feed(events)


def spelling(char: str) -> bytes:
    """The keys that type a character."""
    for table, held in ((PLAIN, None), (SHIFTED, SHIFT)):
        for code, said in table.items():
            if said == char:
                return key(code) if held is None else with_held(held, code)
    raise KeyError(char)


@pytest.mark.parametrize("char", [chr(code) for code in range(0x20, 0x7F)])
def test_every_character_is_on_a_key(char: str) -> None:
    assert typed(spelling(char)) == char.encode()


@pytest.mark.parametrize(("letter", "code"), LETTERS.items())
@pytest.mark.parametrize("shift", [SHIFT, RIGHT_SHIFT])
def test_letters_with_shift_and_capitals_locked(letter: str, code: int, shift: int) -> None:
    small, capital = letter.encode(), letter.upper().encode()
    assert typed(key(code)) == small
    assert typed(with_held(shift, code) + key(code)) == capital + small
    assert (
        typed(key(CAPS) + key(code) + with_held(shift, code) + key(CAPS) + key(code)) == capital + small * 2
    )


@pytest.mark.parametrize(
    ("codes", "plain", "shifted"),
    [
        (range(2, 14), b"1234567890-=", b"!@#$%^&*()_+"),
        ((26, 27, 39, 40, 41, 43, 51, 52, 53), b"[];'`\\,./", b'{}:"~|<>?'),
        ((ENTER, KEYPAD_ENTER, TAB, SPACE, 101), b"\r\r\t \n", b"\r\r\t \n"),
        (KEYPAD.values(), "".join(KEYPAD).encode(), "".join(KEYPAD).encode()),
        ((55, 74, 78, 83, 98, 117), b"*-+./=", b"*-+./="),
    ],
)
def test_the_other_keys(codes: Iterable[int], plain: bytes, shifted: bytes) -> None:
    assert typed(keys(codes)) == plain
    assert typed(key(CAPS) + key(NUM) + keys(codes)) == plain, "capitals are letters, digits are digits"
    assert typed(with_held(SHIFT, *codes)) == shifted


def test_two_shifts_held_and_one_let_go() -> None:
    assert (
        typed(key(SHIFT, DOWN) + key(RIGHT_SHIFT, DOWN) + key(SHIFT, UP) + key(30) + key(54, UP) + key(30))
        == b"Aa"
    )


def test_a_key_held_on_types_once() -> None:
    assert typed(key(30, DOWN, HELD_ON, HELD_ON, UP)) == b"a"
    assert typed(key(SHIFT, DOWN, HELD_ON) + key(30) + key(SHIFT, UP)) == b"A"


@pytest.mark.parametrize(
    ("held", "codes", "said"),
    [
        ((CTRL,), (27,), b"\x1d"),  # Ctrl+] is FNC1
        ((97,), (27,), b"\x1d"),
        ((CTRL,), (50,), b"\r"),  # Ctrl+M
        ((CTRL,), (36, 23), b"\n\t"),  # Ctrl+J, Ctrl+I
        ((CTRL,), (46, 48), b"\x03\x02"),  # Ctrl+C, Ctrl+B
        ((CTRL, SHIFT), (7, 12), b"\x1e\x1f"),  # Ctrl+^, Ctrl+_
        ((CTRL,), (7, 12), b"\x1e\x1f"),
        ((CTRL,), (ENTER, TAB), b"\r\t"),
        ((CTRL,), (10, LEFT), LOST * 2),  # Ctrl+9 is nothing
    ],
)
def test_control_characters(held: tuple[int, ...], codes: tuple[int, ...], said: bytes) -> None:
    down = b"".join(key(code, DOWN) for code in held)
    up = b"".join(key(code, UP) for code in held)
    assert typed(down + keys(codes) + up + key(30)) == said + b"a"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("65", b"A"),
        ("0065", b"A"),
        ("029", b"\x1d"),
        ("255", b"\xff"),
        ("46767", "动".encode("gbk")),
        ("65535", b"\xff\xff"),
        ("65536", LOST),
        ("99999", LOST),
        ("000065", LOST + b"\x06"),  # more digits than any number has
    ],
)
@pytest.mark.parametrize("alt", [ALT, ALT_GR])
def test_alt_with_a_number_is_what_is_on_no_key(alt: int, number: str, said: bytes) -> None:
    assert typed(with_held(alt, *(KEYPAD[digit] for digit in number)) + key(30)) == said + b"a"


def test_alt_without_a_number() -> None:
    assert typed(with_held(ALT) + key(30)) == b"a"
    assert typed(with_held(ALT, 30, 2, 78) + key(30)) == LOST * 3 + b"a"


@pytest.mark.parametrize("code", [F1, LEFT, META, 86, 113, 200, 767])
def test_a_key_that_types_nothing_is_not_passed_over(code: int) -> None:
    assert typed(key(30) + key(code) + key(48)) == b"a" + LOST + b"b"


def test_lost_events_are_told_and_nothing_is_held_after_them() -> None:
    dropped = event(SYN, 3, 0)
    half = event(KEY, 31, DOWN) + event(SYN, 0, 0)
    assert typed(key(30) + dropped + half + key(48)) == b"a" + LOST + b"b"
    assert typed(key(SHIFT, DOWN) + dropped + half + key(48)) == LOST + b"b"
    assert typed(key(ALT, DOWN) + key(79) + dropped + half + key(ALT, UP) + key(48)) == LOST + b"b"


@given(st.text([chr(code) for code in range(0x20, 0x7F)] + ["\t", "\r"], max_size=60), st.booleans())
def test_what_is_typed_is_what_is_heard(text: str, capitals: bool) -> None:
    heard = typed((key(CAPS) if capitals else b"") + b"".join(map(spelling, text)))
    assert heard.decode() == (text.swapcase() if capitals else text)


EVENTS = st.builds(
    event,
    st.sampled_from([SYN, KEY, KEY, KEY, MSC]),
    st.sampled_from([0, 3, 30, 79, SHIFT, CTRL, ALT, CAPS, F1]) | st.integers(0, 767),
    st.sampled_from([UP, DOWN, HELD_ON]),
)


@given(st.lists(EVENTS, max_size=60).map(b"".join), st.lists(st.integers(0, 1500), max_size=10))
def test_the_chunks_make_no_difference(events: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    typing = Typing()
    pieces = [typing.feed(events[begin:end]) for begin, end in pairwise(places)]
    assert b"".join(pieces) == typed(events)
