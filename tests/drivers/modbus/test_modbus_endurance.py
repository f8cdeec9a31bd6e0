"""A bad line and a dead unit, for as long as it takes to believe it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest

from drivers.contract import Device, Frame, Observation, Port, Quality, Reading, Reject
from drivers.modbus.bus import Bus
from drivers.modbus.plan import spans
from drivers.modbus.wire import Timing
from tests.drivers.modbus.modbus_line import (
    Chunks,
    Heard,
    MemoryLink,
    crc,
    decoder,
    in_jumping_time,
    loop_now,
    probe,
    registers_reply,
)

EXCHANGES = 20_000
LINE = Port("probes", "serial", timeout_s=0.05, baud=19200)

ADDRESSES = {"temperature": 0, "humidity": 1, "setpoint": 8, "dew_point": 9}
PAIR: dict[str, object] = {
    "documented_as": "this test",
    "function": 4,
    "points": {quantity: {"address": address, "type": "u16"} for quantity, address in ADDRESSES.items()},
}
"""Two spans of one length are told apart by nothing but time: the worst map there is."""


class BadLine:
    """Four units whose registers count the requests, on a line with everything wrong that a line can have.

    truth: what each unit answered to its latest request, by address. answered: requests for both registers of
    a span whose good answer came in time.
    """

    RATE = 0.04
    FAULTS = ("noise", "split", "echo", "stranger", "wrong_unit", "twice", "damaged", "cut", "late", "silent")

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.requests = 0
        self.answered = 0
        self.faults: Counter[str] = Counter()
        self.truth: dict[int, dict[int, int]] = {}
        (span,) = spans(decoder(PAIR).requests()[:2])
        timing = Timing.of(LINE)
        self.full_s, self.guard_s = timing.full_s(span), timing.guard_s

    def __call__(self, request: bytes) -> Chunks:
        dice = self.dice
        assert crc(request[:-2]) == request
        unit, address = request[0], request[3]
        self.requests += 1
        values = [self.requests * 3 % 60_000 + n for n in range(request[5])]
        self.truth.setdefault(unit, {}).update({address + n: value for n, value in enumerate(values)})
        answer = registers_reply(unit, 4, values)
        faults = {fault for fault in self.FAULTS if dice.random() < self.RATE}
        self.faults.update(faults)
        self.answered += len(values) == 2 and not faults & {"silent", "late", "damaged", "cut", "wrong_unit"}
        if "silent" in faults:
            return []
        if "late" in faults:
            return [(self.full_s + dice.uniform(0.0001, self.guard_s), answer)]
        return self._played(unit, request, answer, faults)

    def _played(
        self, unit: int, request: bytes, answer: bytes, faults: set[str]
    ) -> list[tuple[float, bytes]]:
        dice = self.dice
        stray = registers_reply(unit % 4 + 1, 4, [dice.randrange(60_000), dice.randrange(60_000)])
        if "damaged" in faults:
            answer = answer[:5] + bytes([answer[5] ^ 1 << dice.randrange(8)]) + answer[6:]
        if "cut" in faults:
            answer = answer[: dice.randrange(1, len(answer))]
        if "wrong_unit" in faults:
            answer = crc(bytes([9]) + answer[1:-2])
        stream = request if "echo" in faults else b""
        stream += dice.randbytes(dice.randrange(1, 20)) if "noise" in faults else b""
        stream += stray if "stranger" in faults else b""
        stream += answer * (2 if "twice" in faults else 1)
        cuts = [dice.randrange(len(stream)) for _ in range(3)] if "split" in faults else []
        edges = sorted({0, *cuts, len(stream)})
        return [(0.003 + 0.002 * n, stream[start:end]) for n, (start, end) in enumerate(pairwise(edges))]


class Judge:
    """An Emit that compares each value with the truth at that moment."""

    def __init__(self, line: BadLine) -> None:
        self._line = line
        self.seen: Counter[str] = Counter()

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None:
        for seen in observations:
            assert isinstance(seen, Reading)
            if seen.quality is Quality.GOOD:
                truth = self._line.truth[int(device)][ADDRESSES[seen.quantity]]
                self.seen["right" if seen.value == truth else "wrong"] += 1
            else:
                self.seen["missing"] += 1

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        self.seen[reject.reason.value] += 1


def test_no_wrong_value_over_a_bad_line() -> None:
    line = BadLine(random.Random(20261122))
    judge = Judge(line)

    async def scene() -> dict[str, int | float]:
        link = MemoryLink(line)

        async def open_link() -> MemoryLink:
            return link

        devices = [Device(str(unit), decoder(PAIR, unit), 0.1) for unit in (1, 2, 3, 4)]
        bus = Bus(LINE, open_link, devices, loop_now)
        task = asyncio.create_task(bus.run(judge))
        while line.requests < EXCHANGES:
            await asyncio.sleep(1)
            assert not task.done()
        task.cancel()
        await asyncio.wait([task])
        return bus.counters()

    counters = in_jumping_time(scene)
    assert judge.seen["wrong"] == 0
    assert 2 * line.answered - judge.seen["right"] in range(5), "a good answer behind noise was not found"
    assert judge.seen["right"] > EXCHANGES, "hardly anything came through"
    assert counters["late"] >= line.faults["late"] * 0.9
    for reason in ("checksum", "length", "not_mine"):
        assert judge.seen[reason] > 100


def _played_unit(request: bytes, takes_s: float, character_s: float) -> Chunks:
    """An XY-MD02 whose bytes take their time on the line."""
    answer = registers_reply(request[0], 4, [285, 639][: request[5]])
    return [(takes_s + (len(request) + len(answer)) * character_s, answer)]


@pytest.mark.parametrize("timeout_s", [0.3, 1.0])
@pytest.mark.parametrize("dies_at_s", [0.0, 60.0])
@pytest.mark.parametrize("kind", ["serial", "tcp", "rtu over tcp"])
def test_one_dead_unit_of_ten_spares_the_others(kind: str, dies_at_s: float, timeout_s: float) -> None:
    """The bus at 60 % load; the others keep 98 % of their polls, in every minute of ten."""
    cadence_s, minutes = 0.5, 10
    port = {
        "serial": Port("line", "serial", timeout_s, 9600),
        "tcp": Port("line", "tcp", timeout_s),
        "rtu over tcp": Port("line", "tcp", timeout_s, 9600, "rtu"),
    }[kind]

    def line(request: bytes) -> Chunks:
        pdu = request if port.rtu else crc(request[6:])
        if pdu[0] == 7 and asyncio.get_running_loop().time() >= dies_at_s:
            return
        for delay_s, answer in _played_unit(pdu, 0.0105 if port.rtu else 0.03, 11 / 9600 * port.rtu):
            body = answer[:-2]
            yield delay_s, answer if port.rtu else request[:4] + len(body).to_bytes(2, "big") + body

    async def scene() -> tuple[Heard, dict[str, int | float]]:
        heard, link = Heard(), MemoryLink(line)

        async def open_link() -> MemoryLink:
            return link

        bus = Bus(port, open_link, [probe(unit, cadence_s) for unit in range(1, 11)], loop_now)
        task = asyncio.create_task(bus.run(heard))
        await asyncio.sleep(dies_at_s + 60 * minutes + 1)
        task.cancel()
        await asyncio.wait([task])
        return heard, bus.counters()

    heard, counters = in_jumping_time(scene)
    assert counters["bus_load"] == pytest.approx(0.9 * 0.6, abs=0.02), "nine units of ten"
    kept: Counter[int] = Counter()
    for device, seen in heard.observations:
        if device != "probe-7" and isinstance(seen, Reading) and seen.quality is Quality.GOOD:
            kept[int((seen.at / 1e9 - dies_at_s) // 60)] += 1
    due = 9 * 2 * 60 / cadence_s
    shares = [kept[minute] / due for minute in range(minutes)]
    assert min(shares) >= 0.98
    assert counters["suspended_units"] == 1
