"""What people see at the broker: the retained status, the last will, the live topics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

import aiomqtt
import orjson
import pytest

from edge.uplinks import mqtt
from edge.uplinks.live import INTERVAL_S
from tests.edge.uplinks.standins import ROOT, AlarmLog, MemoryOutbox, new_uplink, running, target, until
from tests.mosquitto import Broker
from tests.proxy import Proxy


class Screen:
    """What somebody who watches the retained topics sees, newest last."""

    def __init__(self) -> None:
        self.seen: dict[str, list[bytes]] = {}

    def newest(self, topic: str) -> bytes:
        return self.seen[f"{ROOT}/{topic}"][-1] if f"{ROOT}/{topic}" in self.seen else b"{}"

    def state(self) -> object:
        return orjson.loads(self.newest("status")).get("state")


@asynccontextmanager
async def watching(port: int) -> AsyncIterator[Screen]:
    screen = Screen()
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe([(f"{ROOT}/live/#", 0), (f"{ROOT}/status", 1)])

        async def watch() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                screen.seen.setdefault(message.topic.value, []).append(message.payload)

        task = asyncio.create_task(watch())
        try:
            yield screen
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_the_status_is_online_while_it_runs_and_offline_after_an_orderly_stop(broker: Broker) -> None:
    async with watching(broker.port) as screen:
        async with running(new_uplink(target(broker.port), MemoryOutbox(), AlarmLog())):
            await until(lambda: screen.state() == "online")
        await until(lambda: screen.state() == "offline")
        assert orjson.loads(screen.newest("status"))["gateway"] == "dx-yidong-01"
    async with watching(broker.port) as late:
        await until(lambda: late.state() == "offline")


async def test_a_gateway_that_vanishes_is_offline_and_online_when_it_is_back(
    broker: Broker, link: Proxy
) -> None:
    uplink = new_uplink(target(link.port), MemoryOutbox(), AlarmLog())
    async with watching(broker.port) as screen, running(uplink):
        await until(lambda: screen.state() == "online")
        link.accepts = False
        link.reset()
        await until(lambda: screen.state() == "offline")
        link.heal()
        await until(lambda: screen.state() == "online")


async def test_the_status_is_told_again_and_again(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "STATUS_EVERY_S", 0.2)
    monkeypatch.setattr(mqtt, "TICK_S", 0.05)
    uplink = new_uplink(target(broker.port), MemoryOutbox(), AlarmLog())
    async with watching(broker.port) as screen, running(uplink):
        await until(lambda: len(screen.seen.get(f"{ROOT}/status", ())) >= 4)


async def test_live_values_are_retained_and_the_newest_wins(broker: Broker) -> None:
    uplink = new_uplink(target(broker.port), MemoryOutbox(), AlarmLog())
    async with running(uplink), watching(broker.port) as screen:
        await until(lambda: screen.state() == "online")
        begun_s = monotonic()
        for number in range(100):
            uplink.live("chiller-1-air", b"%d" % number)
            await asyncio.sleep(0.01)
        await until(lambda: screen.newest("live/chiller-1-air") == b"99")
        shown = len(screen.seen[f"{ROOT}/live/chiller-1-air"])
        assert shown <= (monotonic() - begun_s) / INTERVAL_S + 1
    async with watching(broker.port) as late:
        await until(lambda: late.newest("live/chiller-1-air") == b"99")
    facts = uplink.facts()
    assert facts["live_sent"] == shown
    assert facts["live_replaced"] == 100 - shown


async def test_live_values_of_many_devices_flow_beside_a_drain(broker: Broker) -> None:
    outbox = MemoryOutbox()
    outbox.telemetry(300, size=20_000)
    uplink = new_uplink(target(broker.port), outbox, AlarmLog())
    async with running(uplink), watching(broker.port) as screen:
        await until(lambda: screen.state() == "online")
        for device in range(50):
            uplink.live(f"probe-{device}", b"1")
        await until(lambda: len(screen.seen) == 51)
        await until(lambda: outbox.cursor() == 300)


async def test_after_an_outage_the_newest_value_of_each_device_is_shown(broker: Broker, link: Proxy) -> None:
    uplink = new_uplink(target(link.port), MemoryOutbox(), AlarmLog())
    async with running(uplink), watching(broker.port) as screen:
        await until(lambda: screen.state() == "online")
        link.accepts = False
        link.reset()
        await until(lambda: screen.state() == "offline")
        for number in range(10):
            uplink.live("door", b"%d" % number)
        link.heal()
        await until(lambda: screen.state() == "online")
        await until(lambda: screen.newest("live/door") == b"9", within_s=5)
        assert screen.seen[f"{ROOT}/live/door"] == [b"9"]
