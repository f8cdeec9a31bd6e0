"""A receiver's date and time of day as an Instant: refused where it cannot be true."""

from __future__ import annotations

from datetime import date

from drivers.contract import NANOSECONDS, Instant, Reason, Reject

FIRST_YEAR = 2015
"""An earlier date is a week counter that rolled over: 1024 weeks are 19.6 years, so that until August 2034 a
receiver that rolls over says a date before this year. (The oldest captures that must decode are of 2015.)"""

END_YEAR = 2080
"""NMEA's two-digit years are of 1980 to 2079; a later one that stands in full can no more be true."""

DAY_S = 24 * 3600
UNIX_DAY = date(1970, 1, 1).toordinal()


def utc(day: tuple[int, int, int], time: tuple[int, int, int], fraction: str) -> Instant:
    """day: year, month, day. time: hours, minutes, seconds. fraction: the digits of the second behind the
    point, any number of them.

    Raises Reject, ``range``. A leap second, 60, is the first second of the next minute.
    """
    if not FIRST_YEAR <= day[0] < END_YEAR:
        raise Reject(Reason.RANGE, f"date: year {day[0]}, week rollover or no date")
    try:
        days = date(*day).toordinal() - UNIX_DAY
    except ValueError as error:
        raise Reject(Reason.RANGE, "date: {}-{}-{}".format(*day)) from error
    hour, minute, second = time
    if hour > 23 or minute > 59 or second > 60:
        raise Reject(Reason.RANGE, f"time: {hour}:{minute}:{second}")
    seconds = days * DAY_S + hour * 3600 + minute * 60 + second
    return Instant(seconds * NANOSECONDS + int(fraction[:9].ljust(9, "0")))
