"""Modbus TCP units behind one address, light enough to be polled thousands of times a second.

    transaction 2 | protocol 0 2 | length 2 | unit 1 | PDU: function 1, data

An answer is worked out once and kept until the units sample anew; without faults a request then costs one
look-up and one write.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

from simulators.clock import stamp
from simulators.device import Device, World
from simulators.device_server import AT_ONCE, HOST, listen
from simulators.faults import OF_MESSAGES, Fault, spoil
from simulators.modbus.bus import check_unit, note_reply, read_units
from simulators.modbus.unit import SAMPLE_S, Answer
from simulators.options import Options
from simulators.wire import Outbox

HEADER = 6
LENGTHS = range(2, 255)
"""What the header may say: unit and PDU."""

READ_REQUEST = 12
"""The length of every request for registers or bits, header included."""

PLAIN_HEADER = struct.pack(">HH", 0, READ_REQUEST - HEADER)

UNIT_AT = 6
SEND_BUFFER = 65536
"""Bytes; little, as in a device, so that a gateway that does not read is soon noticed."""


def wrong_unit(message: bytes) -> bytes:
    """The frame as the next unit would send it."""
    return message[:UNIT_AT] + bytes((message[UNIT_AT] % 247 + 1,)) + message[UNIT_AT + 1 :]


DAMAGE: Mapping[str, Callable[[bytes], bytes]] = {"wrong_unit": wrong_unit}


class ModbusTcp(Device):
    """Options: ``units``, ``tcp`` (the port's number; else any free one)."""

    can_have: ClassVar[frozenset[str]] = OF_MESSAGES | {
        "wrong_unit", "frozen", "sentinel", "bounce", "illegal", "unplug",
    }  # fmt: skip

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, world)
        self._units = read_units(options.within("units"), world.rooms)
        self._number = options.one("tcp", int, 0)
        options.done()
        self._near: socket.socket | None = None
        self._welcoming: set[asyncio.Task[None]] = set()
        self._connections: set[_Connection] = set()
        self._kept: dict[bytes, _Kept] = {}
        self._kept_until = 0.0

    @property
    def endpoint(self) -> dict[str, str]:
        return {"tcp": f"{HOST}:{self._number}"}

    def plug(self) -> None:
        if self._near is not None:
            return
        self._near = listen(self.port, self._number)
        self._near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._number = self._near.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._near, self._accept, self._near)

    def unplug(self) -> None:
        if self._near is None:
            return
        asyncio.get_running_loop().remove_reader(self._near)
        self._near.close()
        self._near = None
        for connection in self._connections:
            connection.reset()

    async def close(self) -> None:
        self.unplug()
        await asyncio.gather(*self._welcoming)
        await asyncio.gather(*(connection.gone for connection in self._connections))

    def check_unit(self, fault: Fault) -> None:
        check_unit(self.port, self._units, fault)

    def switch(self, fault: Fault, on: bool) -> None:
        super().switch(fault, on)
        for unit in self._units.values():
            unit.forget()

    def joined(self, connection: _Connection) -> None:
        """A gateway connected."""
        self._connections.add(connection)
        if self._near is None:
            connection.reset()

    def left(self, connection: _Connection) -> None:
        """A gateway is gone."""
        self._connections.discard(connection)

    def _accept(self, near: socket.socket) -> None:
        try:
            connected, _ = near.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # it hung up while it waited
        connected.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._welcome(connected))
        self._welcoming.add(task)
        task.add_done_callback(self._welcoming.discard)

    async def _welcome(self, connected: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: _Connection(self), connected)

    def at_once(self, request: bytes) -> bytes | None:
        """The reply to a well-formed read request; None where it needs a closer look."""
        if self.faults or request[2:HEADER] != PLAIN_HEADER:
            return None
        now = time.monotonic()
        if now >= self._kept_until:
            self._kept.clear()
            self._kept_until = now + SAMPLE_S
        kept = self._kept.get(request[HEADER:])
        if kept is None:
            answer = self._ask(request, {})
            if answer is None:
                return None
            kept = self._kept[request[HEADER:]] = _Kept(_tail(request, answer), answer)
        if self.world.truth.kept:
            note_reply(self.world.truth, self.port, kept.answer, asked=stamp(), delivered=True, faults={})
        return request[:2] + kept.tail

    def answer(self, request: bytes, outbox: Outbox) -> None:
        """Answers any request, with whatever faults are on."""
        faults = self.faults.rolled(self.rng, request[UNIT_AT])
        answer = self._ask(request, faults)
        if answer is None:
            return
        sending = spoil(request[:2] + _tail(request, answer), faults, DAMAGE, self.rng, resyncs=False)
        truth, asked = self.world.truth, stamp()

        def sent(whole: bool) -> None:
            delivered = whole and sending.intact
            note_reply(truth, self.port, answer, asked=asked, delivered=delivered, faults=faults)

        outbox.send(sending.pieces, sent)

    def _ask(self, request: bytes, faults: Mapping[str, Fault]) -> Answer | None:
        unit = self._units.get(request[UNIT_AT])
        return None if unit is None else unit.answer(request[UNIT_AT + 1 :], faults)


class _Kept(NamedTuple):
    """An answer that still holds, and its frame behind the transaction."""

    tail: bytes
    answer: Answer


def _tail(request: bytes, answer: Answer) -> bytes:
    return struct.pack(">HHB", 0, 1 + len(answer.pdu), request[UNIT_AT]) + answer.pdu


class _Connection(asyncio.Protocol):
    """One gateway that asks."""

    _transport: asyncio.Transport

    def __init__(self, server: ModbusTcp) -> None:
        self._server = server
        self._rest = bytearray()
        self._outbox = Outbox(self._write)
        self.gone = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._outbox.cancel()
        self._server.left(self)
        self.gone.set_result(None)

    def pause_writing(self) -> None:
        """A device has no memory for a gateway that does not read."""
        self.reset()

    def data_received(self, data: bytes) -> None:
        if len(data) == READ_REQUEST and not self._rest:
            reply = self._server.at_once(data)
            if reply is not None:
                self._transport.write(reply)
                return
        self._rest += data
        self._answer_rest()

    def reset(self) -> None:
        """Closes without a farewell."""
        near = self._transport.get_extra_info("socket")
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self._transport.abort()

    def _answer_rest(self) -> None:
        while len(self._rest) >= HEADER:
            protocol, length = struct.unpack_from(">HH", self._rest, 2)
            if protocol != 0 or length not in LENGTHS:
                self._transport.abort()
                return
            if len(self._rest) < HEADER + length:
                return
            request = bytes(self._rest[: HEADER + length])
            del self._rest[: HEADER + length]
            self._server.answer(request, self._outbox)

    def _write(self, data: bytes) -> bool:
        if self._transport.is_closing():
            return False
        self._transport.write(data)
        return True
