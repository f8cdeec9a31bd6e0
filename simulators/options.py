"""One mapping of a scenario, read key by key; a key that nobody read is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar, overload

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}

T = TypeVar("T")


class ScenarioError(Exception):
    """A scenario or a fault command that cannot be played; says where and why."""


class _Required:
    """Marks an option without a default."""


REQUIRED: Final = _Required()


def seconds(value: object) -> float:
    """``300ms``, ``10s``, ``5min``, ``1h`` or a bare number of seconds. Raises ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        return float(match[1]) * _SECONDS[match[2]]
    raise ValueError(f"{value!r} is no duration such as 300ms, 10s, 5min or 1h")


class Options:
    """A mapping of the scenario and where it stands."""

    def __init__(self, where: str, raw: object) -> None:
        if not isinstance(raw, Mapping):
            raise ScenarioError(f"{where}: expected keys and values, found {raw!r}")
        self.where = where
        self._raw: dict[str, object] = {str(key): value for key, value in raw.items()}
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def raw(self, key: str, default: object = None) -> object:
        """The value as the YAML file gives it."""
        self._read.add(key)
        return self._raw.get(key, default)

    @overload
    def one(self, key: str, kind: type[T]) -> T: ...
    @overload
    def one(self, key: str, kind: type[T], default: None) -> T | None: ...
    @overload
    def one(self, key: str, kind: type[T], default: T) -> T: ...
    def one(self, key: str, kind: type[T], default: T | _Required | None = REQUIRED) -> T | None:
        """A value of this type; an integer also counts as a float, a bool never as a number."""
        value = self.raw(key, default)
        if isinstance(value, _Required):
            raise ScenarioError(f"{self.where}: {key} is missing")
        if value is default and value is None:
            return None
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(key, f"{value!r} is no {kind.__name__}" + quote_hint(value, kind))
        return value

    def duration(self, key: str, default: str) -> float:
        """Seconds."""
        try:
            return seconds(self.raw(key, default))
        except ValueError as error:
            raise self.error(key, str(error)) from None

    def span(self, key: str, default: tuple[str, str]) -> tuple[float, float]:
        """The shortest and the longest of a duration that varies, in seconds."""
        return self._pair(key, self.raw(key, list(default)))

    def spans(self, key: str) -> tuple[tuple[float, float], ...]:
        """Stretches of time, each from and to, in seconds; none where the key is absent."""
        return tuple(self._pair(key, value) for value in self.items(key))

    def _pair(self, key: str, value: object) -> tuple[float, float]:
        if not isinstance(value, list) or len(value) != 2:
            raise self.error(key, f"{value!r} is no pair such as [2s, 9s]")
        try:
            low, high = seconds(value[0]), seconds(value[1])
        except ValueError as error:
            raise self.error(key, str(error)) from None
        if low > high:
            raise self.error(key, f"{value!r} has its longest first")
        return low, high

    def items(self, key: str) -> list[object]:
        """A list; empty where the key is absent."""
        value = self.raw(key, [])
        if not isinstance(value, list):
            raise self.error(key, f"{value!r} is no list")
        return value

    def within(self, key: str, default: object = REQUIRED) -> Options:
        """The mapping under a key."""
        value = self.raw(key, default)
        if isinstance(value, _Required):
            raise ScenarioError(f"{self.where}: {key} is missing")
        return Options(f"{self.where}.{key}", value)

    def each(self) -> Iterator[tuple[str, Options]]:
        """Every key with the mapping under it."""
        for key in self._raw:
            yield key, self.within(key)

    def keys(self) -> Iterator[str]:
        """Every key, in the order of the file."""
        yield from self._raw

    def error(self, key: str, what: str) -> ScenarioError:
        """An error at one key of this mapping."""
        return ScenarioError(f"{self.where}.{key}: {what}")

    def unread(self) -> set[str]:
        """The keys that nobody has read yet."""
        return self._raw.keys() - self._read

    def done(self) -> None:
        """Raises ScenarioError where a key was never read."""
        for key in self._raw:
            if key not in self._read:
                raise self.error(key, f"unknown key (known here: {', '.join(sorted(self._read))})")


def quote_hint(value: object, kind: type) -> str:
    """What to do about a code that YAML took for a number."""
    return "; put it in quotes" if kind is str and isinstance(value, int) else ""
