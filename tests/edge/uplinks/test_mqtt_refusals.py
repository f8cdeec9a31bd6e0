"""A broker that says no: for now, for good, or to the gateway itself."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from edge.alarms import Cause
from edge.journal.block import Lane
from edge.uplinks.delivery import FOR_GOOD
from tests.edge.uplinks.scripted import Answer, Close, Publish, ScriptedBroker
from tests.edge.uplinks.standins import (
    ROOT,
    AlarmLog,
    MemoryOutbox,
    consumer,
    new_uplink,
    running,
    target,
    until,
    window_of,
)
from tests.mosquitto import Broker

pytestmark = pytest.mark.usefixtures("hasty")


def seq(publish: Publish) -> int:
    """Of the block in it (the journal in memory writes it so)."""
    return int(publish.payload.split(b'"seq":')[1].split(b",")[0])


def seqs(broker: ScriptedBroker) -> list[int]:
    return [seq(publish) for publish in broker.published]


def allow(folder: Path, *topics: str) -> None:
    """What the gateway may write, by mosquitto's ACL; everybody may read."""
    rules = "".join(f"topic write {topic}\n" for topic in topics)
    (folder / "acl").write_text(f"topic read #\nuser gateway\ntopic read #\n{rules}")


def set_password(mosquitto: Path, folder: Path, password: str) -> None:
    program = mosquitto.with_name("mosquitto_passwd")
    if not program.exists():
        program = Path("/usr/bin/mosquitto_passwd")
    file = folder / "passwords"
    file.touch(mode=0o600)
    subprocess.run([program, "-b", file, "gateway", password], check=True, capture_output=True)


@pytest.mark.parametrize(
    "allowed",
    [(), (f"{ROOT}/status",), (f"{ROOT}/status", f"{ROOT}/records/gateway", f"{ROOT}/telemetry")],
    ids=["all is forbidden", "all but the status", "one kind of record"],
)
async def test_what_the_acl_forbids_is_not_delivered_until_it_is_allowed(
    mosquitto: Path, tmp_path: Path, allowed: tuple[str, ...]
) -> None:
    allow(tmp_path, *allowed)
    outbox, alarms = MemoryOutbox(), AlarmLog()
    for kind in ("gateway", "alarm", "gateway", "gateway", "alarm"):
        outbox.commit(Lane.RECORDS, kind=kind)
    outbox.telemetry(30)
    set_password(mosquitto, tmp_path, "secret")
    settings = ("acl_file {folder}/acl", "password_file {folder}/passwords")
    async with Broker(mosquitto, tmp_path, *settings) as broker:
        uplink = new_uplink(target(broker.port, username="gateway", password="secret"), outbox, alarms)
        async with consumer(broker.port) as heard, running(uplink):
            await until(lambda: Cause.UPLINK_REFUSED in alarms.standing)
            assert "0x87" in alarms.standing[Cause.UPLINK_REFUSED]
            await asyncio.sleep(1.5)
            forbidden_first = 0 if f"{ROOT}/records/gateway" not in allowed else 1
            assert heard.seqs(Lane.RECORDS) == list(range(1, forbidden_first + 1))
            assert heard.seqs() == []
            assert outbox.cursor(Lane.RECORDS) <= forbidden_first
            assert outbox.cursor() == 0
            allow(tmp_path, f"{ROOT}/#")
            broker.reload()
            await until(lambda: (outbox.cursor(Lane.RECORDS), outbox.cursor()) == (5, 30))
            assert alarms.standing == {}
            assert heard.seqs(Lane.RECORDS) == [1, 2, 3, 4, 5]
            assert heard.seqs() == list(range(1, 31))
        facts = uplink.facts()
    assert facts["connections"] == 1
    assert facts["quarantined"] == 0
    refused = facts["refused"]
    assert isinstance(refused, dict)
    assert 2 <= refused["0x87"] < 50, "it tries again, with pauses"


async def test_a_wrong_password_raises_an_alarm_and_is_tried_again(mosquitto: Path, tmp_path: Path) -> None:
    set_password(mosquitto, tmp_path, "old")
    outbox, alarms = MemoryOutbox(), AlarmLog()
    outbox.telemetry(1)
    settings = ("allow_anonymous false", "password_file {folder}/passwords")
    async with Broker(mosquitto, tmp_path, *settings) as broker:
        uplink = new_uplink(target(broker.port, username="gateway", password="new"), outbox, alarms)
        async with running(uplink):
            await until(lambda: Cause.UPLINK_REFUSED in alarms.standing)
            assert "0x87 Not authorized" in str(uplink.facts()["last_error"])
            set_password(mosquitto, tmp_path, "new")
            broker.reload()
            await until(lambda: outbox.cursor() == 1)
            assert Cause.UPLINK_REFUSED not in alarms.standing


