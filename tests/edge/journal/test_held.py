"""What waits for the time, and what is known of the boots around it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.contract import NANOSECONDS, Instant
from edge.journal.block import Lane
from edge.journal.boots import Learnt, NeverLearnt
from edge.journal.store import Identity, Journal, Rules
from edge.restamping import of_boot
from edge.timekeeping import WRITTEN
from tests.edge.journal.journal_rig import Box, blocks

SECOND = NANOSECONDS
HOUR = 3600 * SECOND


class Waiting(Box):
    """A box whose time is not known at first."""

    holds = True

    async def open(self, rules: Rules | None = None) -> Journal:
        identity = Identity("dx-yidong-01", self.machine, self.boot, operator="伊东羊业")
        return await Journal.open(
            self.path,
            identity,
            rules or Rules(),
            self.now,
            lambda: self.clock,
            self,
            holds=lambda: self.holds,
        )


async def test_what_waited_long_enough_is_released_though_nothing_new_is_said(tmp_path: Path) -> None:
    box = Waiting(tmp_path)
    box.clock = "unsynced"
    async with box.journal() as journal:
        running = asyncio.create_task(journal.run())
        journal.observe(box.entry())
        journal.record("gateway", box.at, b"{}")
        await journal.flush()
        assert not await blocks(journal, Lane.TELEMETRY)
        box.holds = False
        journal.stamping.release()
        async with asyncio.timeout(30):
            while not await blocks(journal, Lane.TELEMETRY):
                await asyncio.sleep(0.01)
        assert len(await blocks(journal, Lane.RECORDS)) == 1
        running.cancel()


async def boot(box: Waiting, name: str, base: int, minutes: int, shift: int | None) -> list[NeverLearnt]:
    """A boot that says something for so long. Returns, where it learnt the time, who never did."""
    box.boot, box.clock, box.holds = name, "unsynced", False
    box.at = Instant(base)
    async with box.journal() as journal:
        await journal.stamping.begin(0, base)
        box.wait(minutes * 60)
        journal.observe(box.entry())
        await journal.flush()
        if shift is None:
            return []
        journal.stamping.learn(Learnt("ntp", shift, None), of_boot(base, box.at, shift))
        await journal.flush()
        return await journal.stamping.never_learnt()


async def test_boots_that_never_learnt_lie_between_their_neighbours_one_after_the_other(
    tmp_path: Path,
) -> None:
    """Two of half an hour fit between the first, which ended at 1:00, and the last, begun at 5:00."""
    box, true = Waiting(tmp_path), int(WRITTEN) + 100 * HOUR
    assert await boot(box, "first", true, 60, 0) == []
    await boot(box, "second", int(WRITTEN), 30, None)
    await boot(box, "third", int(WRITTEN), 30, None)
    never = await boot(box, "last", int(WRITTEN), 10, true + 5 * HOUR - WRITTEN)
    begins = {name: (WRITTEN + least - true, WRITTEN + most - true) for name, least, most in never}
    assert begins == {"second": (HOUR, 4 * HOUR), "third": (HOUR + HOUR // 2, 4 * HOUR + HOUR // 2)}
