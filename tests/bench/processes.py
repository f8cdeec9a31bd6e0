"""Programs under measurement, as the kernel accounts for them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from .site import HOST

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
START_S: Final = 20.0
STOP_S: Final = 20.0

_MINE, *_THEIRS = sorted(os.sched_getaffinity(0))
MEASURED_CORE: Final = {_MINE}
"""The program under measurement has it to itself ..."""

OTHER_CORES: Final = set(_THEIRS) or {_MINE}
"""... and devices, broker and consumer have these, where there is more than one."""


class Usage(NamedTuple):
    """What a process has taken so far. cpu_s: user and system. written_bytes: sent towards the disk."""

    cpu_s: float
    written_bytes: int
    rss_peak_bytes: int


class Running(NamedTuple):
    """A started program."""

    process: asyncio.subprocess.Process
    log: Path

    def usage(self) -> Usage:
        """From /proc (proc(5)). Raises FileNotFoundError when it has ended."""
        proc = Path("/proc", str(self.process.pid))
        after_name = proc.joinpath("stat").read_text().rpartition(")")[2].split()
        utime, stime = int(after_name[11]), int(after_name[12])
        io = _fields(proc / "io")
        status = _fields(proc / "status")
        return Usage(
            cpu_s=(utime + stime) / TICKS_PER_S,
            written_bytes=int(io["write_bytes"]),
            rss_peak_bytes=int(status["VmHWM"].split()[0]) * 1024,
        )

    def complaint(self) -> str:
        """What it said last, for whoever must find out why it ended."""
        return self.log.read_text(errors="replace")[-2000:]


def _fields(path: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return {name: value.strip() for name, _, value in lines}


@contextlib.asynccontextmanager
async def running(name: str, command: Sequence[str], folder: Path, cores: set[int]) -> AsyncIterator[Running]:
    """The program while the context is open, on these cores; then it is asked to end."""
    pinned = ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        process = await asyncio.create_subprocess_exec(*pinned, stdout=output, stderr=output, env=environment)
        try:
            yield Running(process, log)
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise


def python(*arguments: str) -> list[str]:
    """A command of the interpreter that runs the benchmark."""
    return [sys.executable, *arguments]


async def listening(port: int, program: Running) -> None:
    """Returns once ``program`` accepts connections. Raises RuntimeError with its last words, TimeoutError."""
    async with asyncio.timeout(START_S):
        while True:
            if program.process.returncode is not None:
                raise RuntimeError(f"ended with {program.process.returncode}: {program.complaint()}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.05)
