"""Health Thermometer (0x1809): a connected probe's temperature, such as a core thermometer's.

::

    2A1C   flags | temperature, 4 bytes | time, 7 bytes, if flag 1 | where it was measured, 1 byte, if flag 2
           flags: 01 Fahrenheit, 02 with time, 04 with place
           temperature: mantissa, s24 | exponent, s8: mantissa x 10^exponent, in Cel or F

    mantissa  7FFFFF  not a number       800000  not at this resolution    800001  reserved
              7FFFFE  above the range    800002  below the range

Little-endian. The time is the probe's own, which nobody sets: the reading's is when it was heard. Sources:
Bluetooth SIG, GATT Specification Supplement (Temperature Measurement); IEEE 11073-20601, FLOAT-Type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.contract import Frame, Instant, Observation, Quality, Reading, Reason, Reject

MEASUREMENT: Final = 0x2A1C

_FAHRENHEIT: Final = 0x01
_WITH_TIME: Final = 0x02
_WITH_PLACE: Final = 0x04

_NONE: Final = {
    0x7FFFFF: "sensor_fault",
    0x800000: "sensor_fault",
    0x800001: "sensor_fault",
    0x7FFFFE: "out_of_range",
    0x800002: "out_of_range",
}
"""By the mantissa's bits: why there is no value."""

_LARGEST_EXPONENT: Final = 2
_SMALLEST_EXPONENT: Final = -6
"""Beyond, no mantissa but 0 is a temperature."""

_DIGITS: Final = 4
"""Decimals that are kept of degrees Fahrenheit turned into Celsius."""


class HealthThermometer:
    """Options: ``address``."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)
    characteristics: ClassVar[tuple[int, ...]] = (MEASUREMENT,)

    def __init__(self, options: ProbeOptions) -> None:
        pass

    def quantities(self) -> Sequence[str]:
        return ("temperature",)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        """Raises Reject: NOT_MINE without a measurement, LENGTH, RANGE."""
        data = parse(frame.data).service.get(MEASUREMENT)
        if data is None:
            raise Reject(Reason.NOT_MINE, "no characteristic 2A1C")
        flags = data[0] if data else 0
        due = 5 + (7 if flags & _WITH_TIME else 0) + (1 if flags & _WITH_PLACE else 0)
        if len(data) != due:
            raise Reject(Reason.LENGTH, f"{len(data)} bytes where {due} are due")
        bits = int.from_bytes(data[1:4], "little")
        if bits in _NONE:
            return [Reading(at, "temperature", None, Quality.MISSING, _NONE[bits])]
        exponent = int.from_bytes(data[4:5], "little", signed=True)
        return [Reading(at, "temperature", _celsius(_signed(bits), exponent, bool(flags & _FAHRENHEIT)))]


def _signed(bits: int) -> int:
    return bits - (1 << 24) if bits >> 23 else bits


def _celsius(mantissa: int, exponent: int, fahrenheit: bool) -> float:
    if not _SMALLEST_EXPONENT <= exponent <= _LARGEST_EXPONENT:
        raise Reject(Reason.RANGE, f"{mantissa} x 10^{exponent}")
    value = mantissa / 10**-exponent if exponent < 0 else float(mantissa * 10**exponent)
    return round((value - 32) / 1.8, _DIGITS) if fahrenheit else value
