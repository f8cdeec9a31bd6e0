"""The bus in conversation with its units, in time that jumps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from drivers.contract import Device, LinkDown, NoAnswer, Port, Reason, Request
from drivers.modbus.bus import Bus
from drivers.modbus.plan import spans
from drivers.modbus.unit import Unit
from drivers.modbus.wire import Timing
from tests.drivers.modbus.modbus_line import (
    RTU_OVER_TCP,
    SERIAL,
    TCP,
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

Answering = Callable[[bytes], Chunks]

TAKES_S = 0.02
"""A unit's time to answer."""

GOOD = bytes.fromhex("010404011d027f2afe")
DEGREES = [("temperature", 28.5), ("humidity", 63.9)]


def saying(*chunks: tuple[float, str]) -> Answering:
    return lambda _: [(delay_s, bytes.fromhex(chunk)) for delay_s, chunk in chunks]


def good_probe(request: bytes) -> Chunks:
    """An XY-MD02 on any unit number: its temperature is its number."""
    unit, function, address, length = request[0], request[1], request[3], request[5]
    registers = [0, unit * 10, 500]
    yield TAKES_S, registers_reply(unit, function, registers[address : address + length])


class Dead:
    """Probes, of which some do not answer."""

    def __init__(self, *units: int) -> None:
        self.units = set(units)

    def __call__(self, request: bytes) -> Chunks:
        return [] if request[0] in self.units else good_probe(request)


@asynccontextmanager
async def running(
    devices: Sequence[Device], answer: Answering, port: Port = SERIAL
) -> AsyncIterator[tuple[Bus, Heard, MemoryLink]]:
    link, heard = MemoryLink(answer), Heard()

    async def open_link() -> MemoryLink:
        return link

    bus = Bus(port, open_link, devices, loop_now)
    task = asyncio.create_task(bus.run(heard))
    try:
        yield bus, heard, link
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert link.closed


@pytest.mark.parametrize(
    ("what", "answer", "values", "refused"),
    [
        ("a good answer", saying((0.02, GOOD.hex())), DEGREES, []),
        ("in pieces", saying((0.02, "0104"), (0.03, "04011d"), (0.05, "027f2afe")), DEGREES, []),
        ("behind its echo", saying((0, "010400010002200b"), (0.02, GOOD.hex())), DEGREES, []),
        ("behind a stranger's", saying((0.01, "08040401000100c25f"), (0.02, GOOD.hex())), DEGREES, []),
        ("just in time", saying((0.3, GOOD.hex())), DEGREES, []),
        ("illegal function", saying((0.02, "018401" + "82c0")), "refused", []),
        ("device failure", saying((0.02, crc(b"\x01\x84\x04").hex())), "refused", []),
        ("acknowledged, busy", saying((0.02, crc(b"\x01\x84\x05").hex())), "busy", []),
        ("busy", saying((0.02, crc(b"\x01\x84\x06").hex())), "busy", []),
        ("no path", saying((0.02, crc(b"\x01\x84\x0a").hex())), "no_answer", []),
        ("gateway target failed", saying((0.02, crc(b"\x01\x84\x0b").hex())), "no_answer", []),
        ("silence", saying(), "no_answer", []),
        ("damaged", saying((0.02, "010404011d027f2aff")), "no_answer", [Reason.CHECKSUM]),
        ("cut short", saying((0.02, "010404011d027f")), "no_answer", [Reason.LENGTH]),
        ("another unit", saying((0.02, "08040401000100c25f")), "no_answer", [Reason.NOT_MINE]),
        (
            "another function's exception",
            saying((0.02, crc(b"\x01\x83\x02").hex())),
            "no_answer",
            [Reason.NOT_MINE],
        ),
    ],
)
def test_conversation(what: str, answer: Answering, values: object, refused: list[Reason]) -> None:
    async def scene() -> None:
        async with running([probe(every_s=60)], answer) as (_, heard, link):
            await asyncio.sleep(1)
        assert link.written == [bytes.fromhex("010400010002200b")]
        expected = [(name, values) for name, _ in DEGREES] if isinstance(values, str) else values
        assert heard.values("probe-1") == expected, what
        assert [reject.reason for _, reject in heard.refused] == refused

    in_jumping_time(scene)


