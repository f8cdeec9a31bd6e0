"""A few questions on an open Modbus wire, by one who is a guest there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from typing import Final, Self

from drivers.contract import Answer, Link, NoAnswer, Open, Port, Request, TagtrailError
from drivers.modbus.adu import Reply, Silence
from drivers.modbus.bus import MEANING, NOT_THERE, TOO_MUCH
from drivers.modbus.counts import Counts, Load
from drivers.modbus.overheard import overheard
from drivers.modbus.plan import Span, halves, slices, spans
from drivers.modbus.profile import MAX_REGISTERS
from drivers.modbus.rtu import Rtu
from drivers.modbus.tcp import Tcp
from drivers.modbus.wire import Timing, Wire

PAUSE_S: Final = 0.02
"""Between questions on a serial line, so that whoever else must speak there finds room."""

PATIENTLY: Final = 4.0
"""Times the usual patience, for a unit that was late."""

TRIES: Final = 2
"""Of a question to a unit that is known to be there: one frame may be damaged."""


class LineInUse(TagtrailError):
    """Somebody else talks on this line. units: of the Modbus frames heard; none: it is another protocol, or
    another speed. heard: the bytes."""

    def __init__(self, heard: bytes, units: Sequence[int]) -> None:
        super().__init__(f"{len(heard)} bytes that nobody here asked for; units {list(units)}")
        self.heard = heard
        self.units = units


class Conversation:
    """Raises LinkDown; and LineInUse, unless ``force``, as soon as it hears what it did not ask for. late:
    units whose answer came after their time."""

    def __init__(self, link: Link, port: Port, *, force: bool) -> None:
        self._link = link
        self._rtu = port.rtu
        self._force = force
        self._timing = Timing.of(port)._replace(guard_s=0.0)  # what is late is looked at, not thrown away
        counts = Counts()
        framing = Rtu(counts) if port.rtu else Tcp(counts)
        self._wire = Wire(link, framing, self._timing, counts, Load(60.0))
        self._asked: deque[int] = deque(maxlen=3)
        self.late: set[int] = set()

    @classmethod
    async def begin(cls, open_link: Open, port: Port, *, force: bool) -> Self:
        """Raises LinkDown."""
        return cls(await open_link(), port, force=force)

    def end(self) -> None:
        self._link.close()

    async def listen(self, seconds: float) -> None:
        """Before the first question: whether anybody else talks here."""
        heard = b""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    heard += await self._link.read()
        except TimeoutError:
            pass  # the time of listening is over
        if heard and not self._force:
            raise LineInUse(heard, overheard(heard))

    async def ask(self, request: Request, patience: float = 1.0) -> Reply | None:
        """None: no answer in its time, or a gateway's word that the unit is not there."""
        (span,) = spans([request])
        return await self._exchange(span, patience)

    async def answers(
        self, requests: Collection[Request], max_read: int = MAX_REGISTERS
    ) -> dict[Request, Answer]:
        """Of a unit that is there. After a silence the rest is not asked."""
        answers: dict[Request, Answer] = dict.fromkeys(requests, NoAnswer.SILENT)
        pending = deque(spans(requests, max_read))
        while pending:
            span = pending.popleft()
            reply = None
            for _ in range(TRIES):
                reply = reply or await self._exchange(span, PATIENTLY)
            if reply is None:
                break
            if reply.exception in TOO_MUCH and len(span.requests) > 1:
                pending.extendleft(reversed(halves(span)))
            elif reply.exception:
                answers |= dict.fromkeys(span.requests, MEANING.get(reply.exception, NoAnswer.REFUSED))
            else:
                answers |= slices(span, reply.payload)
        return answers

    async def _exchange(self, span: Span, patience: float) -> Reply | None:
        if self._rtu:
            await self._wire.idle(asyncio.get_running_loop().time() + PAUSE_S)
        self._asked.append(span.unit)
        answer = await self._wire.exchange(span, patience * self._timing.full_s(span))
        if isinstance(answer, Silence):
            self._look_at(answer.received)
            return None
        return None if answer.exception in NOT_THERE else answer

    def _look_at(self, received: bytes) -> None:
        """What came instead of an answer."""
        units = overheard(received) if self._rtu else []
        self.late |= set(units) & set(self._asked)
        strangers = [unit for unit in units if unit not in self._asked]
        if strangers and not self._force:
            raise LineInUse(received, strangers)
