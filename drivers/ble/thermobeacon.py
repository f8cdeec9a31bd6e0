"""ThermoBeacon (Brifit, Oria): smart, lanyard and mini hygrometers.

::

    manufacturer data, company 0010, 0011, 0015, 0018 or 001B: its model, low byte first
        0  1            2 … 7               8 9      10 11        12 13     14 … 17
        0  80: pressed  address, last       battery  temperature  humidity  uptime
                        byte first          u16, mV  s16, 1/16    u16,      u32, s
                                                     °C           1/16 %

    battery         0 to 4000 mV
    temperature     -40 to 85 °C, what its sensor can tell
    humidity        0 to 100 %

Every other advertisement is two bytes longer and tells the extremes since a reset: refused, for it measures
nothing. No value means "none". Uptime numbers no measurement: a reset sets it back, and it goes on where the
sensor does not.

Source: custom-components/ble_monitor thermobeacon.py; iskalchev/ThermoBeacon-pyhap tb_protocol.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import ClassVar, Final

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import PERCENT, Span, hold_address, hold_length, within
from drivers.contract import Frame, Instant, Reading, Reason, Reject

MODELS: Final = (0x0010, 0x0011, 0x0015, 0x0018, 0x001B)

EXTREMES: Final = 20
"""Bytes of the frame that tells extremes."""

_VALUES: Final = Struct("<HhH")
_PER_UNIT: Final = 16
_PRESSED: Final = 0x80
_PRESS: Final = 1.0

_CELSIUS: Final = Span(-40.0, 85.0)
_VOLTS: Final = Span(0.0, 4.0)


class ThermoBeacon:
    """A hygrometer."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._address = options.address_bytes

    def quantities(self) -> Sequence[str]:
        return "temperature", "humidity", "battery_voltage", "button"

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``length``, ``not_mine``."""
        said = parse(frame.data).manufacturer
        data = next((said[model] for model in MODELS if model in said), None)
        if data is None or len(data) == EXTREMES:
            raise Reject(Reason.NOT_MINE, "no frame of a ThermoBeacon that measures")
        hold_length(data, 18)
        hold_address(data[7:1:-1], self._address)
        millivolts, temperature, humidity = _VALUES.unpack_from(data, 8)
        readings = [
            within(at, "temperature", temperature / _PER_UNIT, _CELSIUS),
            within(at, "humidity", humidity / _PER_UNIT, PERCENT),
            within(at, "battery_voltage", millivolts / 1000, _VOLTS),
        ]
        return [*readings, Reading(at, "button", _PRESS)] if data[1] & _PRESSED else readings
