"""What a family measures: a quantity, and the span within which its instruments can mean it."""

from __future__ import annotations

from typing import Final, NamedTuple

from drivers.ble.readings import PERCENT, Span, missing, within
from drivers.contract import Instant, Reading


class Measured(NamedTuple):
    quantity: str
    span: Span

    def reading(self, at: Instant, value: float | None) -> Reading:
        """A gap where the instrument cannot mean this; None: where it says itself that it has no value."""
        return missing(at, self.quantity) if value is None else within(at, self.quantity, value, self.span)


HUMIDITY: Final = Measured("humidity", PERCENT)
BATTERY: Final = Measured("battery", PERCENT)
CO2: Final = Measured("co2", Span(0.0, 40_000.0))
