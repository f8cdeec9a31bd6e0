"""Commands from above, from a real broker to their answers, through refusals, floods and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import orjson
import pytest
import yaml

from edge import gateway
from edge.commands.carrying import WAITING_MOST
from edge.commands.judging import Message
from edge.gateway import Gateway
from edge.uplinks.connection import HEARD_BYTES_MOST
from tests.edge.uplinks.standins import until
from tests.faults.rig import journalled
from tests.mosquitto import Broker, free_port

ROOT = "tagtrail/dx-yidong-01"
RECALL: dict[str, Any] = {"fact": "recall", "values": {"subject": "lot:A-1", "action": "recalled"}}


def site(folder: Path, broker_port: int, *commands: str) -> Path:
    data = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {
            "platform": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker_port}", "commands": list(commands)}}
        },
        "ports": {"panel": {"tcp": "127.0.0.1:9"}},
        "devices": {
            "air": {"driver": "modbus", "port": "panel", "profile": "pt100-8", "unit": 1, "channel": 1}
        },
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


def command(number: str, expires_s: float = 600.0, **more: Any) -> bytes:
    expires = datetime.now(UTC) + timedelta(seconds=expires_s)
    return orjson.dumps({"id": number, "issuer": "监管平台", "expires": expires.isoformat(), **more})


class Platform:
    """Gives commands and hears what comes of them."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.retained: list[bool] = []
        self.recalls: list[dict[str, Any]] = []

    async def say(self, verb: str, payload: bytes, *, retain: bool = False) -> None:
        await self._client.publish(f"{ROOT}/do/{verb}", payload, qos=1, retain=retain)

    async def ask(self, verb: str, payload: bytes, *, retain: bool = False) -> dict[str, Any]:
        """The answer to it, on the topic of its verb."""
        before = len(self.answers)
        await self.say(verb, payload, retain=retain)
        await until(lambda: len(self.answers) > before)
        answered, answer = self.answers[before]
        assert (answered, self.retained[before]) == (verb, False)
        return answer

    async def listen(self) -> None:
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            topic = message.topic.value
            said = orjson.loads(message.payload)
            if topic.startswith(f"{ROOT}/done/"):
                self.retained.append(bool(message.retain))
                self.answers.append((topic.rpartition("/")[2], said))
            else:
                self.recalls.append(said["record"])


@asynccontextmanager
async def platform(broker: Broker) -> AsyncIterator[Platform]:
    async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(f"{ROOT}/done/+", qos=1)
        await client.subscribe(f"{ROOT}/records/recall", qos=1)
        one = Platform(client)
        task = asyncio.create_task(one.listen())
        try:
            yield one
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


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


async def heard(one: Gateway) -> None:
    await until(lambda: one.uplinks["platform"].facts()["commands"] == "subscribed")


def refusals(folder: Path) -> Iterator[dict[str, Any]]:
    for (lane, _), body in journalled(folder / "journal.db").items():
        record = orjson.loads(body)["record"] if lane == "records" else {}
        if record.get("event") == "command_refused":
            yield {**record["facts"], "record": record["id"]}


async def test_what_is_entered_from_above_is_answered_journalled_and_published(
    mosquitto: Path, tmp_path: Path
) -> None:
    async with Broker(mosquitto, tmp_path) as broker, platform(broker) as above:
        async with running(site(tmp_path, broker.port, "enter")) as one:
            await heard(one)
            answer = await above.ask("enter", command("c-1", **RECALL))
            on_disk = [body for body in journalled(tmp_path / "journal.db").values() if b'"recall"' in body]
            await until(lambda: len(above.recalls) == 1)
        [record] = above.recalls
        assert answer == {"id": "c-1", "ok": True, "records": [record["id"]]}
        assert [orjson.loads(body)["record"]["id"] for body in on_disk] == [record["id"]]
        assert record["source"]["basic.action"]["name"] == "监管平台"
        assert list(refusals(tmp_path)) == []


async def test_an_alarm_is_acknowledged_from_above(mosquitto: Path, tmp_path: Path) -> None:
    async with Broker(mosquitto, tmp_path) as broker, platform(broker) as above:
        async with running(site(tmp_path, broker.port, "acknowledge")) as one:
            await heard(one)
            await until(lambda: len(one.own.standing) > 0)
            alarm = next(iter(one.own.standing.active)).id
            done = {"alarm": alarm, "action": "电工已到场"}
            answer = await above.ask("acknowledge", command("c-1", values=done))
            [standing] = [each for each in one.own.standing.active if each.id == alarm]
        assert answer == {"id": "c-1", "ok": True, "records": [alarm]}
        assert standing.acknowledged is not None
        assert (standing.state, standing.acknowledged.by) == ("acknowledged", "监管平台")


