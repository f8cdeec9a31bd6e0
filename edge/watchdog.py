"""What tells systemd that the daemon lives: work that went on, never the mere passing of time.

::

    every quarter of WatchdogSec:   event loop turns
                                      └▶ journal: a task through its writing and its reading thread, and back
                                           └▶ sources: each has turned lately, or is being started anew
                                                └▶ WATCHDOG=1

What does not come back is not waited for with a verdict: nothing is told, and systemd starts the daemon anew.
A disk that refuses to write, or a port that is gone, is no hang: the first is an alarm, the second is opened
again and again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Final, Protocol

from edge.supervisor import Health
from edge.systemd import notify

log = logging.getLogger(__name__)

FEEDS: Final = 4
"""In one period of the watchdog: one that comes late is not yet the end."""


class Journal(Protocol):
    """The journal, as this room sees it."""

    async def turn(self) -> None: ...


class Watchdog:
    """every_s: systemd's ``WatchdogSec``; without a watchdog nobody is told."""

    def __init__(self, every_s: float, journal: Journal, sources: Collection[Health]) -> None:
        self._pause_s = every_s / FEEDS
        self._journal = journal
        self._sources = sources
        self._told: list[str] = []

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._journal_turns()
            standing = [source.name for source in self._sources if source.overdue]
            if standing != self._told and standing:
                log.error("systemd is told no more that we live: %s does not end", ", ".join(standing))
            self._told = standing
            if not standing:
                notify("WATCHDOG=1")
            await asyncio.sleep(self._pause_s)

    async def _journal_turns(self) -> None:
        """For as long as it takes."""
        turning = asyncio.ensure_future(self._journal.turn())
        try:
            if not (await asyncio.wait({turning}, timeout=self._pause_s))[0]:
                log.error("systemd is told no more that we live: the journal's thread stands still")
            await turning
        finally:
            turning.cancel()
