"""A defect in one decoder, splitter or recorder is counted, told once, and harms nobody beside it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from drivers.contract import Frame, Instant, Observation, Reject
from drivers.framing import Headed
from drivers.modbus.decoder import Modbus
from drivers.rfid.uhf_reader18 import UhfReader18, crc_of
from edge import gateway, status
from edge.control import Refused
from edge.gateway import Gateway
from edge.recorders.arrival import Arrivals
from edge.recorders.contract import Fact, Output
from simulators.site import Site
from tests.faults.rig import journalled

EPC = bytes.fromhex("e2000017221101441890abcd")


def seen_by(antenna: int) -> bytes:
    """One tag, as the reader tells it."""
    body = bytes((0, 0xEE, 0, 1 << antenna - 1, len(EPC))) + EPC + b"\x40"
    framed = bytes((len(body) + 2,)) + body
    return framed + crc_of(framed).to_bytes(2, "little")


@asynccontextmanager
async def reader() -> AsyncIterator[str]:
    """Two antennas that see a tag all the time."""
    gone = asyncio.Event()
    gone.set()

    async def talk(_from: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        gone.clear()
        while not to.is_closing():
            to.write(seen_by(1) + seen_by(3))
            await asyncio.sleep(0.02)
        to.close()
        gone.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await gone.wait()


def site(folder: Path, where: str, devices: dict[str, Any], **more: Any) -> Path:
    point = {"temperature": {"address": 0, "type": "s16"}}
    profile = {"documented_as": "the simulator", "function": 3, "points": point}
    (folder / "profiles").mkdir()
    (folder / "profiles" / "probe.yaml").write_text(yaml.safe_dump(profile))
    data = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db"), "commit_every": "100ms"},
        "ports": {"wire": {"tcp": where}},
        "places": {"lairage": {"kind": "lairage", "name": "待宰圈"}},
        "devices": {name: {"port": "wire", "place": "lairage", **driver} for name, driver in devices.items()},
        **more,
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


ANTENNAS = {f"hook-{channel}": {"driver": "uhf_reader18", "channel": channel} for channel in (1, 3)}


@asynccontextmanager
async def running(config: Path) -> AsyncIterator[Gateway]:
    """In this process, where a defect can be played."""
    stop = asyncio.Event()
    opened = await Gateway.open(gateway.load(config))
    life = asyncio.create_task(opened.run(stop))
    try:
        yield opened
    finally:
        stop.set()
        await life


async def after(opened: Gateway, device: str, observed: int) -> dict[str, Any]:
    """The status, once this device has been observed so often again."""
    state = opened.intake.devices[device]
    goal = state.observed + observed
    async with asyncio.timeout(30):
        while state.observed < goal:
            await asyncio.sleep(0.02)
    return status.full(opened)


def defects(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The alarms about them: of what, and what was raised."""
    return [(alarm["subject"], alarm["detail"]) for alarm in facts["alarms"] if alarm["cause"] == "defect"]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged with a stack."""
    return [each.getMessage() for each in caplog.records if each.exc_info and each.levelno >= logging.ERROR]


async def test_a_decoder_that_crashes_harms_no_neighbour_on_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = UhfReader18.decode

    def broken(self: UhfReader18, frame: Frame, at: Instant) -> Sequence[Observation]:
        return whole(self, frame, at) if self._channel == 3 else [1 / 0]  # type: ignore[list-item] # raises

    async with reader() as where:
        config = site(tmp_path, where, ANTENNAS)
        monkeypatch.setattr(UhfReader18, "decode", broken)
        async with running(config) as opened:
            facts = await after(opened, "hook-3", 20)
            crashed = facts["devices"]["hook-1"]
            assert (crashed["observed"], crashed["refused"]["defect"] >= 19) == (0, True)
            assert facts["devices"]["hook-3"]["refused"] == {}
            assert (facts["ports"]["wire"]["restarts"], facts["ports"]["wire"]["crashes"]) == (0, 0)
            assert defects(facts) == [("hook-1", "ZeroDivisionError: division by zero")]
        assert len(told(caplog)) == 1
        monkeypatch.setattr(UhfReader18, "decode", whole)
        async with running(config) as mended:  # the next start takes the alarm back
            assert defects(await after(mended, "hook-1", 1)) == []


async def test_a_splitter_that_crashes_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, calls = Headed.feed, 0

    def broken(self: Headed, data: bytes) -> list[Frame | Reject]:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise IndexError("index out of range")
        return whole(self, data)

    monkeypatch.setattr(Headed, "feed", broken)
    async with reader() as where, running(site(tmp_path, where, ANTENNAS)) as opened:
        facts = await after(opened, "hook-3", 30)
        assert facts["devices"]["hook-1"]["refused"]["defect"] >= 1
        assert facts["ports"]["wire"]["restarts"] == 0
        assert defects(facts) == [("hook-1", "IndexError: index out of range")]


async def test_a_decoder_that_crashes_harms_no_neighbour_on_its_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Modbus.decode

    def broken(self: Modbus, frame: Frame, at: Instant) -> Sequence[Observation]:
        if self.requests()[0].unit == 2:
            raise OverflowError
        return whole(self, frame, at)

    monkeypatch.setattr(Modbus, "decode", broken)
    units = {"1-3": {"kind": "registers", "holding": {0: {"value": 2.0}}}}
    probe = {"driver": "modbus", "profile": "probe", "every": "100ms"}
    devices = {f"probe-{unit}": {**probe, "unit": unit} for unit in (1, 2, 3)}
    scenario = {"ports": {"panel": {"device": "modbus_tcp", "units": units}}}
    async with (
        Site(scenario, tmp_path / "simulated") as played,
        running(site(tmp_path, played.ports["panel"]["tcp"], devices)) as opened,
    ):
        facts = await after(opened, "probe-3", 5)
        assert facts["devices"]["probe-2"]["refused"]["defect"] >= 4
        assert facts["devices"]["probe-1"]["observed"] >= 4
        assert facts["ports"]["wire"]["restarts"] == 0
        assert [subject for subject, _ in defects(facts)] == ["probe-2"]


async def test_what_a_recorder_that_crashes_was_told_stands_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Arrivals, device: str, item: Observation) -> Iterable[Output]:
        raise KeyError(device)

    def broken_too(self: Arrivals, fact: Fact) -> Iterable[Output]:
        raise IndexError

    monkeypatch.setattr(Arrivals, "observe", broken)
    monkeypatch.setattr(Arrivals, "enter", broken_too)
    records = {"arrival": {"lairage": {"readers": ["hook-1"], "lot": "certificate"}}}
    async with reader() as where, running(site(tmp_path, where, ANTENNAS, records=records)) as opened:
        facts = await after(opened, "hook-3", 10)
        assert facts["recorders"]["failures"] == {"arrival": 1}
        assert defects(facts) == [("arrival", "KeyError: 'hook-1'")]
        assert facts["devices"]["hook-1"]["refused"] == {}
        assert len(told(caplog)) == 1
        certificate = {"number": "622926250001", "place": "lairage"}
        with pytest.raises(Refused, match=r"facts\.failed"):
            await opened.entering.enter({"fact": "certificate", "values": certificate, "by": "马师傅"})
    bodies = [orjson.loads(body) for (lane, _), body in journalled(tmp_path / "journal.db").items()]
    seen = [each["device"] for body in bodies for each in body.get("observations", ()) if "code" in each]
    assert {"hook-1", "hook-3"} <= set(seen)
