"""What ``records.transport`` says, as the recorder of transport wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drivers.contract import NANOSECONDS, Driver
from edge import settings as schema
from edge.recorders.geo import Circle
from edge.recorders.transport import Transport
from edge.recorders.transport_rows import Named, Plan, Rule
from edge.settings import Settings
from edge.settings.records import Transport as Route
from edge.settings.records.transport import Begin, End

CLIMATE: Final = ("temperature", "humidity")
"""What a compartment's probes tell."""

WARMER_CEL: Final = 2.0
"""By how much a plant lets the air swing above its setpoint."""

LEG_S: Final = 900.0
"""A trip is remembered in pieces of this where the file asks for no records on the way."""

POLLS: Final = 3
"""A device that has missed this many times is silent ..."""

HOLDS_S: Final = 300.0
"""... and one whose cadence is not written down after this long."""


def transport(settings: Settings, drivers: Mapping[str, Driver]) -> Transport:
    """The recorder of all routes."""
    return Transport(settings.gateway.id, settings.gateway.operator.name, plans(settings, drivers))


def plans(settings: Settings, drivers: Mapping[str, Driver]) -> list[Plan]:
    """Each route of the file."""
    places = _on_the_map(settings)
    routes = settings.records.transport or {}
    return [_plan(name, route, settings, drivers, places) for name, route in routes.items()]


def _plan(
    name: str, route: Route, settings: Settings, drivers: Mapping[str, Driver], places: Mapping[str, Named]
) -> Plan:
    cadences_s = [_cadence_s(settings, drivers, probe) for probe in route.climate]
    holds_s = max((HOLDS_S if each is None else POLLS * each for each in cadences_s), default=HOLDS_S)
    patience_s = max(route.patience, POLLS * (_cadence_s(settings, drivers, route.position) or 0.0))
    papers = route.disinfection
    return Plan(
        name=name,
        vehicle=route.place,
        plate=settings.places[route.place].plate,
        position=route.position,
        climate=tuple(route.climate),
        measures=_measured(settings, drivers, route),
        begin=_begin(route.begin),
        end=_end(route.end),
        places=places,
        every=_ns(route.every or LEG_S),
        series=_ns(route.series),
        never=_ns(route.never_longer_than),
        patience=_ns(patience_s),
        holds=_ns(holds_s),
        intervals=route.every is not None,
        limit=_limit(route, settings),
        door=route.door,
        scanner=route.scanner,
        stop=(route.stop.slower, _ns(route.stop.for_s)) if route.stop else None,
        needs_papers=papers is not None and papers.required,
        valid=_ns(papers.valid) if papers else None,
    )


def _on_the_map(settings: Settings) -> dict[str, Named]:
    return {
        name: Named(
            Circle(name, place.at.lat, place.at.lon, place.at.radius_m, zone=place.kind == "zone"),
            place.name,
            place.gln,
        )
        for name, place in settings.places.items()
        if place.at is not None
    }


def _begin(begin: Begin) -> Rule:
    if begin.leaves is not None:
        return Rule("geofence", begin.leaves)
    if begin.ignition is not None:
        return Rule("ignition", begin.ignition)
    return Rule("scan", begin.scan or "", begin.code or "")


def _end(end: End) -> Rule:
    if end.stays is not None:
        return Rule("geofence", end.stays, lasts=_ns(end.for_s))
    if end.ignition is not None:
        return Rule("ignition", end.ignition, lasts=_ns(end.for_s))
    return Rule("scan", end.scan or "", end.code or "")


def _limit(route: Route, settings: Settings) -> float | None:
    """The route's own, else the warmest that its probes' compartments may be; None: neither is known."""
    if route.limit is not None:
        return route.limit
    rooms = {settings.devices[probe].place for probe in route.climate}
    setpoints = [
        place.setpoint
        for name, place in settings.places.items()
        if name in rooms and place.setpoint is not None
    ]
    return max(setpoints) + WARMER_CEL if setpoints else None


def _measured(settings: Settings, drivers: Mapping[str, Driver], route: Route) -> tuple[str, ...]:
    devices = [settings.devices[probe] for probe in route.climate]
    told = {quantity for each in devices for quantity in _quantities(each, drivers)}
    return tuple(quantity for quantity in CLIMATE if quantity in told)


def _quantities(device: schema.DeviceSettings, drivers: Mapping[str, Driver]) -> set[str]:
    return set(drivers[device.driver].decoder(device.options).quantities())


def _cadence_s(settings: Settings, drivers: Mapping[str, Driver], device: str) -> float | None:
    found = settings.devices[device]
    return found.every_s or drivers[found.driver].every_s


def _ns(seconds: float) -> int:
    return round(seconds * NANOSECONDS)
