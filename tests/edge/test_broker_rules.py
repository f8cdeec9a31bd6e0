"""The rules for mosquitto that we hand out: a gateway does its whole work under them, and only its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import orjson
import pytest
import yaml

from edge import gateway
from edge.gateway import Gateway
from edge.journal.block import Lane
from edge.uplinks.seals import kept_seals
from edge.uplinks.trust import tls_context
from edge.wiring import targets
from tests.authority import Authority
from tests.edge.uplinks.standins import until
from tests.mosquitto import Broker

RULES = Path(__file__).parents[2] / "config" / "examples" / "mosquitto" / "acl"
FIRST, SECOND = "dx-yidong-01", "dx-yidong-02"
ROOT = f"tagtrail/{FIRST}"
STRANGE = b"not from the gateway whose topic this is"
OWN_TOPICS = (
    "records/recall",
    "telemetry",
    "seal/records",
    "seal/telemetry",
    "live/air",
    "status",
    "done/enter",
)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ca.pem")


@asynccontextmanager
async def broker_of(program: Path, folder: Path, authority: Authority) -> AsyncIterator[Broker]:
    """As config/examples/mosquitto/tagtrail.conf has it with client certificates."""
    cert, key = authority.issue("broker.test", "127.0.0.1")
    settings = (
        *("allow_anonymous false", f"acl_file {RULES}", f"cafile {authority.path}"),
        *(f"certfile {cert}", f"keyfile {key}", "tls_version tlsv1.2"),
        *("require_certificate true", "use_identity_as_username true"),
    )
    async with Broker(program, folder, *settings) as broker:
        yield broker


class Party:
    """Someone with a certificate, who hears all that the broker lets them."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.heard: dict[str, bytes] = {}

    async def listen(self) -> None:
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            self.heard[message.topic.value] = message.payload

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Whether the broker takes it or not."""
        await self.client.publish(topic, payload, qos=1, retain=retain)


@asynccontextmanager
async def party(broker: Broker, authority: Authority, name: str) -> AsyncIterator[Party]:
    tls = tls_context(authority.path, *authority.issue(name))
    async with aiomqtt.Client(
        "127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, tls_context=tls
    ) as client:
        await client.subscribe("#", qos=1)
        one = Party(client)
        task = asyncio.create_task(one.listen())
        try:
            yield one
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def site(folder: Path, broker: Broker, authority: Authority) -> Path:
    cert, key = authority.issue(FIRST)
    mqtt = {
        **{"url": f"mqtts://127.0.0.1:{broker.port}", "ca": str(authority.path)},
        **{"cert": str(cert), "key": {"file": str(key)}, "commands": ["enter"]},
    }
    data = {
        "gateway": {"id": FIRST, "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {"platform": {"mqtt": mqtt}},
        "ports": {"panel": {"tcp": "127.0.0.1:9"}},
        "devices": {"bench": {"driver": "scanner", "port": "panel"}},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Gateway]:
    stop = asyncio.Event()
    one = await Gateway.open(gateway.load(path))
    work = asyncio.create_task(one.run(stop))
    try:
        yield one
    finally:
        stop.set()
        await work


def recall(number: str) -> bytes:
    expires = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    values = {"subject": "lot:A-1", "action": "recalled"}
    said = {"id": number, "issuer": "platform", "expires": expires, "fact": "recall", "values": values}
    return orjson.dumps(said)


def holds() -> bytes:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    held = {"code": {"scheme": "text", "value": "A-1"}, "reason": "recall", "until": until}
    return orjson.dumps({"v": 1, "issued": datetime.now(UTC).isoformat(), "holds": [held]})


async def test_a_gateway_does_its_whole_work_under_the_rules(
    mosquitto: Path, tmp_path: Path, authority: Authority
) -> None:
    async with (
        broker_of(mosquitto, tmp_path, authority) as broker,
        party(broker, authority, "platform") as platform,
    ):
        await platform.publish("tagtrail/holds", holds(), retain=True)
        async with running(path := site(tmp_path, broker, authority)) as one:
            uplink = one.uplinks["platform"]
            await until(lambda: uplink.facts()["commands"] == "subscribed")
            await until(lambda: one.hold_lists.facts()["holds"] == 1)
            await platform.publish(f"{ROOT}/do/enter", recall("c-1"))
            await until(lambda: f"{ROOT}/done/enter" in platform.heard)
            assert orjson.loads(platform.heard[f"{ROOT}/done/enter"])["ok"]
            uplink.live("bench", b"{}")
            topics = ("records/recall", "records/gateway", "live/bench", "status", "seal/records")
            wanted = {f"{ROOT}/{topic}" for topic in topics}
            await until(lambda: wanted <= platform.heard.keys())
            facts = uplink.facts()
        [target] = targets(gateway.load(path)).values()
        kept = await kept_seals(target)
    assert Lane.RECORDS in {seal.lane for seal in kept}
    assert (facts["refused"], facts["status_refused"], facts["hold_list"]) == ({}, 0, "subscribed")


async def test_another_gateway_reaches_none_of_its_topics(
    mosquitto: Path, tmp_path: Path, authority: Authority
) -> None:
    """It hears the hold list and the commands that are its own, and what it publishes elsewhere is lost."""
    async with (
        broker_of(mosquitto, tmp_path, authority) as broker,
        party(broker, authority, "platform") as platform,
        party(broker, authority, FIRST) as first,
        party(broker, authority, SECOND) as second,
    ):
        for topic in (*(f"{ROOT}/{own}" for own in OWN_TOPICS), f"{ROOT}/do/enter", "tagtrail/holds"):
            await second.publish(topic, STRANGE, retain=True)
        for topic in OWN_TOPICS:
            await first.publish(f"{ROOT}/{topic}", b"own", retain=True)
        await platform.publish(f"{ROOT}/do/enter", b"for the first")
        await platform.publish(f"tagtrail/{SECOND}/do/enter", b"for the second")
        await platform.publish("tagtrail/holds", b"for all")
        await second.publish(f"tagtrail/{SECOND}/status", b"last")
        await until(lambda: f"tagtrail/{SECOND}/status" in platform.heard)
        await until(lambda: "tagtrail/holds" in second.heard)
        await until(lambda: f"{ROOT}/do/enter" in first.heard)
    assert STRANGE not in (*platform.heard.values(), *first.heard.values(), *second.heard.values())
    assert {f"{ROOT}/{topic}": b"own" for topic in OWN_TOPICS}.items() <= platform.heard.items()
    assert second.heard == {f"tagtrail/{SECOND}/do/enter": b"for the second", "tagtrail/holds": b"for all"}
    assert first.heard.keys() == {
        f"{ROOT}/{topic}" for topic in ("seal/records", "seal/telemetry", "do/enter")
    } | {"tagtrail/holds"}