def test_frame_carries_what_was_received() -> None:
    async def scene() -> None:
        async with running([probe(every_s=60)], saying((0.02, GOOD.hex()))) as (_, heard, _link):
            await asyncio.sleep(1)
        ((_, frame),) = heard.frames
        assert frame == (GOOD, (b"\x01\x1d", b"\x02\x7f"))
        for seen in heard.readings("probe-1"):
            assert 0.02 <= seen.at / 1e9 < 0.03

    in_jumping_time(scene)


def test_polls_keep_their_cadence() -> None:
    async def scene() -> None:
        devices = [probe(unit, every_s=0.5) for unit in range(1, 6)]
        async with running(devices, good_probe) as (bus, heard, link):
            await asyncio.sleep(60.01)
            counters = bus.counters()
        for device in devices:
            times = [seen.at / 1e9 for seen in heard.readings(device.name) if seen.quantity == "humidity"]
            assert len(times) == 120 or len(times) == 121
            gaps = [later - sooner for sooner, later in pairwise(times)]
            assert max(gaps) < 0.6
            assert min(gaps) > 0.4
        firsts = link.written_at[:5]
        assert firsts[-1] - firsts[0] == pytest.approx(0.4, abs=0.01)
        assert counters["dropped_polls"] == counters["timeouts"] == counters["suspended_units"] == 0
        assert counters["exchanges"] == len(link.written)

    in_jumping_time(scene)


def test_first_polls_do_not_wait_for_a_long_cadence() -> None:
    async def scene() -> None:
        devices = [probe(unit, every_s=300) for unit in range(1, 11)]
        async with running(devices, good_probe) as (_, heard, _link):
            await asyncio.sleep(2)
        assert {name for name, _ in heard.observations} == {device.name for device in devices}

    in_jumping_time(scene)


