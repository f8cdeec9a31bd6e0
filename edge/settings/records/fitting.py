"""Whether the devices that ``records`` names give what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from drivers.contract import Driver
from edge.settings.devices import DeviceSettings
from edge.settings.findings import Fault
from edge.settings.reader import Keys
from edge.settings.records.arrival import Arrival
from edge.settings.records.slaughter import Slaughter
from edge.settings.wording import shown_names

Measures: TypeAlias = Callable[[str], frozenset[str] | None]
"""What a device measures; nothing: it sees codes; None: its own entry does not hold."""


def measured(devices: Mapping[str, DeviceSettings], drivers: Mapping[str, Driver]) -> Measures:
    """Of the devices whose entries hold."""
    known = {
        name: frozenset(drivers[device.driver].decoder(device.options).quantities())
        for name, device in devices.items()
    }
    return known.get


def lairage(name: str, arrival: Arrival, devices: Mapping[str, DeviceSettings]) -> str:
    """The place of an entry of ``records.arrival``; its own name where none of its devices has one."""
    there = (arrival.scanner or "", *arrival.readers)
    stand = (devices[each].place for each in there if each in devices)
    return arrival.place or next(filter(None, stand), name)


def arrivals(
    entries: Mapping[str, Arrival], devices: Mapping[str, DeviceSettings], measures: Measures
) -> Iterator[Fault]:
    """Readers and scanners that see no codes; two entries of one lairage."""
    first: dict[str, str] = {}
    for name, arrival in entries.items():
        keys = ("records", "arrival", name)
        place = lairage(name, arrival, devices)
        if (other := first.setdefault(place, name)) != name:
            yield Fault((*keys, "place"), "lairage_twice", {"place": place, "other": other})
        for number, reader in enumerate(arrival.readers):
            yield from _sees((*keys, "readers", number), reader, measures)
        if arrival.scanner is not None:
            yield from _sees((*keys, "scanner"), arrival.scanner, measures)


def slaughters(
    entries: Mapping[str, Slaughter], devices: Mapping[str, DeviceSettings], measures: Measures
) -> Iterator[Fault]:
    """Readers that see no codes, probes and scales that do not measure, doors that lead nowhere."""
    first: dict[str, str] = {}
    for name, line in entries.items():
        keys = ("records", "slaughter", name)
        sample = line.number.format(flow=line.flow, date=datetime(2026, 11, 22, tzinfo=UTC), serial=1)
        if (other := first.setdefault(sample, name)) != name:
            yield Fault((*keys, "number"), "number_twice", {"other": other, "sample": sample})
        for number, step in enumerate(line.line):
            at = (*keys, "line", number, "reader")
            yield from _sees(at, step.reader, measures)
            if step.step in {"entered", "left"} and step.reader in devices and not devices[step.reader].place:
                yield Fault(at, "door_nowhere", {"device": step.reader, "step": step.step})
        if line.core is not None:
            yield from _gives((*keys, "core", "probe"), line.core.probe, "temperature", measures)
        if line.weight is not None:
            yield from _gives((*keys, "weight", "scale"), line.weight.scale, "mass", measures)
        for number, room in enumerate(line.rooms):
            for part, probes in (("climate", room.climate), ("reference", room.reference)):
                for place, probe in enumerate(probes):
                    where = (*keys, "rooms", number, part, place)
                    yield from _gives(where, probe, "temperature", measures)


def _sees(keys: Keys, device: str, measures: Measures) -> Iterator[Fault]:
    if known := measures(device):
        yield Fault(keys, "sees_no_codes", {"device": device, "has": shown_names(known)})


def _gives(keys: Keys, device: str, quantity: str, measures: Measures) -> Iterator[Fault]:
    known = measures(device)
    if known is not None and quantity not in known:
        yield Fault(keys, "measures_not", {"device": device, "quantity": quantity})
