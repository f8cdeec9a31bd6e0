"""The real broker as a subprocess: started, killed, frozen and given new rules while a test runs.

The fixture ``mosquitto`` of ``tests/conftest.py`` finds the program.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path
from types import TracebackType


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A mosquitto on a port of its own, which it keeps over restarts; only its settings survive in it.

    settings: further lines of mosquitto.conf; ``{folder}`` stands for the broker's folder.
    """

    def __init__(self, program: Path, folder: Path, *settings: str) -> None:
        self.port = free_port()
        self.folder = folder
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", *settings]
        if not any(line.startswith("allow_anonymous") for line in settings):
            lines.append("allow_anonymous true")
        if os.geteuid() == 0:
            lines.append("user root")
        text = "\n".join(lines).replace("{folder}", str(folder))
        self._config = folder / "mosquitto.conf"
        self._config.write_text(text + "\n")

    async def __aenter__(self) -> Broker:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            await self.kill()

    async def start(self) -> None:
        """Returns once it accepts connections."""
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                self._program, "-c", self._config, stdout=log, stderr=log
            )
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionRefusedError:
                assert self._process.returncode is None, self.log()
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return

    async def stop(self) -> None:
        """Ends it in an orderly way."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """As a power cut would."""
        await self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """It answers nothing and closes nothing, until ``thaw``."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def reload(self) -> None:
        """It reads its access rules anew, as on SIGHUP."""
        self._signal(signal.SIGHUP)

    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        await self._process.wait()
        self._process = None
