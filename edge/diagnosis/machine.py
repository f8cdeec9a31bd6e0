"""The box and what runs on it: versions, system, ports. Neither its environment nor any process."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from serial.tools.list_ports import comports

from edge.status import VERSION

UNIT: Final = "tagtrail"
LOG_LINES: Final = 2000
LOG_S: Final = 15.0
_BY_NAME: Final = (Path("/dev/serial/by-id"), Path("/dev/serial/by-path"))
_MODEL: Final = Path("/proc/device-tree/model")


def versions() -> dict[str, Any]:
    """Of what is installed, and on what."""
    release: dict[str, str] = {}
    with suppress(OSError):
        release = platform.freedesktop_os_release()
    return {
        "tagtrail": VERSION,
        "python": platform.python_version(),
        "libraries": dict(sorted((each.name.lower(), each.version) for each in distributions())),
        "kernel": platform.release(),
        "system": release.get("PRETTY_NAME", ""),
        "machine": platform.machine(),
        "model": _model(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "load": os.getloadavg(),
    }


def _model() -> str:
    """What a board calls itself; "" where it does not."""
    try:
        return _MODEL.read_text(encoding="utf-8").rstrip("\0")
    except OSError:
        return ""


def serial_ports() -> list[dict[str, Any]]:
    """The serial ports, with the names that last."""
    names: dict[str, list[str]] = {}
    for link in (each for folder in _BY_NAME if folder.is_dir() for each in folder.iterdir()):
        names.setdefault(str(link.resolve()), []).append(str(link))
    return [
        {"port": port.device, "is": port.description, "usb": port.hwid, "names": names.get(port.device, [])}
        for port in comports()
    ]


def system_log() -> str | None:
    """The newest lines of the unit in systemd's journal; None: there are none, or they may not be read."""
    journalctl = shutil.which("journalctl")
    if journalctl is None:
        return None
    wanted = ["-u", UNIT, "-n", str(LOG_LINES), "--no-pager", "--quiet", "-o", "short-iso"]
    try:
        done = subprocess.run(  # noqa: S603 - systemd's own, with nothing from outside
            [journalctl, *wanted], capture_output=True, timeout=LOG_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") or None
