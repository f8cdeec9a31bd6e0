"""A TCP link between a client and a server that can go bad in the ways that links do."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import TracebackType

LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset."""


READ_BYTES = 65536


class Passage:
    """What becomes of the bytes that go one way over one connection: here, they pass."""

    async def carry(self, data: bytes) -> AsyncIterator[bytes]:
        """What goes on of ``data``, piece by piece. Raises OSError where the connection ends."""
        yield data


class Proxy:
    """Listens on a port of its own and passes bytes on to ``upstream_port``.

    passes_up, passes_down: whether bytes go through, or are swallowed while the connection stands.
    accepts: whether a new connection is taken; otherwise it is reset at once. up, down: make the passage of
    each new connection. latency_s: how long each piece is under way. receive_bytes: how much the system may
    take from the client before it was passed on; None: as it likes, which hides a slow line from the client.
    """

    def __init__(self, upstream_port: int, *, receive_bytes: int | None = None) -> None:
        self.port = 0
        self.passes_up = True
        self.passes_down = True
        self.accepts = True
        self.connections = 0
        self.up: Callable[[], Passage] = Passage
        self.down: Callable[[], Passage] = Passage
        self.latency_s = 0.0
        self._stranded = 0
        self._receive_bytes = receive_bytes
        self._read_bytes = receive_bytes // 8 if receive_bytes else READ_BYTES
        self._upstream_port = upstream_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        wire = socket.create_server(("127.0.0.1", 0))
        if self._receive_bytes is not None:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_bytes)
        self._server = await asyncio.start_server(self._accept, sock=wire, limit=self._read_bytes)
        self.port = wire.getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.accepts = False
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def silence(self) -> None:
        """Nothing passes any more, and nothing closes."""
        self.passes_up = self.passes_down = False

    def strand(self) -> None:
        """Nothing passes any more over the connections that stand, and nothing closes; new ones are good."""
        self._stranded = self.connections

    def heal(self) -> None:
        """Connections opened from now on are good again."""
        self.passes_up = self.passes_down = self.accepts = True

    def reset(self) -> None:
        """Every connection ends with a reset."""
        for writer in tuple(self._writers):
            if writer.is_closing():
                continue
            wire = writer.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if self.accepts:
                self.connections += 1
                with suppress(asyncio.CancelledError):  # which asyncio's streams would report as an error
                    await self._join(reader, writer, self.connections)
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            return
        self._writers.add(far_writer)
        try:
            up = asyncio.create_task(self._pump(reader, far_writer, self.up(), number, up=True))
            down = asyncio.create_task(self._pump(far_reader, writer, self.down(), number, up=False))
            _, rest = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
        finally:
            self._writers.discard(far_writer)
            far_writer.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        passage: Passage,
        number: int,
        *,
        up: bool,
    ) -> None:
        loop = asyncio.get_running_loop()

        def arrive(piece: bytes) -> None:
            if not writer.is_closing():
                writer.write(piece)

        with suppress(OSError):
            while data := await reader.read(self._read_bytes):
                async for piece in passage.carry(data):
                    if number <= self._stranded or not (self.passes_up if up else self.passes_down):
                        continue
                    if self.latency_s:
                        loop.call_later(self.latency_s, arrive, piece)
                    else:
                        writer.write(piece)
                        await writer.drain()
