"""Answers to commands wait for a broker, and are given again until it has acknowledged them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.commands.judging import Message
from edge.uplinks.answers import MOST
from edge.uplinks.mqtt import MqttUplink
from tests.edge.uplinks.scripted import SILENCE, Answer, Publish, ScriptedBroker
from tests.edge.uplinks.standins import (
    ROOT,
    UPLINK,
    AlarmLog,
    MemoryOutbox,
    new_uplink,
    running,
    target,
    until,
)
from tests.mosquitto import Broker

pytestmark = pytest.mark.usefixtures("hasty")

DONE = f"{ROOT}/done/enter"


def answers(uplink: MqttUplink) -> object:
    return uplink.facts()["answers"]


async def test_what_was_answered_without_a_broker_arrives_with_it(mosquitto: Path, tmp_path: Path) -> None:
    async with Broker(mosquitto, tmp_path) as broker:
        await broker.kill()
        async with running(new_uplink(target(broker.port), MemoryOutbox(), AlarmLog())) as uplink:
            uplink.answer("enter", b"{}")
            await broker.start()
            await until(lambda: answers(uplink) == {"owed": 0, "acknowledged": 1, "refused": 0, "dropped": 0})


async def test_one_that_is_not_acknowledged_is_given_again_with_the_next_connection() -> None:
    given: list[Publish] = []

    def acknowledges_the_second(publish: Publish) -> Answer:
        given.append(publish)
        return SILENCE if len(given) == 1 else 0

    async with ScriptedBroker(acknowledges_the_second) as broker:
        uplink = new_uplink(target(broker.port, keepalive_s=0.2), MemoryOutbox(), AlarmLog())
        async with running(uplink):
            uplink.answer("enter", b"{}")
            await until(lambda: len(given) == 2)
            await until(lambda: answers(uplink) == {"owed": 0, "acknowledged": 1, "refused": 0, "dropped": 0})
    assert {(each.topic, each.payload, each.retain) for each in given} == {(DONE, b"{}", False)}


async def test_a_refused_one_is_not_given_again() -> None:
    async with ScriptedBroker(lambda _: 0x87) as broker:
        uplink = new_uplink(target(broker.port), MemoryOutbox(), AlarmLog())
        async with running(uplink):
            uplink.answer("enter", b"{}")
            await until(lambda: answers(uplink) == {"owed": 0, "acknowledged": 0, "refused": 1, "dropped": 0})


def test_those_that_wait_are_bounded_and_the_oldest_goes_first() -> None:
    uplink = new_uplink(target(1), MemoryOutbox(), AlarmLog())
    for _ in range(MOST + 3):
        uplink.answer("enter", b"{}")
    assert answers(uplink) == {"owed": MOST, "acknowledged": 0, "refused": 0, "dropped": 3}


async def test_a_broker_that_forbids_the_subscription_is_delivered_to_all_the_same() -> None:
    heard: list[Message] = []
    async with ScriptedBroker() as broker:
        broker.suback = 0x87
        to = target(broker.port, commands=True)
        alarms = AlarmLog()
        uplink = MqttUplink(UPLINK, to, MemoryOutbox(), alarms, lambda: b"{}", commands=heard.append)
        async with running(uplink):
            await until(lambda: uplink.facts()["commands"] == "refused")
        assert (heard, alarms.standing) == ([], {})
