"""The discipline of the line: one exchange at a time on an open link.

::

    serial   …stray│silence│request ▶│◀ noise, echo, answer│silence│request ▶ …
    timeout  …│request ▶│ nothing in time │ guard: quiet, late bytes thrown away │silence│request ▶ …

Whoever waits here, for an answer, for silence or for the next poll, listens: bytes that arrive while nothing
is asked are counted and thrown away, so that each request finds an empty line.
"""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple, Self

from drivers.contract import Link, LinkDown, Port
from drivers.modbus.adu import Framing, Reply, Silence
from drivers.modbus.counts import Counts, Load
from drivers.modbus.plan import Span

BITS_PER_CHARACTER: Final = 11
"""Start, eight data, parity or a second stop, stop (Modbus over Serial Line V1.02, 2.5.1)."""

SILENCE_CHARACTERS: Final = 3.5
LEAST_SILENCE_S: Final = 0.00175
"""Between frames; the latter above 19,200 baud (Modbus over Serial Line V1.02, 2.5.1.1)."""

REQUEST_CHARACTERS: Final = 8
FRAME_CHARACTERS: Final = 5
"""Of an answer, around its data."""

GUARD_SHARE: Final = 0.5
LONGEST_GUARD_S: Final = 0.15
"""After a timeout a serial line is kept quiet for this share of the port's timeout, but no longer: it is the
neighbours' time."""

LATE_WITHIN_S: Final = 0.5
"""The unit itself is left alone for longer, at least this long: a busy USB adapter brings answers late."""

WRITE_WITHIN_S: Final = 5.0
"""A request is a dozen bytes: a link that does not take them by then is dead."""


class Timing(NamedTuple):
    """Of a wire, in seconds. character: one on the line. guard: after a timeout. silence: between frames."""

    timeout_s: float
    character_s: float = 0.0
    guard_s: float = 0.0
    silence_s: float = 0.0

    @classmethod
    def of(cls, port: Port) -> Self:
        """In Modbus TCP the transactions tell answers apart: no guard, no silence."""
        if not port.rtu:
            return cls(port.timeout_s)
        character_s = BITS_PER_CHARACTER / port.baud
        guard_s = min(GUARD_SHARE * port.timeout_s, LONGEST_GUARD_S)
        silence_s = max(SILENCE_CHARACTERS * character_s, LEAST_SILENCE_S)
        return cls(port.timeout_s, character_s, guard_s, silence_s)

    def full_s(self, span: Span) -> float:
        """How long a unit may take to answer: the port's timeout, and the line's time for both frames."""
        characters = REQUEST_CHARACTERS + FRAME_CHARACTERS + span.payload_length
        return self.timeout_s + characters * self.character_s

    def too_late_s(self, span: Span) -> float:
        """After a request, how long an answer to it may be taken for that of another one."""
        return self.full_s(span) + max(self.timeout_s, LATE_WITHIN_S) if self.guard_s else 0.0


class Wire:
    """An open link and the one exchange on it. sent_at: when the last request was sent (loop's clock)."""

    def __init__(self, link: Link, framing: Framing, timing: Timing, counts: Counts, load: Load) -> None:
        self._link = link
        self._framing = framing
        self._timing = timing
        self._counts = counts
        self._load = load
        self._loop = asyncio.get_running_loop()
        self._idling: asyncio.Timeout | None = None
        self._last_byte_at = 0.0
        self.sent_at = 0.0

    async def exchange(self, span: Span, patience_s: float) -> Reply | Silence:
        """Asks for a span and waits for its answer. Raises LinkDown."""
        await self._until_quiet()
        self.sent_at = self._loop.time()
        try:
            await self._send(self._framing.ask(span))
            reply = await self._listen(asyncio.timeout_at(self.sent_at + patience_s))
            if reply is not None:
                return reply
            silence = self._framing.give_up()
            self._counts.timeouts += 1
            await self.guard()
            return silence
        finally:
            now = self._loop.time()
            self._load.used(now - self.sent_at, now)

    async def idle(self, until: float) -> None:
        """Waits until then, or until woken. Raises LinkDown."""
        self._idling = asyncio.timeout_at(until)
        try:
            await self._listen(self._idling)
        finally:
            self._idling = None

    def wake(self) -> None:
        """Ends ``idle``; an exchange takes its time."""
        if self._idling is not None and not self._idling.expired():
            self._idling.reschedule(self._loop.time())

    async def _send(self, adu: bytes) -> None:
        self._counts.exchanges += 1
        self._counts.bytes_out += len(adu)
        try:
            async with asyncio.timeout(WRITE_WITHIN_S):
                await self._link.write(adu)
        except TimeoutError:
            raise LinkDown("the link takes no more bytes; check cable and adapter") from None

    async def _listen(self, patience: asyncio.Timeout) -> Reply | None:
        """Feeds what arrives to the framing, until it is the answer; None when patience is over."""
        try:
            async with patience:
                while True:
                    data = await self._link.read()
                    self._last_byte_at = self._loop.time()
                    self._counts.bytes_in += len(data)
                    reply = self._framing.feed(data)
                    if reply is not None:
                        return reply
        except TimeoutError:
            return None

    async def guard(self) -> None:
        """Lets a late answer pass, so that it is not taken for the next one. Raises LinkDown."""
        if not self._timing.guard_s:
            return
        stray = self._counts.stray_bytes
        await self._listen(asyncio.timeout(self._timing.guard_s))
        self._counts.late += self._counts.stray_bytes > stray

    async def _until_quiet(self) -> None:
        """Until nothing was heard for the silence between frames, but no longer than the port's timeout."""
        give_up_at = self._loop.time() + self._timing.timeout_s
        while self._loop.time() < (until := min(self._last_byte_at + self._timing.silence_s, give_up_at)):
            await self._listen(asyncio.timeout_at(until))
