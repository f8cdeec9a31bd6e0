"""`tagtrail status`: of a gateway that runs, of one that does not, once and watched."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from edge import cli, gateway, status, watching
from edge.gateway import Gateway
from edge.journal.block import Lane
from edge.messages import Lang
from edge.status_view import view
from tests.edge.evidence.evidence_rig import KEY, Box
from tests.edge.test_gateway import runs, site
from tests.faults.rig import Gateways

CHECKOUT = Path(__file__).parents[2]


def said(*arguments: object, lang: Lang = "en") -> Result:
    return CliRunner().invoke(cli.build(lang), [str(argument) for argument in arguments])


def shown(facts: dict[str, Any], lang: Lang = "en") -> str:
    console = Console(width=220, file=io.StringIO())
    with console.capture() as capture:
        console.print(view(facts, lang))
    return capture.get()


async def facts_of(path: Path, work: Any = None) -> dict[str, Any]:
    """Of a gateway inside this process."""
    opened = await Gateway.open(gateway.load(path))
    stop = asyncio.Event()
    running = asyncio.create_task(opened.run(stop))
    try:
        if work is not None:
            await work(opened)
        await opened.journal.flush()
        return await status.entire(opened)
    finally:
        stop.set()
        await running


async def test_what_is_owed_has_an_age_and_what_was_set_aside_its_reasons(tmp_path: Path) -> None:
    path = site(tmp_path)
    await runs(path)

    async def sets_aside(opened: Gateway) -> None:
        (owed,) = await opened.journal.owed("platform")
        (block, *_) = await opened.journal.read(owed.journal, Lane.RECORDS, 0)
        await opened.journal.quarantine("platform", block, "0x99 payload format invalid")

    facts = await facts_of(path, sets_aside)
    oldest = facts["stored"]["oldest_owed"]["platform"]["records"]
    assert oldest < facts["t"]
    (block,) = facts["stored"]["quarantine"]["platform"]
    assert (block["lane"], block["seq"], block["why"]) == ("records", 1, "0x99 payload format invalid")
    assert facts["journal"]["quarantined"] == {"platform": 1}
    assert "for platform: records 1: 0x99 payload format invalid" in shown(facts)
    assert "为 platform 搁置：追溯记录 1：0x99" in shown(facts, "zh")


async def test_the_seals_of_both_lanes_are_told_with_the_beginning_of_the_key(tmp_path: Path) -> None:
    facts = await facts_of(site(tmp_path))
    seals = facts["stored"]["seals"]
    assert set(seals) == {"records", "telemetry"}
    assert seals["records"]["seq"] == seals["records"]["head"] == 1
    key = seals["records"]["key"]
    assert json.loads(said("key", tmp_path / "site.yaml", "--json").output)["key"] == key
    assert "sealed: records 1 of 1, " in shown(facts)
    assert f"key {key[:16]}…" in shown(facts)


async def test_without_a_gateway_the_journal_tells_what_it_can(tmp_path: Path) -> None:
    path = site(tmp_path)
    nothing = await asyncio.to_thread(said, "status", path)
    assert nothing.exit_code == 3
    assert "not running" in nothing.output
    await runs(path)
    stopped = await asyncio.to_thread(said, "status", path, "--json")
    assert stopped.exit_code == 3
    facts = json.loads(stopped.stdout)
    assert facts["running"] is False
    assert facts["journal"]["backlog"]["platform"]["records"]["blocks"] == 2
    assert facts["stored"]["seals"]["records"]["seq"] == 2
    assert "未运行" in shown(facts, "zh")
    in_english = shown(facts)
    for words in ("not running", "platform", "sealed: records 2 of 2"):
        assert words in in_english


def test_the_file_alone_is_read_and_not_written(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.written()
    before = box.path.read_bytes()
    facts = watching.now(gateway.load(site(tmp_path)))
    assert facts["stored"]["seals"]["telemetry"]["key"] == KEY.public
    assert box.path.read_bytes() == before


async def test_watched_as_lines_it_goes_on_until_it_is_interrupted(
    tmp_path: Path, gateways: Gateways
) -> None:
    path = site(tmp_path)
    running = gateways(path)
    await running.start()
    await running.status()
    watch = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "status", str(path), "--watch", "--json"),
        stdout=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
    )
    assert watch.stdout is not None
    first, second = [json.loads(await watch.stdout.readline()) for _ in range(2)]
    assert first["running"]
    assert first["t"] < second["t"]
    await running.stop()
    while json.loads(await watch.stdout.readline())["running"]:
        pass
    watch.send_signal(signal.SIGINT)
    assert await watch.wait() == 0


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_watched_on_a_terminal_the_screen_is_drawn_anew(tmp_path: Path, lang: Lang) -> None:
    path = site(tmp_path)
    await runs(path)
    near, far = pty.openpty()
    watch = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge", "status", str(path), "--watch", "--lang", lang),
        stdin=far,
        stdout=far,
        cwd=CHECKOUT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40", "PYTHONUTF8": "1"},
    )
    os.close(far)
    word = {"en": "not running", "zh": "未运行"}[lang].encode()
    seen = b""
    while seen.count(word) < 2:
        seen += await asyncio.to_thread(os.read, near, 65536)
    assert b"\x1b[?1049h" in seen, "a screen of its own, which scrolls nothing away"
    watch.send_signal(signal.SIGINT)
    assert await watch.wait() == 0
    os.close(near)
