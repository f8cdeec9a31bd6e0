"""Brokers that die, links that go silent, gateways that are killed: nothing is lost, nothing out of order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from time import monotonic

import pytest

from edge.journal.block import Lane
from edge.uplinks import connection
from edge.uplinks.mqtt import MqttUplink
from edge.uplinks.window import RECORDS_SHARE, SIZE
from tests.edge.uplinks.scripted import SILENCE, Answer, Close, Publish, ScriptedBroker
from tests.edge.uplinks.standins import (
    AlarmLog,
    Heard,
    MemoryOutbox,
    consumer,
    new_uplink,
    running,
    target,
    until,
    window_of,
)
from tests.mosquitto import Broker
from tests.proxy import Proxy

pytestmark = pytest.mark.usefixtures("hasty")


@asynccontextmanager
async def committing(outbox: MemoryOutbox, *, every_s: float = 0.005) -> AsyncIterator[None]:
    """Telemetry is committed all the while, and a record now and then."""

    async def commit() -> None:
        for number in count():
            outbox.telemetry(1, size=2000)
            if number % 10 == 0:
                outbox.commit(Lane.RECORDS, kind="gateway")
            await asyncio.sleep(every_s)

    task = asyncio.create_task(commit())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def delivered(outbox: MemoryOutbox) -> bool:
    return all(outbox.cursor(lane) == len(outbox.blocks["J1", lane]) for lane in Lane)


def nothing_lost(outbox: MemoryOutbox, heard: Heard) -> None:
    for lane in Lane:
        assert heard.first_copies(lane) == [block.seq for block in outbox.blocks["J1", lane]]


def state(uplink: MqttUplink) -> object:
    return uplink.facts()["state"]


async def test_a_broker_that_is_killed_and_comes_back(broker: Broker, link: Proxy) -> None:
    outbox = MemoryOutbox()
    uplink = new_uplink(target(link.port), outbox, AlarmLog())
    heard = Heard()
    link.accepts = False
    async with running(uplink):
        async with committing(outbox):
            async with consumer(broker.port, heard=heard):
                link.heal()
                await until(lambda: len(heard.blocks) > 50)
                link.accepts = False
                link.reset()
                await asyncio.sleep(0.2)
            await broker.kill()
            await asyncio.sleep(0.5)
            await broker.start()
        async with consumer(broker.port, heard=heard):
            link.heal()
            await until(lambda: delivered(outbox))
    nothing_lost(outbox, heard)
    assert heard.duplicates() + heard.duplicates(Lane.RECORDS) <= SIZE


async def test_a_gateway_killed_while_the_broker_is_away(broker: Broker, link: Proxy) -> None:
    outbox = MemoryOutbox(disk_s=0.005)
    async with consumer(broker.port) as heard:
        async with running(new_uplink(target(link.port), outbox, AlarmLog())), committing(outbox):
            await until(lambda: len(heard.blocks) > 100)
            link.accepts = False
            link.reset()
            await asyncio.sleep(0.3)
            outbox.has_power = False
        link.heal()
        outbox.has_power = True
        async with running(new_uplink(target(link.port), outbox, AlarmLog())):
            await until(lambda: delivered(outbox))
    nothing_lost(outbox, heard)
    assert heard.duplicates() + heard.duplicates(Lane.RECORDS) <= SIZE


@pytest.mark.parametrize("backlog", [40, 400])
async def test_a_gateway_killed_while_it_sends(broker: Broker, link: Proxy, backlog: int) -> None:
    """The disk is slow, so that as many acknowledgements as can be are not on it yet."""
    outbox = MemoryOutbox(disk_s=0.05)
    outbox.telemetry(backlog, size=2000)
    async with consumer(broker.port) as heard:
        async with running(new_uplink(target(link.port), outbox, AlarmLog())):
            await until(lambda: len(heard.blocks) >= 30)
            link.accepts = outbox.has_power = False
            link.reset()
        link.heal()
        outbox.has_power = True
        async with running(new_uplink(target(link.port), outbox, AlarmLog())):
            await until(lambda: outbox.cursor() == backlog)
    assert heard.first_copies() == list(range(1, backlog + 1))
    assert heard.duplicates() <= SIZE


async def test_a_link_that_goes_silent_and_is_then_reset(broker: Broker, link: Proxy) -> None:
    outbox = MemoryOutbox()
    uplink = new_uplink(target(link.port), outbox, AlarmLog())
    async with consumer(broker.port) as heard, running(uplink):
        async with committing(outbox):
            await until(lambda: len(heard.blocks) > 50)
            link.silence()
            await asyncio.sleep(1)
            assert window_of(uplink) <= SIZE
            link.heal()
            link.reset()
            await until(lambda: uplink.facts()["connections"] == 2)
        await until(lambda: delivered(outbox))
    nothing_lost(outbox, heard)
    assert uplink.facts()["quarantined"] == 0


async def test_a_link_that_swallows_acknowledgements_is_given_up(broker: Broker, link: Proxy) -> None:
    outbox = MemoryOutbox()
    uplink = new_uplink(target(link.port, keepalive_s=0.5), outbox, AlarmLog())
    async with consumer(broker.port) as heard, running(uplink):
        outbox.telemetry(5)
        await until(lambda: outbox.cursor() == 5)
        link.passes_down = False
        outbox.telemetry(5)
        await until(lambda: "no PUBACK" in str(uplink.facts()["last_error"]))
        assert outbox.cursor() == 5
        link.heal()
        link.reset()
        await until(lambda: outbox.cursor() == 10)
    assert heard.first_copies() == list(range(1, 11))


async def test_an_idle_link_that_has_died_is_noticed_by_a_ping(broker: Broker, link: Proxy) -> None:
    uplink = new_uplink(target(link.port, keepalive_s=1), MemoryOutbox(), AlarmLog())
    async with running(uplink):
        await until(lambda: state(uplink) == "connected")
        link.silence()
        await until(lambda: state(uplink) != "connected")
        assert "no answer to a ping" in str(uplink.facts()["last_error"])
        link.heal()
        await until(lambda: state(uplink) == "connected")


async def test_a_frozen_broker_does_not_hold_the_uplink_up(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system still takes connections for it, and nobody answers CONNECT."""
    monkeypatch.setattr(connection, "CONNECT_S", 0.3)
    outbox = MemoryOutbox()
    outbox.telemetry(3)
    uplink = new_uplink(target(broker.port), outbox, AlarmLog())
    broker.freeze()
    async with running(uplink):
        await until(lambda: "did not answer CONNECT" in str(uplink.facts()["last_error"]))
        broker.thaw()
        await until(lambda: outbox.cursor() == 3)


