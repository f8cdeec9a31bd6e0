"""What the formats of indicators have in common: kilograms, and what a weight comes to as readings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from drivers.contract import Instant, Quality, Reading, Reason, Reject

MASS: Final = "mass"
TARE: Final = "tare"

KILOGRAMS: Final = {
    "g": Decimal("0.001"),
    "kg": Decimal(1),
    "t": Decimal(1000),
    "lb": Decimal("0.45359237"),
}
"""In one unit; the pound is the international one of 1959, exactly."""


def kilograms(shown: Decimal, unit: str) -> float:
    """What an indicator shows, in kg, to the decimal place that its last digit reaches.

    0.5 lb is 0.23 kg, 0.001 t is 1 kg: neither digits that nobody weighed, nor one less than was shown.
    Raises Reject: ``range`` for a unit that is none of g, kg, t, lb.
    """
    factor = KILOGRAMS.get(unit.strip().lower())
    if factor is None:
        raise Reject(
            Reason.RANGE, f"{unit!r} is none of {', '.join(KILOGRAMS)}; set the scale to one of these"
        )
    place = int(shown.as_tuple().exponent) + factor.adjusted()
    return float((shown * factor).quantize(Decimal(1).scaleb(place))) + 0.0  # no -0.0


def weighed(at: Instant, mass_kg: float, tare_kg: float | None = None) -> Sequence[Reading]:
    """A stable weight; with the tare where the indicator says it."""
    mass = Reading(at, MASS, mass_kg)
    return (mass,) if tare_kg is None else (mass, Reading(at, TARE, tare_kg))


def no_weight(at: Instant, reason: str) -> Sequence[Reading]:
    """The indicator itself says that it has none. A gap, told once however often it is repeated."""
    return (Reading(at, MASS, None, Quality.MISSING, reason),)
