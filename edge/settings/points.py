"""What alarms and records may refer to: points that a device really has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from drivers.contract import Driver
from edge.quantities import QUANTITIES, STATE
from edge.settings.alarms import Alarm
from edge.settings.devices import DeviceSettings
from edge.settings.findings import Fault
from edge.settings.reader import Keys
from edge.settings.wording import unknown


def alarms(
    alarms: Mapping[str, Alarm],
    devices: Mapping[str, DeviceSettings],
    named: Sequence[str],
    drivers: Mapping[str, Driver],
) -> Iterator[Fault]:
    """Limits on points that there are not, or that cannot pass them. named: the devices, sound or not."""
    for name, alarm in alarms.items():
        where = ("alarms", name)
        for index, point in enumerate(alarm.points):
            yield from _missing((*where, "points", index), point, devices, named, drivers)
            if (QUANTITIES.get(point.partition(".")[2]) is STATE) != isinstance(alarm.equals, bool):
                yield from _ill_matched((*where, "points", index), point, alarm)
        if alarm.unless is not None:
            yield from _missing((*where, "unless"), alarm.unless, devices, named, drivers)
            if QUANTITIES.get(alarm.unless.partition(".")[2], STATE) is not STATE:
                yield Fault((*where, "unless"), "point_no_state", {"point": alarm.unless})


def _missing(
    where: Keys,
    point: str,
    devices: Mapping[str, DeviceSettings],
    named: Sequence[str],
    drivers: Mapping[str, Driver],
) -> Iterator[Fault]:
    name, _, quantity = point.partition(".")
    if name not in named:
        yield Fault(where, *unknown("unknown_device", name, named))
    elif name in devices:
        device = devices[name]
        measured = drivers[device.driver].decoder(device.options).quantities()
        if quantity not in measured:
            yield Fault(where, *unknown("unknown_quantity", quantity, measured))


def _ill_matched(where: Keys, point: str, alarm: Alarm) -> Iterator[Fault]:
    """A state held against a number, or a number against a state."""
    quantity = QUANTITIES.get(point.partition(".")[2])
    if quantity is STATE:
        yield Fault(where, "point_is_state", {"point": point})
    elif quantity is not None and isinstance(alarm.equals, bool):
        yield Fault(where, "point_no_state", {"point": point})
