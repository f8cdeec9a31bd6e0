"""A capture in place of a wire."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.contract import LinkDown


class ReplayLink:
    """Brings a capture in chunks, then fails as a wire does that is pulled out."""

    def __init__(self, capture: bytes, name: str, chunk: int) -> None:
        self._capture = capture
        self._name = name
        self._chunk = chunk
        self._here = 0

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        data = self._capture[self._here : self._here + self._chunk]
        if not data:
            raise LinkDown(f"{self._name}: the end of the capture")
        self._here += len(data)
        return data

    def rest(self, seconds: float) -> None:
        """A capture is as fast as it is read."""

    async def write(self, data: bytes) -> None:
        """A capture hears nothing."""

    def close(self) -> None:
        self._here = len(self._capture)


async def open_replay(capture: Path | bytes, chunk: int = 64) -> ReplayLink:
    """chunk: how many bytes each read brings. Raises LinkDown if the file cannot be read."""
    if isinstance(capture, bytes):
        return ReplayLink(capture, "replay", chunk)
    try:
        data = await asyncio.to_thread(capture.read_bytes)
    except OSError as error:
        raise LinkDown(f"{capture}: cannot read the capture: {error.strerror}") from error
    return ReplayLink(data, str(capture), chunk)
