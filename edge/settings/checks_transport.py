"""What must hold between ``records.transport`` and the devices and places that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from drivers.contract import Driver
from edge.settings.devices import DeviceSettings
from edge.settings.findings import Fault
from edge.settings.reader import Keys
from edge.settings.records import Transport
from edge.settings.schema import Settings

CONTACT = frozenset({"open", "door", "ignition"})
"""What a contact measures."""


class _Asked(NamedTuple):
    """A device that a route names. measures: one of these; none: it sees identifiers."""

    keys: Keys
    device: str | None
    measures: frozenset[str]
    sentence: str


def routes(settings: Settings, drivers: Mapping[str, Driver]) -> Iterator[Fault]:
    """Vehicles that are none, devices that do not give what is asked of them, places that are on no map.

    An entry that does not hold itself is not there: of it enough has been said.
    """
    for name, alarm in settings.alarms.items():
        if alarm.during == "trip" and not settings.records.transport:
            yield Fault(("alarms", name, "while"), "no_trips", {})
    for name, route in (settings.records.transport or {}).items():
        where = ("records", "transport", name)
        vehicle = settings.places.get(route.place)
        if vehicle is not None and vehicle.kind != "vehicle":
            yield Fault((*where, "place"), "no_vehicle", {"name": route.place})
        for keys, named in ((("begin", "leaves"), route.begin.leaves), (("end", "stays"), route.end.stays)):
            place = settings.places.get(named) if named is not None else None
            if place is not None and place.at is None:
                yield Fault((*where, *keys), "not_on_map", {"name": named})
        for asked in _asked(route):
            device = settings.devices.get(asked.device) if asked.device is not None else None
            if device is not None and not _fits(device, drivers[device.driver], asked):
                yield Fault((*where, *asked.keys), asked.sentence, {"name": asked.device})


def _asked(route: Transport) -> Iterator[_Asked]:
    yield _Asked(("position",), route.position, frozenset({"lat"}), "no_position")
    for number, probe in enumerate(route.climate):
        yield _Asked(("climate", number), probe, frozenset({"temperature", "humidity"}), "no_climate")
    yield _Asked(("door",), route.door, CONTACT, "no_contact")
    yield _Asked(("scanner",), route.scanner, frozenset(), "no_codes")
    for key, rule in (("begin", route.begin), ("end", route.end)):
        yield _Asked((key, "ignition"), rule.ignition, CONTACT, "no_contact")
        yield _Asked((key, "scan"), rule.scan, frozenset(), "no_codes")


def _fits(device: DeviceSettings, driver: Driver, asked: _Asked) -> bool:
    measured = set(driver.decoder(device.options).quantities())
    return bool(measured & asked.measures) if asked.measures else not measured
