"""What must hold between the entries of a file: wires, drivers, addresses, places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from drivers.contract import Driver
from edge.quantities import QUANTITIES
from edge.settings.devices import DeviceSettings, Place, Port
from edge.settings.findings import Fault
from edge.settings.reader import Keys
from edge.settings.uplinks import Uplink
from edge.settings.wording import shown, shown_names, unknown

Line: TypeAlias = Callable[[Keys], int]
"""In which line of the file an entry stands."""

_Claims: TypeAlias = tuple[tuple[str, object], ...]


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
    on_port: dict[str, list[str]] = {}
    for name, device in devices.items():
        if device.port not in ports:
            continue
        misfit = _misfit(name, device, ports[device.port], drivers[device.driver])
        if misfit is not None:
            yield misfit
            continue
        others = on_port.setdefault(device.port, [])
        yield from _beside(name, {other: devices[other] for other in others}, device, drivers, line)
        others.append(name)


def quantities(devices: Mapping[str, DeviceSettings], drivers: Mapping[str, Driver]) -> Iterator[Fault]:
    """Quantities without a unit in the published table, and adjustments of what a device does not measure."""
    for name, device in devices.items():
        measured = drivers[device.driver].decoder(device.options).quantities()
        for quantity in measured:
            if quantity not in QUANTITIES:
                yield Fault(("devices", name), *unknown("unknown_unit", quantity, QUANTITIES))
        for quantity in device.adjust:
            if quantity not in measured:
                where = ("devices", name, "adjust", quantity)
                yield Fault(where, *unknown("unknown_quantity", quantity, measured), at_key=True)


def _misfit(name: str, device: DeviceSettings, port: Port, driver: Driver) -> Fault | None:
    if port.kind in driver.ports:
        return None
    found = {"driver": device.driver, "port": device.port, "kind": port.kind}
    return Fault(
        ("devices", name, "port"), "port_kind", {**found, "kinds": shown_names(sorted(driver.ports))}
    )


def _beside(
    name: str,
    others: Mapping[str, DeviceSettings],
    device: DeviceSettings,
    drivers: Mapping[str, Driver],
    line: Line,
) -> Iterator[Fault]:
    """The first of ``others`` on the same port that leaves no room for this device."""
    driver = drivers[device.driver]
    for other, theirs in others.items():
        found = {"device": name, "port": device.port, "other": other, "line": line(("devices", other))}
        neighbour = drivers[theirs.driver]
        if neighbour.source is not driver.source:
            yield Fault(("devices", name, "driver"), "port_mixed", {**found, "driver": theirs.driver})
            return
        if not (driver.decoder.claims and neighbour.decoder.claims):
            yield Fault(("devices", name, "port"), "port_alone", found)
            return
        claims = _claims(device, driver)
        if claims == _claims(theirs, neighbour):
            address = {
                "claims": shown_names(claim for claim, _ in claims),
                "values": shown_names(shown(value) for _, value in claims),
            }
            yield Fault(("devices", name, claims[0][0]), "address_twice", {**found, **address})
            return


def _claims(device: DeviceSettings, driver: Driver) -> _Claims:
    """What the device holds of its port; what it leaves open is no part of its address."""
    claims = ((claim, getattr(device.options, claim)) for claim in driver.decoder.claims)
    return tuple((claim, value) for claim, value in claims if value is not None)
