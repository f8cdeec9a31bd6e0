"""What must hold between the entries of a file: wires, drivers, addresses, places."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from drivers.ble.beacon import BeaconOptions
from drivers.contract import Driver, PortKind
from edge.quantities import QUANTITIES, STATE
from edge.settings.devices import DeviceSettings, Place, Port
from edge.settings.findings import Fault
from edge.settings.reader import Keys
from edge.settings.uplinks import Uplink
from edge.settings.wording import shown, shown_names, unknown

Line: TypeAlias = Callable[[Keys], int]
"""In which line of the file an entry stands."""

_POSITION = {"lat", "lon"}
"""What a device measures that gives fixes."""

_Claims: TypeAlias = tuple[tuple[str, object], ...]


class _Shared(NamedTuple):
    """A port, and which device has taken what of it."""

    kind: PortKind
    taken: dict[_Claims, str]


def same_wires(ports: Mapping[str, Port], line: Line) -> Iterator[Fault]:
    """Two ports that would open the same wire."""
    first: dict[str, str] = {}
    for name, port in ports.items():
        other = first.setdefault(port.wire, name)
        if other != name:
            found = {"port": name, "other": other, "line": line(("ports", other)), "wire": port.wire}
            yield Fault(("ports", name, port.kind), "wire_twice", found)


def same_brokers(uplinks: Mapping[str, Uplink], line: Line) -> Iterator[Fault]:
    """Two uplinks that would deliver everything twice under the same topics."""
    first: dict[object, str] = {}
    for name, uplink in uplinks.items():
        if uplink.mqtt is None:
            continue
        other = first.setdefault(
            (uplink.mqtt.host, uplink.mqtt.port, uplink.mqtt.username, uplink.mqtt.root), name
        )
        if other != name:
            found = {"uplink": name, "other": other, "line": line(("uplinks", other))}
            yield Fault(("uplinks", name, "mqtt", "url"), "broker_twice", found)


def circles(places: Mapping[str, Place]) -> Iterator[Fault]:
    """Places that lie within each other; each circle is told once, at its first place."""
    done: set[str] = set()
    for start in places:
        way = [start]
        while (place := places.get(way[-1])) and place.within and place.within not in done:
            if place.within in way:
                circle = [*way[way.index(place.within) :], place.within]
                yield Fault(("places", circle[0], "within"), "within_loop", {"places": " → ".join(circle)})
                break
            way.append(place.within)
        done.update(way)


def sharing(
    devices: Mapping[str, DeviceSettings],
    ports: Mapping[str, Port],
    drivers: Mapping[str, Driver],
    line: Line,
) -> Iterator[Fault]:
    """Devices that cannot hang on their port, or not beside those already there."""
    shared = {name: _Shared(port.kind, {}) for name, port in ports.items()}
    for name, device in devices.items():
        if device.port not in ports:
            continue
        fault = _misfit(name, device, ports[device.port], drivers[device.driver])
        fault = fault or _no_room(name, devices, shared[device.port], drivers, line)
        if fault:
            yield fault
        else:
            shared[device.port].taken[_claims(device, drivers[device.driver])] = name


def quantities(devices: Mapping[str, DeviceSettings], drivers: Mapping[str, Driver]) -> Iterator[Fault]:
    """Quantities without a unit in the published table, and adjustments of what a device does not measure."""
    for name, device in devices.items():
        measured = drivers[device.driver].decoder(device.options).quantities()
        if isinstance(device.options, BeaconOptions):
            yield from _described(name, device.options)
        else:
            for quantity in measured:
                if quantity not in QUANTITIES:
                    yield Fault(("devices", name), *unknown("unknown_unit", quantity, QUANTITIES))
        for quantity in device.adjust:
            if quantity not in measured:
                where = ("devices", name, "adjust", quantity)
                yield Fault(where, *unknown("unknown_quantity", quantity, measured), at_key=True)


def _described(name: str, options: BeaconOptions) -> Iterator[Fault]:
    """Points of the file itself that have no unit, states that are no bool, and numbers that are one."""
    for quantity, point in options.points.items():
        where = ("devices", name, "points", quantity)
        if quantity not in QUANTITIES:
            yield Fault(where, *unknown("unknown_point", quantity, QUANTITIES), at_key=True)
        elif (QUANTITIES[quantity] == STATE) != (point.type == "bool"):
            key = "number_bool" if point.type == "bool" else "state_number"
            yield Fault((*where, "type"), key, {"name": quantity})


def thinning(devices: Mapping[str, DeviceSettings], drivers: Mapping[str, Driver]) -> Iterator[Fault]:
    """Keys of ``thin`` that look at what the device does not give."""
    for name, device in devices.items():
        if device.thin is None:
            continue
        measured = set(drivers[device.driver].decoder(device.options).quantities())
        where = ("devices", name, "thin")
        if not measured:
            yield Fault(where, "thin_sightings", {"device": name}, at_key=True)
        if measured and not measured - _POSITION and device.thin.change is not None:
            yield Fault((*where, "change"), "thin_readings", {"device": name}, at_key=True)
        for key, value in (("distance", device.thin.distance_m), ("turn", device.thin.turn_deg)):
            if measured and not measured & _POSITION and value is not None:
                yield Fault((*where, key), "thin_fixes", {"device": name, "name": key}, at_key=True)


def _misfit(name: str, device: DeviceSettings, port: Port, driver: Driver) -> Fault | None:
    if port.kind in driver.sources:
        if port.framing is not None and not hasattr(driver.decoder, "requests"):
            return Fault(("ports", device.port, "framing"), "framing_unused", {"driver": device.driver})
        return _misplaced(name, device, port.kind, driver)
    found = {"driver": device.driver, "port": device.port, "kind": port.kind}
    return Fault(
        ("devices", name, "port"), "port_kind", {**found, "kinds": shown_names(sorted(driver.sources))}
    )


def _misplaced(name: str, device: DeviceSettings, kind: PortKind, driver: Driver) -> Fault | None:
    """An option that ports of this kind do not know."""
    belongs: Mapping[str, Collection[PortKind]] = getattr(driver.decoder, "belongs", {})
    fitting = shown_names(option for option, kinds in belongs.items() if kind in kinds)
    for option, kinds in belongs.items():
        if option in device.options.model_fields_set and kind not in kinds:
            found = {"name": option, "port": device.port, "kind": kind, "kinds": shown_names(kinds)}
            return Fault(("devices", name, option), "option_kind", {**found, "known": fitting}, at_key=True)
    return None


def _no_room(
    name: str,
    devices: Mapping[str, DeviceSettings],
    port: _Shared,
    drivers: Mapping[str, Driver],
    line: Line,
) -> Fault | None:
    """Why a device cannot hang beside those that have taken their part of its port."""
    taken = port.taken
    if not taken:
        return None
    device = devices[name]
    driver = drivers[device.driver]
    claims = _claims(device, driver)
    other = taken.get(claims, next(iter(taken.values())))
    theirs = devices[other].driver
    found = {"device": name, "port": device.port, "other": other, "line": line(("devices", other))}
    mixed = Fault(("devices", name, "driver"), "port_mixed", {**found, "driver": theirs})
    source = driver.sources[port.kind]
    if drivers[theirs].sources[port.kind] is not source:
        return mixed
    if not claims or () in taken:
        return Fault(("devices", name, "port"), "port_alone", found)
    if theirs != device.driver and not source.mixes:
        return mixed
    if claims not in taken:
        return None
    address = {
        "claims": shown_names(claim for claim, _ in claims),
        "values": shown_names(shown(value) for _, value in claims),
    }
    return Fault(("devices", name, claims[0][0]), "address_twice", {**found, **address})


def _claims(device: DeviceSettings, driver: Driver) -> _Claims:
    """What the device holds of its port, without what it leaves open; none: it needs all of it."""
    claims = ((claim, getattr(device.options, claim)) for claim in driver.decoder.claims)
    return tuple((claim, value) for claim, value in claims if value is not None)
