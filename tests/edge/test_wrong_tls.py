"""A gateway with ten uplinks, each of whose TLS is wrong in another way: it reads and stores throughout."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge import gateway
from edge.gateway import Gateway
from edge.uplinks.contract import Uplink
from tests.authority import Authority
from tests.edge.uplinks.standins import until
from tests.faults.rig import journalled
from tests.tls_server import TlsServer
from tests.wrong_tls import SERVERS, Site

PASSWORD = "s3cret-of-the-gateway"
STORED_BESIDE = 20
"""Codes that must go to disk while all ten are being refused."""


@asynccontextmanager
async def scanner() -> AsyncIterator[int]:
    """A bench scanner behind TCP that reads another code every 20 ms."""

    gone = asyncio.Event()

    async def scan(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        numbers = count()
        while not writer.is_closing():
            writer.write(f"LOT-{next(numbers)}\r\n".encode())
            await asyncio.sleep(0.02)
        gone.set()

    async with await asyncio.start_server(scan, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await gone.wait()


def uplink(site: Site, port: int, **more: Any) -> dict[str, Any]:
    mqtt = {
        "url": f"mqtts://127.0.0.1:{port}",
        "username": "dx-yidong-01",
        "password": {"env": "MQTT_PASSWORD"},
        "ca": str(site.ours.path),
    }
    return {"mqtt": mqtt | more}


def ours(cert: Path, key: Path) -> dict[str, Any]:
    return {"cert": str(cert), "key": {"file": str(key)}}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, Authority(tmp_path, "ca.pem"), Authority(tmp_path, "other.pem"))


def settings(folder: Path, scans: int, uplinks: dict[str, Any]) -> Path:
    data = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": uplinks,
        "ports": {"scans": {"tcp": f"127.0.0.1:{scans}"}},
        "devices": {"bench": {"driver": "scanner", "port": "scans"}},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


async def refused(running: Gateway) -> None:
    """Each of them at least once; some may have to wait for their next attempt."""
    for each in running.uplinks.values():
        await until(partial(_has_a_reason, each))


def _has_a_reason(uplink: Uplink) -> bool:
    return uplink.facts()["reason"] is not None


async def test_ten_wrong_ways_are_ten_refusals_beside_which_reading_and_storing_go_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", PASSWORD)
    cert, _ = site.ours.issue("gateway")
    _, another = site.ours.issue("another")
    with ExitStack() as stack:
        servers = {
            flaw: stack.enter_context(TlsServer(made(site), greeting=b"\x20\x02\x00\x05\x00"))
            for flaw, made in SERVERS.items()
        }
        sound = stack.enter_context(TlsServer(site.sound()))
        names = {flaw: flaw.replace("_", "-") for flaw in [*SERVERS, "key_of_another", "unreadable"]}
        uplinks = {names[flaw]: uplink(site, server.port) for flaw, server in servers.items()}
        uplinks["key-of-another"] = uplink(site, sound.port, **ours(cert, another))
        uplinks["unreadable"] = uplink(site, sound.port, root="other", ca=str(site.folder / "none"))
        async with scanner() as scans:
            stop = asyncio.Event()
            running = await Gateway.open(gateway.load(settings(site.folder, scans, uplinks)))
            work = asyncio.create_task(running.run(stop))
            await refused(running)
            before = sightings(site.folder)
            await until(lambda: sightings(site.folder) >= before + STORED_BESIDE)
            facts = {flaw: running.uplinks[name].facts() for flaw, name in names.items()}
            stop.set()
            await work
    reasons: dict[str, Any] = {flaw: told["reason"] for flaw, told in facts.items()}
    assert {flaw: reason["text"] for flaw, reason in reasons.items()} == {
        flaw: f"tls.{flaw}" for flaw in names
    }
    assert len(facts) == 10
    assert [told["acknowledged_blocks"] for told in facts.values()] == [0] * 10
    for server in (*servers.values(), sound):
        assert b"MQTT" not in server.read
        assert PASSWORD.encode() not in server.read


def sightings(folder: Path) -> int:
    return sum(body.count(b'"LOT-') for body in journalled(folder / "journal.db").values())
