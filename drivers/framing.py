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


class Headed:
    """Frames whose head says how long they are, or that all have one length::

        head … length bytes in all

    head: a pattern of ``head_bytes`` bytes; the more it asks for, the less noise looks like it. length: of
    the whole frame, from its head. ``fault`` judges a candidate: None if it is a frame, ``length`` if it does
    not even look like one, ``checksum`` if it does and is damaged. After a fault the search goes on one byte
    further, so that a byte lost from a frame, or a head amid noise, costs nothing of the frame behind it: it
    is only told later, when the bytes that the false head promised have come.
    """

    def __init__(
        self,
        head: re.Pattern[bytes],
        head_bytes: int,
        length: Callable[[bytes], int],
        fault: Callable[[bytes], Reason | None],
    ) -> None:
        self._head = head
        self._head_bytes = head_bytes
        self._length = length
        self._fault = fault
        self._rest = b""
        self._lost = False

    def feed(self, data: bytes) -> list[Frame | Reject]:
        found: list[Frame | Reject] = []
        buffer = self._rest + data
        here = 0
        while True:
            head = self._head.search(buffer, here)
            start = head.start() if head else max(here, len(buffer) - self._head_bytes + 1)
            if start > here:
                self._lose(found, Reason.LENGTH, buffer[here:start])
                here = start
            if head is None:
                break
            length = self._length(head[0])
            candidate = buffer[here : here + length]
            if len(candidate) < length:
                break
            fault = self._fault(candidate)
            if fault is None:
                found.append(Frame(candidate))
                self._lost = False
                here += length
            else:
                self._lose(found, fault, candidate)
                here += 1
        self._rest = buffer[here:]
        return found

    def _lose(self, found: list[Frame | Reject], reason: Reason, skipped: bytes) -> None:
        if not self._lost or reason is Reason.CHECKSUM:
            found.append(_reject(reason, skipped))
        self._lost = True


class FixedLength(Headed):
    """Frames of one length that begin with one given byte: ``STX … length bytes in all … ETX``."""

    def __init__(self, start: bytes, length: int, fault: Callable[[bytes], Reason | None]) -> None:
        super().__init__(re.compile(re.escape(start)), len(start), lambda _: length, fault)


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


class PlainLines:
    """Lines of printable text that end at CR, LF or ETX and begin wherever they like, with STX or without.

    longest: bytes, the end not counted. A longer line, and text that another byte cuts off, is a Reject of
    reason ``length``. The frames are the lines without their ends.
    """

    _RUN = re.compile(rb"([\t\x20-\x7e]+)([\r\n\x03]?)|[^\t\x20-\x7e]+")
    _EDGES = b"\r\n\x02\x03"

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._rest = b""
        self._lost = False

    def feed(self, data: bytes) -> list[Frame | Reject]:
        found: list[Frame | Reject] = []
        text = self._rest + data
        self._rest = b""
        for run in self._RUN.finditer(text):
            line, ended = run.groups()
            if line is None:
                self._lose(found, run[0].strip(self._EDGES))
            elif ended and len(line) <= self._longest:
                found.append(Frame(line))
                self._lost = False
            elif ended or run.end() < len(text) or len(line) > self._longest:
                self._lose(found, line)
            if run.end() == len(text) and line and not ended:
                self._rest = line[-self._longest - 1 :]
        return found

    def _lose(self, found: list[Frame | Reject], noise: bytes) -> None:
        if noise and not self._lost:
            found.append(_reject(Reason.LENGTH, noise))
            self._lost = True


def _reject(reason: Reason, data: bytes) -> Reject:
    more = " …" if len(data) > SHOWN_BYTES else ""
    return Reject(reason, data[:SHOWN_BYTES].hex(" ") + more)
