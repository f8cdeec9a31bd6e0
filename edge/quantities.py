"""The published table: every quantity, its one unit (UCUM) and the bounds beyond which no value can be true.

The bounds are those of the physical world around meat, not of an instrument (that is its profile's business):
they catch what a damaged frame or a wrong adjustment makes of a number.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Quantity(NamedTuple):
    """unit: UCUM code; "" for a state. low, high: inclusive, None where there is no bound."""

    unit: str
    low: float | None = None
    high: float | None = None


STATE: Final = Quantity("")

QUANTITIES: Final[dict[str, Quantity]] = {
    "temperature": Quantity("Cel", -100.0, 200.0),
    "temperature_defrost": Quantity("Cel", -100.0, 200.0),
    "temperature_ambient": Quantity("Cel", -100.0, 400.0),  # what surrounds a core probe, in an oven too
    "dew_point": Quantity("Cel", -100.0, 100.0),
    "setpoint": Quantity("Cel", -100.0, 100.0),
    "humidity": Quantity("%", 0.0, 105.0),  # capacitive sensors overshoot in saturated air
    "pressure": Quantity("hPa", 300.0, 1200.0),
    "illuminance": Quantity("lx", 0.0, 200_000.0),
    "co2": Quantity("[ppm]", 0.0, 100_000.0),
    "acceleration_x": Quantity("m/s2", -400.0, 400.0),
    "acceleration_y": Quantity("m/s2", -400.0, 400.0),
    "acceleration_z": Quantity("m/s2", -400.0, 400.0),
    "pitch": Quantity("deg", -180.0, 180.0),
    "roll": Quantity("deg", -180.0, 180.0),
    "movements": Quantity("1", 0, 2**32),  # a counter that begins anew
    "button": Quantity("1", 0, 255),  # which press: 1 once, 2 twice, 3 three times, 4 long
    "battery": Quantity("%", 0.0, 100.0),
    "battery_voltage": Quantity("V", 0.0, 60.0),
    "battery_low": STATE,
    "motion": STATE,
    "ignition": STATE,
    "mains": STATE,
    "defrost": STATE,
    "alarm": STATE,
    "door": STATE,
    "open": STATE,
    "mass": Quantity("kg", -100_000.0, 100_000.0),  # net: below zero once what was tared is lifted off
    "tare": Quantity("kg", 0.0, 100_000.0),
    "lat": Quantity("deg", -90.0, 90.0),
    "lon": Quantity("deg", -180.0, 180.0),
    "speed": Quantity("m/s", 0.0, 150.0),
    "course": Quantity("deg", 0.0, 360.0),
    "altitude": Quantity("m", -500.0, 10_000.0),
    "satellites": Quantity("1", 0, 200),
    "hdop": Quantity("1", 0.0, 100.0),
}
