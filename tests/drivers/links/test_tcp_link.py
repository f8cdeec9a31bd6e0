"""TCP links against real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from drivers.contract import LinkDown
from drivers.links import tcp
from drivers.links.inbox import MOST_BYTES
from drivers.links.tcp import TcpLink, open_tcp

HERE = "127.0.0.1"


class Device:
    """A device that serves one client and does what it is told."""

    def __init__(self) -> None:
        self.port = 0
        self._clients: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await self._clients.put((reader, writer))

    async def client(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await self._clients.get()

    async def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest_asyncio.fixture
async def device() -> AsyncIterator[Device]:
    device = Device()
    server = await asyncio.start_server(device.meet, HERE, 0)
    device.port = server.sockets[0].getsockname()[1]
    yield device
    await device.hang_up()
    server.close()
    await server.wait_closed()


async def read_all(link: TcpLink, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = await link.read()
        assert 0 < len(piece) <= MOST_BYTES
        data += piece
    return bytes(data)


async def test_bytes_there_and_back(device: Device) -> None:
    link = await open_tcp(HERE, device.port)
    reader, writer = await device.client()
    await link.write(b"\x00\x01question")
    assert await reader.readexactly(10) == b"\x00\x01question"
    writer.write(b"\x00\x01answer")
    assert await read_all(link, 8) == b"\x00\x01answer"
    link.close()
    assert await reader.read() == b"", "the device still holds the connection"


async def test_the_connection_neither_delays_nor_trusts_silence(device: Device) -> None:
    link = await open_tcp(HERE, device.port)
    await device.client()
    wire: socket.socket = link._transport.get_extra_info("socket")
    assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    found_out_s = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) + wire.getsockopt(
        socket.IPPROTO_TCP, socket.TCP_KEEPINTVL
    ) * wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
    assert found_out_s <= 30
    link.close()


async def test_what_was_said_before_hanging_up_is_read_first(device: Device) -> None:
    link = await open_tcp(HERE, device.port)
    _, writer = await device.client()
    writer.write(b"last words")
    writer.close()
    assert await read_all(link, 10) == b"last words"
    with pytest.raises(LinkDown, match=rf"^{HERE}:{device.port}: the device closed the connection"):
        await link.read()
    with pytest.raises(LinkDown, match="closed the connection"):
        await link.write(b"too late")
    link.close()


async def test_a_reset_ends_a_waiting_read(device: Device) -> None:
    link = await open_tcp(HERE, device.port)
    _, writer = await device.client()
    reading = asyncio.create_task(link.read())
    await asyncio.sleep(0)
    wire: socket.socket = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    with pytest.raises(LinkDown, match=r"the connection is lost \(Connection reset by peer\); check"):
        await reading
    link.close()


async def test_a_device_that_is_not_heard_is_left_waiting(device: Device) -> None:
    link = await open_tcp(HERE, device.port)
    _, writer = await device.client()
    sent = bytes(range(256)) * (1 << 17)  # 32 MiB: more than the kernel buffers
    talking = asyncio.create_task(say(writer, sent))
    await asyncio.sleep(0.2)
    assert not talking.done(), "the link swallows without bound"
    assert await read_all(link, len(sent)) == sent
    await talking
    link.close()


async def say(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def test_writing_waits_for_a_device_that_does_not_listen(device: Device) -> None:
    link = await open_tcp(HERE, device.port)
    reader, _ = await device.client()
    sent = bytes(1 << 25)
    writing = asyncio.create_task(link.write(sent))
    await asyncio.sleep(0.2)
    assert not writing.done()
    assert await reader.readexactly(len(sent)) == sent
    await writing
    link.close()


async def test_closing_ends_a_waiting_write(device: Device) -> None:
    link = await open_tcp(HERE, device.port)
    writing = asyncio.create_task(link.write(bytes(1 << 25)))
    await asyncio.sleep(0.1)
    link.close()
    link.close()
    with pytest.raises(LinkDown, match="closed"):
        await writing
    with pytest.raises(LinkDown, match="closed"):
        await link.read()


async def test_nobody_listens_there() -> None:
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        with pytest.raises(LinkDown, match="refused; check the port number"):
            await open_tcp(HERE, taken.getsockname()[1])


async def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "CONNECT_TIMEOUT_S", 0.2)
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind((HERE, 0))
        full.listen(0)
        for _ in range(3):  # nobody accepts them: the kernel drops whoever comes next
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with pytest.raises(LinkDown, match=r"no answer within 0.2 s; check the address"):
            await open_tcp(HERE, full.getsockname()[1])


async def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(LinkDown, match="the name is unknown"):
        await open_tcp("no-such-device.invalid", 502)
