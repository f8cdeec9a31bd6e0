"""The command `tagtrail` as a technician types it: real processes, devices on the far side of a wire."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from edge.journal.database import open_writer
from simulators.site import Site
from tests.faults.rig import Gateways

CHECKOUT = Path(__file__).parents[2]


class Said(NamedTuple):
    """What a call printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def facts(self) -> Any:
        return json.loads(self.out)


async def tagtrail(*arguments: object, lang: str = "en") -> Said:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", *map(str, arguments), "--lang", lang),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Said(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def slaughterhouse(tmp_path: Path) -> AsyncIterator[Path]:
    """The settings of a site whose devices are played."""
    async with Site("slaughterhouse", tmp_path / "devices", truth=False) as site:
        ports = site.ports
        data = {
            "gateway": {
                "id": "dx-yidong-01",
                "operator": {"name": "伊东羊业"},
                "site": {"name": "东乡屠宰场"},
            },
            "clock": {"trust": "system"},
            "journal": {"path": str(tmp_path / "journal.db")},
            "ports": {name: ports[name] for name in ("ear", "panel", "probes")},
            "devices": {
                "ear-tags": {"driver": "wl134", "port": "ear"},
                "chiller-1-air": {
                    **{"driver": "modbus", "port": "panel", "profile": "pt100-8", "unit": 1, "channel": 1},
                    **{"every": "1s", "adjust": {"temperature": {"offset": -0.3}}},
                },
                "cutting-room": {
                    "driver": "modbus",
                    "port": "probes",
                    "profile": "xy-md02",
                    "unit": 2,
                    "every": "1s",
                },
                "nobody": {
                    "driver": "modbus",
                    "port": "probes",
                    "profile": "xy-md02",
                    "unit": 9,
                    "every": "1s",
                },
            },
        }
        path = tmp_path / "site.yaml"
        path.write_text(yaml.safe_dump(data, allow_unicode=True))
        yield path


async def test_check_says_that_the_examples_hold() -> None:
    for example in sorted((CHECKOUT / "config" / "examples").glob("*.yaml")):
        said = await tagtrail("check", example)
        assert (said.code, said.err) == (0, ""), said
        assert "holds" in said.out


async def test_check_reports_every_mistake_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "gateway:\n  idd: x\njournal: {path: /tmp/j.db}\nports:\n  ear: {serial: /dev/x, baudd: 9600}\n"
    )
    english = await tagtrail("check", path)
    assert english.code == 2
    assert f"{path}:2:3 gateway.idd:" in english.err
    assert f"{path}:5:25 ports.ear.baudd:" in english.err
    assert "baud" in english.err
    chinese = await tagtrail("check", path, lang="zh")
    assert f"{path}:5:25 ports.ear.baudd:" in chinese.err
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese.err)
    facts = (await tagtrail("check", path, "--json")).facts
    assert {"line": 2, "column": 3} in [
        {key: problem[key] for key in ("line", "column")} for problem in facts["problems"]
    ]


async def test_check_warns_of_a_name_that_may_change_and_holds(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "gateway: {id: dx, operator: {name: x}, site: {name: x}}\njournal: {path: /tmp/j.db}\n"
        "ports:\n  ear: {serial: /dev/ttyUSB250}\n"
    )
    said = await tagtrail("check", path)
    assert said.code == 0
    assert "holds" in said.out
    assert f"{path}:4:17 ports.ear.serial: warning: /dev/ttyUSB250 may be another device" in said.err
    facts = (await tagtrail("check", path, "--json", lang="zh")).facts
    (warning,) = facts["warnings"]
    assert (facts["ok"], warning["line"], warning["column"], warning["problem"]) == (
        True,
        4,
        17,
        "counted_unnamed",
    )
    assert "by-id" in warning["sentence"]