def truck(folder: Path, broker_port: int, gps_port: int) -> Path:
    path = site(folder, broker_port, "trip")
    data = yaml.safe_load(path.read_text())
    data["ports"] = {"gps": {"tcp": f"127.0.0.1:{gps_port}"}}
    data["places"] = {
        "truck": {"kind": "vehicle", "plate": "甘N12345"},
        "plant": {
            "kind": "site",
            "name": "东乡屠宰场",
            "at": {"lat": 35.66, "lon": 103.38, "radius": "300m"},
        },
    }
    data["devices"] = {"gps": {"driver": "nmea", "port": "gps", "place": "truck"}}
    ends = {"begin": {"leaves": "plant"}, "end": {"stays": "plant", "for": "10min"}}
    data["records"] = {"transport": {"route": {"place": "truck", "position": "gps", **ends}}}
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


async def test_a_trip_is_begun_and_ended_from_above(mosquitto: Path, tmp_path: Path) -> None:
    """Where the geofence does not see it: each word is answered with the trip's record, and once only."""
    async with (
        Broker(mosquitto, tmp_path) as broker,
        platform(broker) as above,
        running(truck(tmp_path, broker.port, free_port())) as one,
    ):
        await heard(one)
        words = ("begin", "begin", "end", "end")
        answers = [
            await above.ask("trip", command(f"c-{n}", values={"vehicle": "truck", "action": word}))
            for n, word in enumerate(words)
        ]
        stored = [
            record
            for (lane, _), body in journalled(tmp_path / "journal.db").items()
            if lane == "records" and (record := orjson.loads(body)["record"])["kind"] == "transport"
        ]
    assert [answer["ok"] for answer in answers] == [True, False, True, False]
    assert [answer.get("error") for answer in answers[1::2]] == ["trip_on", "no_trip"]
    trips = {record["id"]: record for record in stored if record["stretch"] == "trip"}
    [trip] = trips.values()
    assert answers[2]["records"] == [trip["id"]]
    assert (trip["begun_by"], trip["ended_by"], trip["basic"]["plate"]) == ("person", "person", "甘N12345")


