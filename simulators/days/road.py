"""A refrigerated truck on its way: loaded, through a dead spot, the unit failing, the door opened, delivered.

Its truth, beside that of the body's air (``store.py``):

=========  ===================================================================================
what       further keys
=========  ===================================================================================
loaded     code (``sscc``)
delivered  code (``sscc``)
began      lat, lon: the circle around the start was left
ended      lat, lon: the circle around the end was entered, to stay
stood      lat, lon, until_at: it stood still
lost       until_at, lat, lon, driven (m): no position came after this one until then
metres     driven: from the beginning to the end
=========  ===================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from simulators.barcode_scanner import END, pallet
from simulators.climate import RoomOptions
from simulators.days.store import Store, watch_air
from simulators.days.tape import Day, Probe
from simulators.nmea import Epoch, Satellite, position
from simulators.receiver import THINKING_S
from simulators.route import Place, Truck, Waypoint, distance_m, read_route
from simulators.scenario import load

STANDING = 0.1
"""m/s, below which it stands."""


@dataclass(frozen=True)
class Trip:
    """What is played; times in seconds of the day, radii in m.

    dead: stretches without a position. void: whether the receiver then says that it has none, or nothing.
    stands: before it sets out. pallets: how many. loads_at: when loading begins; unloads_after: the arrival,
    when delivering begins.
    """

    route: Sequence[Waypoint]
    body: RoomOptions
    stands: float = 600.0
    start_radius: float = 300.0
    end_radius: float = 250.0
    dead: tuple[tuple[float, float], ...] = ()
    void: bool = False
    pallets: int = 4
    loads_at: float = 60.0
    unloads_after: float = 300.0
    stays: float = 1500.0


def play(day: Day, trip: Trip) -> None:
    """Writes the trip, from the loading until some time after the unloading."""
    rng = day.rng("road")
    pallets = [pallet(number, rng) for number in range(1, trip.pallets + 1)]
    for number, symbol in enumerate(pallets):
        _scan(day, trip.loads_at + 20.0 * number, "loaded", symbol.sent, symbol.aim)
    arrived, ends = _drive(day, trip)
    for number, symbol in enumerate(pallets):
        _scan(day, arrived + trip.unloads_after + 20.0 * number, "delivered", symbol.sent, symbol.aim)
    air, door = Probe(day, "ruuvi-5", "C4:64:E3:00:00:01"), Probe(day, "teltonika-eye", "7C:D9:F4:00:00:02")
    watch_air(day, air, door, Store(trip.body, ends=ends, place="body"))


def _scan(day: Day, at: float, what: str, sent: str, aim: str) -> None:
    day.say(at, "scanner", f"{aim}{sent}{END}".encode())
    day.know(at, "scanner", what, code=sent.removeprefix("00"))


def _drive(day: Day, trip: Trip) -> tuple[float, float]:
    """When it arrived, and when the tape ends."""
    first, *others = trip.route
    truck, track = Truck([first._replace(stop=trip.stands), *others]), _Track(day, trip)
    second = 0
    while track.arrived is None or second < track.arrived + trip.stays:
        at = float(second)
        place = truck.place(at)
        track.see(at, place)
        silent = any(since <= at < until for since, until in trip.dead)
        if trip.void or not silent:
            track.fix(at, place, valid=not silent)
        second += 1
    return track.arrived, float(second)


class _Track:
    """What becomes of the truck, and what its receiver says."""

    def __init__(self, day: Day, trip: Trip) -> None:
        self._day = day
        self._trip = trip
        self._sky = tuple(Satellite("GP", number, 45, 40 * number, 40) for number in range(1, 9))
        self._before: Place | None = None
        self._last: tuple[float, Place, float] | None = None
        self._standing: float | None = None
        self._driven_m = 0.0
        self._began = False
        self.arrived: float | None = None

    def see(self, at: float, place: Place) -> None:
        if self._before is not None and self._began and self.arrived is None:
            self._driven_m += distance_m(place, self._before)
        self._before = place
        self._stand(at, place)
        start, end = self._trip.route[0], self._trip.route[-1]
        if not self._began and distance_m(place, start) > self._trip.start_radius:
            self._began = True
            self._day.know(at, "gps", "began", lat=round(place.lat, 6), lon=round(place.lon, 6))
        if self._began and self.arrived is None and distance_m(place, end) <= self._trip.end_radius:
            self.arrived = at
            self._day.know(at, "gps", "ended", lat=round(place.lat, 6), lon=round(place.lon, 6))
            self._day.know(at, "gps", "metres", driven=round(self._driven_m))

    def fix(self, at: float, place: Place, *, valid: bool) -> None:
        if valid:
            if self._last is not None and at - self._last[0] > 60.0:
                since, where, driven_m = self._last
                there = {"lat": round(where.lat, 6), "lon": round(where.lon, 6)}
                unseen_m = round(self._driven_m - driven_m)
                self._day.know(since, "gps", "lost", until_at=at, driven=unseen_m, **there)
            self._last = at, place, self._driven_m
        utc = self._day.begins + timedelta(seconds=at)
        epoch = Epoch(utc, valid, *place, self._sky if valid else ())
        said = b"".join(message for _, message in position("GN", epoch))
        self._day.say(at + THINKING_S, "gps", said)

    def _stand(self, at: float, place: Place) -> None:
        if place.speed < STANDING:
            if self._standing is None:
                self._standing = at
        elif self._standing is not None:
            there = {"lat": round(place.lat, 6), "lon": round(place.lon, 6)}
            self._day.know(self._standing, "gps", "stood", until_at=at, **there)
            self._standing = None


def route_of(scenario: str, port: str = "gps") -> list[Waypoint]:
    """The way points of a built-in scenario's receiver."""
    return read_route(load(scenario)[0].ports[port])
