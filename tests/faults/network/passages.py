"""What bad lines make of the bytes that pass over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain, repeat
from typing import Final

from tests.proxy import Passage

PUBACK: Final = 4
PIECE_BYTES: Final = 200
"""Of a slow line: a tenth of a second's."""


class OneByteAtATime(Passage):
    """Each byte is a packet of its own."""

    async def carry(self, data: bytes) -> AsyncIterator[bytes]:
        for place in range(len(data)):
            yield data[place : place + 1]
            await asyncio.sleep(0)


class CutAfter(Passage):
    """So many bytes pass, then the connection ends."""

    def __init__(self, most: int) -> None:
        self._left = most

    @property
    def has_cut(self) -> bool:
        return self._left <= 0

    async def carry(self, data: bytes) -> AsyncIterator[bytes]:
        passing, self._left = data[: self._left], self._left - len(data)
        if passing:
            yield passing
        if self.has_cut:
            raise ConnectionResetError("cut")


class Slow(Passage):
    """A line that takes so many bytes in a second."""

    def __init__(self, bytes_per_s: float) -> None:
        self._bytes_per_s = bytes_per_s

    async def carry(self, data: bytes) -> AsyncIterator[bytes]:
        for place in range(0, len(data), PIECE_BYTES):
            piece = data[place : place + PIECE_BYTES]
            await asyncio.sleep(len(piece) / self._bytes_per_s)
            yield piece


class Jam(Passage):
    """A line that takes nothing while ``is_jammed``."""

    def __init__(self) -> None:
        self.is_jammed = False

    async def carry(self, data: bytes) -> AsyncIterator[bytes]:
        while self.is_jammed:
            await asyncio.sleep(0.05)
        yield data


class WithoutPubacks(Passage):
    """Passes every packet of MQTT but the PUBACKs after the first few, which it eats.

    ::

        byte     content
        0        kind << 4 | flags
        1…1-4    how many bytes follow, seven bits each, the lowest first; the top bit says that more come
    """

    def __init__(self, first: int) -> None:
        """first: so many PUBACKs pass."""
        self._inbox = b""
        self._left = first
        self.eaten = 0

    async def carry(self, data: bytes) -> AsyncIterator[bytes]:
        self._inbox += data
        while size := _packet_size(self._inbox):
            packet, self._inbox = self._inbox[:size], self._inbox[size:]
            is_puback = packet[0] >> 4 == PUBACK
            self._left -= is_puback
            if is_puback and self._left < 0:
                self.eaten += 1
            else:
                yield packet


def _packet_size(inbox: bytes) -> int:
    """Of the whole packet that ``inbox`` begins with; 0 where it is not whole yet."""
    length = 0
    for place, byte in enumerate(inbox[1:5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            size = 2 + place + length
            return size if len(inbox) >= size else 0
    return 0


def first(passage: Passage) -> Callable[[], Passage]:
    """For ``Proxy.up`` and ``Proxy.down``: the next connection gets this one, those after it are good."""
    made: Iterator[Passage] = chain([passage], (kind() for kind in repeat(Passage)))
    return lambda: next(made)
