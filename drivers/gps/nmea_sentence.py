"""Sentences of NMEA 0183: what RMC, GGA, VTG and ZDA say.

::

    $ttRMC,hhmmss.ss,A,ddmm.mmmm,N,dddmm.mmmm,E,knots,course,ddmmyy,variation,E[,mode[,status]]*hh
    $ttGGA,hhmmss.ss,ddmm.mmmm,N,dddmm.mmmm,E,quality,satellites,hdop,altitude,M,separation,M,age,station*hh
    $ttVTG,course,T,magnetic,M,knots,N,km/h,K[,mode]*hh
    $ttZDA,hhmmss.ss,dd,mm,yyyy,hours,minutes*hh

tt is the talker: GP, GL, GA, GN, BD and GB for BeiDou, and any other. hh is the exclusive or of what stands
between ``$`` and ``*``. Any field may be empty; fractions have as many digits as the maker liked.

All functions are pure and raise Reject: ``length`` for missing fields, ``sentinel`` for what stands where a
receiver knows nothing, ``range`` for what cannot be.

Sources: gpsd, "NMEA Revealed", https://gpsd.io/NMEA.html; the logs of gpsd's test/daemon.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from drivers.contract import Instant, Reason, Reject
from drivers.framing import xor_of
from drivers.gps.utc import utc

Fields: TypeAlias = Sequence[bytes]
"""A sentence cut at its commas, the address first, without the checksum."""

METRES_PER_SECOND_IN_A_KNOT = 1852 / 3600

NO_FIX = (b"0", b"7", b"8")
"""Qualities of GGA that are no position measured: none, typed in by hand, simulated. (Empty: none.)"""

MOST_SATELLITES = 999
"""More than all that were ever launched; a damaged count with a valid checksum can have any length."""

NO_HDOP = 99.0
"""Receivers say 99.9 or 99.99 where they cannot tell."""

_TIME = re.compile(rb"(\d\d)(\d\d)(\d\d)(?:\.(\d*))?")
_SHORT_DATE = re.compile(rb"(\d\d)(\d\d)(\d\d)")
_DAY_OR_MONTH = re.compile(rb"\d\d?")
_YEAR = re.compile(rb"\d{4}")
_NUMBER = re.compile(rb"-?\d+(?:\.\d*)?|-?\.\d+")
_LATITUDE = re.compile(rb"(\d\d)(\d\d(?:\.\d*)?)")
_LONGITUDE = re.compile(rb"(\d{3})(\d\d(?:\.\d*)?)")


class Motion(NamedTuple):
    """speed in m/s, course in degrees clockwise from true north; None where not given."""

    speed: float | None
    course: float | None


class Rmc(NamedTuple):
    """The recommended minimum: WGS 84 degrees, and the receiver's time if it gave time and date."""

    lat: float
    lon: float
    motion: Motion
    utc: Instant | None


class Gga(NamedTuple):
    """The fix: WGS 84 degrees, altitude in m above mean sea level."""

    lat: float
    lon: float
    altitude: float | None
    satellites: int | None
    hdop: float | None


def is_sound(line: bytes) -> bool:
    """Whether ``$…*hh`` bears its right checksum; a sentence without one is not sound."""
    return line[-3:-2] == b"*" and line[-2:].upper() == b"%02X" % xor_of(line[1:-3])


def rmc(fields: Fields) -> Rmc:
    _has(fields, 10)
    if fields[2] != b"A" or (len(fields) > 12 and fields[12] == b"N"):
        raise Reject(Reason.SENTINEL, "RMC: void")
    lat, lon = _position(fields[3:7])
    return Rmc(lat, lon, _motion(fields[7], fields[8]), _rmc_utc(fields[1], fields[9]))


def gga(fields: Fields) -> Gga:
    _has(fields, 10)
    if not fields[6] or fields[6] in NO_FIX:
        raise Reject(Reason.SENTINEL, f"GGA: quality {fields[6].decode('latin-1')}")
    lat, lon = _position(fields[2:6])
    satellites, hdop = _unsigned(fields[7]), _unsigned(fields[8])
    if satellites is not None and satellites > MOST_SATELLITES:
        raise _impossible("satellites", fields[7])
    return Gga(
        lat,
        lon,
        altitude=_number(fields[9]),
        satellites=None if satellites is None else int(satellites),
        hdop=None if hdop is None or hdop >= NO_HDOP else hdop,
    )


def vtg(fields: Fields) -> Motion:
    _has(fields, 9)
    return _motion(fields[5], fields[1])


def zda(fields: Fields) -> Instant | None:
    """The receiver's time; None where it has no date yet."""
    _has(fields, 5)
    time, day, month, year = fields[1:5]
    if not (time and day and month and year):
        return None
    if not (_DAY_OR_MONTH.fullmatch(day) and _DAY_OR_MONTH.fullmatch(month) and _YEAR.fullmatch(year)):
        raise _impossible("date", b"-".join((year, month, day)))
    return _utc(time, int(year), int(month), int(day))


def _has(fields: Fields, least: int) -> None:
    if len(fields) < least:
        address = fields[0].decode("latin-1")
        raise Reject(Reason.LENGTH, f"{address}: {len(fields)} fields, at least {least}")


def _position(fields: Fields) -> tuple[float, float]:
    if not all(fields):
        raise Reject(Reason.SENTINEL, "a fix without a position")
    lat = _degrees(_LATITUDE, fields[0], fields[1], b"NS", 90)
    lon = _degrees(_LONGITUDE, fields[2], fields[3], b"EW", 180)
    if lat == lon == 0.0:
        raise Reject(Reason.SENTINEL, "the position 0, 0 in the Gulf of Guinea")
    return lat, lon


def _degrees(layout: re.Pattern[bytes], text: bytes, side: bytes, sides: bytes, most: int) -> float:
    parts = layout.fullmatch(text)
    if parts is None or side not in (sides[:1], sides[1:]):
        raise _impossible("position", text + b"," + side)
    minutes = float(parts[2])
    degrees = int(parts[1]) + minutes / 60
    if minutes >= 60 or degrees > most:
        raise _impossible("position", text + b"," + side)
    return degrees if side == sides[:1] else -degrees


def _motion(knots: bytes, course: bytes) -> Motion:
    speed, degrees = _unsigned(knots), _unsigned(course)
    if degrees is not None and degrees > 360:
        raise _impossible("course", course)
    return Motion(None if speed is None else speed * METRES_PER_SECOND_IN_A_KNOT, degrees)


def _rmc_utc(time: bytes, day_month_year: bytes) -> Instant | None:
    if not time or not day_month_year:
        return None
    digits = _SHORT_DATE.fullmatch(day_month_year)
    if digits is None:
        raise _impossible("date", day_month_year)
    day, month, year = map(int, digits.groups())
    return _utc(time, year + (1900 if year >= 80 else 2000), month, day)


def _utc(time: bytes, year: int, month: int, day: int) -> Instant:
    digits = _TIME.fullmatch(time)
    if digits is None:
        raise _impossible("time", time)
    hour, minute, second = int(digits[1]), int(digits[2]), int(digits[3])
    return utc((year, month, day), (hour, minute, second), (digits[4] or b"").decode())


def _number(text: bytes) -> float | None:
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise _impossible("number", text)
    return float(text)


def _unsigned(text: bytes) -> float | None:
    if text.startswith(b"-"):
        raise _impossible("number", text)
    return _number(text)


def _impossible(what: str, text: bytes) -> Reject:
    return Reject(Reason.RANGE, f"{what}: {text.decode('latin-1')}")
