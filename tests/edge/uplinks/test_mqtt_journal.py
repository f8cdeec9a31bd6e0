"""A journal that cannot be read, or takes no cursor, costs the uplink its connection and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from edge.alarms import Cause
from edge.errors import JournalError
from edge.journal.block import Block, Lane
from edge.uplinks import mqtt
from tests.edge.uplinks.standins import AlarmLog, MemoryOutbox, consumer, new_uplink, running, target, until
from tests.mosquitto import Broker

pytestmark = pytest.mark.usefixtures("hasty")


class FailingOutbox(MemoryOutbox):
    """fails: ``read`` or ``acknowledge``, which then raises, once ``at_once`` has been called."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = ""
        self.at_once: Callable[[], object] = lambda: None
        self.failed = 0

    async def read(self, journal: str, lane: Lane, after: int, most_bytes: int = 1 << 20) -> list[Block]:
        self._fail("read")
        return await super().read(journal, lane, after, most_bytes)

    async def acknowledge(self, uplink: str, journal: str, lane: Lane, seq: int) -> None:
        self._fail("acknowledge")
        await super().acknowledge(uplink, journal, lane, seq)

    def _fail(self, what: str) -> None:
        if what == self.fails:
            self.failed += 1
            self.at_once()
            raise JournalError("journal.db: disk I/O error; see its disk")


@pytest.mark.parametrize("what", ["read", "acknowledge"])
async def test_it_is_reported_and_tried_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(mqtt, "PAUSE_MOST_S", 0.5)
    outbox, alarms = FailingOutbox(), AlarmLog()
    uplink = new_uplink(target(broker.port), outbox, alarms)
    async with consumer(broker.port) as heard, running(uplink):
        outbox.telemetry(30)
        await until(lambda: outbox.cursor() == 30)
        outbox.fails = what
        outbox.telemetry(30)
        await until(lambda: outbox.failed >= 3)
        assert "disk I/O error" in alarms.standing[Cause.UPLINK_JOURNAL]
        assert "disk I/O error" in str(uplink.facts()["last_error"])
        outbox.fails = ""
        await until(lambda: outbox.cursor() == 60)
        await until(lambda: not alarms.standing)
    assert heard.first_copies() == list(range(1, 61))


@pytest.mark.parametrize("what", ["read", "acknowledge"])
async def test_a_gateway_that_stops_in_the_moment_of_a_failure_stops(broker: Broker, what: str) -> None:
    outbox = FailingOutbox()
    outbox.telemetry(3)
    work = asyncio.create_task(new_uplink(target(broker.port), outbox, AlarmLog()).run())
    outbox.fails, outbox.at_once = what, work.cancel
    await asyncio.wait((work,), timeout=30)
    assert work.cancelled()
