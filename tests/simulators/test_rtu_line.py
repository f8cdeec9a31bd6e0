"""The serial bus byte by byte: what counts as a request, when the reply comes, and what faults do to it."""

from __future__ import annotations

import asyncio
import functools
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerRTU

from simulators.modbus.rtu import crc, take_request
from simulators.site import Site
from tests.simulators.peers import ONE_ROOM, Line, line, rtu_client, truth, until, words

# XY-MD02's vendor manual and a console log: both registers of unit 1; the same for unit 8.
READ_BOTH = bytes.fromhex("010400010002200b")
READ_UNIT_8 = bytes.fromhex("0804000100022092")
REPLY_BYTES = 9


def scenario(**options: object) -> dict[str, Any]:
    units = {number: {"kind": "xy-md02", "sensor": "chiller"} for number in (1, 8)}
    bus = {"device": "modbus_rtu", "baud": 115200, "units": units, **options}
    return {"rooms": ONE_ROOM, "ports": {"bus": bus}}


def good(reply: bytes, unit: int = 1) -> bool:
    """Whether it is a whole and plausible answer to one of the requests above, by pymodbus's CRC."""
    return (
        reply[:3] == bytes((unit, 4, 4))
        and len(reply) == REPLY_BYTES
        and FramerRTU.compute_CRC(reply[:-2]).to_bytes(2, "big") == reply[-2:]
    )


async def quiet(wire: Line, seconds: float, since: int = 0) -> bool:
    """Whether nothing comes for so long, after so many bytes."""
    await asyncio.sleep(seconds)
    return len(wire.heard) == since


@given(st.binary(max_size=300))
def test_the_crc_is_that_of_an_independent_implementation(data: bytes) -> None:
    assert crc(data) == FramerRTU.compute_CRC(data).to_bytes(2, "big")


def test_the_crc_of_the_captures() -> None:
    for capture in (READ_BOTH, READ_UNIT_8, bytes.fromhex("01830b00f7")):
        assert crc(capture[:-2]) == capture[-2:]


@given(st.lists(st.sampled_from([READ_BOTH, READ_UNIT_8]), max_size=4), st.data())
def test_requests_are_found_whatever_the_chunks(requests: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(requests)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))))
    buffer, found = bytearray(), []
    for start, end in pairwise([0, *cuts, len(stream)]):
        buffer += stream[start:end]
        while taken := take_request(buffer):
            found.append(taken[1])
    assert found == requests
    assert not buffer


@given(st.binary(min_size=1, max_size=30))
@example(bytes.fromhex("ccdd49d5041d56ebb46443f4a64fb5"))  # the CRC fits the noise and the request as one
def test_a_request_behind_noise_is_found(noise: bytes) -> None:
    buffer = bytearray(noise + READ_BOTH)
    found = []
    while taken := take_request(buffer):
        found.append(taken[1])
    assert READ_BOTH in found


