"""One unit of a bus: what it holds now, and what it answers."""

from __future__ import annotations

import json
import random
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from simulators.climate import Room
from simulators.faults import Fault
from simulators.modbus.kinds import KINDS
from simulators.modbus.registers import (
    BIT_FUNCTIONS,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    Point,
    Reading,
    pack,
    read_out,
)
from simulators.options import Options

SAMPLE_S = 0.5
"""How often a unit's converter takes a new value, in real time."""

MOST_REGISTERS = 125
MOST_BITS = 2000


class Answer(NamedTuple):
    """A reply's PDU, and its members in the truth as JSON."""

    pdu: bytes
    note: str


class Bounce:
    """Contacts that chatter: for a while after a change, each look finds either level."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._levels: dict[str, float | None] = {}
        self._changed: dict[str, float] = {}

    def spoil(self, reading: Reading, points: Iterable[Point], fault: Fault, now: float) -> None:
        """Changes what was just read out. now: in seconds of real time."""
        for point in points:
            if point.function not in BIT_FUNCTIONS or fault.channel not in (None, point.channel):
                continue
            level = reading.values[point.name]
            if self._levels.setdefault(point.name, level) != level:
                self._levels[point.name], self._changed[point.name] = level, now
            if now - self._changed.get(point.name, float("-inf")) < fault.ms / 1000:
                found = self._rng.randrange(2)
                reading.words[point.function][point.address] = found
                reading.values[point.name] = float(found)


class Unit:
    """Answers read requests from what its kind holds."""

    def __init__(self, number: int, options: Options, rooms: Mapping[str, Room]) -> None:
        self.number = number
        kind = options.one("kind", str)
        if kind not in KINDS:
            raise options.error("kind", f"{kind} is none of {', '.join(KINDS)}")
        self._kind = KINDS[kind](options, rooms, number)
        self._functions = {point.function for point in self._kind.points}
        self._sampled = float("-inf")
        self._bounce = Bounce(random.Random(number))
        self.channels = {point.channel for point in self._kind.points}

    def answer(self, pdu: bytes, faults: Mapping[str, Fault]) -> Answer | None:
        """To a request's PDU; None: the unit is mute."""
        if self._kind.mute and "sentinel" in faults:
            return None
        if len(pdu) != 5 or pdu[0] not in self._functions:
            return self._refuse(pdu[0], 0, 0, ILLEGAL_FUNCTION)
        function, address, count = struct.unpack(">BHH", pdu)
        if not 1 <= count <= (MOST_BITS if function in BIT_FUNCTIONS else MOST_REGISTERS):
            return self._refuse(function, address, count, ILLEGAL_VALUE)
        self._sample(faults)
        bank = self._reading.words[function]
        asked = range(address, address + count)
        if _illegal(asked, faults) or not all(at in bank for at in asked):
            return self._refuse(function, address, count, ILLEGAL_ADDRESS)
        words = [bank[at] for at in asked]
        values = {point.name: self._reading.values[point.name] for point in self._points(function, asked)}
        note = self._note(function, address, count, words=words, values=values)
        return Answer(pack(function, words), note)

    def _sample(self, faults: Mapping[str, Fault]) -> None:
        now = time.monotonic()
        if "frozen" in faults and self._sampled > 0:
            return
        bounce = faults.get("bounce")
        if bounce is not None or now - self._sampled >= SAMPLE_S:
            self._sampled = now
            self._reading = read_out(self._kind.points, lambda point: _failed(point, faults.get("sentinel")))
        if bounce is not None:
            self._bounce.spoil(self._reading, self._kind.points, bounce, now)

    def forget(self) -> None:
        """A fault began or ended: the next answer shows it."""
        self._sampled = float("-inf")

    def _points(self, function: int, asked: range) -> Iterator[Point]:
        """Those that are read completely."""
        for point in self._kind.points:
            words = range(point.address, point.address + point.length)
            if point.function == function and all(at in asked for at in words):
                yield point

    def _refuse(self, function: int, address: int, count: int, exception: int) -> Answer:
        return Answer(
            bytes((function | 0x80, exception)), self._note(function, address, count, exception=exception)
        )

    def _note(self, function: int, address: int, count: int, **facts: object) -> str:
        asked = {"unit": self.number, "function": function, "address": address, "count": count}
        return json.dumps(asked | facts)[1:-1]


def _illegal(asked: range, faults: Mapping[str, Fault]) -> bool:
    if "illegal" not in faults:
        return False
    addresses = faults["illegal"].addresses
    return addresses is None or any(at in addresses for at in asked)


def _failed(point: Point, sentinel: Fault | None) -> bool:
    if sentinel is None:
        return False
    if sentinel.channel is None:
        return point.channel is not None or bool(point.error)
    return sentinel.channel == point.channel
