"""``python -m simulators`` as another program starts it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]


@asynccontextmanager
async def simulators(*arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-X", "dev", "-m", "simulators", *arguments,
        stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=CHECKOUT,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, await process.communicate()
    answer: dict[str, Any] = json.loads(line)
    return answer


async def command(process: Process, line: str) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(line.encode() + b"\n")
    return await said(process)


@pytest.mark.usefixtures("dbus_daemon")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_ready_asked_and_ended_by_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    async with simulators("slaughterhouse", "--dir", str(tmp_path / "new")) as process:
        ready = await said(process)
        assert ready["ready"] is True
        assert ready["truth"] == str(tmp_path / "new" / "truth.jsonl")
        assert set(ready["ports"]) == {"ear", "hooks", "rail", "scanner", "radio", "probes", "panel"}
        assert set(ready["buses"]) == {"radio"}
        assert ready["missing"] == {}
        host, _, port = ready["ports"]["panel"]["tcp"].partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(bytes.fromhex("000700000006010300000001"))
        assert (await reader.readexactly(11))[:9] == bytes.fromhex("000700000005010302")
        ear = os.open(ready["ports"]["ear"]["serial"], os.O_RDONLY | os.O_NOCTTY)
        frame = await asyncio.to_thread(os.read, ear, 1)
        os.close(ear)
        assert frame == b"\x02"
        process.send_signal(number)
        _, complaints = await process.communicate()
        writer.close()
    assert (process.returncode, complaints) == (0, b"")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["truth.jsonl"]


@pytest.mark.usefixtures("dbus_daemon")
async def test_killed_they_leave_no_bus_behind(tmp_path: Path) -> None:
    async with simulators("coldstore", "--dir", str(tmp_path)) as process:
        path = (await said(process))["buses"]["radio"].removeprefix("unix:path=")
        _, writer = await asyncio.open_unix_connection(path)
        writer.close()
        process.kill()
        await process.communicate()
    while True:
        try:
            _, writer = await asyncio.open_unix_connection(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return
        writer.close()
        await asyncio.sleep(0.01)


async def test_without_a_folder_nothing_is_left() -> None:
    async with simulators("coldstore", "--for", "0.2") as process:
        ready = await said(process)
        assert ready["truth"] is None
        _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    assert not Path(ready["ports"]["probes"]["serial"]).parent.exists()


async def test_faults_by_standard_input_whose_end_is_the_end(tmp_path: Path) -> None:
    async with simulators("coldstore", "--dir", str(tmp_path), "--control") as process:
        await said(process)
        late = '{"fault": "late", "port": "panel", "unit": 1, "on": true, "ms": 50}'
        assert await command(process, late) == {"ok": True}
        for nonsense in ("late", "[]", '{"fault": "late"}', '{"fault": "late", "port": "panel", "unit": 2}',
                         '{"fault": "late", "port": 3}', '{"fault": "late", "port": "panel", "on": 1}',
                         '{"fault": "late", "port": ["panel"]}'):  # fmt: skip
            answer = await command(process, nonsense)
            assert answer["ok"] is False
            assert answer["error"]
        assert await command(process, '{"fault": "unplug", "port": "probes"}') == {"ok": True}
        assert not (tmp_path / "probes").is_symlink()
        assert process.stdin is not None
        process.stdin.close()
        _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    facts = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [(fact["fault"], fact["port"]) for fact in facts if fact["what"] == "fault"] == [
        ("late", "panel"),
        ("unplug", "probes"),
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("cold-store",), b"built-in scenarios"),
        (("coldstore", "--speed", "0"), b"--speed"),
        ((), b"usage"),
    ],
)
async def test_bad_usage(arguments: tuple[str, ...], complaint: bytes) -> None:
    async with simulators(*arguments) as process:
        _, complaints = await process.communicate()
    assert process.returncode == 2
    assert complaint in complaints
    assert b"Traceback" not in complaints
