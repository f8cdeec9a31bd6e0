"""KKM K6 and its kin: the sensor frame that stands where an Eddystone would.

::

    service data FEAA, high byte first
        0    1 2   3 …
        21   mask  the fields whose bit is set, in this order

        bit 0    battery u16, mV
            1    temperature 8.8 (s16 / 256), °C    -40 to 125
            2    humidity 8.8, %                    0 to 100; see below where its high byte is 80 or more
            3    acceleration x, y, z s16 each, mg  without the bit as the last 6 bytes
            4    alarm u8                           1 the button or cutoff says alarm
            5    presence u8                        1 somebody moves
            6    light u16, lx
            7    air quality (5)                    no point
            9    age u8, 10 s; CO2 u16, ppm
            10   records (3)                        no point

A device with a probe on a wire has no humidity and says so by a high byte of 80 or more, read as s8: there is
no point ``humidity``, and below -2 the temperature is 100 · (-20 - s8) higher, -200 to 850 °C. No other value
means "none". A sealed frame (06, 07) and an Eddystone (00, 10, 20) are not read.

Sources: kkmhogen/android_kbeaconlib2 KBAdvPacketSensor.java; custom-components/ble_monitor kkm.py, whose
rule for below zero contradicts its own test (FFC0 is -0.25).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import GRAVITY, PERCENT, Span, hold_length, within
from drivers.contract import Frame, Instant, Reading, Reason, Reject

SERVICE: Final = 0xFEAA
SENSOR: Final = 0x21

_BATTERY: Final = 1 << 0
_TEMPERATURE: Final = 1 << 1
_HUMIDITY: Final = 1 << 2
_ACCELERATION: Final = 1 << 3

_CELSIUS: Final = Span(-40.0, 125.0)
_PROBE_CELSIUS: Final = Span(-200.0, 850.0)
_VOLT: Final = Span(0.0, 5.0)
_METRE_PER_S2: Final = Span(-16 * GRAVITY, 16 * GRAVITY)
_LUX: Final = Span(0.0, 65_535.0)
_PPM: Final = Span(0.0, 40_000.0)

_SIZES: Final = {
    **{_BATTERY: 2, _TEMPERATURE: 2, _HUMIDITY: 2, _ACCELERATION: 6},
    **{1 << 4: 1, 1 << 5: 1, 1 << 6: 2, 1 << 7: 5, 1 << 9: 3, 1 << 10: 3},
}
"""Bytes of a field, by its bit, in the order in which they stand."""


class Kkm:
    """A beacon with sensors."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._options = options

    def quantities(self) -> Sequence[str]:
        return (
            *("temperature", "humidity", "alarm", "motion", "illuminance", "co2"),
            *("acceleration_x", "acceleration_y", "acceleration_z", "battery_voltage"),
        )

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``length``, ``not_mine``."""
        data = parse(frame.data).service.get(SERVICE, b"")
        if data[:1] != bytes([SENSOR]):
            raise Reject(Reason.NOT_MINE, f"no frame of a sensor: {data.hex(' ')}")
        if len(data) < 3:
            raise Reject(Reason.LENGTH, f"{len(data)} bytes have no mask")
        return list(_readings(_fields(data), at))


def _fields(data: bytes) -> dict[int, bytes]:
    """By bit."""
    mask = int.from_bytes(data[1:3], "big")
    told = [bit for bit in _SIZES if mask & bit]
    length = 3 + sum(_SIZES[bit] for bit in told)
    if not mask & _ACCELERATION and len(data) == length + _SIZES[_ACCELERATION]:
        told.append(_ACCELERATION)
        length = len(data)
    hold_length(data, length)
    fields, place = {}, 3
    for bit in told:
        fields[bit] = data[place : place + _SIZES[bit]]
        place += _SIZES[bit]
    return fields


def _readings(fields: dict[int, bytes], at: Instant) -> Iterator[Reading]:
    humidity = _fixed(fields.get(_HUMIDITY, b"\0\0"))
    wired = humidity < 0
    if value := fields.get(_TEMPERATURE):
        above = 100 * (-20 - (humidity // 1)) if humidity < -2 else 0
        yield within(at, "temperature", _fixed(value) + above, _PROBE_CELSIUS if wired else _CELSIUS)
    if _HUMIDITY in fields and not wired:
        yield within(at, "humidity", humidity, PERCENT)
    if value := fields.get(_ACCELERATION):
        for axis, place in (("x", 0), ("y", 2), ("z", 4)):
            milli_g = int.from_bytes(value[place : place + 2], "big", signed=True)
            yield within(at, f"acceleration_{axis}", round(milli_g * GRAVITY / 1000, 4), _METRE_PER_S2)
    for bit, read in _ALONE.items():
        if value := fields.get(bit):
            yield read(value, at)


def _fixed(value: bytes) -> float:
    return int.from_bytes(value, "big", signed=True) / 256


def _whole(value: bytes) -> int:
    return int.from_bytes(value, "big")


_ALONE: Final[dict[int, Callable[[bytes, Instant], Reading]]] = {
    _BATTERY: lambda value, at: within(at, "battery_voltage", _whole(value) / 1000, _VOLT),
    1 << 4: lambda value, at: Reading(at, "alarm", value[0] > 0),
    1 << 5: lambda value, at: Reading(at, "motion", value[0] > 0),
    1 << 6: lambda value, at: within(at, "illuminance", float(_whole(value)), _LUX),
    1 << 9: lambda value, at: within(at, "co2", float(_whole(value[1:])), _PPM),
}
"""Fields that look at no other."""
