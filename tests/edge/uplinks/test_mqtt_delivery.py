"""Delivery to a real mosquitto while all goes well."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import aiomqtt

from edge.alarms import Cause
from edge.journal.block import Lane
from edge.uplinks.window import SIZE
from tests.edge.uplinks.standins import (
    ROOT,
    AlarmLog,
    MemoryOutbox,
    consumer,
    new_uplink,
    running,
    target,
    until,
)
from tests.mosquitto import Broker
from tests.proxy import Proxy


async def test_blocks_arrive_in_order_and_the_cursors_follow(broker: Broker) -> None:
    outbox, alarms = MemoryOutbox(), AlarmLog()
    outbox.telemetry(200, size=500, observations=50)
    uplink = new_uplink(target(broker.port), outbox, alarms)
    async with consumer(broker.port) as heard, running(uplink):
        await until(lambda: outbox.cursor() == 200)
        outbox.telemetry(3)
        await until(lambda: outbox.cursor() == 203)
    assert heard.seqs() == list(range(1, 204))
    assert set(heard.topics) == {f"{ROOT}/telemetry"}
    facts = uplink.facts()
    assert facts["acknowledged_blocks"] == 203
    assert facts["acknowledged_observations"] == 200 * 50 + 3
    assert facts["in_flight"] == facts["backlog_blocks"] == 0
    assert facts["acknowledgement"] == "strong"
    assert alarms.raised_ever == []
    assert outbox.acknowledgements < 60, "a cursor is not written for each block"


async def test_the_bytes_are_those_of_the_journal(broker: Broker) -> None:
    outbox = MemoryOutbox()
    block = outbox.commit(Lane.RECORDS, kind="alarm", size=1000)
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("meat/+/records/#")
        async with running(new_uplink(target(broker.port, root="meat"), outbox, AlarmLog())):
            message = await anext(client.messages)
    assert message.payload == block.body
    assert message.topic.value == "meat/dx-yidong-01/records/alarm"
    assert (message.qos, message.retain) == (0, False)


async def test_records_go_before_telemetry_and_an_older_journal_before_a_newer(broker: Broker) -> None:
    outbox = MemoryOutbox()
    outbox.telemetry(60, size=1000)
    for number in range(30):
        outbox.commit(Lane.RECORDS, kind=("gateway", "alarm")[number % 2])
    outbox.commit(Lane.TELEMETRY, journal="J0")
    async with consumer(broker.port) as heard, running(new_uplink(target(broker.port), outbox, AlarmLog())):
        await until(lambda: len(heard.blocks) == 91)
    assert heard.blocks[0]["journal"] == "J0"
    assert heard.lanes[1:] == ["records"] * 30 + ["telemetry"] * 60
    assert heard.seqs(Lane.RECORDS) == list(range(1, 31))
    assert heard.topics[1:3] == [f"{ROOT}/records/gateway", f"{ROOT}/records/alarm"]


async def test_a_new_record_overtakes_a_backlog_within_the_window(broker: Broker) -> None:
    outbox = MemoryOutbox(disk_s=0.01)
    outbox.telemetry(600, size=5_000)
    async with consumer(broker.port) as heard, running(new_uplink(target(broker.port), outbox, AlarmLog())):
        await until(lambda: len(heard.blocks) > 100)
        outbox.commit(Lane.RECORDS, kind="alarm")
        before = len(heard.blocks)
        await until(lambda: "records" in heard.lanes)
        assert heard.lanes.index("records") <= before + 2 * SIZE
        assert outbox.cursor() < 600


async def test_nobody_listening_is_a_delivery_with_an_alarm(broker: Broker) -> None:
    outbox, alarms = MemoryOutbox(), AlarmLog()
    outbox.telemetry(1)
    outbox.commit(Lane.RECORDS, kind="gateway")
    async with running(new_uplink(target(broker.port), outbox, alarms)):
        await until(lambda: outbox.cursor() == outbox.cursor(Lane.RECORDS) == 1)
        assert set(alarms.standing) == {Cause.UPLINK_UNHEARD}
        async with consumer(broker.port):
            outbox.telemetry(1)
            await until(lambda: outbox.cursor() == 2)
            assert Cause.UPLINK_UNHEARD in alarms.standing, "the record is still unheard"
            outbox.commit(Lane.RECORDS, kind="gateway")
            await until(lambda: not alarms.standing)


async def test_mqtt_3_1_1_delivers_and_says_that_it_is_weak(broker: Broker) -> None:
    outbox = MemoryOutbox()
    outbox.telemetry(50)
    uplink = new_uplink(target(broker.port, version="3.1.1"), outbox, AlarmLog())
    async with consumer(broker.port) as heard, running(uplink):
        uplink.live("door", b"{}")
        await until(lambda: outbox.cursor() == 50)
    assert heard.seqs() == list(range(1, 51))
    assert uplink.facts()["acknowledgement"] == "weak"


async def test_a_block_that_the_broker_is_too_small_for_is_set_aside(mosquitto: Path, tmp_path: Path) -> None:
    outbox, alarms = MemoryOutbox(), AlarmLog()
    for size in (100, 30_000, 100, 21_000, 100):
        outbox.telemetry(1, size=size)
    async with Broker(mosquitto, tmp_path, "max_packet_size 20000") as broker:
        uplink = new_uplink(target(broker.port), outbox, alarms)
        async with consumer(broker.port) as heard, running(uplink):
            uplink.live("camera", b"x" * 30_000)
            await until(lambda: outbox.cursor() == 5)
            assert heard.seqs() == [1, 3, 5]
            assert uplink.facts()["connections"] == 1
    assert [block.seq for block, _ in outbox.quarantined] == [2, 4]
    assert "0x95" in outbox.quarantined[0][1]
    assert Cause.UPLINK_QUARANTINE in alarms.standing
    assert uplink.facts()["quarantined"] == 2
    assert uplink.facts()["live_oversize"] == 1


async def test_the_catch_up_rate_holds_back_the_backlog_and_nothing_else(broker: Broker, link: Proxy) -> None:
    """The backlog gathers while the uplink tries to connect, and looks at it each time."""
    rate = 150_000.0
    outbox = MemoryOutbox()
    uplink = new_uplink(target(link.port, catch_up_bytes_per_s=rate), outbox, AlarmLog())
    link.accepts = False
    async with consumer(broker.port) as heard, running(uplink):
        outbox.telemetry(5, size=15_000)
        await until(lambda: uplink.facts()["backlog_blocks"] == 5)
        outbox.telemetry(25, size=15_000)
        await until(lambda: uplink.facts()["backlog_blocks"] == 30)
        link.heal()
        begun_s = monotonic()
        await until(lambda: len(heard.blocks) >= 10)
        held_back = len(heard.blocks)
        outbox.commit(Lane.RECORDS, kind="alarm")
        await until(lambda: "records" in heard.lanes)
        assert heard.lanes.index("records") <= held_back + 2
        await until(lambda: len(heard.seqs()) == 30)
        assert monotonic() - begun_s > (30 * 15_000 - rate) / rate * 0.8
        await until(lambda: outbox.cursor() == 30)
        outbox.telemetry(100, size=15_000)
        begun_s = monotonic()
        await until(lambda: len(heard.seqs()) == 130)
        assert monotonic() - begun_s < 0.7 * 100 * 15_000 / rate, "fresh blocks pass free"


async def test_a_stopped_uplink_has_written_down_what_was_acknowledged(broker: Broker) -> None:
    outbox = MemoryOutbox()
    outbox.telemetry(7)
    async with consumer(broker.port) as heard:
        async with running(new_uplink(target(broker.port), outbox, AlarmLog())):
            await until(lambda: len(heard.blocks) == 7)
            stopping_s = monotonic()
        assert monotonic() - stopping_s < 2
        assert outbox.cursor() == 7
