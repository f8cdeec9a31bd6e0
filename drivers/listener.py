"""The source for devices that talk by themselves, and for those that talk on when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from typing import ClassVar, Final, Protocol, cast, runtime_checkable

from drivers import defects
from drivers.contract import (
    TURN_S,
    Device,
    Emit,
    Frame,
    Greeted,
    Instant,
    Link,
    Now,
    Open,
    Port,
    Reason,
    Reject,
    Talking,
)

PAUSE_S: Final = 0.05
"""A line that has been quiet for so long behind an answer is free for the next question: a reader of tags is
asked up to twenty times a second."""

REST_S: Final = 0.1
"""A line that talks by itself is read at most ten times a second: to be woken costs more than what a tag
says. So late, at the most, is the time of an observation."""

RESTING_BYTES: Final = 2048
"""A fast line is read before so many have come: half of what the kernel keeps of a serial line."""

BITS_A_BYTE: Final = 10
"""On a serial line, with start and stop bit."""


@runtime_checkable
class Asked(Talking, Protocol):
    """A reader that says what is in its field only when it is asked; its answers are heard like talk."""

    def questions(self) -> Sequence[bytes]:
        """What to write, one after the other and over and over; none: it talks by itself."""


class Listener:
    """Reads a port and hands each frame to the devices on it.

    Devices that share a port speak one protocol, so that the first one's greeting, if any, and its splitter
    serve all; a frame that is not a device's (``not_mine``) is nobody's business until it is nobody's. What
    belongs to no device, noise and damaged frames, is counted at the first.

    Where there are questions, each is written when the answer to the one before has ended, or has not begun
    within the port's ``timeout_s``.
    """

    mixes: ClassVar[bool] = False

    def __init__(self, port: Port, open_link: Open, devices: Sequence[Device], now: Now) -> None:
        self.turns = 0
        self._port = port
        self._open_link = open_link
        self._devices = [(device.name, cast(Talking, device.decoder)) for device in devices]
        self._now = now
        asked = [decoder.questions() for _, decoder in self._devices if isinstance(decoder, Asked)]
        self._asks = any(asked)
        self._rest_s = min(REST_S, RESTING_BYTES * BITS_A_BYTE / port.baud)
        self._questions = cycle([question for questions in asked for question in questions])
        self._splitter = self._devices[0][1].splitter()
        self._waiting = False
        self._asked = 0
        self._unanswered = 0
        self._bytes = 0
        self._frames = 0
        self._rejects = 0

    async def run(self, emit: Emit) -> None:
        """Until cancelled. Raises LinkDown; the link is closed in any case."""
        link = await self._open_link()
        self._waiting = False
        try:
            first = self._devices[0][1]
            if isinstance(first, Greeted):
                await link.write(first.greeting)
            self._splitter = first.splitter()
            while True:
                data = await (self._read_asking(link) if self._asks else self._read(link))
                at = self._now()
                self._bytes += len(data)
                for found in self._split(data):
                    if isinstance(found, Reject):
                        self._refuse(emit, found, Frame(b""))
                    else:
                        self._frames += 1
                        self._hear(emit, found, at)
                if not self._asks:
                    link.rest(self._rest_s)
        finally:
            link.close()

    def ask(self, device: str) -> None:
        """These devices cannot be asked."""

    def counters(self) -> dict[str, int | float]:
        """Since the start: bytes read, frames found, and rejects: what belonged to no frame, was damaged, or
        was refused by a device; of readers that are asked, questions and how many had no answer at all."""
        heard: dict[str, int | float] = {
            "bytes": self._bytes,
            "frames": self._frames,
            "rejects": self._rejects,
        }
        return heard | {"asked": self._asked, "unanswered": self._unanswered} if self._asks else heard

    async def _read(self, link: Link) -> bytes:
        """What the line brings, however long that takes."""
        while True:
            self.turns += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(TURN_S):
                    return await link.read()

    async def _read_asking(self, link: Link) -> bytes:
        """What the line brings; as long as it is quiet, a question first."""
        while True:
            self.turns += 1
            try:
                async with asyncio.timeout(self._port.timeout_s if self._waiting else PAUSE_S):
                    data = await link.read()
            except TimeoutError:
                self._unanswered += self._waiting
                await link.write(next(self._questions))
                self._asked += 1
                self._waiting = True
            else:
                self._waiting = False
                return data

    def _split(self, data: bytes) -> Sequence[Frame | Reject]:
        """A splitter that fails begins anew, without what it held."""
        try:
            with defects.refused():
                return list(self._splitter.feed(data))
        except Reject as defect:
            self._splitter = self._devices[0][1].splitter()
            return [defect]

    def _hear(self, emit: Emit, frame: Frame, at: Instant) -> None:
        not_mine: list[Reject] = []
        for name, decoder in self._devices:
            try:
                with defects.refused():
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
