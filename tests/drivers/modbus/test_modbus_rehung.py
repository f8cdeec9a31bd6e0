"""Devices that come and go while the bus runs, in time that jumps: the others keep their places."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from drivers.contract import Device
from drivers.modbus.bus import Bus
from drivers.modbus.counts import Counts
from drivers.modbus.schedule import Schedule
from tests.drivers.modbus.modbus_line import (
    SERIAL,
    Chunks,
    Heard,
    MemoryLink,
    decoder,
    in_jumping_time,
    loop_now,
    probe,
    registers_reply,
)


def answering(request: bytes) -> Chunks:
    """Any unit but the dead 9."""
    unit, function, address, length = request[0], request[1], request[3], request[5]
    registers = [0, *(unit * 10 + place for place in range(8))]
    if unit == 9:
        return []
    return [(0.02, registers_reply(unit, function, registers[address : address + length]))]


@asynccontextmanager
async def running(devices: Sequence[Device]) -> AsyncIterator[tuple[Bus, Heard]]:
    link, heard = MemoryLink(answering), Heard()

    async def open_link() -> MemoryLink:
        assert not link.written, "a wire is not opened anew"
        return link

    bus = Bus(SERIAL, open_link, devices, loop_now)
    task = asyncio.create_task(bus.run(heard))
    try:
        yield bus, heard
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


def times(heard: Heard, device: str) -> list[float]:
    return sorted({seen.at / 1e9 for seen in heard.readings(device)})


def test_who_stays_keeps_its_place_on_the_grid_whatever_comes_and_goes() -> None:
    async def scene() -> None:
        staying = [probe(unit, every_s=1.0) for unit in range(1, 6)]
        async with running([*staying, probe(6, every_s=1.0)]) as (bus, heard):
            for turn in range(60):
                await asyncio.sleep(0.37)
                bus.hang([*staying[turn % 2 :], *staying[: turn % 2], probe(6 + turn % 3, every_s=1.0)])
            await asyncio.sleep(1)
        for device in staying:
            gaps = [later - sooner for sooner, later in pairwise(times(heard, device.name))]
            assert len(gaps) == pytest.approx(22, abs=1)
            assert max(gaps) < 1.5

    in_jumping_time(scene)


def test_who_is_new_is_read_at_once_and_who_is_gone_no_more() -> None:
    async def scene() -> None:
        first, second = probe(1, every_s=60.0), probe(2, every_s=60.0)
        async with running([first]) as (bus, heard):
            await asyncio.sleep(5.3)
            bus.hang([second])
            await asyncio.sleep(0.1)
            assert len(times(heard, first.name)) == len(times(heard, second.name)) == 1
            await asyncio.sleep(120)
            assert len(times(heard, first.name)) == 1

    in_jumping_time(scene)


def test_an_answer_on_its_way_to_who_is_gone_is_told_to_who_stays_alone() -> None:
    async def scene() -> None:
        stays, goes = (Device(f"room-{channel}", decoder("r4dcb08", 7, channel), 60.0) for channel in (1, 2))
        async with running([stays, goes]) as (bus, heard):
            while not bus.counters()["exchanges"]:
                await asyncio.sleep(0.001)
            bus.hang([stays])
            await asyncio.sleep(1)
        assert [name for name, _ in heard.observations] == [stays.name]
        assert heard.refused == []

    in_jumping_time(scene)


def test_another_profile_is_read_at_the_old_ones_time_and_its_neighbour_on_the_unit_with_it() -> None:
    async def scene() -> None:
        stays, was = (Device(f"room-{channel}", decoder("r4dcb08", 7, channel), 10.0) for channel in (1, 2))
        async with running([stays, was]) as (bus, heard):
            await asyncio.sleep(15)
            bus.hang([stays, Device("room-2", decoder("r4dcb08", 7, 3), 10.0)])
            await asyncio.sleep(16)
        assert times(heard, stays.name) == pytest.approx([0.02, 10.02, 20.02, 30.02], abs=0.1)
        assert times(heard, "room-2") == times(heard, stays.name)

    in_jumping_time(scene)


def test_a_unit_that_rests_goes_on_resting() -> None:
    async def scene() -> None:
        dead = probe(9, every_s=1.0)
        async with running([dead]) as (bus, _):
            await asyncio.sleep(60)
            before = bus.counters()
            bus.hang([dead, probe(1, every_s=1.0)])
            await asyncio.sleep(0.5)
            after = bus.counters()
        assert before["suspended_units"] == after["suspended_units"] == 1
        assert before["timeouts"] == after["timeouts"]

    in_jumping_time(scene)


def test_what_was_learnt_of_a_unit_that_answers_half_a_span_stays() -> None:
    device = probe(1, every_s=1.0)
    schedule = Schedule([device], Counts())
    (poll,) = schedule.polls
    poll.split(poll.spans[0])
    (same,) = schedule.rehung([device], 0.0).polls
    assert len(same.spans) == 2