def test_overdue_polls_are_dropped_not_bunched() -> None:
    """40 ms an exchange and two units every 50 ms: more than the line can take."""

    def slow(request: bytes) -> Chunks:
        return [(0.036, chunk) for _, chunk in good_probe(request)]

    async def scene() -> None:
        devices = [probe(unit, every_s=0.05) for unit in (1, 2)]
        async with running(devices, slow) as (bus, heard, _):
            await asyncio.sleep(30)
            counters = bus.counters()
        each = [len(heard.readings(device.name)) // 2 for device in devices]
        assert abs(each[0] - each[1]) <= 1
        assert sum(each) == pytest.approx(30 / 0.04, rel=0.02)
        assert counters["dropped_polls"] == pytest.approx(1200 - sum(each), rel=0.02)

    in_jumping_time(scene)


def test_bus_load_is_the_share_of_time_in_use() -> None:
    async def scene() -> None:
        async with running([probe(every_s=0.04)], good_probe) as (bus, _, _link):
            await asyncio.sleep(61)
            assert bus.counters()["bus_load"] == pytest.approx(0.5, abs=0.01)

    in_jumping_time(scene)


def test_channels_of_a_unit_share_an_exchange() -> None:
    def module(request: bytes) -> Chunks:
        assert request == crc(bytes.fromhex("070300000003"))
        return [(TAKES_S, registers_reply(7, 3, [-253, 37, 0x8000]))]

    async def scene() -> None:
        devices = [Device(f"room-{channel}", decoder("r4dcb08", 7, channel), 60.0) for channel in (3, 1, 2)]
        async with running(devices, module) as (_, heard, link):
            await asyncio.sleep(5)
        assert len(link.written) == 1
        assert heard.values("room-1") == [("temperature", -25.3)]
        assert heard.values("room-2") == [("temperature", 3.7)]
        assert heard.values("room-3") == [("temperature", "sensor_fault")]

    in_jumping_time(scene)


@pytest.mark.parametrize("refusal", [2, 3])
def test_refused_span_is_split_once_and_for_all(refusal: int) -> None:
    """Registers 1 to 4; the unit has no register 3, and says so of every request that touches it."""

    def unit(request: bytes) -> Chunks:
        address, length = request[3], request[5]
        if address <= 3 < address + length:
            return [(TAKES_S, crc(bytes((1, 0x83, refusal))))]
        return [(TAKES_S, registers_reply(1, 3, range(address * 10, (address + length) * 10, 10)))]

    points = {f"temperature_{n}": {"address": n, "type": "s16", "scale": 0.1} for n in range(1, 5)}

    async def scene() -> None:
        device = Device("cold", decoder({"documented_as": "this test", "points": points}), 10.0)
        async with running([device], unit) as (bus, heard, link):
            await asyncio.sleep(9)
            first = [(request[3], request[5]) for request in link.written]
            await asyncio.sleep(10)
            second = [(request[3], request[5]) for request in link.written[len(first) :]]
            assert bus.counters()["splits"] == 2
        assert first == [(1, 4), (1, 2), (3, 2), (3, 1), (4, 1)]
        assert second == [(1, 2), (3, 1), (4, 1)]
        why = NoAnswer.ILLEGAL_ADDRESS if refusal == 2 else NoAnswer.REFUSED
        expected = [
            ("temperature_1", 1.0),
            ("temperature_2", 2.0),
            ("temperature_3", why),
            ("temperature_4", 4.0),
        ]
        assert heard.values("cold") == expected * 2

    in_jumping_time(scene)


@pytest.mark.parametrize("port", [SERIAL, RTU_OVER_TCP], ids=lambda port: port.name)
def test_late_answer_is_not_taken_for_the_next_one(port: Port) -> None:
    """The first answer comes 0.1 s after its time; it says 28.5, all others say unit 1's 1.0."""
    told: list[bytes] = []

    def late_once(request: bytes) -> Chunks:
        told.append(request)
        return [(0.42, GOOD)] if len(told) == 1 else good_probe(request)

    async def scene() -> None:
        async with running([probe(every_s=0.4)], late_once, port) as (bus, heard, link):
            await asyncio.sleep(3)
            counters = bus.counters()
        values = heard.values("probe-1")
        assert values[:2] == [("temperature", "no_answer"), ("humidity", "no_answer")]
        assert {value for _, value in values[2:]} == {1.0, 50.0}
        assert (counters["late"], counters["timeouts"]) == (1, 1)
        assert counters["stray_bytes"] == len(GOOD)
        assert link.written_at[1] - link.written_at[0] > 0.45

    in_jumping_time(scene)


def test_line_is_silent_between_frames() -> None:
    """3.5 characters after the last byte of an answer, and after what strays in behind it."""

    def two_probes(request: bytes) -> Chunks:
        yield from good_probe(request)
        yield TAKES_S + 0.003, b"\x00"

    async def scene() -> None:
        devices = [probe(unit, every_s=0.0001) for unit in (1, 2)]
        async with running(devices, two_probes) as (_, _heard, link):
            await asyncio.sleep(1)
        gaps = [later - sooner for sooner, later in pairwise(link.written_at)]
        assert min(gaps[1:]) >= TAKES_S + 0.003 + 3.5 * 11 / 9600 - 1e-6

    in_jumping_time(scene)


@pytest.mark.parametrize(
    ("baud", "silence_s"),
    [(1200, 0.03208), (9600, 0.00401), (19200, 0.00201), (38400, 0.00175), (115200, 0.00175)],
)
def test_silence_by_baud(baud: int, silence_s: float) -> None:
    """Modbus over Serial Line V1.02, 2.5.1.1."""
    assert Timing.of(Port("x", "serial", 0.3, baud)).silence_s == pytest.approx(silence_s, abs=1e-5)


def test_answer_time_counts_from_the_last_character() -> None:
    """125 registers at 1200 baud are on the line for 2.4 s: no unit is late before."""
    (span,) = spans([Request(1, 3, n, 1) for n in range(125)])
    assert Timing.of(Port("x", "serial", 0.3, 1200)).full_s(span) == pytest.approx(0.3 + 263 * 11 / 1200)
    assert Timing.of(TCP).full_s(span) == 0.3
    assert Timing.of(RTU_OVER_TCP) == Timing.of(SERIAL)


def test_silent_unit_is_probed_ever_more_rarely_and_found_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "drivers.modbus")
    dead = Dead()

    async def scene() -> None:
        devices = [probe(1, every_s=1.0), probe(2, every_s=1.0)]
        async with running(devices, dead) as (bus, heard, link):
            await asyncio.sleep(10.5)
            dead.units.add(1)
            fell_silent = asyncio.get_running_loop().time()
            await asyncio.sleep(600)
            asked = [
                at - fell_silent for at, adu in zip(link.written_at, link.written, strict=True) if adu[0] == 1
            ]
            asked = [at for at in asked if at > 0]
            assert 11 <= len(asked) <= 20
            assert asked[-1] - asked[-2] == pytest.approx(66, rel=0.15)
            assert bus.counters()["suspended_units"] == 1
            silent = [value for _, value in heard.values("probe-1")][-2 * len(asked) :]
            assert silent == ["no_answer"] * 2 * len(asked)
            assert {adu[5] for adu in link.written if adu[0] == 1} == {1, 2}
            dead.units.clear()
            await asyncio.sleep(75)
            assert bus.counters()["suspended_units"] == 0
            assert heard.values("probe-1")[-2:] == [("temperature", 1.0), ("humidity", 50.0)]
            before = len(heard.readings("probe-1"))
            await asyncio.sleep(5)
            assert len(heard.readings("probe-1")) == before + 10

    in_jumping_time(scene)
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert len(told) == 2, "a change of state is told once"
    assert "unit 1 missed" in told[0]
    assert "unit 1 answers again" in told[1]


