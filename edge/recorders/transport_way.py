"""How a vehicle moves: which positions are believed, how far it went, where it stood. Pure, on rows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from drivers.contract import NANOSECONDS
from edge.recorders.route import Point
from edge.recorders.transport_rows import Event, Halt, Trip, Vehicle
from edge.thinning import great_circle_m

FASTEST_M_PER_S: Final = 40.0
"""144 km/h: no lorry drives faster ..."""

SLACK_M: Final = 50.0
"""... and two fixes of one that stands may be so far apart."""

AGREEING: Final = 3
"""So many positions that agree with each other are believed, however far from the last."""

COUNTED_M: Final = 25.0
"""Distance is counted in steps of this: what a receiver trembles by while it stands comes to nothing."""

AWAY_M: Final = 50.0
"""Who is so far from where it stood has gone on."""


class Seen(StrEnum):
    """What a fix is worth."""

    NEXT = "next"
    LATE = "late"
    OUTLIER = "outlier"
    ELSEWHERE = "elsewhere"
    """Believed, and the way there is not known."""


def believed(vehicle: Vehicle, point: Point) -> Seen:
    """Judges a fix, and remembers it where it is believed."""
    last, doubted = vehicle.fix, vehicle.doubted
    if last is not None and point.at <= last.at:
        return Seen.LATE
    if last is None or _reaches(last, point):
        vehicle.fix, vehicle.doubted, vehicle.doubts = point, None, 0
        return Seen.NEXT
    agrees = doubted is not None and _reaches(doubted, point)
    vehicle.doubted, vehicle.doubts = point, vehicle.doubts + 1 if agrees else 1
    if vehicle.doubts < AGREEING:
        return Seen.OUTLIER
    vehicle.fix, vehicle.doubted, vehicle.doubts = point, None, 0
    return Seen.ELSEWHERE


def _reaches(last: Point, point: Point) -> bool:
    seconds = (point.at - last.at) / NANOSECONDS
    return great_circle_m(last, point) <= FASTEST_M_PER_S * seconds + SLACK_M


def count(trip: Trip, point: Point) -> None:
    """The vehicle drove on to here."""
    if trip.counted is None:
        trip.counted = point
        return
    step_m = great_circle_m(trip.counted, point)
    if step_m >= COUNTED_M:
        trip.distance_m += step_m
        trip.leg_m += step_m
        trip.counted = point


def halted(trip: Trip, point: Point, speed: float, stop: tuple[float, int]) -> Event | None:
    """The stop that is over, if one is. It ends with the first fix that is no longer slow."""
    slower, lasts = stop
    halt, slow = trip.halt, speed < slower
    if halt is None:
        trip.halt = Halt(point) if slow else None
        return None
    if great_circle_m(halt.where, point) <= AWAY_M:
        if slow:
            halt.moving = None
        elif halt.moving is None:
            halt.moving = point.at
        return None
    trip.halt = Halt(point) if slow else None
    return stood(halt, halt.moving or point.at, lasts)


def stood(halt: Halt, until: int, lasts: int) -> Event | None:
    """The stop, if it lasted long enough."""
    if until - halt.where.at < lasts:
        return None
    return Event("stop", halt.where.at, until, where=halt.where)


def speed_between(last: Point | None, point: Point) -> float:
    """m/s, for a receiver that does not say it; the first is taken to stand."""
    if last is None or point.at <= last.at:
        return 0.0
    return great_circle_m(last, point) * NANOSECONDS / (point.at - last.at)
