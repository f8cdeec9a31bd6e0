"""The bus: the one task that owns a wire and says who may talk, when.

::

    due polls ──▶ next ──▶ unit silent? ──▶ probe it ──▶ spans, one exchange each ──▶ frames ──▶ emit
                              │ no             │ no answer
                              └──▶ spans       └──▶ it rests; its devices get a frame of silence
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import ClassVar, Final

from drivers import defects
from drivers.contract import (
    TURN_S,
    Answer,
    Device,
    Emit,
    Frame,
    NoAnswer,
    NobodyAnswers,
    Now,
    Open,
    Port,
    Reject,
    Request,
)
from drivers.modbus.adu import Framing, Reply, Silence
from drivers.modbus.counts import Counts, Load
from drivers.modbus.plan import Span, slices
from drivers.modbus.rtu import Rtu
from drivers.modbus.schedule import Poll, Schedule
from drivers.modbus.tcp import Tcp
from drivers.modbus.unit import SUSPENDED_AFTER_MISSES, SUSPENDED_AFTER_S, Unit
from drivers.modbus.wire import Timing, Wire

logger = logging.getLogger(__name__)

ILLEGAL_ADDRESS: Final = 2
ILLEGAL_VALUE: Final = 3
TOO_MUCH: Final = frozenset({ILLEGAL_ADDRESS, ILLEGAL_VALUE})
"""Said of a span that holds one address too many, and of one that is too long (Modbus Application Protocol
V1.1b3, 6.3): its halves may do better."""

NOT_THERE: Final = frozenset({0x0A, 0x0B})
"""A gateway says that it cannot reach the unit: it is as silent as on a wire of our own."""

MEANING: Final[Mapping[int, NoAnswer]] = {
    ILLEGAL_ADDRESS: NoAnswer.ILLEGAL_ADDRESS,
    5: NoAnswer.BUSY,
    6: NoAnswer.BUSY,
}
"""Of an exception code (Modbus Application Protocol V1.1b3, 7); the others refuse."""

LOAD_WINDOW_S: Final = 60.0
"""Over which ``bus_load`` is taken."""


class Bus:
    """The source of all devices on a Modbus port. What it learnt of its units outlives a lost link."""

    mixes: ClassVar[bool] = True

    def __init__(self, port: Port, open_link: Open, devices: Sequence[Device], now: Now) -> None:
        self.turns = 0
        self._port = port
        self._open_link = open_link
        self._now = now
        self._counts = Counts()
        self._timing = Timing.of(port)
        self._schedule = Schedule(devices, self._counts)
        self._wire: Wire | None = None
        self._load = Load(LOAD_WINDOW_S)
        self._misses_since_heard = 0
        self._last_heard = 0.0

    async def run(self, emit: Emit) -> None:
        """Until cancelled. Raises LinkDown."""
        link = await self._open_link()
        wire = Wire(link, self._framing(), self._timing, self._counts, self._load)
        self._wire = wire
        self._misses_since_heard = 0
        self._last_heard = asyncio.get_running_loop().time()
        self._schedule.begin(self._last_heard)
        try:
            if self._port.kind == "tcp":
                await wire.guard()  # a device server may still hold what the last connection asked for
            while True:
                await self._turn(wire, emit)
        finally:
            self._wire = None
            link.close()

    def ask(self, device: str) -> None:
        """Read this device at once; otherwise nothing happens."""
        if self._wire is not None and self._schedule.ask(device, asyncio.get_running_loop().time()):
            self._wire.wake()

    def hang(self, devices: Sequence[Device]) -> None:
        """From now on these. One that is the same object as before keeps its place on the grid."""
        self._schedule = self._schedule.rehung(devices, asyncio.get_running_loop().time())
        if self._wire is not None:
            self._wire.wake()

    def counters(self) -> dict[str, int | float]:
        """The wire's counts; ``bus_load``: the share of the last minute in use; ``suspended_units``."""
        return {
            **asdict(self._counts),
            "bus_load": round(self._load.share(), 3),
            "suspended_units": sum(unit.suspended for unit in self._schedule.units.values()),
        }

    def _framing(self) -> Framing:
        return Rtu(self._counts) if self._port.rtu else Tcp(self._counts)

    async def _turn(self, wire: Wire, emit: Emit) -> None:
        """The next poll, or a while of the wait for it."""
        self.turns += 1
        poll = self._schedule.first()
        now = asyncio.get_running_loop().time()
        if poll.ready > now:
            await wire.idle(min(poll.ready, now + TURN_S))
            return
        self._schedule.served(poll, now)
        if poll.unit.misses:
            answer = await self._exchange(wire, poll.probe, poll.unit)
            if isinstance(answer, Silence):
                for lost in self._schedule.lost(poll, now):
                    self._deliver(lost, {}, answer.received, emit)
                self._refuse(poll, answer, emit)
                self._look_for_life()
                return
        await self._read(wire, poll, emit)

    async def _read(self, wire: Wire, poll: Poll, emit: Emit) -> None:
        """All spans of a poll. After a silence the rest is not asked: the neighbours would pay for it."""
        answers: dict[Request, Answer] = {}
        received: list[bytes] = []
        pending = deque(poll.spans)
        while pending:
            span = pending.popleft()
            answer = await self._exchange(wire, span, poll.unit)
            if isinstance(answer, Silence):
                received.append(answer.received)
                self._refuse(poll, answer, emit)
                break
            received.append(answer.adu)
            if answer.exception in TOO_MUCH and len(span.requests) > 1:
                pending.extendleft(reversed(self._split(poll, span)))
            else:
                answers.update(_meaning(span, answer))
        self._deliver(poll, answers, b"".join(received), emit)
        self._look_for_life()

    async def _exchange(self, wire: Wire, span: Span, unit: Unit) -> Reply | Silence:
        """One exchange, and what it says of the unit."""
        self.turns += 1
        patience_s = full_s = self._timing.full_s(span)
        if unit.misses:
            slowest_s = max(other.slowest_s for other in self._schedule.units.values())
            patience_s = unit.patience_s(full_s, slowest_s)
        answer = await wire.exchange(span, patience_s)
        now = asyncio.get_running_loop().time()
        if isinstance(answer, Reply):
            self._misses_since_heard = 0
            self._last_heard = now
            unit.answered_in(now - wire.sent_at)
            self._counts.exceptions += answer.exception != 0
            if answer.exception not in NOT_THERE:
                self._heard(unit)
                return answer
            answer = Silence(answer.adu)
        self._misses_since_heard += 1
        self._missed(unit, wire.sent_at, now, span)
        return answer

    def _heard(self, unit: Unit) -> None:
        if not unit.misses:
            return
        if unit.suspended:
            logger.info("port %s: unit %d answers again", self._port.name, unit.address)
        unit.heard()
        self._schedule.heed(unit)

    def _missed(self, unit: Unit, sent_at: float, now: float, span: Span) -> None:
        suspended = unit.suspended
        unit.missed(sent_at, now, self._timing.too_late_s(span))
        self._schedule.heed(unit)
        level = logging.WARNING if unit.suspended and not suspended else logging.DEBUG
        logger.log(
            level,
            "port %s: unit %d missed %d times, is asked again in %.0f s; check its power, wiring and address",
            self._port.name,
            unit.address,
            unit.misses,
            unit.rest_until - now,
        )

    def _look_for_life(self) -> None:
        """A connection on which nobody answers is opened anew: its far end may be gone unsaid."""
        silent_s = asyncio.get_running_loop().time() - self._last_heard
        if (
            self._port.kind == "tcp"
            and self._misses_since_heard >= SUSPENDED_AFTER_MISSES
            and silent_s >= SUSPENDED_AFTER_S
        ):
            raise NobodyAnswers(f"no unit has answered for {silent_s:.0f} s; check the device at the far end")

    def _split(self, poll: Poll, span: Span) -> list[Span]:
        self._counts.splits += 1
        logger.info(
            "port %s: unit %d refuses to read %d at %d (function %d) at once; from now on it is asked in two",
            self._port.name,
            span.unit,
            span.length,
            span.address,
            span.function,
        )
        return poll.split(span)

    def _deliver(self, poll: Poll, answers: Mapping[Request, Answer], received: bytes, emit: Emit) -> None:
        at = self._now()
        for taker in poll.takers:
            device = taker.device
            frame = Frame(received, tuple([answers.get(asked, NoAnswer.SILENT) for asked in taker.requests]))
            try:
                with defects.refused():
                    news = taker.news(device.decoder.decode(frame, at))
            except Reject as reject:
                emit.refuse(device.name, reject, frame)
            else:
                if news:
                    emit(device.name, news, frame)

    def _refuse(self, poll: Poll, silence: Silence, emit: Emit) -> None:
        """Something came, but no answer that could be believed."""
        if silence.reject is not None:
            for taker in poll.takers:
                emit.refuse(taker.device.name, silence.reject, Frame(silence.received))


def _meaning(span: Span, reply: Reply) -> Mapping[Request, Answer]:
    if reply.exception:
        return dict.fromkeys(span.requests, MEANING.get(reply.exception, NoAnswer.REFUSED))
    return slices(span, reply.payload)
