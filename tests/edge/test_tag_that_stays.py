"""A tag that stays in a reader's field for an hour, sent fifty times a second: what stands in the journal and
what it costs. One per cent of a core is 36 s of the hour."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from drivers.catalogue import DRIVERS
from drivers.contract import NANOSECONDS, Device, Instant, LinkDown, Open, Port
from drivers.links.replay import open_replay
from drivers.links.serial import open_serial
from drivers.listener import Listener
from edge.devices import Intaken
from edge.instant import rfc3339
from edge.intake import Intake
from edge.journal.block import Lane
from edge.journal.store import Journal
from tests.edge.journal.journal_rig import START, Box, blocks

A_SECOND = 50
HOUR = 3600 * A_SECOND
BUDGET_S = 36.0
"""A fast core needs a sixth of it, so that a Raspberry Pi 4, three to four times slower, is within it too."""

TAG = {
    "wl134": bytes.fromhex("02313731413932353341333438333030313030303030303030303007f803"),
    "uhf_reader18": bytes.fromhex("1400ee00010ce2000017570d01231630d7a3459667"),
}


class Reader:
    """One reader, listened to into a journal; the clock jumps on by a fiftieth of a second at each read."""

    def __init__(self, driver: str, box: Box, journal: Journal) -> None:
        self._box = box
        self.reads = 0
        self.intake = Intake(
            [Intaken("reader", (), None, spaced=True, calibrations={}, repeat_s=30.0)],
            journal=journal,
            now=box.now,
            alarms=box,
            offer=lambda _utc, _at: None,
            live=lambda _device, _body: None,
            lost=lambda _device, _at, _observations: None,
            recorded=lambda _device, _observations: None,
            steady=lambda: self.reads / A_SECOND,
        )
        decoder = DRIVERS[driver].decoder
        self._device = Device("reader", decoder(decoder.options()), None)

    def listener(self, link: Open) -> Listener:
        return Listener(Port("reader", "serial", timeout_s=0.3), link, [self._device], self._heard_at)

    def _heard_at(self) -> Instant:
        if self.reads % A_SECOND == 0:
            self.intake.tick()
        at = self._box.now()
        self._box.wait(1 / A_SECOND)
        self.reads += 1
        return at


@contextlib.contextmanager
def within(budget_s: float) -> Iterator[None]:
    """All that this process spends meanwhile, the journal's thread and the test's own part included."""
    began = time.process_time()
    yield
    assert time.process_time() - began <= budget_s


async def told(journal: Journal) -> list[tuple[str, int | None]]:
    """When each entry says that the tag was there, and, where it says so, how many times more."""
    entries = [
        entry
        for block in await blocks(journal, Lane.TELEMETRY)
        for entry in orjson.loads(block.body)["observations"]
    ]
    return [(entry.get("again", {}).get("last", entry["t"]), _count(entry)) for entry in entries]


def _count(entry: dict[str, dict[str, int]]) -> int | None:
    return entry["again"]["count"] if "again" in entry else None


def after(seconds: float) -> str:
    return rfc3339(Instant(START + round(seconds * NANOSECONDS)))


@pytest.mark.parametrize("driver", TAG)
async def test_an_hour_is_twelve_windows_that_count_every_frame(driver: str, tmp_path: Path) -> None:
    box = Box(tmp_path)
    async with box.journal() as journal:
        committing = asyncio.create_task(journal.run())
        reader = Reader(driver, box, journal)
        said = TAG[driver] * HOUR
        listener = reader.listener(lambda: open_replay(said, len(TAG[driver])))
        with within(BUDGET_S), pytest.raises(LinkDown):
            await listener.run(reader.intake)
        reader.intake.end()
        await journal.flush()
        entries = await told(journal)
        committing.cancel()
        await asyncio.gather(committing, return_exceptions=True)
    firsts = {(after(window * 300), None) for window in range(12)}
    agains = {(after(window * 300 + 299.98), 14_999) for window in range(12)}
    assert len(entries) == 24
    assert set(entries) == firsts | agains


async def test_the_line_wakes_the_gateway_ten_times_a_second_at_the_most(tmp_path: Path) -> None:
    """Which costs more than the frames that it brings (``make bench`` says how much)."""
    near, far = pty.openpty()
    box = Box(tmp_path)
    async with box.journal() as journal:
        reader = Reader("wl134", box, journal)
        listening = asyncio.create_task(
            reader.listener(lambda: open_serial(os.ttyname(far))).run(reader.intake)
        )
        await asyncio.sleep(0.2)
        began = time.monotonic()
        for _ in range(2 * A_SECOND):
            os.write(near, TAG["wl134"])
            await asyncio.sleep(1 / A_SECOND)
        while reader.intake.devices["reader"].observed < 2 * A_SECOND:
            await asyncio.sleep(0.01)
        assert reader.reads <= 10 * (time.monotonic() - began) + 2
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    os.close(near)
    os.close(far)
