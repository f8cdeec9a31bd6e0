"""What a wire brought and nobody has read yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers.contract import LinkDown

MOST_BYTES = 64 * 1024
"""Waiting in an inbox; beyond, the wire is left to wait (the kernel buffers, TCP's window closes)."""


class Inbox:
    """Bytes from a wire for its one reader, bounded: ``pause`` is called when they are many, ``resume`` when
    they have been taken.

    A failure is raised only after what came before it has been read.
    """

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._pause = pause
        self._resume = resume
        self._bytes = bytearray()
        self._paused = False
        self._failure = ""
        self._arrival: asyncio.Future[None] | None = None
        self._rest: asyncio.TimerHandle | None = None

    @property
    def failure(self) -> str:
        """Why the wire is gone; empty while it is not."""
        return self._failure

    def put(self, data: bytes) -> None:
        self._bytes += data
        if len(self._bytes) >= MOST_BYTES and not self._paused:
            self._paused = True
            self._pause()
        self._wake()

    def fail(self, message: str) -> None:
        """The wire is gone; the first message counts."""
        self._failure = self._failure or message
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        self._wake()

    async def take(self) -> bytes:
        """At least one byte, at most MOST_BYTES. Raises LinkDown."""
        while not self._bytes:
            if self._failure:
                raise LinkDown(self._failure)
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                await self._arrival
            finally:
                self._arrival = None
        data = bytes(self._bytes[:MOST_BYTES])
        del self._bytes[:MOST_BYTES]
        if self._paused and not self._bytes:
            self._paused = False
            if self._rest is None:
                self._resume()
        return data

    def rest(self, seconds: float) -> None:
        """The wire is left to wait for so long."""
        if self._rest is None and not self._failure:
            self._pause()
            self._rest = asyncio.get_running_loop().call_later(seconds, self._rested)

    def _rested(self) -> None:
        self._rest = None
        if not self._paused:
            self._resume()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
