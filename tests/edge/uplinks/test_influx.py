"""The InfluxDB uplink against a store that refuses, which VictoriaMetrics never does."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest

from drivers.contract import Instant
from edge.alarms import Cause
from edge.errors import JournalError, SettingsError
from edge.gateway import load
from edge.journal.block import Block, Lane
from edge.journal.rollups import Rollup
from edge.uplinks.influx import InfluxUplink
from edge.uplinks.store import Store
from edge.wiring import stores
from tests.authority import Authority
from tests.edge.uplinks.standins import UPLINK, AlarmLog, MemoryOutbox, until
from tests.tls_server import TlsServer, server_tls

AT = "2026-11-22T03:14:07.120Z"


@dataclass
class Refusing:
    """A store that never takes lines with ``bad`` in them. says: its answer to everything, unless 204."""

    taken: set[str] = field(default_factory=set)
    says: int = 204
    requests: int = 0
    tokens: set[str] = field(default_factory=set)
    port: int = 0

    def answer(self, lines: list[str]) -> int:
        self.requests += 1
        if self.says != 204:
            return self.says
        if any("bad" in line for line in lines):
            return 400
        self.taken.update(lines)
        return 204


@pytest.fixture
def store() -> Iterator[Refusing]:
    facts = Refusing()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            facts.tokens.add(self.headers["Authorization"])
            code = facts.answer(gzip.decompress(body).decode().splitlines())
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        facts.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield facts
        server.shutdown()
        thread.join()


class RolledOutbox(MemoryOutbox):
    """With no rollups."""

    async def rollups(self, point: str, since: Instant, until: Instant) -> list[Rollup]:
        return []

    def entries(self, *devices: str) -> Block:
        """A telemetry block in which each of these devices says something."""
        block = self.commit(Lane.TELEMETRY, observations=len(devices))
        said = [{"t": AT, "device": device, "temperature": 3.4} for device in devices]
        body = orjson.dumps({"gateway": "dx-1", "observations": said})
        whole = block._replace(body=body)
        self.blocks["J1", Lane.TELEMETRY][-1] = whole
        return whole


def uplink_to(store: Refusing, outbox: RolledOutbox, alarms: AlarmLog) -> InfluxUplink:
    to = Store("dx-1", f"http://127.0.0.1:{store.port}", "meat", "cold", "s3cret")
    return InfluxUplink(UPLINK, to, outbox, alarms)


async def running(uplink: InfluxUplink) -> asyncio.Task[None]:
    return asyncio.create_task(uplink.run())


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_box_without_the_library_is_told_how_it_gets_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "gateway: {id: dx, operator: {name: x}, site: {name: x}}\njournal: {path: /tmp/j.db}\n"
        "uplinks: {trend: {influxdb: {url: 'http://s', org: m, bucket: b, token: {env: TOKEN}}}}\n"
    )
    monkeypatch.setenv("TOKEN", "t")
    assert stores(load(site))["trend"].bucket == "b"
    monkeypatch.setattr("edge.wiring.devices.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="pip install influxdb-client"):
        stores(load(site))


async def test_what_is_refused_is_found_and_set_aside_and_all_else_is_written(store: Refusing) -> None:
    outbox, alarms = RolledOutbox(), AlarmLog()
    for number in range(20):
        outbox.entries(f"a-{number}", f"bad-{number}" if number == 13 else f"b-{number}", f"c-{number}")
    uplink = uplink_to(store, outbox, alarms)
    task = await running(uplink)
    await until(lambda: outbox.cursor() == 20)
    assert len(store.taken) == 59, "every point but the one"
    ((block, why),) = outbox.quarantined
    assert block.seq == 14
    assert "1 points refused: 400" in why
    assert Cause.UPLINK_QUARANTINE in alarms.standing
    assert store.tokens == {"Token s3cret"}
    await ended(task)


async def test_a_wrong_token_is_an_alarm_until_it_is_mended(store: Refusing) -> None:
    outbox, alarms = RolledOutbox(), AlarmLog()
    outbox.entries("a")
    store.says = 401
    uplink = uplink_to(store, outbox, alarms)
    task = await running(uplink)
    await until(lambda: Cause.UPLINK_REFUSED in alarms.standing)
    assert "look at token, org and bucket of uplinks.platform.influxdb" in str(uplink.facts()["last_error"])
    assert outbox.cursor() == 0
    store.says = 204
    await until(lambda: outbox.cursor() == 1)
    assert Cause.UPLINK_REFUSED not in alarms.standing
    assert not outbox.quarantined
    await ended(task)


async def test_a_store_that_cannot_be_trusted_gets_no_token(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path, "ca.pem"), Authority(tmp_path, "other.pem")
    outbox, alarms = RolledOutbox(), AlarmLog()
    outbox.entries("a")
    with TlsServer(server_tls(*theirs.issue("store.test", "127.0.0.1"))) as server:
        to = Store("dx-1", f"https://127.0.0.1:{server.port}", "meat", "cold", "s3cret", ours.path)
        uplink = InfluxUplink(UPLINK, to, outbox, alarms)
        task = await running(uplink)
        await until(lambda: Cause.UPLINK_REFUSED in alarms.standing)
        await ended(task)
    assert "an authority that is not trusted here" in str(uplink.facts()["last_error"])
    assert bytes(server.read) == b""
    assert outbox.cursor() == 0


async def test_a_store_that_is_down_is_waited_for(store: Refusing) -> None:
    outbox, alarms = RolledOutbox(), AlarmLog()
    outbox.entries("a")
    store.says = 503
    uplink = uplink_to(store, outbox, alarms)
    task = await running(uplink)
    await until(lambda: uplink.facts()["state"] == "waiting")
    outbox.entries("b")
    store.says = 204
    await until(lambda: outbox.cursor() == 2)
    assert len(store.taken) == 2
    assert not alarms.raised_ever
    await ended(task)


async def test_a_block_that_cannot_be_read_is_in_nobodys_way(store: Refusing) -> None:
    outbox, alarms = RolledOutbox(), AlarmLog()
    outbox.commit(Lane.TELEMETRY)
    outbox.entries("a")
    uplink = uplink_to(store, outbox, alarms)
    task = await running(uplink)
    await until(lambda: outbox.cursor() == 2)
    assert uplink.facts()["refused"] == {"unreadable": 1}
    assert len(store.taken) == 1
    await ended(task)


class FailingOutbox(RolledOutbox):
    """fails: the call that raises."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = ""
        self.failed = 0

    async def read(self, journal: str, lane: Lane, after: int, most_bytes: int = 1 << 20) -> list[Block]:
        self._fail("read")
        return await super().read(journal, lane, after, most_bytes)

    async def acknowledge(self, uplink: str, journal: str, lane: Lane, seq: int) -> None:
        self._fail("acknowledge")
        await super().acknowledge(uplink, journal, lane, seq)

    def _fail(self, what: str) -> None:
        if what == self.fails:
            self.failed += 1
            raise JournalError("journal.db: disk I/O error; see its disk")


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("what", ["read", "acknowledge"])
async def test_a_journal_that_cannot_be_used_is_an_alarm_and_is_tried_again(
    store: Refusing, what: str
) -> None:
    outbox, alarms = FailingOutbox(), AlarmLog()
    outbox.fails = what
    outbox.entries("a")
    uplink = uplink_to(store, outbox, alarms)
    task = await running(uplink)
    await until(lambda: outbox.failed >= 3)
    assert "disk I/O error" in alarms.standing[Cause.UPLINK_JOURNAL]
    assert "disk I/O error" in str(uplink.facts()["last_error"])
    assert outbox.cursor() == 0
    outbox.fails = ""
    await until(lambda: outbox.cursor() == 1)
    await until(lambda: not alarms.standing)
    await ended(task)
