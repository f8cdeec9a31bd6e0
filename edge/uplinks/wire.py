"""A network connection of asyncio in the shape of the socket that paho works on.

paho reads a packet in three small pieces and writes one packet at a time. Here both go to memory: what
arrives is taken from the system once, and what is written within one turn of the event loop leaves together::

    paho ── send(packet) ──▶ ┐                       ┌──▶ transport ──▶ broker
    live ── send(packet) ──▶ ┘ joined at turn's end ─┘
    paho ◀── recv(n) ── inbox ◀── data_received ◀────────── transport ◀── broker

``send`` always takes a packet whole. So packets of two writers may follow each other and never mix.
"""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections.abc import Callable


class Wire(asyncio.Protocol):
    """Reads and writes never block. ``closed`` is done once the transport is gone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._inbox = bytearray()
        self._outgoing: list[bytes | bytearray] = []
        self._on_change: Callable[[], None] = lambda: None
        self.written = 0
        """Bytes that were ever given to ``send``."""

        self.closed: asyncio.Future[None] = loop.create_future()
        self.error: Exception | None = None

    def listen(self, on_change: Callable[[], None]) -> None:
        """``on_change`` is called when bytes have arrived and when the far end has closed."""
        self._on_change = on_change

    @property
    def pending(self) -> bool:
        """Whether ``recv`` has something to give: bytes, or the news of the end."""
        return bool(self._inbox) or self.closed.done()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def arrived(self) -> int:
        """How many of the bytes written the far system has confirmed: all but those that wait here or in
        ours, or are under way. A slow line takes minutes over what it has promised to take."""
        if self._transport is None or not self.is_open:
            return 0
        wire = self._transport.get_extra_info("socket")
        (under_way,) = struct.unpack("i", fcntl.ioctl(wire.fileno(), termios.TIOCOUTQ, bytes(4)))
        held = sum(map(len, self._outgoing)) + self._transport.get_write_buffer_size()
        return self.written - held - int(under_way)

    def abort(self) -> None:
        """Ends the connection at once; what is unsent is lost."""
        self._outgoing.clear()
        if self._transport is not None and not self.closed.done():  # before 3.11.5 TLS cannot end twice
            self._transport.abort()

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        self._on_change()

    def connection_lost(self, exc: Exception | None) -> None:
        self.error = exc
        self.closed.set_result(None)
        self._on_change()

    # what paho calls: its SocketLike

    def recv(self, buffer_size: int) -> bytes:
        if self._inbox:
            piece = bytes(self._inbox[:buffer_size])
            del self._inbox[:buffer_size]
            return piece
        if self.closed.done():
            return b""
        raise BlockingIOError

    def send(self, buffer: bytes | bytearray) -> int:
        if not self.is_open:
            raise BrokenPipeError("the connection is closed")
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(buffer)
        self.written += len(buffer)
        return len(buffer)

    def close(self) -> None:
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def fileno(self) -> int:
        return -1

    def setblocking(self, flag: bool) -> None:
        """It never blocks."""

    def _flush(self) -> None:
        if self._outgoing and self._transport is not None and self.is_open:
            self._transport.writelines(self._outgoing)
        self._outgoing.clear()
