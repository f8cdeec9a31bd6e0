"""A D-Bus of the simulator's own: a ``dbus-daemon`` that grants everything to everybody.

A gateway meets it where its environment has the bus's address in ``DBUS_SYSTEM_BUS_ADDRESS``.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from urllib.parse import quote

from simulators.options import ScenarioError

PROGRAM = "dbus-daemon"
LONGEST_SOCKET = 107
"""Bytes of a Unix socket's path, without the closing 0."""

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


def missing(port: str) -> str | None:
    """Why there can be no bus on this machine, and what to do; None: there can."""
    if shutil.which(PROGRAM) is None:
        return f"{port}: no {PROGRAM} on this machine (apt-get install dbus), so no Bluetooth devices"
    return None


class Bus:
    """The daemon; its address stays the same over restarts. folder: where its socket and its settings lie."""

    def __init__(self, port: str, folder: Path) -> None:
        self._port = port
        self._socket = folder / f"{port}.bus"
        self._config = folder / f"{port}.bus.conf"
        self._process: Process | None = None

    @property
    def address(self) -> str:
        """What a gateway's ``DBUS_SYSTEM_BUS_ADDRESS`` must say."""
        return f"unix:path={quote(str(self._socket)).replace('~', '%7E')}"

    async def start(self) -> None:
        """Returns once it listens. Raises ScenarioError."""
        if self._process is not None:
            return
        if len(os.fsencode(self._socket)) > LONGEST_SOCKET:
            raise ScenarioError(
                f"{self._port}: {self._socket} is too long for a socket; choose a shorter folder"
            )
        self._config.write_text(CONFIG.format(address=self.address), encoding="utf-8")
        self._socket.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            *(PROGRAM, "--nofork", "--nopidfile", "--print-address", f"--config-file={self._config}"),
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,  # Ctrl-C is the simulator's to hear
        )
        assert self._process.stdout is not None
        if not await self._process.stdout.readline():
            _, complaint = await self._process.communicate()
            raise ScenarioError(f"{self._port}: {PROGRAM} did not start: {complaint.decode().strip()}")

    async def stop(self) -> None:
        """Every connection to it ends."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.communicate()
        self._process = None
        self._socket.unlink(missing_ok=True)
        self._config.unlink(missing_ok=True)
