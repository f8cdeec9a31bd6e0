"""gpsd, the daemon that shares a receiver among many: each TPV, with the SKY before it, becomes one Fix.

One JSON object a line over TCP, usually port 2947. What we say once, and what gpsd says then, a cycle of the
receiver after the other (long lines are wrapped here)::

    ?WATCH={"enable":true,"json":true}
                                        {"class":"VERSION","release":"3.22",…}
                                        {"class":"DEVICES","devices":[{"class":"DEVICE","path":…},…]}
                                        {"class":"WATCH","enable":true,"json":true,…}
    {"class":"SKY","device":"/dev/ttyACM0","hdop":0.57,"uSat":15,"satellites":[{"PRN":5,"used":true,…},…]}
    {"class":"TPV","device":"/dev/ttyACM0","status":2,"mode":3,"time":"2020-07-11T22:38:02.000Z",
                   "lat":38.110497167,"lon":-122.626905667,"altMSL":81.7,"track":12.3,"speed":0.022,…}

TPV: ``mode`` 0 unknown, 1 no fix, 2 and 3 a fix of so many dimensions; ``status`` how it was had; lat and lon
in degrees, speed in m/s, track in degrees from true north, altMSL in m. Until release 3.19 the altitude
above mean sea level was called alt. SKY: ``uSat`` counts the satellites used; releases before 3.21 only mark
each of them. What gpsd does not know it leaves out. A request that it does not understand it answers with
``{"class":"ERROR","message":…}``.

Sources: gpsd_json(5), https://gpsd.io/gpsd_json.html; the outputs of gpsd's test/daemon; gpsd 3.22 itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import orjson
from pydantic import BaseModel

from drivers.contract import Fix, Frame, Instant, NoOptions, Reason, Reject
from drivers.gps.nmea_sentence import MOST_SATELLITES, NO_HDOP
from drivers.gps.utc import utc

LONGEST = 32 * 1024
"""Bytes of a line. gpsd builds its lines in a buffer of 10 KiB (GPS_JSON_RESPONSE_MAX)."""

CLASS, SKY, TPV, ERROR = b'{"class":"', b'{"class":"SKY",', b'{"class":"TPV",', b'{"class":"ERROR",'
"""How lines begin: gpsd writes the class first, and no blanks."""

SKY_SERVES = 10
"""Cycles. A receiver lists its satellites in each, or in every few; an older list is no longer true."""

MOST_TPVS = 8
"""Of one time: as many as a cycle has sentences, so that a clock that stands still hides no position."""

SHOWN = 80
"""Characters of what was refused, in a Reject's detail."""

MODES_WITH_FIX = (2, 3)

NOT_MEASURED = (7, 8)
"""Statuses of TPV that are no position measured: surveyed or typed in, simulated."""

_FIX_MEMBER = re.compile(rb'"mode":[23]')
_TIME_MEMBER = re.compile(rb'"time":"([^"]*)"')
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z", re.ASCII)

Report: TypeAlias = Mapping[str, Any]
"""One of gpsd's objects."""


