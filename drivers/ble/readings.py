"""What one field of an advertisement becomes: a reading, or a gap with its reason."""

from __future__ import annotations

from typing import Final, NamedTuple

from drivers.contract import Instant, Quality, Reading, Reason, Reject

SENSOR_FAULT: Final = "sensor_fault"
OUT_OF_RANGE: Final = "out_of_range"

GRAVITY: Final = 9.80665
"""m/s² in one g (ISO 80000-3)."""


class Span(NamedTuple):
    """What an instrument can mean, bounds included, in the quantity's unit."""

    low: float
    high: float


PERCENT: Final = Span(0.0, 100.0)


def within(at: Instant, quantity: str, value: float, span: Span) -> Reading:
    """A gap, ``out_of_range``, where the instrument cannot mean this."""
    if span.low <= value <= span.high:
        return Reading(at, quantity, value)
    return missing(at, quantity, OUT_OF_RANGE)


def missing(at: Instant, quantity: str, reason: str = SENSOR_FAULT) -> Reading:
    """A gap."""
    return Reading(at, quantity, None, Quality.MISSING, reason)


def hold_length(data: bytes, length: int) -> None:
    """Raises Reject(LENGTH) unless the data has this many bytes."""
    if len(data) != length:
        raise Reject(Reason.LENGTH, f"{len(data)} bytes, not {length}: {data.hex(' ')}")


def hold_address(told: bytes, address: bytes) -> None:
    """Raises Reject(NOT_MINE) where the address that a payload tells is another device's."""
    if told != address:
        raise Reject(Reason.NOT_MINE, f"it tells the address {told.hex(':').upper()}")
