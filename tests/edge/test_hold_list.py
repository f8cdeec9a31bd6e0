"""The hold list from a real broker to the alarm, through restarts without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import orjson
import pytest
import yaml

from edge import gateway
from edge.gateway import Gateway
from edge.instant import parse_rfc3339
from edge.journal.store import Journal
from tests.edge.uplinks.standins import until
from tests.faults.rig import journalled
from tests.mosquitto import Broker, free_port

TOPIC = "tagtrail/holds"


def message(issued: str, *codes: str) -> bytes:
    held = [{"code": {"scheme": "text", "value": code}, "reason": "布病阳性"} for code in codes]
    return orjson.dumps({"v": 1, "issued": issued, "holds": held})


OLD, NEW = (f"2026-01-0{day}T00:00:00Z" for day in (1, 2))


async def publish(broker: Broker, payload: bytes) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.publish(TOPIC, payload, qos=1, retain=True)


class Scanner:
    """At the far side of a TCP port; scans what it is told."""

    def __init__(self) -> None:
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Scanner:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self._writers:
            writer.close()
        self._server.close()
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await reader.read()
        self._writers.remove(writer)
        writer.close()

    async def scan(self, code: str) -> None:
        await until(lambda: bool(self._writers))
        self._writers[-1].write(code.encode() + b"\r\n")


@pytest.fixture
async def scanner() -> AsyncIterator[Scanner]:
    async with Scanner() as scanner:
        yield scanner


def site(folder: Path, scanner: Scanner, broker_port: int, **mqtt: Any) -> Path:
    data = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {"platform": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker_port}", **mqtt}}},
        "ports": {"scans": {"tcp": f"127.0.0.1:{scanner.port}"}},
        "devices": {"bench": {"driver": "scanner", "port": "scans"}},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Gateway]:
    stop = asyncio.Event()
    running = await Gateway.open(gateway.load(path))
    work = asyncio.create_task(running.run(stop))
    try:
        yield running
    finally:
        stop.set()
        await work


def lists(running: Gateway) -> dict[str, int]:
    counts: dict[str, int] = running.hold_lists.facts()["lists"]
    return counts


def has_delivered(running: Gateway) -> bool:
    blocks = running.uplinks["platform"].facts()["acknowledged_blocks"]
    assert isinstance(blocks, int)
    return blocks > 0


def held(running: Gateway) -> set[str]:
    return {record.subject for record in running.own.standing.active if record.cause == "held"}


def records(folder: Path, kind: str) -> Iterator[dict[str, Any]]:
    for (lane, _), body in journalled(folder / "journal.db").items():
        if lane == "records" and (record := orjson.loads(body)["record"])["kind"] == kind:
            yield record


async def test_a_list_holds_from_before_the_start_through_changes_and_without_a_network(
    mosquitto: Path, tmp_path: Path, scanner: Scanner
) -> None:
    async with Broker(mosquitto, tmp_path) as broker:
        await publish(broker, message(OLD, "LOT-7"))
        path = site(tmp_path, scanner, broker.port)
        async with running(path) as first:
            await until(lambda: lists(first) == {"taken": 1})
            await scanner.scan("LOT-6")
            await scanner.scan("LOT-7")
            await until(lambda: held(first) == {"text:LOT-7"})
            await publish(broker, message(NEW, "LOT-8"))
            await until(lambda: held(first) == set())
            await publish(broker, message(OLD, "LOT-9"))
            await until(lambda: lists(first) == {"taken": 2, "older": 1})
            await publish(broker, b"{not a list")
            await until(lambda: lists(first) == {"taken": 2, "older": 1, "malformed": 1})
        await broker.kill()
        async with running(path) as offline:
            assert offline.hold_lists.facts()["issued"] == "2026-01-02T00:00:00.000Z"
            await scanner.scan("LOT-9")
            await scanner.scan("LOT-8")
            await until(lambda: held(offline) == {"text:LOT-8"})
    told = [
        (record["subject"], record["state"])
        for record in records(tmp_path, "alarm")
        if record["cause"] == "held"
    ]
    assert told == [("text:LOT-7", "active"), ("text:LOT-7", "cleared"), ("text:LOT-8", "active")]
    [refused] = [record["facts"] for record in records(tmp_path, "gateway") if record["event"] == "holds"]
    assert (refused["uplink"], refused["bytes"]) == ("platform", 11)


async def test_the_same_retained_list_is_taken_once_over_many_connections(
    mosquitto: Path, tmp_path: Path, scanner: Scanner
) -> None:
    async with Broker(mosquitto, tmp_path) as broker:
        await publish(broker, message(OLD, "LOT-7"))
        path = site(tmp_path, scanner, broker.port)
        async with running(path) as first:
            await until(lambda: lists(first) == {"taken": 1})
        async with running(path) as second:
            await until(lambda: lists(second) == {"older": 1})


async def test_a_broker_that_withholds_it_costs_the_deliveries_nothing(
    mosquitto: Path, tmp_path: Path, scanner: Scanner
) -> None:
    """mosquitto grants the subscription and then delivers nothing."""
    (tmp_path / "acl").write_text("topic write tagtrail/dx-yidong-01/#\ntopic write tagtrail/holds\n")
    async with Broker(mosquitto, tmp_path, "acl_file {folder}/acl") as broker:
        await publish(broker, message(OLD, "LOT-7"))
        async with running(site(tmp_path, scanner, broker.port)) as one:
            await until(lambda: has_delivered(one))
            assert lists(one) == {}
            assert one.uplinks["platform"].facts()["connections"] == 1


async def test_it_can_be_left_out(mosquitto: Path, tmp_path: Path, scanner: Scanner) -> None:
    async with Broker(mosquitto, tmp_path) as broker:
        await publish(broker, message(OLD, "LOT-7"))
        async with running(site(tmp_path, scanner, broker.port, holds=False)) as one:
            await until(lambda: has_delivered(one))
            assert one.uplinks["platform"].facts()["hold_list"] == "off"
            assert lists(one) == {}


async def test_the_alarm_is_of_the_time_of_the_sighting_and_in_the_journal_at_once(
    tmp_path: Path, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing waits in between: the record is handed to the journal before the next turn of the loop."""
    handed: list[str] = []
    record = Journal.record

    def hands(self: Journal, kind: str, at: Any, body: bytes, *trail: Any) -> None:
        handed.append(orjson.loads(body).get("subject", kind))
        record(self, kind, at, body, *trail)

    monkeypatch.setattr(Journal, "record", hands)
    async with running(site(tmp_path, scanner, free_port())) as one:
        one.hold_lists.offer("platform", message(OLD, "LOT-7"))
        await until(lambda: lists(one) == {"taken": 1})
        await scanner.scan("LOT-7")
        await until(lambda: "text:LOT-7" in handed)
    [alarm] = [each for each in records(tmp_path, "alarm") if each["cause"] == "held"]
    [(_, body)] = [item for item in journalled(tmp_path / "journal.db").items() if item[0][0] == "telemetry"]
    sighting = next(each for each in orjson.loads(body)["observations"] if "code" in each)
    assert parse_rfc3339(alarm["from"]) == parse_rfc3339(sighting["t"])
