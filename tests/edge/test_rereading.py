"""Settings read again while the gateway runs, in this process: what stays, what changes, what is told."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
import pytest
import yaml
from rich.console import Console

from drivers.contract import NANOSECONDS, Code, Frame, Instant, Sighting
from edge import gateway, status
from edge.alarms import Cause
from edge.gateway import Gateway
from edge.messages import LANGS
from edge.rereading import Rereading
from edge.status_view import view
from tests.faults.rig import journalled

TAG: Final = Code("cn-eartag", "362292600000123")
HOOK: Final = Code("epc-uhf", "E2001" + "0" * 19)

Data: TypeAlias = dict[str, Any]


def site(folder: Path) -> Data:
    """A line and a truck on ports where nothing is plugged in, and a broker that is not there."""
    ports = ("ear", "hooks", "gps", "air")
    reader = {"driver": "tag_lines", "repeat": "30s"}
    return {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {"platform": {"mqtt": {"url": "mqtt://127.0.0.1:9"}}},
        "ports": {name: {"serial": str(folder / name)} for name in ports},
        "places": {
            "stunning": {"kind": "station"},
            "chiller-1": {"kind": "chiller"},
            "truck": {"kind": "vehicle", "plate": "甘N12345"},
            "plant": {"kind": "site", "at": {"lat": 35.6, "lon": 103.3, "radius": "300m"}},
        },
        "devices": {
            "ear-tags": {**reader, "port": "ear", "place": "stunning"},
            "hook-bind": {**reader, "port": "hooks", "place": "stunning"},
            "gps": {"driver": "nmea", "port": "gps", "place": "truck"},
            "air": {
                **{"driver": "modbus", "port": "air", "unit": 1, "profile": "xy-md02", "place": "chiller-1"},
                "instrument": {"serial": "A-1"},
            },
        },
        "alarms": {"warm": {"points": ["air.temperature"], "above": 4.0}},
        "records": {
            "slaughter": {
                "sheep": {
                    "species": "sheep",
                    "line": [
                        {"reader": "ear-tags", "step": "stunned"},
                        {"reader": "hook-bind", "step": "bound", "lag": ["0s", "90s"]},
                    ],
                    "hooks": {"pattern": "^E2001[0-9A-F]{19}$", "reused_after": "2h"},
                }
            },
            "transport": {
                "route": {
                    **{"place": "truck", "position": "gps", "climate": ["air"]},
                    **{"begin": {"leaves": "plant"}, "end": {"stays": "plant", "for": "10min"}},
                }
            },
        },
    }


class Site:
    """A gateway that runs, and its file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "site.yaml"
        self.data = site(folder)
        self.rereading = Rereading(self.file)
        self.stop = asyncio.Event()

    def write(self) -> None:
        self.file.write_text(yaml.safe_dump(self.data, allow_unicode=True))

    async def begin(self) -> None:
        self.write()
        self.gateway = await Gateway.open(gateway.load(self.file))
        self.life = asyncio.create_task(self.gateway.run(self.stop, self.rereading))
        await asyncio.sleep(0.05)

    async def reread(self) -> Data:
        """Its settings as `status` shows them afterwards."""
        before = self.rereading.facts()["read"]
        self.write()
        self.rereading.asked.set()
        while self.rereading.facts()["read"] == before:
            if self.life.done():
                await self.life
            await asyncio.sleep(0.01)
        facts: Data = status.full(self.gateway)["settings"]
        return facts

    def sees(self, device: str, code: Code, later_s: float = 0.0) -> None:
        at = Instant(self.gateway.clock.now() + int(later_s * NANOSECONDS))
        self.gateway.intake(device, [Sighting(at, code)], Frame(b""))

    def say(self, fact: str, **values: Any) -> Any:
        return self.gateway.entering.enter({"fact": fact, "values": values, "by": "马师傅"})

    async def records(self, kind: str) -> list[Data]:
        await self.gateway.journal.flush()
        return [each for each in records(self.folder) if each["kind"] == kind]

    async def events(self, *wanted: str) -> list[tuple[str, Data]]:
        found = [(each["event"], each["facts"]) for each in await self.records("gateway")]
        return [each for each in found if each[0] in wanted]


def records(folder: Path) -> list[Data]:
    blocks = journalled(folder / "journal.db")
    return [orjson.loads(body)["record"] for (lane, _), body in blocks.items() if lane == "records"]


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Site]:
    there = Site(folder)
    await there.begin()
    try:
        yield there
    finally:
        there.stop.set()
        await there.life


