"""What docs/ tells technicians, operators and integrators to write holds when it is tried."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from edge import gateway
from edge.alarms import Cause
from edge.messages import Lang, word
from simulators.site import Site

DOCS = Path(__file__).parents[1] / "docs"
SUFFIXES: Final[dict[str, Lang]] = {".md": "en", ".zh-CN.md": "zh"}

both = pytest.mark.parametrize("suffix", SUFFIXES)


def text(name: str, suffix: str) -> str:
    return (DOCS / f"{name}{suffix}").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


async def tagtrail(*arguments: str) -> str:
    """What the command prints. It must end with 0."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", *arguments, cwd=DOCS.parent, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


@both
def test_every_alarm_stands_in_the_operators_table_with_its_word(suffix: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text("operator", suffix), re.MULTILINE)
    lang = SUFFIXES[suffix]
    assert dict(rows) == {cause.value: word(lang, cause) for cause in Cause}


@both
async def test_the_technicians_probe_is_checked_and_read_as_the_page_says(
    suffix: str, tmp_path: Path
) -> None:
    profile, settings, _, played = blocks(text("technician", suffix), "yaml")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "th-20.yaml").write_text(profile, encoding="utf-8")
    (tmp_path / "probe.yaml").write_text(played, encoding="utf-8")
    here = re.sub(r"/dev/serial/by-id/[\w.-]+", str(tmp_path / "probes"), settings)
    (tmp_path / "my-site.yaml").write_text(here, encoding="utf-8")
    for verb in ("check", "read"):
        assert f"tagtrail {verb} my-site.yaml" in text("technician", suffix)
    async with Site(tmp_path / "probe.yaml", tmp_path):
        assert "1" in await tagtrail("check", str(tmp_path / "my-site.yaml"))
        said = await tagtrail("read", str(tmp_path / "my-site.yaml"), "cold-room-1-air", "--json")
    (values,) = json.loads(said)["observations"]
    assert 0 < values["temperature"] < 5
    assert values["pressure"] == 1013.2


@both
def test_the_calibrated_device_of_the_page_holds(suffix: str, tmp_path: Path) -> None:
    profile, settings, calibrated, _ = blocks(text("technician", suffix), "yaml")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "th-20.yaml").write_text(profile, encoding="utf-8")
    site = yaml.safe_load(settings)
    site["devices"] = yaml.safe_load(calibrated)
    (tmp_path / "my-site.yaml").write_text(json.dumps(site, default=str), encoding="utf-8")
    device = gateway.load(tmp_path / "my-site.yaml").devices["cold-room-1-air"]
    assert device.adjust


def receiver(suffix: str, folder: Path) -> Any:
    """``Received`` of the integrator's page."""
    (shown,) = blocks(text("integrator", suffix), "python")
    names: dict[str, Any] = {}
    exec(compile(shown, "integrator.md", "exec"), names)
    return names["Received"](str(folder / "received.db"))


def block(lane: str, seq: int, **what: object) -> bytes:
    return json.dumps({"v": 1, "gateway": "g", "journal": "J", "lane": lane, "seq": seq} | what).encode()


@both
def test_the_integrators_code_takes_each_block_once_and_keeps_the_highest_revision(
    suffix: str, tmp_path: Path
) -> None:
    first = block("records", 1, record={"id": "a", "revision": 1, "kind": "arrival"})
    second = block("records", 2, record={"id": "a", "revision": 2, "kind": "arrival"})
    third = block("records", 3, record={"id": "a", "revision": 3, "kind": "arrival"})
    said = block("telemetry", 1, observations=[])
    received = receiver(suffix, tmp_path)
    with closing(received.db):
        assert all(received.take(each) for each in (first, said, third, second))
        assert not any(received.take(each) for each in (second, first, said))
    again = receiver(suffix, tmp_path)
    with closing(again.db):
        assert not again.take(third)
    with closing(sqlite3.connect(tmp_path / "received.db")) as kept:
        assert kept.execute("SELECT id, revision FROM records").fetchall() == [("a", 3)]


def test_the_integrators_code_is_as_short_as_promised() -> None:
    (shown,) = blocks(text("integrator", ".md"), "python")
    lines = [line for line in shown.splitlines() if line.strip()]
    assert len(lines) <= 20
    assert blocks(text("integrator", ".zh-CN.md"), "python") == [shown]