@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x97])
async def test_refused_for_now_it_waits_keeps_the_order_and_stays_connected(code: int) -> None:
    refusals = iter(range(4))

    def refuse_four_times(publish: Publish) -> Answer:
        return code if seq(publish) >= 5 and next(refusals, None) is not None else 0

    outbox, alarms = MemoryOutbox(), AlarmLog()
    outbox.telemetry(20)
    async with (
        ScriptedBroker(refuse_four_times) as broker,
        running(new_uplink(target(broker.port), outbox, alarms)),
    ):
        await until(lambda: outbox.cursor() == 20)
    assert broker.connections == 1
    assert alarms.raised_ever == [Cause.UPLINK_REFUSED]
    assert alarms.standing == {}
    assert outbox.quarantined == []
    assert set(seqs(broker)) == set(range(1, 21))


@pytest.mark.parametrize("code", sorted(FOR_GOOD - {0x95}))
async def test_refused_for_good_it_is_set_aside_and_in_nobodys_way(code: int) -> None:
    outbox, alarms = MemoryOutbox(), AlarmLog()
    outbox.telemetry(30)
    async with ScriptedBroker(lambda publish: code if seq(publish) in {1, 7, 8} else 0) as broker:
        uplink = new_uplink(target(broker.port), outbox, alarms)
        async with running(uplink):
            await until(lambda: outbox.cursor() == 30)
    assert [block.seq for block, _ in outbox.quarantined] == [1, 7, 8]
    assert seqs(broker) == list(range(1, 31))
    assert set(alarms.standing) == {Cause.UPLINK_QUARANTINE}
    facts = uplink.facts()
    assert (facts["quarantined"], facts["acknowledged_blocks"]) == (3, 27)
    assert facts["refused"] == {f"{code:#04x}": 3}


@pytest.mark.parametrize("reason", [None, 0x81])
async def test_a_block_that_kills_the_connection_is_found_and_set_aside(reason: int | None) -> None:
    outbox, alarms = MemoryOutbox(), AlarmLog()
    outbox.telemetry(30)
    async with (
        ScriptedBroker(lambda publish: Close(reason) if seq(publish) == 12 else 0) as broker,
        running(new_uplink(target(broker.port), outbox, alarms)),
    ):
        await until(lambda: outbox.cursor() == 30)
    assert [block.seq for block, _ in outbox.quarantined] == [12]
    assert "sent alone 3 times" in outbox.quarantined[0][1]
    assert seqs(broker).count(12) <= 4


async def test_a_broker_that_shuts_down_blames_no_block() -> None:
    def shut_down(_: Publish) -> Answer:
        return Close(0x8B) if broker.connections < 5 else 0

    outbox = MemoryOutbox()
    outbox.telemetry(2)
    async with (
        ScriptedBroker(shut_down) as broker,
        running(new_uplink(target(broker.port), outbox, AlarmLog())),
    ):
        await until(lambda: outbox.cursor() == 2)
    assert outbox.quarantined == []


@pytest.mark.parametrize("most", [1, 2, 3, 7])
async def test_the_receive_maximum_is_honoured_and_used(most: int) -> None:
    outbox = MemoryOutbox(disk_s=0.01)
    outbox.telemetry(40)
    under_way = []
    async with ScriptedBroker() as broker:
        broker.properties = b"\x21" + most.to_bytes(2)
        broker.delay_s = 0.01
        uplink = new_uplink(target(broker.port), outbox, AlarmLog())
        async with running(uplink):
            while outbox.cursor() < 40:
                under_way.append(window_of(uplink))
                await asyncio.sleep(0.001)
    assert max(under_way) <= most
    assert broker.unanswered_most <= most
    assert broker.unanswered_most >= min(2, most)


@pytest.mark.parametrize("code", [0x84, 0x01])
async def test_a_broker_that_knows_no_mqtt_5_is_told_apart(code: int) -> None:
    """A broker of 3.1.1 answers with its own code 1 (unacceptable protocol version)."""
    async with ScriptedBroker(connack=code) as broker:
        uplink = new_uplink(target(broker.port), MemoryOutbox(), AlarmLog())
        async with running(uplink):
            await until(lambda: 'version: "3.1.1"' in str(uplink.facts()["last_error"]))


async def test_a_name_used_by_a_second_gateway_raises_an_alarm() -> None:
    alarms = AlarmLog()
    outbox = MemoryOutbox()
    outbox.telemetry(100)
    async with ScriptedBroker(lambda _: Close(0x8E)) as broker:
        uplink = new_uplink(target(broker.port), outbox, alarms)
        async with running(uplink):
            await until(lambda: Cause.UPLINK_CLIENT_ID in alarms.standing)
            assert broker.connections == 3
            assert "tagtrail-dx-yidong-01" in alarms.standing[Cause.UPLINK_CLIENT_ID]
    assert outbox.quarantined == []


async def test_two_real_gateways_of_one_name_are_noticed(broker: Broker) -> None:
    first, second = AlarmLog(), AlarmLog()
    async with (
        running(new_uplink(target(broker.port), MemoryOutbox(), first)),
        running(new_uplink(target(broker.port), MemoryOutbox(), second)),
    ):
        await until(lambda: Cause.UPLINK_CLIENT_ID in {**first.standing, **second.standing})
