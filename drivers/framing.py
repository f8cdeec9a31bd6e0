"""Pure splitters: where a frame begins and ends, apart from what it means.

What they share:

* The same bytes in any chunks give the same frames and the same reasons of refusal, in the same order.
* The buffer is bounded: no input makes it grow beyond one frame and the chunk just fed.
* A good frame is found whatever stands before it: noise, a damaged frame, half of another.
* Bytes that belong to no frame are reported once for each *loss of synchronisation*, as a Reject of reason
  ``length``, however long the noise goes on; a candidate that has the form of a frame and the wrong checksum
  is reported each time, as ``checksum``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from operator import xor

from drivers.contract import Frame, Reason, Reject

SHOWN_BYTES = 40
"""Of what was refused, in a Reject's detail."""


def xor_of(data: bytes) -> int:
    """All bytes exclusive-ored, 0..255: the checksum of NMEA 0183 and of many readers."""
    return reduce(xor, data, 0)


class FixedLength:
    """Frames of one length that begin with one given byte::

        STX … length bytes in all … ETX

    ``fault`` judges a candidate: None if it is a frame, ``length`` if it does not even look like one,
    ``checksum`` if it does and is damaged. After a fault the search goes on one byte further, so that a byte
    lost from a frame, or a start byte amid noise, costs nothing of the frame behind it.
    """

    def __init__(self, start: bytes, length: int, fault: Callable[[bytes], Reason | None]) -> None:
        self._start = start
        self._length = length
        self._fault = fault
        self._rest = b""
        self._lost = False

    def feed(self, data: bytes) -> list[Frame | Reject]:
        found: list[Frame | Reject] = []
        buffer = self._rest + data
        here = 0
        while True:
            start = buffer.find(self._start, here)
            if start < 0:
                start = len(buffer)
            if start > here:
                self._lose(found, Reason.LENGTH, buffer[here:start])
                here = start
            candidate = buffer[here : here + self._length]
            if len(candidate) < self._length:
                break
            fault = self._fault(candidate)
            if fault is None:
                found.append(Frame(candidate))
                self._lost = False
                here += self._length
            else:
                self._lose(found, fault, candidate)
                here += 1
        self._rest = buffer[here:]
        return found

    def _lose(self, found: list[Frame | Reject], reason: Reason, skipped: bytes) -> None:
        if not self._lost or reason is Reason.CHECKSUM:
            found.append(_reject(reason, skipped))
        self._lost = True


class Lines:
    """Lines of text that begin with one given byte and end at CR or LF, or where the next one begins.

    first: the byte, which occurs nowhere else in a line. longest: bytes, the end not counted; a longer line
    is a Reject of reason ``length``. The frames are the lines without their ends.
    """

    def __init__(self, first: bytes, longest: int) -> None:
        mark = re.escape(first)
        self._line = re.compile(rb"%b[^\r\n%b]*(?=[\r\n%b])" % (mark, mark, mark))
        self._first = first
        self._longest = longest
        self._rest = b""
        self._lost = False

    def feed(self, data: bytes) -> list[Frame | Reject]:
        found: list[Frame | Reject] = []
        text = self._rest + data
        end = 0
        for match in self._line.finditer(text):
            self._skip(found, text[end : match.start()])
            self._take(found, match[0])
            end = match.end()
        begun = text.find(self._first, end)
        if begun < 0:
            begun = len(text)
        self._skip(found, text[end:begun])
        self._rest = text[begun:]
        if len(self._rest) > self._longest:
            self._take(found, self._rest)
            self._rest = b""
        return found

    def _take(self, found: list[Frame | Reject], line: bytes) -> None:
        self._lost = len(line) > self._longest
        found.append(_reject(Reason.LENGTH, line) if self._lost else Frame(line))

    def _skip(self, found: list[Frame | Reject], between: bytes) -> None:
        if not self._lost and (noise := between.strip(b"\r\n")):
            found.append(_reject(Reason.LENGTH, noise))
            self._lost = True


def _reject(reason: Reason, data: bytes) -> Reject:
    more = " …" if len(data) > SHOWN_BYTES else ""
    return Reject(reason, data[:SHOWN_BYTES].hex(" ") + more)