async def test_check_refuses_a_journal_that_this_release_cannot_go_on_with(tmp_path: Path) -> None:
    """What keeps `make rollback` from stopping a gateway whose journal the older release does not know."""
    journal, path = tmp_path / "journal.db", tmp_path / "site.yaml"
    path.write_text(
        f"gateway: {{id: dx, operator: {{name: x}}, site: {{name: x}}}}\njournal: {{path: {journal}}}\n"
    )
    with closing(open_writer(journal, 1 << 30)) as made:
        made.execute("PRAGMA user_version = 99")
    said = await tagtrail("check", path)
    assert (said.code, "newer Tagtrail" in said.err) == (1, True)


async def test_read_opens_the_port_itself_where_no_gateway_runs(slaughterhouse: Path) -> None:
    said = await tagtrail("read", slaughterhouse, "chiller-1-air", "--json")
    assert said.code == 0, said
    (entry,) = said.facts["observations"]
    assert entry["temperature"] == pytest.approx(entry["raw"]["temperature"] - 0.3)
    reply = bytes.fromhex(said.facts["frame"])
    assert int.from_bytes(reply[-2:], "big", signed=True) / 10 == entry["raw"]["temperature"]
    tag = await tagtrail("read", slaughterhouse, "ear-tags", "--wait", "20")
    assert "iso11784" in tag.out
    assert "02 " in tag.out


async def test_read_says_why_there_is_no_value(slaughterhouse: Path) -> None:
    silent = await tagtrail("read", slaughterhouse, "nobody")
    assert "missing (no answer)" in silent.out
    unknown = await tagtrail("read", slaughterhouse, "nobdy")
    assert (unknown.code, "nobdy" in unknown.err) == (1, True)


async def test_read_of_a_port_that_is_not_there_exits_with_3(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(
        "gateway: {id: x, operator: {name: x}, site: {name: x}}\n"
        f"journal: {{path: {tmp_path}/journal.db}}\n"
        "ports: {ear: {serial: /dev/serial/by-id/usb-nothing}}\n"
        "devices: {ear-tags: {driver: wl134, port: ear}}\n"
    )
    said = await tagtrail("read", path, "ear-tags")
    assert said.code == 3
    assert "/dev/serial/by-id/usb-nothing" in said.err


async def test_status_and_read_ask_the_running_gateway(slaughterhouse: Path, gateways: Gateways) -> None:
    alone = await tagtrail("status", slaughterhouse)
    assert alone.code == 3
    gateway = gateways(slaughterhouse)
    await gateway.start()
    try:
        facts = await gateway.status()
        async with asyncio.timeout(40):
            while not facts["alarms"] or not facts["devices"]["ear-tags"]["observed"]:
                await asyncio.sleep(0.5)
                facts = await gateway.status()
        assert facts["devices"]["chiller-1-air"]["points"]["temperature"]["unit"] == "Cel"
        assert facts["devices"]["nobody"]["points"]["temperature"]["reason"] == "no_answer"
        assert [(alarm["cause"], alarm["subject"]) for alarm in facts["alarms"]] == [("silent", "nobody")]
        assert facts["ports"]["probes"]["bus_load"] > 0
        read = await tagtrail("read", slaughterhouse, "chiller-1-air", "--json")
        assert read.facts["observations"][0]["device"] == "chiller-1-air"
        for lang, word in (("en", "chiller-1-air"), ("zh", "缺失")):
            shown = await tagtrail("status", slaughterhouse, lang=lang)
            assert (shown.code, word in shown.out) == (0, True), shown
        second = await tagtrail("run", slaughterhouse)
        assert second.code == 1
        assert "in use" in second.err
    finally:
        assert await gateway.stop() == 0


async def test_wrong_settings_end_the_daemon_with_2(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("gateway: {}\n")
    said = await tagtrail("run", path)
    assert said.code == 2
    assert "Traceback" not in said.err


async def test_help_is_in_the_language_asked_for() -> None:
    assert "devices" in (await tagtrail("--help")).out
    assert (await tagtrail("status", "--help", lang="zh")).out.count("状态") == 1
