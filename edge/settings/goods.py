"""What the records of goods may refer to: rooms and docks, and devices that tell what is wanted of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from drivers.contract import Driver
from edge.settings.findings import Fault
from edge.settings.reader import Keys
from edge.settings.schema import Settings
from edge.settings.wording import shown_names

CLIMATE: Final = ("temperature", "humidity")
"""What a record tells of the air."""

DOORS: Final = ("open", "door")
DEFROSTS: Final = ("defrost",)

ROOMS: Final = ("chiller", "cold-room", "freezer", "dock", "compartment")
"""Kinds of place in which goods are stored."""


def measured(settings: Settings, drivers: Mapping[str, Driver], device: str) -> tuple[str, ...]:
    """What this device measures; none: it sees codes."""
    entry = settings.devices[device]
    return tuple(drivers[entry.driver].decoder(entry.options).quantities())


def storage(
    settings: Settings, drivers: Mapping[str, Driver], line: Callable[[Keys], int]
) -> Iterator[Fault]:
    """Rooms that are none, that are recorded twice, or whose devices do not tell what they should."""
    first: dict[str, str] = {}
    for name, room in settings.records.storage.items():
        where = ("records", "storage", name)
        place = settings.places.get(room.place)
        if place is not None and place.kind not in ROOMS:
            found = {"place": room.place, "kind": place.kind, "kinds": shown_names(ROOMS)}
            yield Fault((*where, "place"), "no_room", found)
        other = first.setdefault(room.place, name)
        if other != name:
            found = {"place": room.place, "other": other, "line": str(line((*where[:2], other)))}
            yield Fault((*where, "place"), "room_twice", found)
        for index, probe in enumerate(room.climate):
            yield from _tells((*where, "climate", index), probe, CLIMATE, settings, drivers)
        if room.door is not None:
            yield from _tells((*where, "door"), room.door, DOORS, settings, drivers)
        if room.defrost is not None:
            yield from _tells((*where, "defrost"), room.defrost, DEFROSTS, settings, drivers)
        for key in ("moves", "moves_in", "moves_out"):
            scanner = getattr(room, key)
            if scanner is not None:
                yield from _sees((*where, key), scanner, settings, drivers)


def dispatch(settings: Settings, drivers: Mapping[str, Driver]) -> Iterator[Fault]:
    """Docks whose devices do not tell what they should."""
    for name, dock in settings.records.dispatch.items():
        where = ("records", "dispatch", name)
        yield from _sees((*where, "scanner"), dock.scanner, settings, drivers)
        for index, probe in enumerate(dock.climate):
            yield from _tells((*where, "climate", index), probe, CLIMATE, settings, drivers)


def _tells(
    where: Keys, device: str, wanted: tuple[str, ...], settings: Settings, drivers: Mapping[str, Driver]
) -> Iterator[Fault]:
    if device not in settings.devices:  # it does not hold itself, and that has been told
        return
    has = measured(settings, drivers, device)
    if not set(wanted) & set(has):
        found = {"device": device, "has": shown_names(has), "wanted": shown_names(wanted)}
        yield Fault(where, "tells_none", found)


def _sees(where: Keys, device: str, settings: Settings, drivers: Mapping[str, Driver]) -> Iterator[Fault]:
    if device not in settings.devices:
        return
    has = measured(settings, drivers, device)
    if has:
        yield Fault(where, "sees_no_codes", {"device": device, "has": shown_names(has)})