async def test_a_file_that_does_not_hold_leaves_all_as_it_is_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(tmp_path) as there:
        before = there.gateway.settings
        there.data["devices"]["air"]["unitt"] = 2
        facts = await there.reread()
        assert facts["state"] == "refused"
        assert there.gateway.settings is before
        [(_, told)] = await there.events("settings_refused", "settings_applied")
        assert "devices.air.unitt" in told["problems"][0]
        assert "site.yaml:" in told["problems"][0]
        assert told["count"] == len(told["problems"])
        assert "devices.air.unitt" in caplog.text
        for lang in LANGS:
            assert "unitt" in facts["problems"][0][lang]
            Console().print(view(await status.entire(there.gateway), lang))
        assert {"REFUSED", "仍按原配置运行"} <= set(
            capsys.readouterr().out.replace("，", " ").replace("：", " ").replace(",", " ").split()
        )

        del there.data["devices"]["air"]["unitt"]
        assert await there.reread() | {"read": None} == {
            **{"file": str(there.file), "state": "applied", "read": None, "problems": []}
        }
        assert (await there.events("settings_applied"))[0][1] == {}


@pytest.mark.parametrize("where", ["gateway.id", "journal.path"])
async def test_what_is_fixed_while_it_runs_is_refused(where: str, tmp_path: Path) -> None:
    section, _, key = where.partition(".")
    async with running(tmp_path) as there:
        there.data[section][key] = str(tmp_path / "other.db") if key == "path" else "dx-yidong-02"
        del there.data["devices"]["gps"], there.data["records"]["transport"]
        facts = await there.reread()
        assert facts["state"] == "refused"
        assert where in facts["problems"][0]["en"]
        assert "started anew" in facts["problems"][0]["en"]
        assert "gps" in status.full(there.gateway)["devices"]
        assert len(await there.events("settings_refused")) == 1


async def test_what_is_read_once_waits_for_the_next_start_and_is_said_to(tmp_path: Path) -> None:
    async with running(tmp_path) as there:
        there.data["journal"]["keep"] = {"telemetry": "30d"}
        there.data["gateway"]["timezone"] = "Europe/Berlin"
        there.data["alarms"]["cold"] = {"points": ["air.temperature"], "below": -5.0}
        await there.reread()
        await there.reread()
        waiting = ["gateway", "journal"]
        assert [facts for _, facts in await there.events("settings_applied")] == [
            {"added": ["alarms.cold"], "waiting": waiting},
            {"waiting": waiting},
        ]
        assert str(there.gateway.settings.gateway.timezone) == "Asia/Shanghai"


def moves_the_ear_tags(data: Data) -> None:
    data["ports"]["ear"]["baud"] = 19200


def adds_a_limit(data: Data) -> None:
    data["alarms"]["cold"] = {"points": ["air.temperature"], "below": -5.0}


def adds_a_device(data: Data) -> None:
    data["devices"]["air-2"] = data["devices"]["air"] | {"unit": 2}


def adds_a_place(data: Data) -> None:
    data["places"]["dock"] = {"kind": "dock"}


@pytest.mark.parametrize(
    "change",
    [moves_the_ear_tags, adds_a_limit, adds_a_device, adds_a_place],
    ids=lambda each: each.__name__,
)
async def test_carcasses_go_on_hanging_and_trips_running(
    change: Callable[[Data], None], tmp_path: Path
) -> None:
    async with running(tmp_path) as there:
        await there.say("trip", vehicle="truck", action="begin")
        there.sees("ear-tags", TAG)
        change(there.data)
        await there.reread()
        there.sees("hook-bind", HOOK, 30.0)
        [carcass] = await there.records("slaughter")
        assert {"scheme": TAG.scheme, "value": TAG.value} in [
            {name: each[name] for name in ("scheme", "value")} for each in carcass["subjects"]
        ]
        await there.reread()
        await there.say("trip", vehicle="truck", action="end")
        trip = await there.records("transport")
        assert len({each["id"] for each in trip}) == 1
        assert trip[-1]["from"] == trip[0]["from"] < trip[-1]["to"]
        assert there.gateway.recording.failures == {}


async def test_who_left_and_comes_back_remembers(tmp_path: Path) -> None:
    """What it last knew was on its way to the disk when it left."""
    async with running(tmp_path) as there:
        there.sees("ear-tags", TAG)
        line = there.data["records"].pop("slaughter")
        await there.reread()
        there.data["records"]["slaughter"] = line
        await there.reread()
        there.sees("hook-bind", HOOK, 30.0)
        [carcass] = await there.records("slaughter")
        assert TAG.value in [each["value"] for each in carcass["subjects"]]


async def test_a_replaced_instrument_is_a_device_record_and_the_role_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path) as there:
        there.gateway.recording.tick(there.gateway.clock.now())
        source, state = there.gateway.ports.sources["air"], there.gateway.intake.devices["air"]
        there.data["devices"]["air"]["instrument"] = {"serial": "B-2"}
        await there.reread()
        there.gateway.recording.tick(there.gateway.clock.now())
        told = [each for each in await there.records("device") if each["event"] != "failed"]
        assert [(each["event"], each["instrument"]["serial"]) for each in told] == [
            ("assigned", "A-1"),
            ("replaced", "B-2"),
        ]
        assert there.gateway.ports.sources["air"] is source
        assert there.gateway.intake.devices["air"] is state


