"""Seals at the real broker: retained, renewed as the journal grows, and enough to check what was captured."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiomqtt
import orjson
import pytest
import yaml

from drivers.contract import Instant
from edge import gateway
from edge.evidence.holding import rotate, signing_key
from edge.evidence.keys import SigningKey
from edge.evidence.seals import Seal, read_seal
from edge.evidence.verify import CAPTURE, JournalFile, Lines, verify
from edge.gateway import Gateway
from edge.journal.block import Lane
from edge.uplinks import mqtt
from edge.uplinks.mqtt import MqttUplink
from edge.uplinks.seals import kept_by
from tests.edge.evidence.evidence_rig import newest_seal, write
from tests.edge.uplinks.standins import GATEWAY, ROOT, UPLINK, AlarmLog, MemoryOutbox, running, target, until
from tests.mosquitto import Broker
from tests.proxy import Proxy

KEY = SigningKey.generate()


def sealed(lane: Lane, seq: int, journal: str = "01J") -> Seal:
    link = seq.to_bytes(32)
    unsigned = Seal(GATEWAY, journal, lane, seq, 0, link, "2026-11-22T03:14:07.000Z", KEY.public)
    return unsigned.signed_by(KEY)


def uplink_with(port: int, seals: Sequence[Seal], outbox: MemoryOutbox | None = None) -> MqttUplink:
    to = target(port)
    return MqttUplink(UPLINK, to, outbox or MemoryOutbox(), AlarmLog(), lambda: b"{}", seals=lambda: seals)


async def shown(port: int, lane: Lane, *, kept: bool = False) -> bytes:
    """What a client that comes now is told; kept: because the broker has kept it."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(f"{ROOT}/seal/{lane}", qos=1)
        async with asyncio.timeout(10):
            async for message in client.messages:
                assert message.retain or not kept
                assert isinstance(message.payload, bytes)
                return message.payload
    raise AssertionError("unreachable")


async def test_the_newest_seal_of_each_lane_is_shown(broker: Broker) -> None:
    seals = [sealed(Lane.RECORDS, 1), sealed(Lane.TELEMETRY, 1)]
    async with running(uplink_with(broker.port, seals)) as uplink:
        assert await shown(broker.port, Lane.RECORDS) == seals[0].payload
        assert await shown(broker.port, Lane.TELEMETRY) == seals[1].payload
        seals[0] = sealed(Lane.RECORDS, 2)
        async with asyncio.timeout(20):
            while await shown(broker.port, Lane.RECORDS) != seals[0].payload:
                await asyncio.sleep(0.1)
        assert uplink.facts()["seals"] == "taken"
    assert await shown(broker.port, Lane.RECORDS, kept=True) == seals[0].payload


async def test_the_last_seal_of_an_older_journal_comes_first_and_is_not_retained_for_long(
    broker: Broker,
) -> None:
    old, new = sealed(Lane.RECORDS, 9, "01A"), sealed(Lane.RECORDS, 1, "01B")
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(f"{ROOT}/seal/records", qos=1)
        async with running(uplink_with(broker.port, [old, new])), asyncio.timeout(20):
            heard = [(await anext(aiter(client.messages))).payload for _ in range(2)]
    assert heard == [old.payload, new.payload]
    assert await shown(broker.port, Lane.RECORDS, kept=True) == new.payload


async def test_a_broker_that_forgot_is_told_again(broker: Broker, hasty: None, link: Proxy) -> None:
    seal = sealed(Lane.RECORDS, 1)
    async with running(uplink_with(link.port, [seal])) as uplink:
        await until(lambda: uplink.facts()["state"] == "connected")
        await broker.kill()
        await broker.start()
        assert await shown(broker.port, Lane.RECORDS) == seal.payload


