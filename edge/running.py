"""The gateway's work: tasks by name, each of which can be ended and begun anew while the others go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Iterable
from functools import partial
from typing import Any, Final

log = logging.getLogger(__name__)

ENDS_WITHIN_S: Final = 2.0
"""What has not ended by then when all of it ends is not waited for: what it gave is stored."""

ENDS_ALONE_WITHIN_S: Final = 5.0
"""While the others go on there is time: two of a name shall not run at once."""


class Running:
    """Work that ends by itself ends all of it; made within the event loop."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

    def begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """name: of nothing that runs."""
        task = asyncio.create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(partial(self._done, name))

    async def end(self, names: Iterable[str]) -> None:
        """Returns when they have ended; what does not run has."""
        await _ended({self._cancelled(name) for name in names if name in self._tasks}, ENDS_ALONE_WITHIN_S)

    async def end_all(self) -> None:
        """What is being ended is waited for as well."""
        for name in list(self._tasks):
            self._cancelled(name)
        await _ended(self._ending, ENDS_WITHIN_S)

    async def until(self, stop: asyncio.Event) -> None:
        """Until ``stop`` is set, or the first work ends by itself; raises what that raised."""
        stopping = asyncio.create_task(_set(stop), name="stop")
        try:
            waited: set[asyncio.Future[Any]] = {stopping, self._over}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if self._over.done():
            self._over.result().result()

    def _cancelled(self, name: str) -> asyncio.Task[None]:
        task = self._tasks.pop(name)
        self._ending.add(task)
        task.cancel()
        return task

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if self._tasks.get(name) is task and not self._over.done():
            self._over.set_result(task)
        elif not task.cancelled() and (failure := task.exception()) is not None:
            log.error("%s ended badly: %s", name, failure)


async def _ended(tasks: Collection[asyncio.Task[None]], within_s: float) -> None:
    if tasks:
        _, overdue = await asyncio.wait(set(tasks), timeout=within_s)
        for task in overdue:
            log.error("%s does not end; it is not waited for", task.get_name())


async def _set(event: asyncio.Event) -> None:
    await event.wait()