async def test_a_device_is_read_from_above_while_others_enter(mosquitto: Path, tmp_path: Path) -> None:
    async with Broker(mosquitto, tmp_path) as broker, platform(broker) as above:
        path = site(tmp_path, broker.port, "read", "enter")
        scans = asyncio.Event()

        async def scan(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await scans.wait()
            writer.write(b"LOT-7\r\n")
            writer.close()

        async with await asyncio.start_server(scan, "127.0.0.1", 0) as server:
            data = yaml.safe_load(path.read_text())
            data["ports"]["scans"] = {"tcp": f"127.0.0.1:{server.sockets[0].getsockname()[1]}"}
            data["devices"]["bench"] = {"driver": "scanner", "port": "scans"}
            path.write_text(yaml.safe_dump(data, allow_unicode=True))
            async with running(path) as one:
                await heard(one)
                await above.say("read", command("c-1", device="bench", wait=60))
                assert (await above.ask("enter", command("c-2", **RECALL)))["ok"]
                scans.set()
                await until(lambda: len(above.answers) == 2)
        verb, answer = above.answers[1]
        assert (verb, answer["id"], answer["ok"], answer["device"]) == ("read", "c-1", True, "bench")
        assert answer["observations"][0]["code"]["value"] == "LOT-7"


async def test_a_command_that_fails_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(site(tmp_path, free_port(), "enter")) as one:
        with monkeypatch.context() as broken:
            broken.setattr(one.recording, "enter", lambda _: 1 / 0)
            one.commands.offer("platform", Message("enter", command("c-1", **RECALL)))
            await until(lambda: one.commands.counts == {"failed": 1})
        one.commands.offer("platform", Message("enter", command("c-2", **RECALL)))
        await until(lambda: one.commands.counts == {"failed": 1, "done": 1})
    assert [each["reason"] for each in refusals(tmp_path)] == ["failed"]


async def test_each_refusal_is_answered_in_both_languages_and_recorded(
    mosquitto: Path, tmp_path: Path
) -> None:
    async with Broker(mosquitto, tmp_path) as broker, platform(broker) as above:
        async with running(site(tmp_path, broker.port, "enter", "acknowledge", "read")) as one:
            await heard(one)
            asked = [
                ("enter", b"{no json", None, "no_object"),
                ("enter", command("c-2", **RECALL) + b" " * 16_384, None, "oversized"),
                ("enter", command("c-3", **RECALL, by="me"), "c-3", "malformed"),
                ("enter", command("c-4", -1.0, **RECALL), "c-4", "expired"),
                ("enter", command("c-5", 90_000.0, **RECALL), "c-5", "lasts_long"),
                ("trip", command("c-6", values={}), "c-6", "not_allowed"),
                ("reboot", command("c-7"), "c-7", "unknown_verb"),
                ("enter", command("c-8", fact="recall", values={}), "c-8", "unfit"),
                ("acknowledge", command("c-9", values={"alarm": "x", "action": "y"}), "c-9", "no_alarm"),
                ("read", command("c-10", device="elsewhere"), "c-10", "unknown_device"),
            ]
            for verb, payload, number, error in asked:
                answer = await above.ask(verb, payload)
                assert (answer["id"], answer["ok"], answer["error"]) == (number, False, error)
                assert answer["en"] != answer["zh"]
            assert (await above.ask("enter", command("c-8", **RECALL)))["error"] == "replayed"
        told = list(refusals(tmp_path))
        assert [each["reason"] for each in told] == [*(row[3] for row in asked), "replayed"]
        assert len({each["record"] for each in told}) == len(told)
        assert above.recalls == []


async def test_a_retained_command_is_refused_and_a_taken_one_never_carried_out_again(
    mosquitto: Path, tmp_path: Path
) -> None:
    again = command("c-1", **RECALL)
    async with Broker(mosquitto, tmp_path) as broker, platform(broker) as above:
        path = site(tmp_path, broker.port, "enter")
        await above.say("enter", command("c-0", **RECALL), retain=True)
        async with running(path):
            await until(lambda: len(above.answers) == 1)
            assert above.answers[0][1]["error"] == "retained"
            await above.say("enter", b"", retain=True)
            assert (await above.ask("enter", again))["ok"]
        async with running(path) as second:
            await heard(second)
            assert (await above.ask("enter", again))["error"] == "replayed"
            assert (await above.ask("enter", command("c-2", **RECALL)))["ok"]
        await until(lambda: len(above.recalls) == 2)


async def test_what_is_larger_than_memory_should_hold_is_kept_back_by_the_broker(
    mosquitto: Path, tmp_path: Path
) -> None:
    async with Broker(mosquitto, tmp_path) as broker, platform(broker) as above:
        async with running(site(tmp_path, broker.port, "enter")) as one:
            await heard(one)
            await above.say("enter", b" " * (HEARD_BYTES_MOST + 1))
            assert (await above.ask("enter", command("c-1", **RECALL)))["ok"]
            assert one.uplinks["platform"].facts()["connections"] == 1
        assert list(refusals(tmp_path)) == []


async def test_it_is_off_unless_configured(mosquitto: Path, tmp_path: Path) -> None:
    async with Broker(mosquitto, tmp_path) as broker, platform(broker) as above:
        async with running(site(tmp_path, broker.port)) as one:
            await until(lambda: bool(one.uplinks["platform"].facts()["acknowledged_blocks"]))
            await above.say("enter", command("c-1", **RECALL))
            await asyncio.sleep(0.2)
            assert one.uplinks["platform"].facts()["commands"] == "off"
            assert one.commands.facts() == {"remembered": 0, "commands": {}}
        assert (above.answers, list(refusals(tmp_path))) == ([], [])


async def test_a_flood_is_bounded_counted_and_recorded_once(tmp_path: Path) -> None:
    async with running(site(tmp_path, free_port(), "enter")) as one:
        for number in range(1000):
            one.commands.offer("platform", Message("enter", command(f"c-{number}", **RECALL)))
        await until(lambda: one.commands.counts["done"] == WAITING_MOST)
        assert one.commands.counts == {"done": WAITING_MOST, "flood": 1000 - WAITING_MOST}
    assert [each["reason"] for each in refusals(tmp_path)] == ["flood"]


async def test_a_gateway_without_the_time_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(site(tmp_path, free_port(), "enter")) as one:
        monkeypatch.setattr(type(one.clock), "known", False)
        monkeypatch.setattr(type(one.clock), "holds", False)
        one.commands.offer("platform", Message("enter", command("c-1", **RECALL)))
        await until(lambda: one.commands.counts == {"unsynced": 1})
    assert [each["reason"] for each in refusals(tmp_path)] == ["unsynced"]