@pytest.mark.parametrize("queue", [(), ("max_queued_messages 0",)], ids=["bounded", "unbounded"])
async def test_a_broker_that_forbids_seals_takes_blocks_all_the_same_and_it_is_told_once(
    mosquitto: Path, tmp_path: Path, hasty: None, caplog: pytest.LogCaptureFixture, queue: tuple[str, ...]
) -> None:
    """Without a bound on its queue, this mosquitto ends the connection with the refusal."""
    rules = tmp_path / "rules"
    rules.write_text(f"topic readwrite {ROOT}/telemetry\ntopic readwrite {ROOT}/status\n")
    rules.chmod(0o600)
    seals = [sealed(lane, 1) for lane in Lane]
    async with Broker(mosquitto, tmp_path, f"acl_file {rules}", *queue) as broker:
        outbox = MemoryOutbox()
        uplink = uplink_with(broker.port, seals, outbox)
        async with running(uplink):
            for seq in range(1, 5):
                seals[:] = [sealed(lane, seq) for lane in Lane]
                outbox.telemetry(3)
                await until(lambda: outbox.cursor() == len(outbox.blocks["J1", Lane.TELEMETRY]))
            await asyncio.sleep(2 * mqtt.TICK_S)
            facts = uplink.facts()
    assert facts["connections"] == (2 if queue else 1)
    assert facts["seals"] == "refused"
    assert not outbox.quarantined
    assert caplog.text.count("no seals: 0x87") == 1


@pytest.mark.parametrize("forbidden", [False, True])
async def test_what_a_broker_has_kept_is_read_back(
    mosquitto: Path, tmp_path: Path, *, forbidden: bool
) -> None:
    seals = [sealed(lane, 7) for lane in Lane]
    settings: list[str] = []
    if forbidden:
        (tmp_path / "rules").write_text(f"topic write {ROOT}/#\n")
        (tmp_path / "rules").chmod(0o600)
        settings = [f"acl_file {tmp_path}/rules"]
    async with Broker(mosquitto, tmp_path, *settings) as broker:
        async with running(uplink_with(broker.port, seals)) as uplink:
            await until(lambda: uplink.facts()["seals"] == "taken")
        assert await kept_by({UPLINK: target(broker.port)}) == {UPLINK: [] if forbidden else seals}
    assert await kept_by({UPLINK: target(broker.port)}) == {}, "it is not there any more"


async def test_nothing_is_published_before_what_the_broker_has_kept_is_known(
    broker: Broker, hasty: None
) -> None:
    seals = [sealed(lane, 7) for lane in Lane]
    async with running(uplink_with(broker.port, seals)) as first:
        await until(lambda: first.facts()["seals"] == "taken")
    outbox = MemoryOutbox()
    outbox.telemetry(3)
    told: list[Seal] = []

    async def witness(kept: Sequence[Seal]) -> None:
        assert outbox.cursor() == 0
        await asyncio.sleep(0.2)
        told.extend(kept)

    uplink = MqttUplink(
        *(UPLINK, target(broker.port), outbox, AlarmLog(), lambda: b"{}"), seals=list, witness=witness
    )
    async with running(uplink):
        await until(lambda: outbox.cursor() == 3)
        assert told == seals
        await broker.kill()
        await broker.start()
        outbox.telemetry(1)
        await until(lambda: outbox.cursor() == 4)
    assert told == seals, "asked once"


