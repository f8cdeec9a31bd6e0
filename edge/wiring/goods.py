"""What the settings say of rooms and docks, as their recorders want it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from drivers.contract import NANOSECONDS, Driver
from edge.recorders.dispatch import Dispatch, Dock
from edge.recorders.limits import Point
from edge.recorders.room import Direction, Room
from edge.recorders.storage import Storage
from edge.settings import Settings
from edge.settings import records as schema
from edge.settings.goods import CLIMATE, DEFROSTS, DOORS, measured
from edge.wiring.issuer import issuer

PATIENCE_POLLS: Final = 3
"""A value holds until its probe has missed this many readings ..."""

PATIENCE_LEAST_S: Final = 90.0
"""... and for at least this long ..."""

PATIENCE_UNKNOWN_S: Final = 300.0
"""... or for this long where the probe talks when it likes."""


def storages(settings: Settings, drivers: Mapping[str, Driver]) -> list[Storage]:
    """The section ``records.storage``."""
    rooms = tuple(room.place for room in settings.records.storage.values())
    return [
        Storage(_room(name, room, settings, drivers)._replace(rooms=rooms), issuer(settings))
        for name, room in settings.records.storage.items()
    ]


def _room(name: str, room: schema.Storage, settings: Settings, drivers: Mapping[str, Driver]) -> Room:
    place = settings.places[room.place]
    probes = _probes(room.climate, settings, drivers)
    moves: dict[str, Direction | None] = {}
    if room.moves is not None:
        moves[room.moves] = None
    if room.moves_in is not None:
        moves[room.moves_in] = "in"
    if room.moves_out is not None:
        moves[room.moves_out] = "out"
    return Room(
        name=name,
        place=room.place,
        title=place.name or room.place,
        facility=place.facility,
        every=int(room.every_s * NANOSECONDS),
        series=int(room.series_s * NANOSECONDS),
        probes=probes,
        patience={
            quantity: max(_patience(device, settings, drivers) for device in devices)
            for quantity, devices in probes.items()
        },
        limit=room.limit if room.limit is not None else place.setpoint,
        door=_point(room.door, DOORS, settings, drivers),
        defrost=_point(room.defrost, DEFROSTS, settings, drivers),
        moves=moves,
        carcass=_pattern(room.carcass),
        worker=room.worker,
    )


def dispatch(settings: Settings, drivers: Mapping[str, Driver]) -> Dispatch:
    """The section ``records.dispatch``; without it what is entered is recorded."""
    docks = [
        Dock(
            name=name,
            place=dock.place,
            title=settings.places[dock.place].name or dock.place,
            scanner=dock.scanner,
            probes=_probes(dock.climate, settings, drivers),
            carcass=_pattern(dock.carcass),
        )
        for name, dock in settings.records.dispatch.items()
    ]
    receivers = {place.gln: place.name or name for name, place in settings.places.items() if place.gln}
    return Dispatch(docks, receivers, issuer(settings))


def _probes(
    devices: Iterable[str], settings: Settings, drivers: Mapping[str, Driver]
) -> dict[str, tuple[str, ...]]:
    """By quantity, those that measure it."""
    having = {device: measured(settings, drivers, device) for device in devices}
    found = {quantity: tuple(d for d, has in having.items() if quantity in has) for quantity in CLIMATE}
    return {quantity: devices for quantity, devices in found.items() if devices}


def _patience(device: str, settings: Settings, drivers: Mapping[str, Driver]) -> int:
    entry = settings.devices[device]
    every_s = entry.every_s or drivers[entry.driver].every_s
    held_s = PATIENCE_UNKNOWN_S if every_s is None else max(PATIENCE_POLLS * every_s, PATIENCE_LEAST_S)
    return int(held_s * NANOSECONDS)


def _point(
    device: str | None, wanted: tuple[str, ...], settings: Settings, drivers: Mapping[str, Driver]
) -> Point | None:
    """The device's first quantity of those wanted."""
    if device is None:
        return None
    has = measured(settings, drivers, device)
    return device, next(quantity for quantity in wanted if quantity in has)


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text) if text is not None else None
