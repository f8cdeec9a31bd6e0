"""The composition root: what a start, a changed file and a cloned card leave in the records lane."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from drivers.catalogue import DRIVERS
from drivers.contacts.gpio import Contacts
from drivers.contract import Instant, LinkDown, NobodyAnswers
from drivers.modbus.bus import Bus
from edge import gateway, wiring
from edge.control import Refused, ask
from edge.errors import JournalError, SettingsError
from edge.gateway import Gateway
from edge.thinning import Thin
from tests.faults.rig import journalled


def site(folder: Path, **changes: Any) -> Path:
    data = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {"platform": {"mqtt": {"url": "mqtt://127.0.0.1:9"}}},
        **changes,
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


async def runs(path: Path) -> None:
    """One short life of a gateway."""
    stop = asyncio.Event()
    running = await Gateway.open(gateway.load(path))
    stop.set()
    await running.run(stop)


def records(folder: Path) -> list[dict[str, Any]]:
    blocks = journalled(folder / "journal.db")
    return [orjson.loads(body) for (lane, _), body in blocks.items() if lane == "records"]


def events(folder: Path) -> list[str]:
    return [block["record"]["event"] for block in records(folder)]


async def test_a_start_and_a_stop_are_records(tmp_path: Path) -> None:
    await runs(site(tmp_path))
    assert events(tmp_path) == ["started", "stopped"]
    first = records(tmp_path)[0]
    assert first["gateway"] == "dx-yidong-01"
    assert (first["lane"], first["seq"], first["clock"]) == ("records", 1, "system")
    assert first["record"]["operator"] == "伊东羊业"


async def test_a_start_logs_what_would_better_be_written_otherwise(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await runs(site(tmp_path, ports={"ear": {"serial": "/dev/ttyUSB250"}}))
    (warning,) = [each.getMessage() for each in caplog.records if "ttyUSB250" in each.getMessage()]
    assert "site.yaml:" in warning
    assert "may be another device after a restart" in warning


async def test_an_uplink_that_is_gone_from_the_file_gives_up_its_cursor_and_a_record_says_so(
    tmp_path: Path,
) -> None:
    await runs(site(tmp_path))
    await runs(site(tmp_path, uplinks={"other": {"mqtt": {"url": "mqtt://127.0.0.1:9"}}}))
    assert events(tmp_path) == ["started", "stopped", "started", "uplink_removed", "stopped"]
    removed = records(tmp_path)[3]["record"]["facts"]
    assert removed["uplink"] == "platform"
    assert removed["backlog"]["records"]["blocks"] == 2


async def test_a_cloned_card_writes_under_a_new_journal_id_and_names_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await runs(site(tmp_path))
    before = records(tmp_path)[0]["journal"]
    monkeypatch.setattr(gateway, "machine_id", lambda: "another machine")
    await runs(site(tmp_path))
    blocks = [block for block in records(tmp_path) if block["journal"] != before]
    assert [block["record"]["event"] for block in blocks] == ["journal", "started", "stopped"]
    assert blocks[0]["seq"] == 1
    predecessor = blocks[0]["record"]["facts"]["predecessor"]
    assert (predecessor["journal"], predecessor["records"]) == (before, 2)


@pytest.mark.parametrize("said", [{}, {"device": []}, {"device": {}}, {"device": "a", "wait": "soon"}])
async def test_a_reading_that_is_asked_for_in_another_form_is_refused(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    stop = asyncio.Event()
    running = await Gateway.open(gateway.load(site(tmp_path)))
    life = asyncio.create_task(running.run(stop))
    while not (tmp_path / "journal.db.sock").exists():
        await asyncio.sleep(0.01)
    with pytest.raises(Refused, match="malformed_request"):
        await ask(tmp_path / "journal.db", "read", **said)
    stop.set()
    await life


def test_a_device_is_adjusted_and_thinned_as_the_file_says(tmp_path: Path) -> None:
    panel = {"driver": "modbus", "port": "panel", "profile": "pt100-8", "unit": 1}
    path = site(
        tmp_path,
        ports={"panel": {"tcp": "127.0.0.1:502"}, "gps": {"tcp": "127.0.0.1:4001"}},
        devices={
            "air": {**panel, "channel": 1, "adjust": {"temperature": {"offset": -0.3}}},
            "core": {
                **panel,
                **{"channel": 2, "thin": {"change": 0.1}},
                "adjust": {"temperature": {"points": [[0.0, 0.3], [10.0, 10.1]]}},
            },
            "truck": {
                **{"driver": "nmea", "port": "gps"},
                "thin": {"distance": "50m", "turn": "20deg", "at_least": "60s"},
            },
        },
    )
    air, core, truck = wiring.intaken(gateway.load(path), DRIVERS)
    assert (air.calibrations["temperature"](3.7), air.thin) == (3.4, None)
    assert (core.calibrations["temperature"](5.0), core.thin) == (5.2, Thin(900.0, change=0.1))
    assert (truck.calibrations, truck.thin) == ({}, Thin(60.0, distance_m=50.0, turn_deg=20.0))


EAR = {"driver": "wl134", "port": "ear"}


async def test_a_port_that_is_not_there_is_an_alarm_until_it_opens(tmp_path: Path) -> None:
    near, far = os.openpty()
    port = tmp_path / "ear"
    path = site(
        tmp_path, ports={"ear": {"serial": str(port)}}, devices={"ear": {"driver": "wl134", "port": "ear"}}
    )
    stop = asyncio.Event()
    opened = await Gateway.open(gateway.load(path))
    running = asyncio.create_task(opened.run(stop))
    while not len(opened.own.standing):
        await asyncio.sleep(0.01)
    port.symlink_to(os.ttyname(far))
    while len(opened.own.standing):
        await asyncio.sleep(0.01)
    stop.set()
    await running
    os.close(near)
    os.close(far)
    alarms = [block["record"] for block in records(tmp_path) if block["record"]["kind"] == "alarm"]
    assert [(alarm["subject"], alarm["cause"], alarm["state"]) for alarm in alarms] == [
        ("ear", "port_down", "active"),
        ("ear", "port_down", "cleared"),
    ]
    assert "no such device" in alarms[0]["detail"]
    assert alarms[1]["from"] < alarms[1]["to"]


async def test_an_alarm_about_what_is_no_longer_in_the_file_is_cleared_at_the_start(tmp_path: Path) -> None:
    ear = {"ports": {"ear": {"serial": str(tmp_path / "none")}}, "devices": {"ear": EAR}}
    opened = await Gateway.open(gateway.load(site(tmp_path, **ear)))
    stop = asyncio.Event()
    running = asyncio.create_task(opened.run(stop))
    while not len(opened.own.standing):
        await asyncio.sleep(0.01)
    stop.set()
    await running
    await runs(site(tmp_path))
    alarms = [block["record"] for block in records(tmp_path) if block["record"]["kind"] == "alarm"]
    assert [(alarm["state"], alarm.get("cleared_by")) for alarm in alarms] == [
        ("active", None),
        ("cleared", "settings"),
    ]


def test_a_bus_on_which_nobody_answers_is_no_lost_port(tmp_path: Path) -> None:
    """Its devices are silent, which is told of each; the port is opened anew again and again meanwhile."""

    async def told(failure: Exception) -> int:
        opened = await Gateway.open(gateway.load(site(tmp_path)))
        opened.ports._failed("panel", failure)
        await opened.journal.close()
        return len(opened.own.standing)

    assert asyncio.run(told(NobodyAnswers("no unit has answered for 20 s"))) == 0
    assert asyncio.run(told(LinkDown("refused"))) == 1


async def test_two_gateways_on_one_journal_are_refused(tmp_path: Path) -> None:
    path = site(tmp_path)
    running = await Gateway.open(gateway.load(path))
    with pytest.raises(JournalError, match="in use by process"):
        await Gateway.open(gateway.load(path))
    await running.journal.close()


async def test_a_secret_that_cannot_be_read_ends_the_start_before_the_journal_is_touched(
    tmp_path: Path,
) -> None:
    mqtt = {"url": "mqtt://127.0.0.1:9", "username": "x", "password": {"file": str(tmp_path / "nothing")}}
    path = site(tmp_path, uplinks={"platform": {"mqtt": mqtt}})
    with pytest.raises(SettingsError, match="nothing"):
        await Gateway.open(gateway.load(path))
    assert not (tmp_path / "journal.db").exists()


async def test_contacts_on_a_chip_and_on_a_bus_have_their_sources(tmp_path: Path) -> None:
    path = site(
        tmp_path,
        ports={"inputs": {"gpio": "gpiochip0"}, "panel": {"tcp": "127.0.0.1:9"}},
        devices={
            "ignition": {"driver": "contact", "port": "inputs", "line": 27, "open": "low", "every": "10s"},
            "gate": {"driver": "contact", "port": "panel", "unit": 20, "input": 3, "quantity": "door"},
            "air": {"driver": "modbus", "port": "panel", "unit": 20, "profile": "xy-md02"},
        },
    )
    settings = gateway.load(path)
    made = wiring.sources(settings, DRIVERS, lambda: Instant(0))
    assert {name: type(source) for name, source in made.items()} == {"inputs": Contacts, "panel": Bus}
    facts = {each.name: each for each in wiring.intaken(settings, DRIVERS)}
    ignition, gate = facts["ignition"], facts["gate"]
    assert (ignition.every_s, ignition.spaced, ignition.quantities) == (10.0, False, ("open",))
    assert (gate.every_s, gate.quantities) == (60.0, ("door",))


async def test_a_replaced_instrument_is_a_record_and_its_role_goes_on(tmp_path: Path) -> None:
    def file(serial: str) -> Path:
        ear = {**EAR, "instrument": {"serial": serial, "calibrated": "2026-03-01"}}
        return site(tmp_path, ports={"ear": {"serial": str(tmp_path / "none")}}, devices={"ear": ear})

    for serial in ("A-1", "A-1", "B-2"):
        opened = await Gateway.open(gateway.load(file(serial)))
        opened.recording.tick(opened.clock.now())
        await opened.journal.close()
    told = [block["record"] for block in records(tmp_path) if block["record"]["kind"] == "device"]
    assert [(each["event"], each["instrument"]["serial"]) for each in told] == [
        ("assigned", "A-1"),
        ("replaced", "B-2"),
    ]
    assert told[1]["former"]["serial"] == "A-1"
