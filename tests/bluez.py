"""A simulated radio as this process's own: the real bleak finds it on what it takes for the system's bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bleak.backends.bluezdbus import manager

from simulators.site import Site

SYSTEM_BUS = "DBUS_SYSTEM_BUS_ADDRESS"


@asynccontextmanager
async def on_air(
    scenario: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, port: str = "radio", **options: Any
) -> AsyncIterator[Site]:
    """A running site whose radio is bleak's; at the end bleak has lost its bus and holds nothing open."""
    try:
        async with Site(scenario, folder, **options) as site:
            monkeypatch.setenv(SYSTEM_BUS, site.buses[port])
            yield site
    finally:
        await _left()


async def _left() -> None:
    """bleak keeps one connection for a loop until the bus goes, and hears of that a moment later."""
    bluez = manager._global_instances.pop(asyncio.get_running_loop(), None)
    if bluez is not None and bluez._bus_watcher_task is not None:
        await bluez._bus_watcher_task
