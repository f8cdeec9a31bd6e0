"""A broker and a link to it, for the tests of uplinks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.uplinks import pace
from tests.mosquitto import Broker
from tests.proxy import Proxy


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts that a test can wait for."""
    monkeypatch.setattr(pace, "PAUSE_FIRST_S", 0.1)
    monkeypatch.setattr(pace, "PAUSE_MOST_S", 0.4)


@pytest.fixture
async def broker(mosquitto: Path, tmp_path: Path) -> AsyncIterator[Broker]:
    """A running mosquitto that lets everybody do everything."""
    async with Broker(mosquitto, tmp_path) as broker:
        yield broker


@pytest.fixture
async def link(broker: Broker) -> AsyncIterator[Proxy]:
    """A link to that mosquitto which a test may spoil."""
    async with Proxy(broker.port) as link:
        yield link
