"""The inbox of a link: bounded, and its failure comes after what came before it."""

from __future__ import annotations

import asyncio

import pytest

from drivers.contract import LinkDown
from drivers.links.inbox import MOST_BYTES, Inbox


class Wire:
    """Notes what the inbox asks of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.inbox = Inbox(lambda: self.asked.append("pause"), lambda: self.asked.append("resume"))


async def test_a_full_inbox_stops_the_wire_once_and_an_empty_one_starts_it_again() -> None:
    wire = Wire()
    wire.inbox.put(bytes(MOST_BYTES - 1))
    assert wire.asked == []
    wire.inbox.put(b"12")
    wire.inbox.put(b"3")
    assert wire.asked == ["pause"]
    assert len(await wire.inbox.take()) == MOST_BYTES
    assert wire.asked == ["pause"]
    assert await wire.inbox.take() == b"23"
    assert wire.asked == ["pause", "resume"]


async def test_the_first_failure_counts_and_waits_its_turn() -> None:
    wire = Wire()
    wire.inbox.put(b"before")
    wire.inbox.fail("pulled out")
    wire.inbox.fail("closed")
    assert await wire.inbox.take() == b"before"
    for _ in range(2):
        with pytest.raises(LinkDown, match="pulled out"):
            await wire.inbox.take()


async def test_a_reader_that_gave_up_loses_nothing() -> None:
    wire = Wire()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await wire.inbox.take()
    wire.inbox.put(b"later")
    assert await wire.inbox.take() == b"later"


async def test_bytes_that_arrive_as_the_reader_gives_up_are_there_for_the_next() -> None:
    wire = Wire()
    reading = asyncio.create_task(wire.inbox.take())
    await asyncio.sleep(0)
    wire.inbox.put(b"now")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await wire.inbox.take() == b"now"


async def test_a_wire_at_rest_is_left_alone_until_the_rest_is_over() -> None:
    wire = Wire()
    wire.inbox.rest(0.01)
    wire.inbox.rest(0.01)
    assert wire.asked == ["pause"]
    while wire.asked == ["pause"]:
        await asyncio.sleep(0.005)
    assert wire.asked == ["pause", "resume"]


async def test_a_wire_at_rest_that_was_stopped_as_well_starts_when_both_are_over() -> None:
    wire = Wire()
    wire.inbox.rest(0.01)
    wire.inbox.put(bytes(MOST_BYTES))
    await asyncio.sleep(0.05)
    assert "resume" not in wire.asked
    await wire.inbox.take()
    assert wire.asked.count("resume") == 1
    wire.inbox.rest(0.01)
    wire.inbox.put(bytes(MOST_BYTES))
    await wire.inbox.take()
    assert wire.asked.count("resume") == 1
    await asyncio.sleep(0.05)
    assert wire.asked.count("resume") == 2


async def test_a_wire_that_went_down_at_rest_is_not_started_again() -> None:
    wire = Wire()
    wire.inbox.rest(0.01)
    wire.inbox.fail("pulled out")
    wire.inbox.rest(0.01)
    await asyncio.sleep(0.05)
    assert wire.asked == ["pause"]
