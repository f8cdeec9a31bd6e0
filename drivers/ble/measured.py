"""What a field of an advertisement comes to: a reading, or a gap with its reason."""

from __future__ import annotations

from typing import NamedTuple

from drivers.contract import Instant, Quality, Reading


class Measured(NamedTuple):
    """A quantity, and the range within which the instrument can mean it."""

    quantity: str
    low: float
    high: float

    def reading(self, at: Instant, value: float | None) -> Reading:
        """None: the device says that it has no value."""
        if value is None:
            return missing(at, self.quantity, "sensor_fault")
        if not self.low <= value <= self.high:
            return missing(at, self.quantity, "out_of_range")
        return Reading(at, self.quantity, value)


def missing(at: Instant, quantity: str, reason: str) -> Reading:
    return Reading(at, quantity, None, Quality.MISSING, reason)


HUMIDITY = Measured("humidity", 0.0, 100.0)
BATTERY = Measured("battery", 0.0, 100.0)
CO2 = Measured("co2", 0.0, 40_000.0)
