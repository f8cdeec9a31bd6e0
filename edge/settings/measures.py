"""Measures as people write them: ``10s``, ``8GB``, ``200kB/s``, ``300m``, ``3km/h``, ``20deg``.

Used as ``Annotated[float, Duration("10ms", "60s")]``: text in the file, a number in the base unit behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_LOOSE = re.compile(rf"({_NUMBER})\s*(\S*)", re.ASCII)

_BYTES = {
    **{"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12},
    **{"KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40},
}
_UNITS: Mapping[str, Mapping[str, float]] = {
    "duration": {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "y": 365 * 86400.0},
    "size": _BYTES,
    "rate": {f"{unit}/s": size for unit, size in _BYTES.items()},
    "distance": {"m": 1.0, "km": 1000.0},
    "speed": {"km/h": 1 / 3.6, "m/s": 1.0},
    "angle": {"deg": 1.0},
}

_USUAL = {
    "duration": ("ms", "s", "min"),
    "size": ("MB", "GB"),
    "rate": ("kB/s", "MB/s"),
    "distance": ("m", "km"),
    "speed": ("km/h",),
    "angle": ("deg",),
}
"""What a number without a unit was probably meant in."""

_SAID_INSTEAD = {
    **dict.fromkeys(("sec", "secs", "second", "seconds", "秒"), "s"),
    **dict.fromkeys(("m", "mins", "minute", "minutes", "分", "分钟"), "min"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours", "小时"), "h"),
    **dict.fromkeys(("day", "days", "天", "日"), "d"),
    **dict.fromkeys(("yr", "year", "years", "年"), "y"),
    **{
        "毫秒": "ms",
        "k": "kB",
        "g": "GB",
        "kbps": "kB/s",
        "米": "m",
        "公里": "km",
        "kmh": "km/h",
        "°": "deg",
    },
}
"""Units that people write, and the one that is meant; used for the suggestion only."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with its unit. kind: names the sentence of the catalogue. low, high: the bounds, included."""

    kind: str
    low: str = ""
    high: str = ""

    @property
    def units(self) -> Mapping[str, float]:
        """What each unit comes to in the base unit."""
        return _UNITS[self.kind]

    def parse(self, written: object) -> float:
        """In the base unit; bytes are whole. Raises PydanticCustomError with the key of a sentence."""
        match = None if isinstance(written, bool) else _LOOSE.fullmatch(str(written))
        if match is None:
            raise PydanticCustomError(self.kind, "not understood")
        number, unit = match.groups()
        if not unit:
            examples = [number + usual for usual in _USUAL[self.kind]]
            raise PydanticCustomError("unit_missing", "no unit", {"examples": examples})
        if written != f"{number}{unit}" or unit not in self.units:
            self._refuse(number, unit)
        amount = self._within(float(number) * self.units[unit])
        return round(amount) if self.kind == "size" else amount

    def _within(self, amount: float) -> float:
        low = self._amount(self.low) if self.low else 0.0
        high = self._amount(self.high) if self.high else float("inf")
        if amount < low:
            raise PydanticCustomError("measure_low", "too little", {"low": self.low})
        if amount > high:
            raise PydanticCustomError("measure_high", "too much", {"high": self.high})
        return amount

    def _amount(self, text: str) -> float:
        match = _LOOSE.fullmatch(text)
        assert match is not None, f"{text!r} is no measure"
        return float(match[1]) * self.units[match[2]]

    def _refuse(self, number: str, unit: str) -> None:
        meant = {known.lower(): known for known in self.units} | {
            said: known for said, known in _SAID_INSTEAD.items() if known in self.units
        }
        near = meant.get(unit.lower())
        if near is None:
            raise PydanticCustomError(self.kind, "not understood")
        raise PydanticCustomError("measure_near", "not understood", {"near": f"{number}{near}"})

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, _: core_schema.CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        units = "|".join(self.units)
        return {"type": "string", "pattern": f"^{_NUMBER}({units})$"}


Duration: Callable[..., Measure] = partial(Measure, "duration")
"""Seconds; a year is 365 days."""

Size: Callable[..., Measure] = partial(Measure, "size")
"""Bytes, a whole number; kB is 1000, KiB is 1024."""

Rate: Callable[..., Measure] = partial(Measure, "rate")
"""Bytes per second."""

Distance: Callable[..., Measure] = partial(Measure, "distance")
"""Metres."""

Speed: Callable[..., Measure] = partial(Measure, "speed")
"""Metres per second."""

Angle: Callable[..., Measure] = partial(Measure, "angle")
"""Degrees."""


def seconds(text: str) -> float:
    """What a duration comes to. Raises PydanticCustomError."""
    return Duration().parse(text)


def within(written: object, low: str, high: str) -> float:
    """Seconds of a duration between two others. Raises PydanticCustomError."""
    return Duration(low, high).parse(written)
