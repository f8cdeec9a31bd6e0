"""ThermoPro TP35x and TP39x hygrometers, TP96x and TP97x meat probes.

Told apart by the name, which begins with the model: ``TP357 (2142)``. The manufacturer data hold no company
id, numbers have their low byte first.

TP35x, TP39x, six bytes or more::

    0      1, 2          3       4
    C2     T             H       battery
           s16, 0.1 °C   %       bits 1-0: 0 empty, 1 half, 2 full

T and H all FF: no value. -40 to 85 °C, 0 to 100 %. The battery, in %, is 1, 50 or 100, which is all it says.

TP96x, TP970, seven bytes, or 13 with the address from its last byte to its first::

    0            1, 2                  3, 4       5, 6
    probe - 1    T in the meat         battery    T around
                 u16, °C above -30     mV         u16, °C above -30

TP972, 23 bytes::

    0            1, 2           3, 4       5 … 8     9 … 12      13 … 16    17 … 22
    probe - 1    T around       battery    T, tip    T, middle   T, end     …
                 u16, 0.5556    mV         f32, 0.5556 °C each, above -47.78 °C
                 °C each

The tip is ``temperature``; what is around the meat is ``temperature_ambient``. -30 to 300 °C. No value means
"none", and there is no checksum.

Source: ``thermopro-ble`` of Bluetooth-Devices and its captures, those of ``ble_monitor``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, Field

from drivers.ble.advertisement import Advertisement, parse
from drivers.ble.company import the_one, whole
from drivers.ble.measured import BATTERY, HUMIDITY, Measured
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import Span, hold_address
from drivers.contract import Frame, Instant, Reading, Reason, Reject

HYGROMETERS: Final = ("TP35", "TP39")
MEAT_PROBES: Final = ("TP96", "TP97")

ROOM_MARK: Final = 0xC2
ROOM_SHORTEST: Final = 6
NONE: Final = b"\xff\xff\xff"
BATTERY_PERCENT: Final = {0: 1.0, 1: 50.0, 2: 100.0}

PROBE: Final = struct.Struct("<BHHH")
PROBE_PRO: Final = struct.Struct("<BHHfff")
PROBE_LENGTH: Final = 7
PROBE_WITH_ADDRESS_LENGTH: Final = 13
PROBE_PRO_LENGTH: Final = 23

COLDEST_C: Final = -30.0
"""What a meat probe's 0 means."""

TEMPERATURE: Final = Measured("temperature", Span(-40.0, 85.0))
IN_MEAT: Final = Measured("temperature", Span(COLDEST_C, 300.0))
AROUND: Final = Measured("temperature_ambient", Span(COLDEST_C, 300.0))
VOLTAGE: Final = Measured("battery_voltage", Span(0.0, 6.0))


class Options(ProbeOptions):
    """The keys of a ThermoPro."""

    channel: Annotated[
        int, Field(ge=1, le=8, description="which of its meat probes, 1 to 8 · 探针号，温湿度计为 1")
    ] = 1


class ThermoPro:
    """A hygrometer, or one meat probe of several."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ("address", "channel")

    def __init__(self, options: Options) -> None:
        self._address = options.address_bytes
        self._channel = options.channel

    def quantities(self) -> Sequence[str]:
        return (
            *("temperature", "humidity", "temperature_ambient"),
            *("battery", "battery_low", "battery_voltage"),
        )

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine`` for another probe or address, ``length``, ``replay`` where old values
        are handed out beside the new one."""
        said = parse(frame.data)
        if said.name.startswith(HYGROMETERS):
            self._check_channel(1)
            return _room(the_one(data for data in whole(said) if data[0] == ROOM_MARK), at)
        if said.name.startswith(MEAT_PROBES):
            return self._meat(said, at)
        raise Reject(Reason.NOT_MINE, f"no ThermoPro: {said.name!r}")

    def _meat(self, said: Advertisement, at: Instant) -> Sequence[Reading]:
        data = the_one(data for data in whole(said) if data[0] == self._channel - 1)
        if len(data) == PROBE_PRO_LENGTH:
            _, around, millivolts, tip, _, _ = PROBE_PRO.unpack_from(data)
            return _probe(_from_fahrenheit(tip), _from_fahrenheit(around), millivolts, at)
        if len(data) not in (PROBE_LENGTH, PROBE_WITH_ADDRESS_LENGTH):
            raise Reject(Reason.LENGTH, f"{len(data)} bytes, a probe says 7, 13 or 23")
        if len(data) == PROBE_WITH_ADDRESS_LENGTH:
            hold_address(data[: PROBE_LENGTH - 1 : -1], self._address)
        _, tip, millivolts, around = PROBE.unpack_from(data)
        return _probe(tip + COLDEST_C, around + COLDEST_C, millivolts, at)

    def _check_channel(self, channel: int) -> None:
        if channel != self._channel:
            raise Reject(Reason.NOT_MINE, f"it has one channel, and not {self._channel}")


def _room(data: bytes, at: Instant) -> Sequence[Reading]:
    if len(data) < ROOM_SHORTEST:
        raise Reject(Reason.LENGTH, f"{len(data)} bytes, a hygrometer says {ROOM_SHORTEST} and more")
    none, level = data[1:4] == NONE, data[4] & 0b11
    readings = [
        TEMPERATURE.reading(at, None if none else int.from_bytes(data[1:3], "little", signed=True) / 10),
        HUMIDITY.reading(at, None if none else data[3]),
    ]
    if level in BATTERY_PERCENT:
        readings.append(BATTERY.reading(at, BATTERY_PERCENT[level]))
        readings.append(Reading(at, "battery_low", level == 0))
    return readings


def _probe(tip_c: float, around_c: float, millivolts: int, at: Instant) -> Sequence[Reading]:
    return (
        IN_MEAT.reading(at, tip_c),
        AROUND.reading(at, around_c),
        VOLTAGE.reading(at, millivolts / 1000),
    )


def _from_fahrenheit(raw: float) -> float:
    """It counts in degrees Fahrenheit from the same -30 °C."""
    return round((raw - 32) * 5 / 9 + COLDEST_C, 1)
