"""Let it fail, and start it again."""

from __future__ import annotations

import asyncio

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
