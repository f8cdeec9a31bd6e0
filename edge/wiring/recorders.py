"""The recorders that the settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from drivers.contract import (
    NANOSECONDS,
    Driver,
    Fix,
    Instant,
)
from edge.recorders.alarms import Known, StandingAlarms
from edge.recorders.arrival import Arrivals
from edge.recorders.contract import Recorder
from edge.recorders.entered import Entered
from edge.recorders.holds import Holds
from edge.recorders.instruments import Instrument, Instruments, Role
from edge.recorders.limits import Limit, Limits, Point
from edge.recorders.slaughter import Slaughter
from edge.recorders.twins import Spot, Twins
from edge.recorders.upkeep import BATTERIES, Upkeep
from edge.settings import Settings
from edge.settings import devices as schema
from edge.settings.alarms import Alarm
from edge.wiring.animals import arrivals, slaughters
from edge.wiring.devices import intaken
from edge.wiring.goods import dispatch, storages
from edge.wiring.issuer import issuer
from edge.wiring.transport import transport


def recorders(settings: Settings, drivers: Mapping[str, Driver]) -> list[Recorder]:
    """Those that the settings ask for, in the order in which they are told what happens."""
    trips = transport(settings, drivers) if settings.records.transport else None
    arrived = arrivals(settings)
    return [
        *filter(None, [arrived]),
        *slaughters(settings, arrived),
        *storages(settings, drivers),
        *filter(None, [trips]),
        dispatch(settings, drivers),
        Entered(issuer(settings)),
        limits(settings, trips.on_trip if trips is not None else None),
        upkeep(settings, drivers),
        twins(settings, drivers),
    ]


def holds(settings: Settings, drivers: Mapping[str, Driver], others: Iterable[Recorder]) -> Holds:
    """Hears every device that sees codes. others: that know what a code stands for."""
    knowing = [each for each in others if isinstance(each, Arrivals | Slaughter)]
    return Holds(
        (facts.name for facts in intaken(settings, drivers) if not facts.quantities),
        lambda node: (other for each in knowing for other in each.stands_for(node)),
    )


def instruments(settings: Settings, standing: StandingAlarms) -> Instruments:
    """What fills each role."""
    roles = {
        name: Role(device.port, device.place, _instrument(device.instrument))
        for name, device in settings.devices.items()
    }
    return Instruments(settings.gateway.id, settings.gateway.operator.name, roles, standing)


def _instrument(there: schema.Instrument | None) -> Instrument | None:
    if there is None:
        return None
    calibrated, due = (None if day is None else day.isoformat() for day in (there.calibrated, there.due))
    return Instrument(there.serial, calibrated, due, there.certificate)


def known(settings: Settings) -> Known:
    """What alarms may be about."""
    routes = settings.records.transport or {}
    vehicles = {route.place for route in routes.values()}
    zones = [name for name, place in settings.places.items() if place.kind == "zone" and place.at is not None]
    return Known(
        frozenset([*settings.devices, *settings.uplinks, *(each.port for each in settings.devices.values())]),
        frozenset(upkeep_due(settings)),
        frozenset(
            [
                *((name, point) for name, alarm in settings.alarms.items() for point in alarm.points),
                *((name, route.place) for name, route in routes.items()),
                *((zone, vehicle) for zone in zones for vehicle in vehicles),
            ]
        ),
    )


def twins(settings: Settings, drivers: Mapping[str, Driver]) -> Twins:
    """Hears every device that sees codes at a place."""
    seeing = {facts.name for facts in intaken(settings, drivers) if not facts.quantities}
    places = {name: device.place for name, device in settings.devices.items() if name in seeing}
    return Twins({name: _spot(settings, place) for name, place in places.items() if place is not None})


def _spot(settings: Settings, place: str) -> Spot:
    at = settings.places[place].at
    if at is None:
        return Spot(place)
    return Spot(place, Fix(Instant(0), at.lat, at.lon), at.radius_m)


def limits(settings: Settings, on_trip: Callable[[], bool] | None = None) -> Limits:
    """The section ``alarms``. on_trip: what ``while: trip`` waits for."""
    return Limits([_limit(name, alarm, on_trip) for name, alarm in settings.alarms.items()])


def _limit(name: str, alarm: Alarm, on_trip: Callable[[], bool] | None) -> Limit:
    rises = alarm.rises
    return Limit(
        name,
        [_point(point) for point in alarm.points],
        above=alarm.above,
        below=alarm.below,
        equals=alarm.equals,
        lasts=int(alarm.for_s * NANOSECONDS),
        clear=alarm.clear,
        unless=_point(alarm.unless) if alarm.unless else None,
        during=on_trip if alarm.during == "trip" else None,
        rises=(rises.by, int(rises.within_s * NANOSECONDS)) if rises else None,
        severity=alarm.severity,
    )


def _point(written: str) -> Point:
    device, _, quantity = written.partition(".")
    return device, quantity


def upkeep(settings: Settings, drivers: Mapping[str, Driver]) -> Upkeep:
    """What the devices' own quantities and instruments ask for."""
    batteries = [facts.name for facts in intaken(settings, drivers) if BATTERIES & set(facts.quantities)]
    return Upkeep(batteries, upkeep_due(settings))


def upkeep_due(settings: Settings) -> dict[str, Instant]:
    """From when each instrument's calibration is overdue, by its device."""
    return {
        name: _midnight(device.instrument.due, settings.gateway.timezone)
        for name, device in settings.devices.items()
        if device.instrument is not None and device.instrument.due is not None
    }


def _midnight(day: date, zone: ZoneInfo) -> Instant:
    """The end of the day, where the gateway stands."""
    over = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
    return Instant(int(over.timestamp()) * NANOSECONDS)
