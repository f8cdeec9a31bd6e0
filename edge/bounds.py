"""Numbers that cannot be true, by the bounds of their quantity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from drivers.contract import Observation, Quality, Reading, Reason, Reject
from edge.quantities import QUANTITIES

OUT_OF_RANGE: Final = "out_of_range"


def checked(item: Reading) -> Reading:
    """The same, or a gap where its number cannot be true."""
    value = item.value
    if value is None or isinstance(value, bool):
        return item
    bounds = QUANTITIES[item.quantity]
    if not math.isfinite(value):
        return item._replace(value=None, quality=Quality.MISSING, reason="not_a_number")
    if (bounds.low is not None and value < bounds.low) or (bounds.high is not None and value > bounds.high):
        return item._replace(value=None, quality=Quality.MISSING, reason=OUT_OF_RANGE)
    return item


def believable(observations: Sequence[Observation]) -> None:
    """Of what anybody may have sent, all or nothing is believed.

    Raises Reject(RANGE) for a frame with a temperature that its instrument cannot mean, or with any number
    that cannot be true. What an instrument overshoots, humidity in saturated air, costs the temperature
    nothing.
    """
    for item in observations:
        if not isinstance(item, Reading):
            continue
        if checked(item) is not item:
            raise Reject(Reason.RANGE, f"{item.quantity} {item.value} cannot be")
        if item.quantity == "temperature" and item.reason == OUT_OF_RANGE:
            raise Reject(Reason.RANGE, "its instrument cannot mean this temperature")
