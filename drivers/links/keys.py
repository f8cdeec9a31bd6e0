"""What a keyboard's key events say, as the bytes that were typed: pure, for scanners that are keyboards.

An event of Linux on a 64-bit system (``struct input_event``)::

    0 … 7       8 … 15         16, 17   18, 19   20 … 23
    seconds     microseconds   type     code     value
                               1: key   which    0 released, 1 pressed, 2 held on
                               0: sync  0: end of a report, 3: reports were lost

The layout is that of the United States, to which scanners are set unless told otherwise. Enter is CR, the
keypad types digits whatever Num Lock says. Control with a letter or one of ``@[\\]^_`` is a control byte: a
scanner types FNC1 as Ctrl+]. Alt with digits of the keypad is one character by its number, as scanners type
what is on no key: up to 255 one byte, above it two, the higher first (the code page GBK). A key that is held
on types once: no scanner holds one.

What cannot be told is not passed over: a key that types no character, and events that were lost, are LOST,
a byte that stands in no code, so that the scan it falls into is refused and counted as a whole.

Sources: Linux ``input-event-codes.h``, Documentation/input/event-codes.rst; the guides of Honeywell (control
characters), Zebra (function key mapping, keypad emulation) and Newland (Alt + keypad).
"""

from __future__ import annotations

import struct
from typing import Final

EVENT: Final = struct.Struct("@llHHi")
"""Seconds, microseconds, type, code, value."""

SYN, KEY = 0, 1
SYN_REPORT, SYN_DROPPED = 0, 3
RELEASED, PRESSED = 0, 1

LOST: Final = b"\x00"

SHIFTS: Final = frozenset((42, 54))
CONTROLS: Final = frozenset((29, 97))
ALTS: Final = frozenset((56, 100))
HELD: Final = SHIFTS | CONTROLS | ALTS
CAPS_LOCK: Final = 58
NUM_LOCK: Final = 69

_ROWS: Final = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
)
"""The first key of a row, what its keys type, and what with shift; keys of a row are numbered one by one."""

_UNSHIFTED: Final = {15: "\t", 28: "\r", 57: " ", 96: "\r", 101: "\n"}
"""Tabulator, Enter, space, Enter of the keypad, line feed."""

_KEYPAD: Final = {
    **{71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0"},
    **{55: "*", 74: "-", 78: "+", 83: ".", 98: "/", 117: "="},
}

PLAIN: Final[dict[int, str]] = {
    **{first + place: char for first, plain, _ in _ROWS for place, char in enumerate(plain)},
    **_UNSHIFTED,
    **_KEYPAD,
}
SHIFTED: Final[dict[int, str]] = PLAIN | {
    first + place: char for first, _, shifted in _ROWS for place, char in enumerate(shifted)
}


class Typing:
    """The keys that are held, and whether capitals are locked: what must be known of the events before."""

    def __init__(self) -> None:
        self._rest = b""
        self._held: set[int] = set()
        self._capitals = False
        self._number = ""
        self._blind = False

    def feed(self, events: bytes) -> bytes:
        """What these events type, whatever the chunks."""
        events = self._rest + events
        whole = len(events) - len(events) % EVENT.size
        self._rest = events[whole:]
        return b"".join(
            self._typed(kind, code, value) for _, _, kind, code, value in EVENT.iter_unpack(events[:whole])
        )

    def _typed(self, kind: int, code: int, value: int) -> bytes:
        if kind == SYN:
            return self._synchronised(code)
        if kind != KEY or self._blind:
            return b""
        if code in HELD:
            return self._hold(code, value)
        return self._pressed(code) if value == PRESSED else b""

    def _synchronised(self, code: int) -> bytes:
        """Between SYN_DROPPED and the next report nothing is whole, and what is held now nobody knows."""
        if code == SYN_DROPPED:
            self._blind = True
        elif code == SYN_REPORT and self._blind:
            self._blind = False
            self._held.clear()
            self._number = ""
            return LOST
        return b""

    def _hold(self, code: int, value: int) -> bytes:
        if value == PRESSED:
            self._held.add(code)
        elif value == RELEASED:
            self._held.discard(code)
        if self._number and not self._held & ALTS:
            number, self._number = int(self._number), ""
            return _character(number)
        return b""

    def _pressed(self, code: int) -> bytes:
        if code == CAPS_LOCK:
            self._capitals = not self._capitals
            return b""
        if code == NUM_LOCK:
            return b""
        if self._held & ALTS:
            return self._numbered(code)
        plain, shifted = PLAIN.get(code, ""), SHIFTED.get(code, "")
        if self._held & CONTROLS:
            return _control(plain, shifted)
        capital = bool(self._held & SHIFTS) != (self._capitals and plain.isalpha())
        return (shifted if capital else plain).encode() or LOST

    def _numbered(self, code: int) -> bytes:
        digit = _KEYPAD.get(code, "")
        if not digit.isdecimal() or len(self._number) == len("65535"):
            return LOST
        self._number += digit
        return b""


def _control(plain: str, shifted: str) -> bytes:
    """Control clears bits 5 and 6 of what lies between @ and _."""
    for char in (plain.upper(), shifted):
        if char and "@" <= char <= "_":
            return bytes((ord(char) & 0x1F,))
    return plain.encode() if plain in ("\r", "\n", "\t") else LOST


def _character(number: int) -> bytes:
    if number > 0xFFFF:
        return LOST
    return bytes((number,)) if number <= 0xFF else number.to_bytes(2, "big")
