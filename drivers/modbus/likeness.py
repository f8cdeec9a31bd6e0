"""How far a unit is like a profile, by its answers to what the profile asks. Pure.

A profile is a candidate where every register it names has answered, no value is beyond its range, and at
least one is a value. The more inputs say something that it knows, values and error values, the better; two
instruments with the same registers stay two candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from drivers.contract import Answer, Frame, Instant, Quality, Reading, Request
from drivers.modbus.decoder import NOT_A_NUMBER, SENSOR_FAULT, Modbus, ModbusOptions

_ANY_TIME: Final = Instant(0)

ERROR_VALUES: Final = frozenset({SENSOR_FAULT, NOT_A_NUMBER})
"""Of an input without a sensor."""

SMALLEST: Final = 1e-6
"""Nothing that is measured here is so near to zero and not zero: these are two whole numbers, read as one
float."""

Plausible = Callable[[Reading], bool]
"""Whether a value can be true of its quantity."""


class Likeness(NamedTuple):
    """A candidate. channels: its readings by channel (None: it has none), those of inputs without a sensor
    left out. points: values that fit; error_values: inputs that show the profile's own error value."""

    profile: str
    channels: Mapping[int | None, Sequence[Reading]]
    points: int
    error_values: int


class Asking(NamedTuple):
    """A profile's devices on a unit: one, or one for each channel."""

    profile: str
    devices: Mapping[int | None, Modbus]

    def requests(self) -> list[Request]:
        """All that they ask."""
        return [request for device in self.devices.values() for request in device.requests()]

    @property
    def max_read(self) -> int:
        """The most registers that such an instrument answers at once."""
        return min(device.max_read for device in self.devices.values())


def asking(name: str, unit: int, profiles: Mapping[str, Mapping[str, Any]]) -> Asking:
    """Raises ValidationError where the profile does not hold."""
    context = {"profiles": profiles}

    def device(channel: int | None) -> Modbus:
        keys = {"unit": unit, "profile": name} | ({"channel": channel} if channel else {})
        return Modbus(ModbusOptions.model_validate(keys, context=context))

    count = (profiles[name].get("channels") or {}).get("count")
    channels: Iterable[int | None] = range(1, count + 1) if count else (None,)
    return Asking(name, {channel: device(channel) for channel in channels})


def likeness(asked: Asking, answers: Mapping[Request, Answer], plausible: Plausible) -> Likeness | None:
    """None: the unit is no such instrument."""
    channels: dict[int | None, Sequence[Reading]] = {}
    points = error_values = 0
    for channel, device in asked.devices.items():
        readings = list(_readings(device, answers))
        if not all(_fits(reading, plausible) for reading in readings):
            return None
        good = sum(reading.value is not None for reading in readings)
        points += good
        error_values += len(readings) - good
        if good:
            channels[channel] = readings
    return Likeness(asked.profile, channels, points, error_values) if points else None


def ranked(candidates: Iterable[Likeness]) -> list[Likeness]:
    """The most like first; of equals, by name. An error value is better evidence than a value: another
    instrument's is often a value of this one, 0xFFFF and -0.1 Cel."""

    def order(like: Likeness) -> tuple[int, int, str]:
        return -like.points - like.error_values, -like.error_values, like.profile

    return sorted(candidates, key=order)


def _readings(device: Modbus, answers: Mapping[Request, Answer]) -> Iterator[Reading]:
    frame = Frame(b"", [answers[request] for request in device.requests()])
    for item in device.decode(frame, _ANY_TIME):
        assert isinstance(item, Reading)
        yield item


def _fits(reading: Reading, plausible: Plausible) -> bool:
    if reading.value is None:
        return reading.reason in ERROR_VALUES
    if reading.quality is not Quality.GOOD:
        return False
    tiny = not isinstance(reading.value, bool) and 0 < abs(reading.value) < SMALLEST
    return not tiny and plausible(reading)
