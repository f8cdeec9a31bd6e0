"""Let it fail, and start it again: the one place that catches what a source raises (DESIGN §1.5).

A source that loses its device raises; it is run again after a jittered, growing pause. It can end neither its
neighbours nor the daemon. One that stands still is ended and started anew too. A change of state is logged
once, repeats at debug.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from drivers.contract import TagtrailError

log = logging.getLogger(__name__)

PAUSE_FIRST_S: Final = 0.3
PAUSE_MOST_S: Final = 4.0
"""A reader plugged in again is heard within 5 s."""

STEADY_S: Final = 30.0
"""Work that went on for this long before it failed is given the first, short pause again."""


PATIENCE_S: Final = 30.0
"""Work that has not turned for so long hangs."""

LOOKS: Final = 8
"""In that time."""

OVERDUE: Final = 1.5
"""Work that hangs and does not end when it is told to is given up after so many times its patience."""


class Hangs(TagtrailError):
    """It neither went on nor failed."""


@dataclass(slots=True)
class Health:
    """Of one supervised piece of work. crashes: errors that nobody foresaw, each a defect worth a report.
    hangs: how often it stood still and was started anew. overdue: it stands still and cannot be ended."""

    name: str
    state: Literal["up", "down"] = "up"
    error: str = ""
    restarts: int = 0
    crashes: int = 0
    hangs: int = 0
    overdue: bool = False


def _untold(*_facts: object) -> None: ...


async def supervise(
    health: Health,
    work: Callable[[], Awaitable[None]],
    failed: Callable[[Exception], None] = _untold,
    recovered: Callable[[], None] = _untold,
    *,
    turns: Callable[[], int] | None = None,
    patience_s: float = PATIENCE_S,
) -> None:
    """Runs ``work`` until cancelled, again and again.

    failed: told why it ended, each time. recovered: told once it has gone on for a while afterwards. turns:
    grows while the work goes on; where it stands still for ``patience_s`` the work is ended.
    """
    loop = asyncio.get_running_loop()
    pause_s = PAUSE_FIRST_S
    while True:
        started = loop.time()
        recovery = loop.call_later(PAUSE_MOST_S, _recovered, health, recovered)
        try:
            if turns is None:
                await work()
            else:
                await _watched(health, work(), turns, patience_s)
            failure: Exception = TagtrailError("it ended by itself")
        except TagtrailError as error:
            failure = error
        except Exception as error:  # the supervisor's rim: counted, logged once, work goes on
            health.crashes += 1
            if health.state == "up":
                log.exception("%s: crashed; this is a defect, please report it", health.name)
            failure = error
        finally:
            recovery.cancel()
        _fell(health, failure)
        failed(failure)
        health.restarts += 1
        if loop.time() - started >= STEADY_S:
            pause_s = PAUSE_FIRST_S
        await asyncio.sleep(pause_s * random.uniform(0.7, 1.0))
        pause_s = min(PAUSE_MOST_S, pause_s * 2)


async def _watched(
    health: Health, work: Awaitable[None], turns: Callable[[], int], patience_s: float
) -> None:
    """Until it ends, or hangs. Raises what it raises, and Hangs."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    turned, turned_s = turns(), loop.time()
    try:
        while not await _over(task, patience_s / LOOKS):
            if turns() != turned:
                turned, turned_s = turns(), loop.time()
            elif loop.time() - turned_s >= patience_s:
                health.hangs += 1
                raise Hangs(f"it has stood still for {patience_s:.0f} s")
        task.result()
    finally:
        task.cancel()
        overdue = loop.call_later((OVERDUE - 1) * patience_s, _overdue, health)
        await asyncio.gather(task, return_exceptions=True)
        overdue.cancel()
        health.overdue = False


async def _over(task: asyncio.Future[Any], within_s: float) -> bool:
    return bool((await asyncio.wait({task}, timeout=within_s))[0])


def _overdue(health: Health) -> None:
    health.overdue = True


def _fell(health: Health, failure: Exception) -> None:
    foreseen = isinstance(failure, TagtrailError)
    error = str(failure) if foreseen else f"{type(failure).__name__}: {failure}"
    level = logging.WARNING if health.state == "up" or health.error != error else logging.DEBUG
    log.log(level, "%s: %s; trying again", health.name, error)
    health.state, health.error = "down", error


def _recovered(health: Health, recovered: Callable[[], None]) -> None:
    recovered()
    if health.state == "down":
        log.info("%s: works again", health.name)
        health.state, health.error = "up", ""
