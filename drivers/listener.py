"""The source for devices that talk by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from drivers.contract import (
    Device,
    Emit,
    Frame,
    Greeted,
    Instant,
    Now,
    Open,
    Port,
    Reason,
    Reject,
    Talking,
)


class Listener:
    """Reads a port and hands each frame to the devices on it.

    Devices that share a port speak one protocol, so that the first one's greeting, if any, and its splitter
    serve all; a frame that is not a device's (``not_mine``) is nobody's business until it is nobody's. What
    belongs to no device, noise and damaged frames, is counted at the first.
    """

    def __init__(self, port: Port, open_link: Open, devices: Sequence[Device], now: Now) -> None:
        self._port = port
        self._open_link = open_link
        self._devices = [(device.name, cast(Talking, device.decoder)) for device in devices]
        self._now = now
        self._bytes = 0
        self._frames = 0
        self._rejects = 0

    async def run(self, emit: Emit) -> None:
        """Until cancelled. Raises LinkDown; the link is closed in any case."""
        link = await self._open_link()
        try:
            first = self._devices[0][1]
            if isinstance(first, Greeted):
                await link.write(first.greeting)
            splitter = first.splitter()
            while True:
                data = await link.read()
                at = self._now()
                self._bytes += len(data)
                for found in splitter.feed(data):
                    if isinstance(found, Reject):
                        self._refuse(emit, found, Frame(b""))
                    else:
                        self._frames += 1
                        self._hear(emit, found, at)
        finally:
            link.close()

    def ask(self, device: str) -> None:
        """These devices cannot be asked."""

    def counters(self) -> dict[str, int | float]:
        """Since the start: bytes read, frames found, and rejects: what belonged to no frame, was damaged, or
        was refused by a device."""
        return {"bytes": self._bytes, "frames": self._frames, "rejects": self._rejects}

    def _hear(self, emit: Emit, frame: Frame, at: Instant) -> None:
        not_mine: list[Reject] = []
        for name, decoder in self._devices:
            try:
                observations = decoder.decode(frame, at)
            except Reject as reject:
                if reject.reason is Reason.NOT_MINE:
                    not_mine.append(reject)
                else:
                    self._rejects += 1
                    emit.refuse(name, reject, frame)
            else:
                if observations:
                    emit(name, observations, frame)
        if len(not_mine) == len(self._devices):
            self._refuse(emit, not_mine[0], frame)

    def _refuse(self, emit: Emit, reject: Reject, frame: Frame) -> None:
        self._rejects += 1
        emit.refuse(self._devices[0][0], reject, frame)