def site(folder: Path, port: int) -> Path:
    data: dict[str, Any] = {
        "gateway": {"id": GATEWAY, "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {"platform": {"mqtt": {"url": f"mqtt://127.0.0.1:{port}"}}},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


async def test_a_stream_captured_from_the_broker_is_checked_with_the_public_key_alone(
    broker: Broker, tmp_path: Path
) -> None:
    settings = gateway.load(site(tmp_path, broker.port))
    captured: list[bytes] = []
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe([(f"{ROOT}/records/+", 1), (f"{ROOT}/telemetry", 1), (f"{ROOT}/seal/+", 1)])
        for _ in range(2):
            stop = asyncio.Event()
            running_gateway = await Gateway.open(settings)
            task = asyncio.create_task(running_gateway.run(stop))
            async with asyncio.timeout(30):
                while not _sealed_and_delivered(captured, {s.lane: s for s in running_gateway.journal.seals}):
                    message = await anext(aiter(client.messages))
                    assert isinstance(message.payload, bytes)
                    captured.append(message.payload)
            stop.set()
            await task
    public = signing_key(settings).public
    verdict = verify(Lines(write(tmp_path / "capture.jsonl", captured), CAPTURE), public)
    assert verdict.holds
    witnessed = read_seal(await shown(broker.port, Lane.RECORDS))
    assert witnessed.seq >= 2
    assert verify(JournalFile(settings.journal.path), public, [witnessed]).holds
    tampered = [line.replace(b'"started"', b'"stopped"', 1) for line in captured]
    verdict = verify(Lines(write(tmp_path / "tampered.jsonl", tampered), CAPTURE), public)
    assert {lane.lane for lane in verdict.lanes if lane.broken} == {Lane.RECORDS}
    assert newest_seal(settings.journal.path, Lane.RECORDS).seq > witnessed.seq


def _sealed_and_delivered(captured: list[bytes], seals: Mapping[Lane, Seal]) -> bool:
    """The newest records seal was captured, and the block that it seals."""
    newest = seals[Lane.RECORDS]
    seqs = {
        said["seq"]
        for said in map(orjson.loads, captured)
        if said.get("lane") == Lane.RECORDS and "record" in said
    }
    return newest.seq in seqs and newest.payload in captured


async def test_a_rotated_key_is_announced_in_the_journal(tmp_path: Path, broker: Broker) -> None:
    settings = gateway.load(site(tmp_path, broker.port))
    for turn in range(2):
        stop = asyncio.Event()
        stop.set()
        await (await Gateway.open(settings)).run(stop)
        if turn == 0:
            old = signing_key(settings).public
            rotate(settings, Instant(1_795_317_247_000_000_000))
    new = signing_key(settings).public
    assert old != new
    for public in (old, new):
        assert verify(JournalFile(settings.journal.path), public).holds


async def _ran(config: Path, until_done: Callable[[Gateway], bool] = lambda _: True) -> Gateway:
    """A gateway that ran until then, and was asked to end."""
    stop = asyncio.Event()
    opened = await Gateway.open(gateway.load(config))
    task = asyncio.create_task(opened.run(stop))
    await until(lambda: until_done(opened))
    stop.set()
    await task
    return opened


def _delivered(opened: Gateway) -> bool:
    (uplink,) = opened.uplinks.values()
    facts = uplink.facts()
    return facts["state"] == "connected" and facts["backlog_blocks"] == 0 and facts["seals"] == "taken"


@pytest.mark.parametrize("late", [False, True], ids=["at the start", "broker comes later"])
async def test_a_disk_that_was_set_back_is_noticed_before_anything_is_published(
    broker: Broker, link: Proxy, tmp_path: Path, hasty: None, *, late: bool
) -> None:
    config = site(tmp_path, broker.port)
    journal, copy = tmp_path / "journal.db", tmp_path / "yesterday.db"
    heard: list[dict[str, Any]] = []
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe(f"{ROOT}/records/+", qos=1)
        first = await _ran(config, _delivered)
        shutil.copy(journal, copy)
        await _ran(config, _delivered)
        ahead = await shown(broker.port, Lane.RECORDS, kept=True)
        shutil.copy(copy, journal)
        link.accepts = not late
        stop = asyncio.Event()
        last = await Gateway.open(gateway.load(site(tmp_path, link.port)))
        assert (last.journal.id == first.journal.id) is late
        task = asyncio.create_task(last.run(stop))
        link.heal()
        await until(lambda: _delivered(last) and last.journal.id != first.journal.id)
        stop.set()
        await task
        while not heard or heard[-1]["journal"] != last.journal.id:
            heard.append(orjson.loads((await anext(aiter(client.messages))).payload))
    record = heard[-1]["record"]
    assert record["event"] == "journal"
    before = record["facts"]["predecessor"]
    assert (before["journal"], before["reason"]) == (first.journal.id, "set_back")
    assert before["witnessed"].encode() == ahead
    assert read_seal(ahead).seq > before["records"] or late
    assert verify(JournalFile(journal), signing_key(gateway.load(config)).public).holds
