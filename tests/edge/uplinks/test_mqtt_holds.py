"""The hold list is asked for with every connection; a broker that forbids it is delivered to all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import aiomqtt
import pytest

from edge.journal.block import Lane
from edge.uplinks.mqtt import MqttUplink, Target
from tests.edge.uplinks.scripted import ScriptedBroker
from tests.edge.uplinks.standins import (
    UPLINK,
    AlarmLog,
    MemoryOutbox,
    running,
    target,
    until,
)
from tests.mosquitto import Broker

pytestmark = pytest.mark.usefixtures("hasty")


def hearing(to: Target, outbox: MemoryOutbox, alarms: AlarmLog, heard: list[bytes]) -> MqttUplink:
    return MqttUplink(UPLINK, to, outbox, alarms, lambda: b"{}", holds=heard.append)


async def say(broker: Broker, payload: bytes) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.publish("meat/holds", payload, qos=1, retain=True)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_it_is_heard_when_it_is_retained_when_it_changes_and_again_after_an_outage(
    mosquitto: Path, tmp_path: Path, version: Literal["5", "3.1.1"]
) -> None:
    heard: list[bytes] = []
    async with Broker(mosquitto, tmp_path) as broker:
        await say(broker, b"one")
        to = target(broker.port, holds=True, root="meat", version=version)
        async with running(hearing(to, MemoryOutbox(), AlarmLog(), heard)):
            await until(lambda: heard == [b"one"])
            await say(broker, b"two" * 300_000)
            await until(lambda: heard[1:] == [b"two" * 300_000])
            await broker.kill()
            await broker.start()
            await say(broker, b"three")
            await until(lambda: b"three" in heard)


@pytest.mark.parametrize("code", [0x87, 0x80, 0xA2])
async def test_a_refusal_is_shown_and_is_no_alarm(code: int) -> None:
    outbox, alarms = MemoryOutbox(), AlarmLog()
    outbox.commit(Lane.RECORDS, kind="gateway")
    async with ScriptedBroker() as broker:
        broker.suback = code
        uplink = hearing(target(broker.port, holds=True), outbox, alarms, [])
        async with running(uplink):
            await until(lambda: outbox.cursor(Lane.RECORDS) == 1)
            await until(lambda: uplink.facts()["hold_list"] == "refused")
        assert (broker.subscribed, alarms.standing) == (1, {})


async def test_who_does_not_want_it_does_not_ask() -> None:
    outbox = MemoryOutbox()
    outbox.commit(Lane.RECORDS, kind="gateway")
    async with ScriptedBroker() as broker:
        uplink = hearing(target(broker.port), outbox, AlarmLog(), [])
        async with running(uplink):
            await until(lambda: outbox.cursor(Lane.RECORDS) == 1)
        assert (broker.subscribed, uplink.facts()["hold_list"]) == (0, "off")
