"""A serial device server: what stands on a serial line, word for word over TCP, for one client at a time."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from simulators.options import ScenarioError

HOST = "127.0.0.1"
READ_BYTES = 4096

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: close by a reset, as a device does that loses its power."""


def listen(port: str, number: int) -> socket.socket:
    """A server on this TCP port; 0: any free one. Raises ScenarioError, which names the scenario's port."""
    try:
        near = socket.create_server((HOST, number))
    except OSError as error:
        raise ScenarioError(f"{port}: {HOST}:{number}: {error.strerror}") from None
    near.setblocking(False)
    return near


class DeviceServer:
    """A serial port for others, on the network. number: of the TCP port; 0: any free one. met: told of each
    new client, which takes the place of the one before, whose end may have gone unsaid."""

    def __init__(
        self, port: str, number: int, heard: Callable[[bytes], None], met: Callable[[], None]
    ) -> None:
        self._port = port
        self._number = number
        self._heard = heard
        self._met = met
        self._near: socket.socket | None = None
        self._client: socket.socket | None = None

    @property
    def endpoint(self) -> dict[str, str]:
        """``{"tcp": "host:port"}``; stays the same over an unplugging."""
        return {"tcp": f"{HOST}:{self._number}"}

    def plug(self) -> None:
        """The server listens. Raises ScenarioError where the TCP port is taken."""
        if self._near is not None:
            return
        self._near = listen(self._port, self._number)
        self._number = self._near.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._near, self._accept, self._near)

    def unplug(self) -> None:
        """The connection is reset, the next is refused."""
        self._hang_up()
        if self._near is not None:
            asyncio.get_running_loop().remove_reader(self._near)
            self._near.close()
            self._near = None

    def write(self, data: bytes) -> bool:
        """Whether all of it went to a client."""
        if self._client is None:
            return False
        try:
            return self._client.send(data) == len(data)
        except OSError:  # it reads no more, or is gone; which of the two, its next read tells
            return False

    def _accept(self, near: socket.socket) -> None:
        try:
            client, _ = near.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # it hung up while it waited
        self._hang_up()
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client
        asyncio.get_running_loop().add_reader(client, self._read, client)
        self._met()

    def _read(self, client: socket.socket) -> None:
        try:
            data = client.recv(READ_BYTES)
        except OSError:
            data = b""
        if data:
            self._heard(data)
        else:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._client is not None:
            asyncio.get_running_loop().remove_reader(self._client)
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self._client.close()
            self._client = None
