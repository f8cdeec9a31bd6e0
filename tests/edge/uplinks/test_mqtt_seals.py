"""Seals at the real broker: retained, renewed as the journal grows, and enough to check what was captured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiomqtt
import orjson
import yaml

from drivers.contract import Instant
from edge import gateway
from edge.evidence.holding import rotate, signing_key
from edge.evidence.seals import Seal, read_seal
from edge.evidence.verify import CAPTURE, JournalFile, Lines, verify
from edge.gateway import Gateway
from edge.journal.block import Lane
from edge.uplinks.mqtt import MqttUplink
from tests.edge.evidence.evidence_rig import newest_seal, write
from tests.edge.uplinks.standins import GATEWAY, ROOT, UPLINK, AlarmLog, MemoryOutbox, running, target, until
from tests.mosquitto import Broker
from tests.proxy import Proxy


def uplink_with(
    port: int, seals: Callable[[], Mapping[Lane, bytes]], outbox: MemoryOutbox | None = None
) -> MqttUplink:
    to = target(port)
    return MqttUplink(UPLINK, to, outbox or MemoryOutbox(), AlarmLog(), lambda: b"{}", seals=seals)


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
    seals = {Lane.RECORDS: b"records 1", Lane.TELEMETRY: b"telemetry 1"}
    async with running(uplink_with(broker.port, lambda: seals)):
        assert await shown(broker.port, Lane.RECORDS) == b"records 1"
        assert await shown(broker.port, Lane.TELEMETRY) == b"telemetry 1"
        seals[Lane.RECORDS] = b"records 2"
        async with asyncio.timeout(20):
            while await shown(broker.port, Lane.RECORDS) != b"records 2":
                await asyncio.sleep(0.1)
    assert await shown(broker.port, Lane.RECORDS, kept=True) == b"records 2"


async def test_a_broker_that_forgot_is_told_again(broker: Broker, hasty: None, link: Proxy) -> None:
    async with running(uplink_with(link.port, lambda: {Lane.RECORDS: b"records 1"})) as uplink:
        await until(lambda: uplink.facts()["state"] == "connected")
        await broker.kill()
        await broker.start()
        assert await shown(broker.port, Lane.RECORDS) == b"records 1"


async def test_a_broker_that_forbids_seals_takes_blocks_all_the_same(mosquitto: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.write_text(f"topic readwrite {ROOT}/telemetry\ntopic readwrite {ROOT}/status\n")
    async with Broker(mosquitto, tmp_path, f"acl_file {rules}") as broker:
        outbox = MemoryOutbox()
        outbox.telemetry(3)
        seals = {Lane.RECORDS: b"records 1"}
        uplink = MqttUplink(
            UPLINK, target(broker.port), outbox, AlarmLog(), lambda: b"{}", seals=lambda: seals
        )
        async with running(uplink):
            await until(lambda: outbox.cursor() == 3)
            assert uplink.facts()["connections"] == 1


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
                while not _sealed_and_delivered(captured, running_gateway.journal.seals):
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


def _sealed_and_delivered(captured: list[bytes], seals: Mapping[Lane, bytes]) -> bool:
    """The newest records seal was captured, and the block that it seals."""
    newest: Seal = read_seal(seals[Lane.RECORDS])
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
