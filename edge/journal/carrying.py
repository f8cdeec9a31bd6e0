"""Carrying over what was set aside, in pieces, so that what is observed meanwhile does not wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from edge.alarms import Alarms, Cause
from edge.errors import JournalDamagedError, JournalError
from edge.journal.inspection import Inside
from edge.journal.writer import Writer

log = logging.getLogger(__name__)

_PAUSE_S: Final = 0.02
_AGAIN_S: Final = 2.0


async def carry_over(
    path: Path,
    *,
    writer: Writer,
    writing: Inside,
    clock_state: Callable[[], str],
    alarms: Alarms,
    news: Callable[[], None],
) -> None:
    """Until nothing is left of it. news: told when blocks came. Raises JournalDamagedError."""
    if writer.set_aside is not None:
        detail = f"{path} was damaged; it is kept as {writer.set_aside}"
        alarms.raised(Cause.JOURNAL_DAMAGED, "journal", detail)
    more = True
    while more:
        try:
            more = await writing(partial(writer.carry_over, clock_state()))
        except JournalDamagedError:
            raise
        except JournalError as error:
            log.warning("%s: nothing can be carried over at the moment: %s", path, error)
            await asyncio.sleep(_AGAIN_S)
        news()
        await asyncio.sleep(_PAUSE_S)