async def test_no_broker_at_boot(broker: Broker) -> None:
    await broker.stop()
    outbox = MemoryOutbox()
    uplink = new_uplink(target(broker.port), outbox, AlarmLog())
    async with running(uplink):
        outbox.telemetry(10)
        uplink.live("door", b"1")
        await until(lambda: state(uplink) == "waiting")
        assert "cannot connect" in str(uplink.facts()["last_error"])
        await until(lambda: uplink.facts()["backlog_blocks"] == 10)
        await broker.start()
        await until(lambda: outbox.cursor() == 10)
        await until(lambda: uplink.facts()["live_sent"] == 1, within_s=5)


async def test_records_of_an_outage_go_before_the_telemetry_that_was_on_its_way(
    broker: Broker, link: Proxy
) -> None:
    outbox = MemoryOutbox()
    uplink = new_uplink(target(link.port), outbox, AlarmLog())
    share = SIZE - SIZE // RECORDS_SHARE
    async with consumer(broker.port) as heard, running(uplink):
        outbox.telemetry(5)
        await until(lambda: outbox.cursor() == 5)
        link.passes_down = False
        outbox.telemetry(95, size=20_000)
        await until(lambda: window_of(uplink) == share)
        await until(lambda: len(heard.blocks) == 5 + share)  # nothing is under way but acknowledgements
        link.accepts = False
        link.reset()
        await until(lambda: state(uplink) != "connected")
        for _ in range(30):
            outbox.commit(Lane.RECORDS, kind="gateway")
        link.heal()
        await until(lambda: delivered(outbox) and len(heard.first_copies()) == 100)
    assert heard.lanes[5 + share :][:30] == ["records"] * 30
    assert heard.first_copies() == list(range(1, 101))


async def test_telemetry_due_again_gives_way_even_where_there_is_room_for_one_block() -> None:
    """A record waits for the only slot, and telemetry for the record: one of them has to go first."""

    def lose_the_first(_: Publish) -> Answer:
        return 0 if broker.connections > 1 else Close()

    outbox = MemoryOutbox()
    outbox.telemetry(2)
    async with ScriptedBroker(lose_the_first) as broker:
        broker.properties = b"\x21\x00\x01"
        async with running(new_uplink(target(broker.port), outbox, AlarmLog())):
            await until(lambda: len(broker.published) == 1)
            outbox.commit(Lane.RECORDS, kind="gateway")
            await until(lambda: delivered(outbox))


async def test_an_uplink_that_is_stopped_amid_an_outage_ends_within_two_seconds(
    broker: Broker, link: Proxy
) -> None:
    outbox = MemoryOutbox()
    async with consumer(broker.port):
        async with running(new_uplink(target(link.port), outbox, AlarmLog())):
            outbox.telemetry(10)
            await until(lambda: outbox.cursor() == 10)
            link.silence()
            outbox.telemetry(10)
            await asyncio.sleep(0.1)
            stopping_s = monotonic()
        assert monotonic() - stopping_s < 3


async def test_a_block_without_an_answer_is_never_blamed() -> None:
    def swallow(publish: Publish) -> Answer:
        return 0 if broker.connections > 4 else SILENCE

    outbox = MemoryOutbox()
    outbox.telemetry(3)
    async with ScriptedBroker(swallow) as broker:
        uplink = new_uplink(target(broker.port, keepalive_s=0.1), outbox, AlarmLog())
        async with running(uplink):
            await until(lambda: outbox.cursor() == 3)
    assert outbox.quarantined == []