async def test_a_request_in_two_pieces_and_two_requests_in_one(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        wire.say(READ_BOTH[:3])
        await asyncio.sleep(0.01)
        wire.say(READ_BOTH[3:])
        assert good(await wire.hear(REPLY_BYTES))
        wire.say(READ_BOTH + READ_UNIT_8)
        assert good(await wire.hear(REPLY_BYTES))
        assert good(await wire.hear(REPLY_BYTES), unit=8)


async def test_a_damaged_request_is_ignored_and_the_next_one_is_not(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        damaged = READ_BOTH[:-1] + b"\x0c"
        wire.say(damaged)
        await until(lambda: truth(site, "ignored", bytes=damaged.hex()))
        assert not wire.heard
        wire.say(READ_BOTH[:5])
        await until(lambda: truth(site, "ignored", bytes=READ_BOTH[:5].hex()))
        wire.say(READ_BOTH)
        assert good(await wire.hear(REPLY_BYTES))


async def test_an_endless_stream_of_nonsense_is_given_up(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        for _ in range(50):
            wire.say(b"\x01\x0f" * 200)
            await asyncio.sleep(0.001)
        await until(lambda: sum(len(fact["bytes"]) for fact in truth(site, "ignored")) == 2 * 50 * 400)
        assert max(len(fact["bytes"]) for fact in truth(site, "ignored")) <= 2 * (256 + 4096)
        wire.say(READ_BOTH)
        assert good(await wire.hear(REPLY_BYTES))


async def test_counts_that_cannot_be_are_refused(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        for count in (0, 126, 0xFFFF):
            request = bytes((1, 4, 0, 1)) + count.to_bytes(2, "big")
            wire.say(request + crc(request))
            assert (await wire.hear(5))[:3] == b"\x01\x84\x03"


async def test_a_function_that_no_unit_knows_is_refused(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        request = bytes.fromhex("012b0e0100")  # read device identification
        wire.say(request + crc(request))
        assert (await wire.hear(5))[:3] == b"\x01\xab\x01"


@pytest.mark.parametrize(("baud", "parity", "bits"), [(1200, "none", 10), (2400, "even", 11)])
async def test_a_reply_never_comes_before_its_last_character_could(
    baud: int, parity: str, bits: int, tmp_path: Path
) -> None:
    async with (
        Site(scenario(baud=baud, parity=parity, turnaround="20ms"), tmp_path) as site,
        line(site, "bus") as wire,
    ):
        asked = time.monotonic()
        wire.say(READ_BOTH + READ_BOTH)
        await wire.hear(REPLY_BYTES)
        once = time.monotonic() - asked
        await wire.hear(REPLY_BYTES)
        twice = time.monotonic() - asked
    on_the_wire = (len(READ_BOTH) + 3.5 + REPLY_BYTES) * bits / baud + 0.02
    assert once >= on_the_wire - 0.002
    assert twice >= 2 * on_the_wire - 0.002, "one after the other"


async def test_an_unknown_unit_is_silent(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, rtu_client(site, "bus", timeout=0.2) as client:
        with pytest.raises(ModbusIOException):
            await client.read_input_registers(1, count=2, device_id=9)
    assert not truth(site, "reply")


async def test_one_silent_unit_and_its_neighbour(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        site.fault("silence", port="bus", unit=1)
        wire.say(READ_BOTH + READ_UNIT_8)
        assert good(await wire.hear(REPLY_BYTES), unit=8)
        assert await quiet(wire, 0.1)
        assert truth(site, "reply", unit=1, delivered=False, faults=["silence"])
        site.fault("silence", port="bus", unit=1, on=False)
        wire.say(READ_BOTH)
        assert good(await wire.hear(REPLY_BYTES))
        assert truth(site, "reply", unit=1, delivered=True, faults=[])
        assert [fact["on"] for fact in truth(site, "fault", fault="silence", unit=1)] == [True, False]


async def test_a_silent_unit_does_not_keep_the_line(tmp_path: Path) -> None:
    async with Site(scenario(turnaround="1500ms"), tmp_path) as site, line(site, "bus") as wire:
        site.fault("silence", port="bus", unit=1)
        asked = time.monotonic()
        wire.say(READ_BOTH + READ_UNIT_8)
        assert good(await wire.hear(REPLY_BYTES), unit=8)
        assert 1.5 <= time.monotonic() - asked < 2.9


async def test_a_late_answer_meets_the_next_one(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        site.fault("late", port="bus", unit=1, ms=300)
        asked = time.monotonic()
        wire.say(READ_BOTH)
        wire.say(READ_UNIT_8)
        assert good(await wire.hear(REPLY_BYTES), unit=8)
        assert good(await wire.hear(REPLY_BYTES), unit=1)
        assert time.monotonic() - asked >= 0.3
        assert truth(site, "reply", unit=1, delivered=True, late_ms=300)


async def test_a_wrong_crc_and_a_wrong_unit(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        site.fault("wrong_crc", port="bus")
        wire.say(READ_BOTH)
        damaged = await wire.hear(REPLY_BYTES)
        assert damaged[:3] == b"\x01\x04\x04"
        assert not good(damaged)
        site.fault("wrong_crc", port="bus", on=False)
        site.fault("wrong_unit", port="bus", unit=8)
        wire.say(READ_UNIT_8)
        assert good(await wire.hear(REPLY_BYTES), unit=9)
        assert [fact["faults"] for fact in truth(site, "reply", delivered=False)] == [
            ["wrong_crc"],
            ["wrong_unit"],
        ]


@pytest.mark.parametrize(("where", "delivered"), [("before", True), ("after", True), ("inside", False)])
async def test_noise(where: str, delivered: bool, tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        site.fault("noise", port="bus", where=where, bytes=4)
        wire.say(READ_BOTH)
        await until(lambda: truth(site, "reply"))
        await until(lambda: len(wire.heard) > REPLY_BYTES)
        whole = any(good(bytes(wire.heard[at : at + REPLY_BYTES])) for at in range(5))
        assert whole == delivered
        assert truth(site, "reply", delivered=delivered)


async def test_an_echoing_adapter(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        site.fault("echo", port="bus")
        wire.say(READ_BOTH)
        assert await wire.hear(len(READ_BOTH)) == READ_BOTH
        assert good(await wire.hear(REPLY_BYTES))


async def test_a_reply_in_pieces(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "bus") as wire:
        site.fault("split", port="bus", pieces=3, ms=40)
        asked = time.monotonic()
        wire.say(READ_BOTH)
        await until(lambda: wire.heard)
        assert len(wire.heard) < REPLY_BYTES
        assert good(await wire.hear(REPLY_BYTES))
        assert time.monotonic() - asked >= 0.08


async def test_frozen_values(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path, speed=3600) as site, rtu_client(site, "bus") as client:

        async def read() -> list[int]:
            return words(await client.read_input_registers(1, count=2, device_id=1))

        site.fault("frozen", port="bus", unit=1)
        frozen = await read()
        await asyncio.sleep(0.7)
        assert await read() == frozen
        site.fault("frozen", port="bus", unit=1, on=False)
        while await read() == frozen:
            await asyncio.sleep(0.05)
        assert truth(site, "reply", faults=["frozen"], delivered=True)


async def test_error_values_of_each_kind(tmp_path: Path) -> None:
    units = {
        1: {"kind": "r4dcb08", "sensors": ["chiller"] * 8},
        2: {"kind": "pt100-8", "sensors": ["chiller"] * 8},
        3: {"kind": "danfoss-ekc-202d", "room": "chiller"},
        4: {"kind": "registers", "input": {0: {"sensor": "chiller", "error": 0x7FFF}}},
        5: {"kind": "xy-md02", "sensor": "chiller"},
    }
    async with Site(scenario(units=units), tmp_path) as site, rtu_client(site, "bus", timeout=0.5) as client:
        site.fault("sentinel", port="bus", unit=1, channel=3)
        site.fault("sentinel", port="bus", unit=2)
        collector = words(await client.read_holding_registers(0, count=8, device_id=1))
        assert [word == 0x8000 for word in collector] == [False] * 2 + [True] + [False] * 5
        assert words(await client.read_holding_registers(0, count=8, device_id=2)) == [0xFFFF] * 8
        assert words(await client.read_holding_registers(19999, device_id=3)) == [0]
        site.fault("sentinel", port="bus")
        assert words(await client.read_holding_registers(19999, device_id=3)) == [1]
        assert words(await client.read_holding_registers(2540, device_id=3)) == [1]
        assert words(await client.read_input_registers(0, device_id=4)) == [0x7FFF]
        with pytest.raises(ModbusIOException):
            await client.read_input_registers(1, device_id=5)
        [fact] = truth(site, "reply", unit=1)
        assert [name for name, value in fact["values"].items() if value is None] == ["temperature.3"]


async def test_minus_a_tenth_is_the_error_value_of_a_pt100_module(tmp_path: Path) -> None:
    sensor = {"room": "chiller", "spot": "setpoint", "offset": -2.1}
    units = {1: {"kind": "pt100-8", "sensors": [sensor]}}
    async with Site(scenario(units=units), tmp_path) as site, rtu_client(site, "bus") as client:
        assert words(await client.read_holding_registers(0, device_id=1)) == [0xFFFF]
        assert truth(site, "reply", values={"temperature.1": None})


async def test_some_illegal_registers(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, rtu_client(site, "bus") as client:
        site.fault("illegal", port="bus", unit=1, addresses=[2])
        assert len(words(await client.read_input_registers(1, count=1, device_id=1))) == 1
        both = await client.read_input_registers(1, count=2, device_id=1)
        assert both.exception_code == 2
        assert len(words(await client.read_input_registers(1, count=2, device_id=8))) == 2
        assert truth(site, "reply", exception=2, faults=["illegal"])


async def test_hundreds_of_spoilt_exchanges_agree_with_the_truth(tmp_path: Path) -> None:
    """Whatever a strict listener accepts was delivered, and what was delivered it can find."""
    async with Site(scenario(turnaround=0), tmp_path) as site, line(site, "bus") as wire:
        for name in ("noise", "wrong_crc", "wrong_unit", "silence", "split"):
            site.fault(name, port="bus", rate=0.1)
        for exchange in range(200):
            wire.say(READ_BOTH)
            await until(functools.partial(_answered, site, exchange + 1))
        delivered = len(truth(site, "reply", delivered=True))
        await until(lambda: _found(wire) >= delivered)
        assert await quiet(wire, 0.1, since=len(wire.heard))
        assert _found(wire) == delivered
    assert 100 < delivered < 190


def _found(wire: Line) -> int:
    return sum(good(bytes(wire.heard[at : at + REPLY_BYTES])) for at in range(len(wire.heard)))


def _answered(site: Site, count: int) -> bool:
    assert site.truth is not None
    return site.truth.read_bytes().count(b'"reply"') == count
