"""The real gpsd as a subprocess, and the receiver it reads: a pseudo-terminal that the test writes to.

The fixture ``gpsd`` of ``tests/conftest.py`` finds the program.
"""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.mosquitto import free_port

PIECE = 512
"""Bytes written at once: what a terminal's buffer takes in any case."""


class Daemon:
    """A gpsd on a port of its own, which it keeps over restarts, as its receiver keeps its terminal.

    It finds nothing else to read, tries no other speeds, and sends nothing to the receiver.
    """

    def __init__(self, program: Path, folder: Path) -> None:
        self.port = free_port()
        self._program = program
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._receiver, self._terminal = pty.openpty()
        tty.setraw(self._terminal)
        os.fchmod(self._terminal, 0o666)  # started by root, gpsd goes on as a user of its own
        os.set_blocking(self._receiver, False)

    async def __aenter__(self) -> Daemon:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            await self.kill()
        os.close(self._receiver)
        os.close(self._terminal)

    async def start(self) -> None:
        """Returns once it accepts connections, which is after it has opened the receiver."""
        with (self._folder / "gpsd.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                self._program, "-N", "-n", "-b", "-s", "9600", "-S", str(self.port),
                os.ttyname(self._terminal), stdout=log, stderr=log,
            )  # fmt: skip
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionRefusedError:
                assert self._process.returncode is None, (self._folder / "gpsd.log").read_text()
                await asyncio.sleep(0.02)
            else:
                await reader.readline()  # its VERSION
                writer.close()
                await writer.wait_closed()
                return

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()
        self._process = None

    async def say(self, sentences: Iterable[bytes]) -> None:
        """The receiver says this, as fast as gpsd listens."""
        data = b"".join(sentences)
        while data:
            with suppress(BlockingIOError):
                data = data[os.write(self._receiver, data[:PIECE]) :]
            await asyncio.sleep(0.001)
