"""systemd's watchdog is fed by work that goes on: a real gateway process, a real NOTIFY_SOCKET."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import termios
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from edge.control import NoDaemon, ask
from edge.supervisor import Health
from edge.systemd import watchdog_s
from edge.watchdog import Watchdog

CHECKOUT: Final = Path(__file__).parents[2]
WATCHDOG_S: Final = 4.0
FEED_S: Final = WATCHDOG_S / 4
"""How often it is fed."""


class Systemd:
    """What systemd hears of a service, and when."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def listen(self) -> None:
        try:
            while said := self._socket.recv(4096):
                self.heard.append((time.monotonic(), said.decode()))
        except BlockingIOError:
            return

    def fed(self, within_s: float) -> int:
        """How often in the last seconds."""
        self.listen()
        since = time.monotonic() - within_s
        return sum(said == "WATCHDOG=1" for at, said in self.heard if at >= since)

    async def feeds(self, times: int) -> None:
        """Waits until it has been fed so often from now on."""
        self.listen()
        self.heard.clear()
        async with asyncio.timeout(30):
            while self.fed(1e9) < times:
                await asyncio.sleep(0.05)

    def close(self) -> None:
        self._socket.close()


class Line:
    """A serial line of ours: bytes out of it, and whether it takes any."""

    def __init__(self) -> None:
        self.master, self._device = os.openpty()
        self.path = os.ttyname(self._device)

    def stop(self) -> None:
        """As by a flow control that never lets go: who writes waits."""
        termios.tcflow(self._device, termios.TCOOFF)

    def close(self) -> None:
        os.close(self.master)
        os.close(self._device)


def site(folder: Path, line: Line, driver: dict[str, Any]) -> Path:
    data = {
        "gateway": {"id": "dx-yidong-01", "operator": {"name": "伊东羊业"}, "site": {"name": "东乡屠宰场"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db"), "commit_every": "100ms"},
        "uplinks": {"platform": {"mqtt": {"url": "mqtt://127.0.0.1:9"}}},
        "ports": {"ear": {"serial": line.path, "timeout": "100ms"}},
        "devices": {"tags": {"port": "ear", **driver}},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    return path


@asynccontextmanager
async def service(config: Path, systemd: Systemd) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = os.environ | {
        "NOTIFY_SOCKET": str(systemd.path),
        "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6)),
    }
    program = [sys.executable, "-m", "tests.faults.gateway_with_a_slow_disk", str(config)]
    with (config.parent / "gateway.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *program, stdout=log, stderr=log, cwd=CHECKOUT, env=environment
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def systemd(tmp_path: Path) -> Any:
    heard = Systemd(tmp_path / "notify")
    yield heard
    heard.close()


@pytest.fixture
def line() -> Any:
    opened = Line()
    yield opened
    opened.close()


async def port(config: Path) -> dict[str, Any]:
    try:
        status = await ask(config.with_name("journal.db"), "status")
    except NoDaemon:
        return {}
    found: dict[str, Any] = status["ports"]["ear"]
    return found


async def test_a_journal_that_hangs_on_its_disk_feeds_no_watchdog(
    tmp_path: Path, systemd: Systemd, line: Line
) -> None:
    config = site(tmp_path, line, {"driver": "tag_lines"})
    async with service(config, systemd) as process:
        await systemd.feeds(3)
        (tmp_path / "hang").touch()
        os.write(line.master, b"LA 982 000001088420\r\n")
        await asyncio.sleep(1 + FEED_S)
        await asyncio.sleep(WATCHDOG_S)
        assert systemd.fed(WATCHDOG_S) == 0
        assert (await port(config))["frames"] == 1  # all but the journal goes on
        (tmp_path / "hang").unlink()
        await systemd.feeds(2)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        systemd.listen()
        assert systemd.heard[-1][1] == "STOPPING=1"
    assert "the journal's thread stands still" in (tmp_path / "gateway.log").read_text()


async def test_a_process_that_systemd_ends_tells_where_it_stood(
    tmp_path: Path, systemd: Systemd, line: Line
) -> None:
    config = site(tmp_path, line, {"driver": "tag_lines"})
    async with service(config, systemd) as process:
        await systemd.feeds(1)
        process.send_signal(signal.SIGABRT)  # as systemd does when it is not fed
        assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGABRT
    said = (tmp_path / "gateway.log").read_text()
    assert "Aborted" in said
    assert "asyncio/base_events.py" in said


async def test_a_source_that_hangs_is_started_anew_and_counted(
    tmp_path: Path, systemd: Systemd, line: Line
) -> None:
    config = site(tmp_path, line, {"driver": "uhf_reader18", "ask": True})
    async with service(config, systemd):
        await systemd.feeds(1)
        before = await port(config)
        assert (before["hangs"], before["state"]) == (0, "up")
        line.stop()
        async with asyncio.timeout(30):
            while not (hung := await port(config))["hangs"]:
                await asyncio.sleep(0.1)
        assert (hung["crashes"], hung["state"]) == (0, "down")
        assert "stood still" in hung["error"]
        await systemd.feeds(2)  # what is started anew is no reason to end the whole


async def test_a_source_that_nothing_ends_is_left_to_systemd(
    monkeypatch: pytest.MonkeyPatch, systemd: Systemd
) -> None:
    class Idle:
        async def turn(self) -> None: ...

    monkeypatch.setenv("NOTIFY_SOCKET", str(systemd.path))
    health = Health("port ear", overdue=True)
    task = asyncio.create_task(Watchdog(0.04, Idle(), [health]).run())
    await asyncio.sleep(0.2)
    assert systemd.fed(60) == 0
    health.overdue = False
    await systemd.feeds(3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_systemd_says_whether_it_watches(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], seconds: float | None
) -> None:
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert watchdog_s() == seconds


def test_the_unit_file_asks_for_the_watchdog() -> None:
    unit = (CHECKOUT / "systemd" / "tagtrail.service").read_text()
    assert {"Type=notify", "WatchdogSec=60s", "LimitCORE=0", "Restart=on-failure"} <= set(unit.splitlines())