async def test_an_uplink_that_is_gone_gives_up_its_cursor_and_a_new_one_has_its_own(tmp_path: Path) -> None:
    async with running(tmp_path) as there:
        staying = there.gateway.uplinks["platform"]
        there.data["uplinks"]["second"] = {"mqtt": {"url": "mqtt://127.0.0.1:10"}, "start": "now"}
        await there.reread()
        assert there.gateway.journal.uplinks == {"platform", "second"}
        assert there.gateway.uplinks["platform"] is staying
        del there.data["uplinks"]["platform"]
        await there.reread()
        assert there.gateway.journal.uplinks == {"second"}
        assert there.gateway.uplinks.keys() == {"second"}
        [(_, facts)] = await there.events("uplink_removed")
        assert facts["uplink"] == "platform"
        assert facts["backlog"]["records"]["blocks"] > 0
        assert (await there.events("settings_applied"))[-1][1] == {"removed": ["uplinks.platform"]}


async def test_a_secret_that_changed_in_its_file_begins_the_uplink_anew(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("first")
    secret.chmod(0o600)
    async with running(tmp_path) as there:
        there.data["uplinks"]["platform"]["mqtt"] |= {"username": "x", "password": {"file": str(secret)}}
        await there.reread()
        before = there.gateway.uplinks["platform"]
        await there.reread()
        assert there.gateway.uplinks["platform"] is before
        secret.write_text("second")
        await there.reread()
        assert there.gateway.uplinks["platform"] is not before
        assert [facts for _, facts in await there.events("settings_applied")] == [
            {"changed": ["uplinks.platform"]},
            {},
            {"changed": ["uplinks.platform"]},
        ]
        assert there.gateway.journal.uplinks == {"platform"}
        secret.unlink()
        assert (await there.reread())["state"] == "refused"
        assert "second" not in orjson.dumps(await there.records("gateway")).decode()


async def test_alarms_about_what_is_gone_are_cleared(tmp_path: Path) -> None:
    async with running(tmp_path) as there:
        while there.gateway.own.standing.about(Cause.PORT_DOWN, "gps") is None:
            await asyncio.sleep(0.01)
        del there.data["devices"]["gps"], there.data["records"]["transport"], there.data["ports"]["gps"]
        await there.reread()
        alarms = [each for each in await there.records("alarm") if each["subject"] == "gps"]
        assert [(each["state"], each.get("cleared_by")) for each in alarms] == [
            ("active", None),
            ("cleared", "settings"),
        ]
        assert "gps" not in status.full(there.gateway)["ports"]


async def test_a_device_that_goes_tells_what_its_windows_counted_and_the_others_keep_theirs(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as there:
        for device in ("ear-tags", "hook-bind"):
            for _ in range(3):
                there.sees(device, TAG)
        del (
            there.data["records"]["slaughter"],
            there.data["devices"]["hook-bind"],
            there.data["ports"]["hooks"],
        )
        await there.reread()
        there.sees("ear-tags", TAG)
        await there.gateway.journal.flush()
        entries = [
            entry
            for (lane, _), body in journalled(tmp_path / "journal.db").items()
            for entry in (orjson.loads(body)["observations"] if lane == "telemetry" else ())
            if "code" in entry
        ]
        told = [(entry["device"], entry.get("again", {}).get("count")) for entry in entries]
        assert sorted(told, key=str) == [("ear-tags", None), ("hook-bind", 2), ("hook-bind", None)]


async def test_reloads_asked_for_during_another_are_one_more_after_it(tmp_path: Path) -> None:
    async with running(tmp_path) as there:
        there.rereading.asked.set()
        while there.rereading.asked.is_set():
            await asyncio.sleep(0)
        for _ in range(5):
            there.rereading.asked.set()
        while len(await there.events("settings_applied")) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert len(await there.events("settings_applied")) == 2


async def test_a_reload_asked_for_during_the_start_follows_it(tmp_path: Path) -> None:
    there = Site(tmp_path)
    there.rereading.asked.set()
    await there.begin()
    while not await there.events("settings_applied"):
        await asyncio.sleep(0.01)
    there.stop.set()
    await there.life


async def test_a_stop_during_a_reload_is_a_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    there = Site(tmp_path)
    await there.begin()
    there.data["uplinks"] = {"other": {"mqtt": {"url": "mqtt://127.0.0.1:10"}}}
    there.data["ports"]["ear"]["baud"] = 19200
    there.write()
    there.rereading.asked.set()
    while there.rereading.asked.is_set():
        await asyncio.sleep(0)
    there.stop.set()
    await there.life
    assert records(tmp_path)[-1]["event"] == "stopped"
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_systemd_hears_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        async with running(tmp_path) as there:
            await there.reread()
            said = [systemd.recv(4096).decode() for _ in range(3)]
    assert said[0] == "READY=1"
    first, second = said[1].splitlines()
    assert (first, second.partition("=")[0]) == ("RELOADING=1", "MONOTONIC_USEC")
    assert second.partition("=")[2].isdecimal()
    assert said[2] == "READY=1"
