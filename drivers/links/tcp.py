"""A TCP connection to a device or to a serial device server."""

from __future__ import annotations

import asyncio
import os
import socket

from drivers.contract import LinkDown
from drivers.links.inbox import Inbox

CONNECT_TIMEOUT_S = 5.0

KEEPALIVE = {
    socket.TCP_KEEPIDLE: 15,  # seconds of silence before the first probe
    socket.TCP_KEEPINTVL: 5,  # seconds between probes
    socket.TCP_KEEPCNT: 3,  # probes unanswered before the connection is down
    socket.TCP_USER_TIMEOUT: 30_000,  # milliseconds that what we sent may stay unacknowledged
}
"""A device that lost its power closes nothing: it is found out within half a minute."""


class TcpLink(asyncio.Protocol):
    """An open connection. It goes down when the far side closes, resets, or answers no keepalive."""

    _transport: asyncio.Transport

    def __init__(self, name: str) -> None:
        self._name = name
        self._inbox = Inbox(self._pause_reading, self._resume_reading)
        self._writable = asyncio.Event()
        self._writable.set()

    async def read(self) -> bytes:
        return await self._inbox.take()

    def rest(self, seconds: float) -> None:
        self._inbox.rest(seconds)

    async def write(self, data: bytes) -> None:
        self._check()
        self._transport.write(data)
        await self._writable.wait()
        self._check()

    def close(self) -> None:
        self._inbox.fail(f"{self._name}: the link was closed")
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        wire: socket.socket = transport.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEPALIVE.items():
            wire.setsockopt(socket.IPPROTO_TCP, option, value)

    def data_received(self, data: bytes) -> None:
        self._inbox.put(data)

    def eof_received(self) -> None:
        self._inbox.fail(f"{self._name}: the device closed the connection; is another client using it?")

    def connection_lost(self, exc: Exception | None) -> None:
        why = _why(exc) if exc else "closed"
        self._inbox.fail(
            f"{self._name}: the connection is lost ({why}); check the device's power and network"
        )
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _check(self) -> None:
        if self._inbox.failure:
            raise LinkDown(self._inbox.failure)

    def _pause_reading(self) -> None:
        self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()


async def open_tcp(host: str, port: int) -> TcpLink:
    """Raises LinkDown where nobody answers within CONNECT_TIMEOUT_S, or refuses."""
    name = f"{host}:{port}"
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, link = await loop.create_connection(lambda: TcpLink(name), host, port)
    except TimeoutError as error:
        raise LinkDown(
            f"{name}: no answer within {CONNECT_TIMEOUT_S:g} s; "
            "check the address, the device's power and the network"
        ) from error
    except socket.gaierror as error:
        raise LinkDown(
            f"{name}: the name is unknown ({error.strerror}); check it, or write the IP address"
        ) from error
    except OSError as error:
        raise LinkDown(f"{name}: {_advice(error)}") from error
    return link


def _advice(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused; check the port number, and that the device serves no other client"
    return f"cannot connect ({_why(error)}); check the address and the network"


def _why(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number else str(error) or type(error).__name__
