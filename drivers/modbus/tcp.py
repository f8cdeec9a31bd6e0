"""TCP: a request and its answer behind the MBAP header.

::

    transaction hi lo | protocol 0 0 | length hi lo | unit | function | byte count | data…
                                       └ of unit, function and what follows

(Modbus Messaging on TCP/IP V1.0b, 3.1.3.) The transaction tells a late answer from the one waited for. A
header that cannot be means that the stream's frames are lost: the link is dropped and opened anew.
"""

from __future__ import annotations

import struct
from typing import Final

from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU

from drivers.contract import LinkDown, Reason, Reject
from drivers.modbus.adu import EXCEPTION, Reply, Silence, request
from drivers.modbus.counts import Counts
from drivers.modbus.plan import Span

_HEADER: Final = struct.Struct(">HHHBB")
"""The MBAP header and the function."""

BEFORE_LENGTH_COUNTS: Final = 6
"""Bytes of the header that its length does not count."""

SHORTEST: Final = 3
"""Length of an exception: unit, function, code."""

LONGEST: Final = 254
"""Unit and a PDU of 253 bytes."""


class Tcp:
    """The framing of a Modbus TCP connection. A new one for each connection: transactions begin at 1."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._framer = FramerSocket(DecodePDU(is_server=False))
        self._buffer = bytearray()
        self._transaction = 0
        self._span: Span | None = None
        self._not_ours = b""

    def ask(self, span: Span) -> bytes:
        self._transaction = self._transaction % 0xFFFF + 1
        self._span = span
        self._not_ours = b""
        return self._framer.buildFrame(request(span, self._transaction))

    def feed(self, data: bytes) -> Reply | None:
        self._buffer += data
        reply: Reply | None = None
        while (adu := self._next()) is not None:
            reply = self._match(adu) or reply
        return reply

    def give_up(self) -> Silence:
        span, self._span = self._span, None
        if span is None or not self._not_ours:
            return Silence()
        reject = Reject(Reason.NOT_MINE, f"the answer is not what unit {span.unit} was asked for")
        return Silence(self._not_ours, reject)

    def _next(self) -> bytes | None:
        """The next whole message of the stream."""
        if len(self._buffer) < _HEADER.size:
            return None
        _, protocol, length, _, _ = _HEADER.unpack_from(self._buffer)
        if protocol != 0 or not SHORTEST <= length <= LONGEST:
            raise LinkDown(
                f"this is no Modbus TCP: header {self._buffer[: _HEADER.size].hex(' ')}; "
                "if a device server hands RTU on here, write framing: rtu at the port"
            )
        end = BEFORE_LENGTH_COUNTS + length
        if len(self._buffer) < end:
            return None
        adu = bytes(self._buffer[:end])
        del self._buffer[:end]
        return adu

    def _match(self, adu: bytes) -> Reply | None:
        """The answer, if this message is the one waited for."""
        transaction, _, _, unit, function = _HEADER.unpack_from(adu)
        span = self._span
        if span is None or transaction != self._transaction:
            self._counts.late += 1
            self._counts.stray_bytes += len(adu)
            return None
        body = adu[_HEADER.size :]
        if (unit, function) == (span.unit, span.function):
            if body[0] == span.payload_length == len(body) - 1:
                self._span = None
                return Reply(adu, body[1:])
        elif (unit, function) == (span.unit, span.function | EXCEPTION) and len(body) == 1:
            self._span = None
            return Reply(adu, b"", body[0])
        self._counts.foreign += 1
        self._counts.stray_bytes += len(adu)
        self._not_ours = adu
        return None
