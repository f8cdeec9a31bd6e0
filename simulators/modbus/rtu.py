"""Modbus RTU units on a serial line, with the line's own timing.

    unit 1 | PDU: function 1, data | CRC-16/MODBUS 2, low byte first

A pseudo-terminal carries bytes at once; a wire does not. So a reply comes out whole at the instant when its
last character would: the request's characters, 3.5 characters of silence, the unit's turnaround and the
reply's characters after the request came in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from simulators.clock import stamp
from simulators.device import SerialDevice, World
from simulators.faults import OF_MESSAGES, Fault, spoil
from simulators.modbus.bus import check_unit, note_reply, read_units
from simulators.modbus.unit import Answer
from simulators.options import Options

BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
BITS = {"none": 10, "even": 11, "odd": 11}
"""Of a character, start and stop bit included."""

FAST_SILENCE_S = 0.00175
"""Above 19200 baud the specification fixes the silence between frames."""

BROKEN_OFF_S = 0.05
"""After this pause the beginning of a request is given up: well above what an operating system delays a
write, well below a gateway's next attempt."""

SHORTEST = 4
LONGEST = 256
FIXED_REQUESTS = range(1, 7)
"""Functions whose request is 8 bytes long."""
COUNTED_REQUESTS = (15, 16)
"""Functions whose request says at ``COUNT_AT`` how many more bytes follow."""
COUNT_AT = 6


def _table() -> tuple[int, ...]:
    def row(value: int) -> int:
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        return value

    return tuple(row(value) for value in range(256))


_CRC = _table()


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS (0x8005 reflected, from 0xFFFF) as it stands on the wire, low byte first."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")


def take_request(buffer: bytearray) -> tuple[bytes, bytes] | None:
    """The first complete request and the noise before it, both taken out of the buffer; None: not yet.

    Requests of a known length come first: noise and a request together can look like one of another function.
    """
    for length_of in (_known_length, _unknown_length):
        for start in range(len(buffer) - SHORTEST + 1):
            length = length_of(buffer, start)
            request = bytes(buffer[start : start + length])
            if length and len(request) == length and crc(request[:-2]) == request[-2:]:
                noise = bytes(buffer[:start])
                del buffer[: start + length]
                return noise, request
    return None


def _known_length(buffer: bytearray, start: int) -> int:
    """Of the request that begins here; 0: not known, or not yet."""
    function = buffer[start + 1]
    if function in FIXED_REQUESTS:
        return 8
    if function in COUNTED_REQUESTS and len(buffer) - start > COUNT_AT:
        return 9 + buffer[start + COUNT_AT]
    return 0


def _unknown_length(buffer: bytearray, start: int) -> int:
    """Of a request for another function: all there is, if that can be one frame."""
    known = buffer[start + 1] in (*FIXED_REQUESTS, *COUNTED_REQUESTS)
    length = len(buffer) - start
    return 0 if known or length > LONGEST else length


def wrong_crc(message: bytes) -> bytes:
    """The frame with a CRC that does not fit."""
    return message[:-1] + bytes((message[-1] ^ 0x5A,))


def wrong_unit(message: bytes) -> bytes:
    """The frame as the next unit would send it, with a good CRC."""
    body = bytes((message[0] % 247 + 1,)) + message[1:-2]
    return body + crc(body)


DAMAGE: Mapping[str, Callable[[bytes], bytes]] = {"wrong_unit": wrong_unit, "wrong_crc": wrong_crc}


class ModbusRtu(SerialDevice):
    """Options: ``units``, ``baud`` (9600), ``parity`` (none, even, odd), ``turnaround`` (of a unit, 5 ms).

    With ``tcp`` (a port's number; 0: any free one) the line ends in a device server: RTU over TCP.
    """

    can_have: ClassVar[frozenset[str]] = OF_MESSAGES | {
        "wrong_crc", "wrong_unit", "frozen", "sentinel", "bounce", "illegal", "echo", "unplug",
    }  # fmt: skip

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, world, options.one("tcp", int, None))
        self._units = read_units(options.within("units"), world.rooms)
        baud, parity = options.one("baud", int, 9600), options.one("parity", str, "none")
        if baud not in BAUDS or parity not in BITS:
            raise options.error("baud", f"{baud} or {parity} is no baud rate or parity of a Modbus line")
        self._character_s = BITS[parity] / baud
        self._silence_s = FAST_SILENCE_S if baud > 19200 else 3.5 * self._character_s
        self._turnaround_s = options.duration("turnaround", "5ms")
        options.done()
        self._buffer = bytearray()
        self._broken_off: asyncio.TimerHandle | None = None
        self._line_free_at = 0.0

    def check_unit(self, fault: Fault) -> None:
        check_unit(self.port, self._units, fault)

    def switch(self, fault: Fault, on: bool) -> None:
        super().switch(fault, on)
        for unit in self._units.values():
            unit.forget()

    def unplug(self) -> None:
        self._await_rest(False)
        self._buffer.clear()
        super().unplug()

    def heard(self, data: bytes) -> None:
        if "echo" in self.faults.of():
            self.wire.write(data)
        self._buffer += data
        while taken := take_request(self._buffer):
            noise, request = taken
            if noise:
                self._ignore(noise)
            self._answer(request)
        if len(self._buffer) > LONGEST:
            self._give_up()
        self._await_rest(bool(self._buffer))

    def _await_rest(self, wanted: bool) -> None:
        if self._broken_off is not None:
            self._broken_off.cancel()
        loop = asyncio.get_running_loop()
        self._broken_off = loop.call_later(BROKEN_OFF_S, self._give_up) if wanted else None

    def _give_up(self) -> None:
        self._ignore(bytes(self._buffer))
        self._buffer.clear()

    def _ignore(self, noise: bytes) -> None:
        self.world.truth.write(self.port, "ignored", bytes=noise.hex())

    def _answer(self, request: bytes) -> None:
        heard_at = max(time.monotonic(), self._line_free_at) + len(request) * self._character_s
        self._line_free_at = heard_at
        unit = self._units.get(request[0])
        if unit is None:
            return
        faults = self.faults.rolled(self.rng, request[0])
        answer = unit.answer(request[1:-2], faults)
        if answer is None:
            return
        body = request[:1] + answer.pdu
        message = body + crc(body)
        sending = spoil(message, faults, DAMAGE, self.rng)
        due = heard_at + self._silence_s + self._turnaround_s + len(message) * self._character_s
        if not faults.keys() & {"silence", "late"}:
            self._line_free_at = due
        note = self._noted(answer, sending.intact, faults)
        self.outbox.send(sending.pieces, note, after_s=max(0.0, due - time.monotonic()))

    def _noted(self, answer: Answer, intact: bool, faults: dict[str, Fault]) -> Callable[[bool], None]:
        asked = stamp()
        return lambda sent: note_reply(
            self.world.truth, self.port, answer, asked=asked, delivered=sent and intact, faults=faults
        )
