"""The settings file read again while the daemon runs (SIGHUP): asked for, carried out, told.

::

    SIGHUP ──▶ asked ──▶ read, hold against what is in force ──▶ change what differs ──▶ settings_applied
                              └──────── does not hold: all stays as it is ─────────────▶ settings_refused

One reload comes after the other; those asked for while one is under way are one more after it. One asked for
during the start follows the start, one during the stop comes to nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from drivers.contract import Instant, Now
from edge.errors import JournalError, Problem, SettingsError
from edge.instant import rfc3339
from edge.messages import LANGS
from edge.own_records import OwnRecords
from edge.reload import Difference
from edge.systemd import notify, reloading

log = logging.getLogger(__name__)

TOLD_MOST: Final = 20
"""Problems of a file that a record and `status` tell; `tagtrail check` tells them all."""

Change = Callable[[Path], Awaitable[Difference]]
"""Goes over to the settings in this file. Raises SettingsError, JournalError: then nothing has changed."""


class Rereading:
    """file: of the settings. asked: set whenever it is to be read again."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.asked = asyncio.Event()
        self._at: Instant | None = None
        self._problems: tuple[Problem, ...] = ()
        self._detail = ""

    async def run(self, change: Change, own: OwnRecords, now: Now) -> None:
        """Until cancelled."""
        while True:
            await self.asked.wait()
            self.asked.clear()
            reloading()
            try:
                difference = await change(self.file)
            except (SettingsError, JournalError) as error:
                self._refuse(error, own, now())
            else:
                self._problems, self._detail, self._at = (), "", now()
                log.info("%s: settings applied: %s", self.file, difference.facts() or "nothing differs")
                own.event("settings_applied", difference.facts())
            notify("READY=1")

    def facts(self) -> dict[str, Any]:
        """For `status`. state: of the file when it was last read; problems: why what it says is not in force,
        in both languages."""
        refused = bool(self._problems or self._detail)
        return {
            "file": str(self.file),
            "state": "refused" if refused else "applied",
            "read": None if self._at is None else rfc3339(self._at),
            "problems": [{lang: each.render(lang) for lang in LANGS} for each in self._problems]
            or ([dict.fromkeys(LANGS, self._detail)] if refused else []),
        }

    def _refuse(self, error: SettingsError | JournalError, own: OwnRecords, at: Instant) -> None:
        problems = error.problems if isinstance(error, SettingsError) else ()
        self._problems, self._detail, self._at = problems[:TOLD_MOST], str(error), at
        log.error("%s: refused, the settings before stay in force: %s", self.file, error)
        own.event(
            "settings_refused",
            {"problems": [each["en"] for each in self.facts()["problems"]], "count": len(problems) or 1},
        )
