"""Telling systemd how the daemon is (sd_notify(3), sd_watchdog_enabled(3)), in a few lines."""

from __future__ import annotations

import os
import socket
import time


def notify(state: str) -> None:
    """``READY=1``, ``WATCHDOG=1``, ``STOPPING=1``; nothing happens where no systemd listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
        connection.sendto(state.encode(), address)


def watchdog_s() -> float | None:
    """Within which systemd wants to hear ``WATCHDOG=1`` from this process; None: it does not."""
    microseconds, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or process not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 1_000_000 or None


def reloading() -> None:
    """The settings are read again from now until ``READY=1``."""
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
