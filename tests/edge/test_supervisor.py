"""Let it fail, and start it again."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from drivers.contract import LinkDown
from edge import supervisor
from edge.supervisor import Health, supervise


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PAUSE_FIRST_S", 0.001)


async def test_work_that_fails_is_run_again_and_a_defect_is_counted_apart() -> None:
    ends = iter([LinkDown("unplugged"), ValueError("a defect"), None])
    health = Health("port ear")
    forever = asyncio.Event()

    async def work() -> None:
        end = next(ends)
        if end is None:
            forever.set()
            await asyncio.Event().wait()
        else:
            raise end

    failures: list[str] = []
    told = asyncio.create_task(supervise(health, work, lambda failure: failures.append(str(failure))))
    await asyncio.wait_for(forever.wait(), 10)
    assert failures == ["unplugged", "a defect"]
    assert (health.restarts, health.crashes, health.state) == (2, 1, "down")
    assert health.error == "ValueError: a defect"
    told.cancel()
    with pytest.raises(asyncio.CancelledError):
        await told


async def test_work_that_goes_on_for_a_while_counts_as_recovered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PAUSE_MOST_S", 0.05)
    health = Health("port ear", "down", "unplugged")

    async def work() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(supervise(health, work))
    async with asyncio.timeout(10):
        while health.state == "down":
            await asyncio.sleep(0.01)
    assert health.error == ""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_work_that_stands_still_is_ended_and_run_again() -> None:
    turns, runs = 0, 0
    health = Health("port ear")

    async def work() -> None:
        nonlocal turns, runs
        runs += 1
        for _ in range(20):
            turns += 1
            await asyncio.sleep(0.01)
        await asyncio.Event().wait()

    failures: list[str] = []
    supervised = supervise(
        health, work, lambda failure: failures.append(str(failure)), turns=lambda: turns, patience_s=0.1
    )
    task = asyncio.create_task(supervised)
    async with asyncio.timeout(20):
        while runs < 3:
            await asyncio.sleep(0.01)
    assert turns >= 40, "work that goes on is left alone"
    assert (health.hangs, health.crashes, health.overdue) == (2, 0, False)
    assert all("stood still" in failure for failure in failures)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_work_that_cannot_be_ended_is_known_to_be_overdue() -> None:
    health, released = Health("port ear"), asyncio.Event()

    async def work() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    task = asyncio.create_task(supervise(health, work, turns=lambda: 0, patience_s=0.05))
    async with asyncio.timeout(20):
        while not health.overdue:
            await asyncio.sleep(0.01)
        released.set()
        while health.overdue:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
