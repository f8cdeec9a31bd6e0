"""What every test may lean on: a bound on its time, the shared vectors, real servers."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.faults.rig import GatewayProcess, Gateways

CHECKOUT = Path(__file__).parents[1]
VECTORS = CHECKOUT.parent / "shared" / "vectors"
IN_CI = os.environ.get("CI") == "true"

PATIENCE_S = 60.0
"""Longer than any test needs on a busy machine: it ends a hanging test, it measures nothing."""

PATIENCE_SLOW_S = 900.0
"""The same for a test marked slow; among them is a ten minutes' scenario."""

settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "developer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests go first: the short ones then fill up whichever process is free."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        patience_s = PATIENCE_SLOW_S if item.get_closest_marker("slow") else PATIENCE_S
        drawn = getattr(item.obj, "hypothesis", None)
        if drawn is not None and iscoroutinefunction(drawn.inner_test):
            drawn.inner_test = _bounded(drawn.inner_test, patience_s)
        elif iscoroutinefunction(item.obj):
            item.obj = _bounded(item.obj, patience_s)


def _bounded(test: Callable[..., Awaitable[None]], patience_s: float) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def within_patience(*args: Any, **fixtures: Any) -> None:
        async with asyncio.timeout(patience_s):
            await test(*args, **fixtures)

    return within_patience


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of captures and public test vectors, which is kept beside the checkout, not in it."""
    if not VECTORS.is_dir():
        pytest.skip(f"no vectors beside the checkout ({VECTORS})")
    return VECTORS


@pytest.fixture(scope="session")
def mosquitto() -> Path:
    """The real broker's program."""
    return _server("mosquitto")


@pytest.fixture(scope="session")
def gpsd() -> Path:
    """The real daemon's program."""
    return _server("gpsd")


@pytest.fixture(scope="session")
def dbus_daemon() -> Path:
    """What a simulated radio stands on."""
    return _server("dbus-daemon", package="dbus")


@pytest.fixture(scope="session")
def victoria() -> Path:
    """A store that speaks InfluxDB 2."""
    return _server("victoria-metrics")


def _server(name: str, package: str | None = None) -> Path:
    """Where it is missing the test is skipped, and fails under ``CI=true``."""
    program = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        why = f"no {name} on this machine: apt-get install {package or name}"
        if IN_CI:
            pytest.fail(why)
        pytest.skip(why)
    return Path(program)


@pytest.fixture
async def gateways() -> AsyncIterator[Gateways]:
    """Makes gateway processes that do not outlive their test, however it ends."""
    made: list[GatewayProcess] = []

    def make(config: Path) -> GatewayProcess:
        made.append(GatewayProcess(config))
        return made[-1]

    yield make
    for gateway in made:
        await gateway.kill()
