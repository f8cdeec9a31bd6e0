"""Intervals that begin and end when the clock on the wall says so: at the full hour, at midnight.

They are counted from midnight, and the last of a day ends with it. One during which clocks are changed ends
by the clock with which it began.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from drivers.contract import NANOSECONDS, Instant

DAY: Final = 86_400 * NANOSECONDS


def interval_start(at: int, every: int, zone: ZoneInfo) -> Instant:
    """The last beginning of an interval that is not after ``at``; ``every`` in ns, at most a day."""
    return Instant(at - (at + _ahead(at, zone)) % DAY % every)


def interval_end(at: int, every: int, zone: ZoneInfo) -> Instant:
    """The first end of an interval that is after ``at``."""
    ahead = _ahead(at, zone)
    midnight, since = divmod(at + ahead, DAY)
    return Instant(midnight * DAY + min((since // every + 1) * every, DAY) - ahead)


def _ahead(at: int, zone: ZoneInfo) -> int:
    """Of UTC, in ns."""
    offset = datetime.fromtimestamp(at // NANOSECONDS, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) * NANOSECONDS
