"""RTU: a request and its answer on a serial line, or through a device server on the network.

::

    answer      unit | function | byte count | data… | CRC lo hi
    exception   unit | function + 0x80 | code | CRC lo hi

(Modbus over Serial Line V1.02, 2.5.1.) A line says nothing of where a frame begins, and silence between
frames is lost in USB adapters. So the answer is searched for in all that came since the request: unit,
function and byte count must be those asked for, and the CRC must hold; what stands before it is noise, a
stranger's frame, or the echo of the request by a two-wire adapter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

from drivers.contract import Reason, Reject
from drivers.modbus.adu import EXCEPTION, Reply, Silence, request
from drivers.modbus.counts import Counts
from drivers.modbus.plan import Span

CRC_LENGTH: Final = 2
EXCEPTION_LENGTH: Final = 5

MOST_RECEIVED: Final = 4096
"""Bytes kept of one exchange: a line that babbles must not eat memory."""

LONGEST_FRAME: Final = 256
"""(Modbus over Serial Line V1.02, 2.5.1)"""


class Rtu:
    """The framing of a serial line, wherever it is."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._framer = FramerRTU(DecodePDU(is_server=False))
        self._span: Span | None = None
        self._sent = b""
        self._received = bytearray()

    def ask(self, span: Span) -> bytes:
        self._span = span
        self._received.clear()
        self._sent = self._framer.buildFrame(request(span))
        return self._sent

    def feed(self, data: bytes) -> Reply | None:
        if self._span is None:
            self._counts.stray_bytes += len(data)
            return None
        self._received += data
        if len(self._received) > MOST_RECEIVED:
            self._counts.stray_bytes += len(self._received) - LONGEST_FRAME
            del self._received[:-LONGEST_FRAME]
        reply = find_reply(bytes(self._received), self._sent, self._span)
        if reply is not None:
            self._counts.stray_bytes += len(self._received) - len(reply.adu)
            self._span = None
        return reply

    def give_up(self) -> Silence:
        if self._span is None:
            return Silence()
        received = bytes(self._received)
        reject = damage(received, self._sent, self._span)
        if reject is not None:
            self._counts.checksum += reject.reason is Reason.CHECKSUM
            self._counts.foreign += reject.reason is Reason.NOT_MINE
        self._counts.stray_bytes += len(received)
        self._span = None
        return Silence(received, reject)


def find_reply(received: bytes, sent: bytes, span: Span) -> Reply | None:
    """The first whole answer to ``span`` in what was received. ``sent``: the request, to tell its echo."""
    for start, length in _candidates(received, sent, span):
        adu = received[start : start + length]
        if len(adu) == length and _intact(adu):
            if length == EXCEPTION_LENGTH and adu[1] & EXCEPTION:
                return Reply(adu, b"", adu[2])
            return Reply(adu, adu[3:-CRC_LENGTH])
    return None


def damage(received: bytes, sent: bytes, span: Span) -> Reject | None:
    """Why there is no answer in what was received; None if nothing was, but for the echo."""
    if not received.removeprefix(sent):
        return None
    whole = [len(received) - start >= length for start, length in _candidates(received, sent, span)]
    if any(whole):
        return Reject(Reason.CHECKSUM, f"the answer of unit {span.unit} is damaged (CRC)")
    if whole:
        return Reject(Reason.LENGTH, f"the answer of unit {span.unit} is cut short")
    return Reject(Reason.NOT_MINE, f"{len(received)} bytes, none of them an answer of unit {span.unit}")


def _candidates(received: bytes, sent: bytes, span: Span) -> Iterator[tuple[int, int]]:
    """Where an answer to ``span`` could begin, and its length. What came before the echo is no answer."""
    echo = received.find(sent)
    begin = echo + len(sent) if echo >= 0 else 0
    unit_function = bytes((span.unit, span.function))
    answer = unit_function + bytes((span.payload_length,))
    exception = bytes((span.unit, span.function | EXCEPTION))
    start = received.find(span.unit, begin)
    while start >= 0:
        if received.startswith(answer, start):
            yield start, len(answer) + span.payload_length + CRC_LENGTH
        elif received.startswith(exception, start):
            yield start, EXCEPTION_LENGTH
        start = received.find(span.unit, start + 1)


def _intact(adu: bytes) -> bool:
    return FramerRTU.check_CRC(adu[:-CRC_LENGTH], int.from_bytes(adu[-CRC_LENGTH:], "big"))
