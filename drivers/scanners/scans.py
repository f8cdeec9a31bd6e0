"""Where a scan begins and ends: a line of whatever characters a code may hold."""

from __future__ import annotations

import re
from typing import Final

from drivers.contract import Frame, Reason, Reject
from drivers.framing import SHOWN_BYTES

LONGEST: Final = 4300
"""Bytes of a scan: a QR code holds at most 4,296 characters, and an AIM identifier stands before them."""

_LINE_MARKS = re.compile(rb"([\x02\x03\t\r\n])")
_FRAME_MARKS = re.compile(rb"([\x02\x03])")
_FOREIGN = re.compile(rb"[\x00\x01\x05-\x08\x0b\x0c\x0e-\x1b\x7f]")
"""Control bytes that no code has; EOT, FS, GS, RS and US stand in codes and separate their parts."""

_STX = b"\x02"
_BLANK = b"\r\n\t"


class Scans:
    """Scans that end at CR, LF, TAB or ETX, or with ``lines`` at ETX alone, so that a code may hold lines.

    STX begins a scan: what stood before it had no end. A scan that is longer than LONGEST, that STX cuts off,
    or that holds a byte no code has, is a Reject of reason ``length``, as a whole: half a number is another
    number. The frames are without STX and ends.
    """

    def __init__(self, lines: bool = False) -> None:
        self._marks = _FRAME_MARKS if lines else _LINE_MARKS
        self._rest = b""
        self._overlong = False
        self._lost = False

    def feed(self, data: bytes) -> list[Frame | Reject]:
        found: list[Frame | Reject] = []
        *pieces, rest = self._marks.split(self._rest + data)
        for scan, mark in zip(pieces[::2], pieces[1::2], strict=True):
            self._take(found, scan.strip(_BLANK), ended=mark != _STX)
        self._rest = rest
        if len(rest.lstrip(_BLANK)) > LONGEST:
            self._lose(found, rest)
            self._overlong = True
        if self._overlong:
            self._rest = b""
        return found

    def _take(self, found: list[Frame | Reject], scan: bytes, ended: bool) -> None:
        overlong = self._overlong or len(scan) > LONGEST
        self._overlong = False
        if overlong or (scan and (not ended or _FOREIGN.search(scan))):
            self._lose(found, scan)
        elif scan:
            found.append(Frame(scan))
            self._lost = False

    def _lose(self, found: list[Frame | Reject], scan: bytes) -> None:
        if not self._lost:
            more = " …" if len(scan) > SHOWN_BYTES else ""
            found.append(Reject(Reason.LENGTH, f"no whole scan: {scan[:SHOWN_BYTES].hex(' ')}{more}"))
        self._lost = True