def test_one_missed_answer_costs_one_poll() -> None:
    missed = iter([False] * 5 + [True])

    def forgetful(request: bytes) -> Chunks:
        return [] if next(missed, False) else good_probe(request)

    async def scene() -> None:
        async with running([probe(every_s=1.0)], forgetful) as (_, heard, _link):
            await asyncio.sleep(20.5)
        values = [value for _, value in heard.values("probe-1")]
        assert values.count("no_answer") == 2
        assert len(values) == 2 * 21

    in_jumping_time(scene)


def test_rests_of_a_silent_unit() -> None:
    unit = Unit(1)
    now, rests = 100.0, []
    for _ in range(9):
        unit.missed(now, now + 0.3, too_late_s=0.45)
        rests.append(unit.rest_until - now)
        now = unit.rest_until
    for rest, nominal in zip(rests, [0.45, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
        assert nominal <= rest + 1e-9 <= nominal * 1.2 + 1e-6
    unit.heard()
    assert (unit.misses, unit.rest_until, unit.suspended) == (0, 0, False)


def test_suspension_needs_misses_and_time() -> None:
    quick, slow = Unit(1), Unit(2)
    for n in range(5):
        quick.missed(n * 0.5, n * 0.5 + 0.3, 0)
    for n in range(2):
        slow.missed(n * 60.0, n * 60.0 + 0.3, 0)
    assert (quick.suspended, slow.suspended) == (False, False)
    quick.missed(9.9, 10.2, 0)
    slow.missed(120.0, 120.3, 0)
    assert (quick.suspended, slow.suspended) == (True, True)


def test_patience_with_a_silent_unit() -> None:
    unit = Unit(1)
    assert unit.patience_s(0.3, 0.0) == 0.3
    unit.answered_in(0.03)
    unit.missed(0.0, 0.3, 0.0)
    assert unit.patience_s(0.3, 0.2) == pytest.approx(0.11)
    assert unit.patience_s(0.1, 0.2) == 0.1
    assert Unit(2, waited_for_fully=False).patience_s(0.3, 0.02) == pytest.approx(0.09)
    for n in range(6):
        unit.missed(float(n), n + 0.3, 0.0)
    assert unit.patience_s(0.3, 0.2) == 0.3, "one that became slow is found again"


def test_all_cadences_of_a_unit_fall_silent_and_come_back_together() -> None:
    silent = [True]

    def module(request: bytes) -> Chunks:
        return [] if silent else [(TAKES_S, registers_reply(1, 3, [37] * request[5]))]

    async def scene() -> None:
        devices = [
            Device("air", decoder("r4dcb08", 1, 1), 1.0),
            Device("core", decoder("r4dcb08", 1, 2), 5.0),
        ]
        async with running(devices, module) as (bus, heard, _):
            await asyncio.sleep(100)
            assert len(heard.values("air")) >= 5
            assert len(heard.values("core")) >= 4
            assert {value for _, value in heard.values("air") + heard.values("core")} == {"no_answer"}
            silent.clear()
            bus.ask("air")
            await asyncio.sleep(5.5)
            assert heard.values("air")[-5:] == [("temperature", 3.7)] * 5
            assert heard.values("core")[-1] == ("temperature", 3.7)

    in_jumping_time(scene)


def test_asked_for_at_once() -> None:
    async def scene() -> None:
        async with running([probe(1, every_s=300.0), probe(2, every_s=300.0)], good_probe) as (
            bus,
            heard,
            link,
        ):
            await asyncio.sleep(10)
            bus.ask("nobody")
            bus.ask("probe-2")
            await asyncio.sleep(0.1)
            assert [adu[0] for adu in link.written] == [1, 2, 2]
            await asyncio.sleep(299)
            assert [adu[0] for adu in link.written] == [1, 2, 2, 1, 2], "its cadence is kept"
            assert bus.counters()["dropped_polls"] == 0
        assert len(heard.readings("probe-2")) == 6

    in_jumping_time(scene)


def test_suspended_unit_can_be_asked_for_at_once() -> None:
    async def scene() -> None:
        dead = Dead(1)
        async with running([probe(1), probe(2)], dead) as (bus, heard, _):
            await asyncio.sleep(100)
            dead.units.clear()
            bus.ask("probe-1")
            await asyncio.sleep(0.5)
            assert heard.values("probe-1")[-1] == ("humidity", 50.0)

    in_jumping_time(scene)


def test_lost_link_is_raised_and_what_was_learnt_survives() -> None:
    async def scene() -> None:
        links: list[MemoryLink] = []

        async def open_link() -> MemoryLink:
            links.append(MemoryLink(Dead(1)))
            return links[-1]

        heard = Heard()
        bus = Bus(SERIAL, open_link, [probe(1), probe(2)], loop_now)
        running_bus = asyncio.create_task(bus.run(heard))
        await asyncio.sleep(100)
        links[0].cut()
        with pytest.raises(LinkDown, match="unplugged"):
            await running_bus
        assert links[0].closed
        bus.ask("probe-1")  # nobody is there to ask: nothing happens
        again = asyncio.create_task(bus.run(heard))
        await asyncio.sleep(5)
        assert {adu[0] for adu in links[1].written} == {2}
        assert bus.counters()["suspended_units"] == 1
        again.cancel()
        await asyncio.wait([again])

    in_jumping_time(scene)


def test_link_lost_during_an_exchange_is_raised_at_once() -> None:
    async def scene() -> None:
        link = MemoryLink(saying())

        async def open_link() -> MemoryLink:
            return link

        began = asyncio.get_running_loop().time()
        asyncio.get_running_loop().call_later(0.1, link.cut)
        with pytest.raises(LinkDown, match="unplugged"):
            await Bus(SERIAL, open_link, [probe()], loop_now).run(Heard())
        assert asyncio.get_running_loop().time() - began == pytest.approx(0.1)

    in_jumping_time(scene)


def test_link_that_takes_no_bytes_is_dropped() -> None:
    class Jammed(MemoryLink):
        async def write(self, data: bytes) -> None:
            await asyncio.Event().wait()

    async def scene() -> None:
        link = Jammed(saying())

        async def open_link() -> MemoryLink:
            return link

        with pytest.raises(LinkDown, match="takes no more bytes"):
            await Bus(SERIAL, open_link, [probe()], loop_now).run(Heard())
        assert link.closed

    in_jumping_time(scene)


def test_link_that_cannot_be_opened() -> None:
    async def scene() -> None:
        async def open_link() -> MemoryLink:
            raise LinkDown("no such port")

        with pytest.raises(LinkDown, match="no such port"):
            await Bus(SERIAL, open_link, [probe()], loop_now).run(Heard())

    in_jumping_time(scene)


def _over_tcp(answer: Answering) -> Answering:
    """The same unit behind the MBAP header."""

    def behind_header(request: bytes) -> Chunks:
        for delay_s, adu in answer(crc(request[6:])):
            body = adu[:-2]
            yield delay_s, request[:4] + len(body).to_bytes(2, "big") + body

    return behind_header


def test_tcp_late_answers_are_counted_and_ignored() -> None:
    told: list[bytes] = []

    def late_once(request: bytes) -> Chunks:
        told.append(request)
        return [(0.31, GOOD)] if len(told) == 1 else good_probe(request)

    async def scene() -> None:
        async with running([probe(every_s=0.305)], _over_tcp(late_once), TCP) as (bus, heard, _):
            await asyncio.sleep(3)
            counters = bus.counters()
        values = [value for _, value in heard.values("probe-1")]
        assert values[:4] == ["no_answer", "no_answer", 1.0, 50.0]
        assert set(values[4:]) == {1.0, 50.0}
        assert (counters["late"], counters["timeouts"]) == (1, 1)

    in_jumping_time(scene)


def test_device_server_may_hold_an_answer_to_the_last_connection() -> None:
    """It comes as soon as the new one is there, and would pass for an answer to the first request."""

    async def scene() -> None:
        link = MemoryLink(good_probe)
        link.arrive(GOOD)

        async def open_link() -> MemoryLink:
            return link

        heard = Heard()
        bus = Bus(RTU_OVER_TCP, open_link, [probe()], loop_now)
        task = asyncio.create_task(bus.run(heard))
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.wait([task])
        assert heard.values("probe-1") == [("temperature", 1.0), ("humidity", 50.0)]
        assert (bus.counters()["late"], bus.counters()["stray_bytes"]) == (1, len(GOOD))

    in_jumping_time(scene)


@pytest.mark.parametrize("port", [TCP, RTU_OVER_TCP], ids=lambda port: port.name)
def test_tcp_connection_on_which_nobody_answers_is_opened_anew(port: Port) -> None:
    async def scene() -> None:
        opened: list[float] = []

        async def open_link() -> MemoryLink:
            opened.append(asyncio.get_running_loop().time())
            return MemoryLink(saying())

        heard = Heard()
        bus = Bus(port, open_link, [probe(1), probe(2)], loop_now)
        with pytest.raises(LinkDown, match="no unit has answered"):
            async with asyncio.timeout(20):
                await bus.run(heard)
        assert len(opened) == 1
        assert heard.values("probe-1")[-1] == ("humidity", "no_answer")

    in_jumping_time(scene)


def test_tcp_stream_that_is_no_modbus_drops_the_link() -> None:
    async def scene() -> None:
        link = MemoryLink(lambda _: [(0.01, b"SSH-2.0-dropbear\r\n")])

        async def open_link() -> MemoryLink:
            return link

        with pytest.raises(LinkDown, match=r"Modbus TCP.*framing: rtu"):
            await Bus(TCP, open_link, [probe()], loop_now).run(Heard())

    in_jumping_time(scene)


def test_devices_that_cannot_be_polled_are_refused() -> None:
    async def open_link() -> MemoryLink:
        raise AssertionError

    with pytest.raises(ValueError, match="cadence"):
        Bus(SERIAL, open_link, [Device("x", decoder("xy-md02"), None)], loop_now)
