"""Teltonika EYE Sensor and EYE Beacon, and the Blue Puck and Blue Coin that ELA makes for Teltonika.

::

    EYE: manufacturer data, company 089A, high byte first
        0    1      2 …
        01   flags  the fields whose flag is set, in this order

        flag 01  temperature s16, 0.01 °C     -40 to 85
             02  humidity u8, %               0 to 100
             04  there is a magnet sensor; its state is flag 08: 1 the magnet is there
             10  movements u16                bit 15: 1 it moves; bits 0 to 14 count
             20  pitch s8, roll s16, degrees  -90 to 90, -180 to 180
             40  the battery is low
             80  battery u8                   2 V + 0.01 V each

A Blue Puck or Blue Coin speaks as ``ela.py`` draws it.

``open`` is true while the magnet is away. No value means "none": a sensor that is off leaves its flag 0.

Sources: wiki.teltonika-gps.com, EYE SENSOR / BTSMP1, protocol overview; custom-components/ble_monitor
teltonika.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from drivers.ble import ela
from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import PERCENT, Span, hold_length, within
from drivers.contract import Frame, Instant, Reading, Reason, Reject

COMPANY: Final = 0x089A
VERSION: Final = 0x01

_MAGNET_SENSOR: Final = 0x04
_MAGNET: Final = 0x08
_BATTERY_LOW: Final = 0x40
_MOVING: Final = 0x8000

_CELSIUS: Final = Span(-40.0, 85.0)
_PITCH: Final = Span(-90.0, 90.0)
_ROLL: Final = Span(-180.0, 180.0)

_EYE: Final = (
    *("temperature", "humidity", "open", "motion", "movements"),
    *("pitch", "roll", "battery_low", "battery_voltage"),
)


class Teltonika:
    """An EYE or a Blue Puck."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._options = options

    def quantities(self) -> Sequence[str]:
        return tuple(dict.fromkeys((*_EYE, *ela.QUANTITIES)))

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``length``, ``range`` for a version that is not known, and as ``ela.tag`` does."""
        said = parse(frame.data)
        data = said.manufacturer.get(COMPANY)
        return ela.tag(said, at) if data is None else _eye(data, at)


def _eye(data: bytes, at: Instant) -> list[Reading]:
    if len(data) < 2:
        raise Reject(Reason.LENGTH, f"{len(data)} bytes have no flags")
    version, flags = data[:2]
    if version != VERSION:
        raise Reject(Reason.RANGE, f"version {version} of its protocol is not known")
    fields = [(size, read) for flag, size, read in _FIELDS if flags & flag]
    hold_length(data, 2 + sum(size for size, _ in fields))
    said = [Reading(at, "battery_low", bool(flags & _BATTERY_LOW))]
    if flags & _MAGNET_SENSOR:
        said.append(Reading(at, "open", not flags & _MAGNET))
    place = 2
    for size, read in fields:
        said += read(data[place : place + size], at)
        place += size
    return said


def _temperature(value: bytes, at: Instant) -> list[Reading]:
    return [within(at, "temperature", int.from_bytes(value, "big", signed=True) / 100, _CELSIUS)]


def _humidity(value: bytes, at: Instant) -> list[Reading]:
    return [within(at, "humidity", float(value[0]), PERCENT)]


def _movement(value: bytes, at: Instant) -> list[Reading]:
    told = int.from_bytes(value, "big")
    return [Reading(at, "motion", bool(told & _MOVING)), Reading(at, "movements", told & ~_MOVING)]


def _angle(value: bytes, at: Instant) -> list[Reading]:
    pitch = int.from_bytes(value[:1], "big", signed=True)
    roll = int.from_bytes(value[1:], "big", signed=True)
    return [within(at, "pitch", pitch, _PITCH), within(at, "roll", roll, _ROLL)]


def _battery_voltage(value: bytes, at: Instant) -> list[Reading]:
    return [Reading(at, "battery_voltage", (200 + value[0]) / 100)]


_FIELDS: Final[tuple[tuple[int, int, Callable[[bytes, Instant], list[Reading]]], ...]] = (
    (0x01, 2, _temperature),
    (0x02, 1, _humidity),
    (0x10, 2, _movement),
    (0x20, 3, _angle),
    (0x80, 1, _battery_voltage),
)
"""Flag, bytes, meaning; in the order in which they stand."""
