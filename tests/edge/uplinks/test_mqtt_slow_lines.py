"""A line that is slow is not a line that is dead, and what may be lost does not fill it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from tests.edge.uplinks.standins import AlarmLog, MemoryOutbox, consumer, new_uplink, running, target, until
from tests.faults.network.passages import Jam, Slow, first
from tests.mosquitto import Broker
from tests.proxy import Proxy

pytestmark = pytest.mark.usefixtures("hasty")

BYTES_PER_S = 16_000


@pytest.fixture
async def narrow(broker: Broker) -> AsyncIterator[Proxy]:
    """A link to the broker that takes no more than passes on."""
    async with Proxy(broker.port, receive_bytes=2048) as link:
        yield link


async def test_a_block_that_takes_longer_than_the_patience_for_its_answer_arrives(
    broker: Broker, narrow: Proxy
) -> None:
    narrow.up = partial(Slow, BYTES_PER_S)
    outbox = MemoryOutbox()
    uplink = new_uplink(target(narrow.port, keepalive_s=2), outbox, AlarmLog())
    async with consumer(broker.port) as heard, running(uplink):
        outbox.telemetry(1, size=6 * BYTES_PER_S)
        await until(lambda: outbox.cursor() == 1)
    assert narrow.connections == 1
    assert heard.seqs() == [1]


async def test_live_values_leave_the_line_to_the_blocks(broker: Broker, narrow: Proxy) -> None:
    narrow.up = partial(Slow, BYTES_PER_S)
    outbox = MemoryOutbox()
    uplink = new_uplink(target(narrow.port), outbox, AlarmLog())
    async with consumer(broker.port), running(uplink):
        await until(lambda: uplink.facts()["state"] == "connected")

        def is_shown_and_delivered() -> bool:
            uplink.live("chiller-1-air", b"x" * BYTES_PER_S)
            return outbox.cursor() == 3

        outbox.telemetry(3, size=BYTES_PER_S)
        await until(is_shown_and_delivered)
    live_sent = uplink.facts()["live_sent"]
    assert isinstance(live_sent, int)
    assert 1 <= live_sent <= 10, "a value of a second's bytes takes its turn; the beat would be five a second"


async def test_a_line_that_takes_nothing_is_given_up_although_no_block_waits(narrow: Proxy) -> None:
    jam = Jam()
    narrow.up = first(jam)
    uplink = new_uplink(target(narrow.port, keepalive_s=1), MemoryOutbox(), AlarmLog())

    def is_given_up() -> bool:
        uplink.live("chiller-1-air", b"x" * BYTES_PER_S)
        return "the network takes nothing for 2 s" in str(uplink.facts()["last_error"])

    async with running(uplink):
        await until(lambda: uplink.facts()["state"] == "connected")
        await asyncio.sleep(0.5)
        jam.is_jammed = True
        await until(is_given_up)
        await until(lambda: uplink.facts()["state"] == "connected")
