"""A D-Bus of the simulator's own: a ``dbus-daemon`` that grants everything to everybody.

A gateway meets it where its environment has the bus's address in ``DBUS_SYSTEM_BUS_ADDRESS``.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from urllib.parse import quote

from simulators.options import ScenarioError

PROGRAM = "dbus-daemon"
LONGEST_SOCKET = 107
"""Bytes of a Unix socket's path, without the closing 0."""

GUARDED = 'exec 3<&0; "$@" & bus=$!; (cat; kill $bus) <&3 >/dev/null 2>&1 & wait $bus'
"""A shell's words: the daemon ends when its guard's standard input does, however the simulator ends."""

POLL_S = 0.005

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
        self._process: Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """What a gateway's ``DBUS_SYSTEM_BUS_ADDRESS`` must say."""
        return f"unix:path={quote(str(self._socket)).replace('~', '%7E')}"

    async def start(self) -> None:
        """Returns once it listens. Raises ScenarioError."""
        if self._process is None:
            self._process = self._launched()
        while not self._listens():
            if self._process.poll() is not None:
                _, complaint = self._process.communicate()
                raise ScenarioError(f"{self._port}: {PROGRAM} did not start: {complaint.decode().strip()}")
            await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """Every connection to it ends."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        await asyncio.to_thread(self._process.wait)
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process = None
        self._socket.unlink(missing_ok=True)
        self._config.unlink(missing_ok=True)

    def _launched(self) -> Popen[bytes]:
        if len(os.fsencode(self._socket)) > LONGEST_SOCKET:
            raise ScenarioError(
                f"{self._port}: {self._socket} is too long for a socket; choose a shorter folder"
            )
        self._config.write_text(CONFIG.format(address=self.address), encoding="utf-8")
        self._socket.unlink(missing_ok=True)
        daemon = (PROGRAM, "--nofork", "--nopidfile", f"--config-file={self._config}")
        return Popen(  # noqa: S603 - a fixed program, and a file of ours
            ("/bin/sh", "-c", GUARDED, "sh", *daemon),
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=PIPE,
            start_new_session=True,  # Ctrl-C is the simulator's to hear
        )

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(os.fsencode(self._socket)) == 0