class Reports:
    """Cuts gpsd's lines, and takes the TPVs of one cycle of the receiver for what they are: one.

    Where gpsd has not found out which sentence ends a receiver's cycle, it writes a TPV for several of them,
    all of one time. The early ones bear a speed that gpsd has derived from two positions: 9 m/s at rest. So
    that a frame is the *last* TPV of a time, with the newest SKY behind it. It ends

    * *behind* as many TPVs as the cycle before had, so that it need not wait for the next one to begin;
    * else *before* a TPV of another time, as the first one does.

    A TPV without a fix or without a time is a frame by itself, and so is an ERROR. Lines of other classes are
    passed over. What is not gpsd's, or longer than LONGEST, is reported once for each loss of
    synchronisation.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._lost = False
        self._sky = b""
        self._sky_serves = 0
        self._tpv = b""
        self._time = b""
        self._count = 0
        self._usual = MOST_TPVS

    def feed(self, data: bytes) -> list[Frame | Reject]:
        found: list[Frame | Reject] = []
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(found, line)
        if len(rest) > LONGEST:
            self._lose(found, rest)
        self._rest = rest[: LONGEST + 1]
        return found

    def _take(self, found: list[Frame | Reject], line: bytes) -> None:
        if len(line) > LONGEST or not line.startswith(CLASS):
            self._lose(found, line)
            return
        self._lost = False
        if line.startswith(SKY):
            self._see(found, line)
        elif line.startswith(TPV):
            self._hear(found, line)
        elif line.startswith(ERROR):
            found.append(Frame(line))

    def _see(self, found: list[Frame | Reject], sky: bytes) -> None:
        try:
            _report(sky)
        except Reject as reject:  # else it would cost the fixes of SKY_SERVES cycles
            found.append(reject)
        else:
            self._sky, self._sky_serves = sky, SKY_SERVES

    def _hear(self, found: list[Frame | Reject], tpv: bytes) -> None:
        time = _time_of_fix(tpv)
        if time != self._time or self._count == MOST_TPVS:
            self._tell(found)
            if self._time:
                self._usual = self._count
            self._time, self._count = time, 0
        self._count += 1
        if self._count <= self._usual or not time:
            self._tpv = tpv
        if self._count == self._usual or not time:
            self._tell(found)

    def _tell(self, found: list[Frame | Reject]) -> None:
        if self._tpv:
            sky = self._sky if self._sky_serves > 0 else b""
            self._sky_serves -= 1
            found.append(Frame(self._tpv + b"\n" + sky))
            self._tpv = b""

    def _lose(self, found: list[Frame | Reject], line: bytes) -> None:
        if not self._lost:
            found.append(Reject(Reason.LENGTH, f"not a line of gpsd's: {_shown(line)}"))
        self._lost = True


def _time_of_fix(tpv: bytes) -> bytes:
    """As sent; empty where there is no fix or no time."""
    time = _TIME_MEMBER.search(tpv)
    return time[1] if time and _FIX_MEMBER.search(tpv) else b""


class Gpsd:
    """A GNSS receiver behind gpsd: each cycle is a Fix.

    Satellites and hdop are those of the SKY before it, if that is of the same receiver. gpsd derives a speed
    of its own where the receiver gives none. ``utc`` is gpsd's view of the receiver's time: release 3.22 adds
    1024 weeks to dates that lie before it was made. It is an offer, for the gateway's clock to judge.

    As with NMEA, a fix is refused as a whole where a part of it cannot be. One gpsd for one receiver: where
    it serves several, their fixes come mixed.
    """

    options: ClassVar[type[BaseModel]] = NoOptions
    claims: ClassVar[tuple[str, ...]] = ()
    greeting: ClassVar[bytes] = b'?WATCH={"enable":true,"json":true}\n'

    def __init__(self, options: NoOptions) -> None: ...

    def quantities(self) -> Sequence[str]:
        return ("lat", "lon")

    def splitter(self) -> Reports:
        return Reports()

    def decode(self, frame: Frame, at: Instant) -> Sequence[Fix]:
        """Raises Reject: ``sentinel`` where there is no fix, ``range`` for what cannot be, ``length`` for
        what is no JSON object, ``not_mine`` for an ERROR."""
        line, _, sky_line = frame.data.partition(b"\n")
        tpv = _report(line)
        if line.startswith(ERROR):
            raise Reject(Reason.NOT_MINE, f"gpsd answers with an error: {_shown(tpv.get('message'))}")
        fix = _fix(tpv, at)
        sky = _report(sky_line) if sky_line else {}
        if sky.get("device") != tpv.get("device"):
            return (fix,)
        hdop = _number(sky, "hdop", 0)
        if hdop is not None and hdop >= NO_HDOP:
            hdop = None
        return (fix._replace(satellites=_satellites(sky), hdop=hdop),)


def _report(line: bytes) -> Report:
    try:
        report = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Reject(Reason.LENGTH, f"no JSON: {error}: {_shown(line)}") from error
    if not isinstance(report, dict):
        raise Reject(Reason.LENGTH, f"no JSON object: {_shown(line)}")
    return report


def _fix(tpv: Report, at: Instant) -> Fix:
    if tpv.get("mode") not in MODES_WITH_FIX:
        raise Reject(Reason.SENTINEL, f"TPV: mode {_shown(tpv.get('mode'))}, no fix")
    if tpv.get("status") in NOT_MEASURED:
        raise Reject(Reason.SENTINEL, f"TPV: status {tpv['status']}, typed in or simulated")
    lat, lon = _number(tpv, "lat", -90, 90), _number(tpv, "lon", -180, 180)
    if lat is None or lon is None:
        raise Reject(Reason.SENTINEL, "a fix without a position")
    if lat == lon == 0.0:
        raise Reject(Reason.SENTINEL, "the position 0, 0 in the Gulf of Guinea")
    return Fix(
        at,
        lat,
        lon,
        speed=_number(tpv, "speed", 0),
        course=_number(tpv, "track", 0, 360),
        altitude=_number(tpv, "altMSL" if "altMSL" in tpv else "alt"),
        utc=_utc(tpv),
    )


def _utc(tpv: Report) -> Instant | None:
    time = tpv.get("time")
    if time is None:
        return None
    parts = _TIME.fullmatch(time) if isinstance(time, str) else None
    if parts is None:
        raise _impossible("time", time)
    year, month, day, hour, minute, second = map(int, parts.groups()[:6])
    return utc((year, month, day), (hour, minute, second), parts[7] or "")


def _satellites(sky: Report) -> int | None:
    """None where gpsd does not know yet which ones are used: beside a fix it says 0 then."""
    used = _number(sky, "uSat", 0, MOST_SATELLITES)
    satellites = sky.get("satellites")
    if used is None and isinstance(satellites, list):
        used = sum(isinstance(one, dict) and one.get("used") is True for one in satellites)
    return int(used) if used else None


def _number(report: Report, name: str, low: float = -math.inf, high: float = math.inf) -> float | None:
    value = report.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _impossible(name, value)
    if not (math.isfinite(value) and low <= value <= high):
        raise _impossible(name, value)
    return float(value)


def _impossible(name: str, value: object) -> Reject:
    return Reject(Reason.RANGE, f"{name}: {_shown(value)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + " …"
