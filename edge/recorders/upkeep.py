"""What a technician has to see to: batteries that run down, calibrations that are due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from drivers.contract import Instant, Observation, Reading
from edge.alarms import Cause
from edge.instant import rfc3339
from edge.recorders.contract import Fact, Notice, Output
from edge.recorders.memory import Memory, Table

BATTERIES: Final = frozenset({"battery", "battery_low"})
"""The quantities that tell of one."""

LOW: Final = 10.0
"""Per cent at which a battery is low ..."""

CHANGED: Final = 25.0
"""... and at which it has been changed; cold lends and takes some in between."""


_DUE: Final = " due"


@dataclass(slots=True)
class Flag:
    """A row: the alarm stands."""

    on: bool = True


class Upkeep:
    """due: of each instrument, by its device, the instant from which its calibration is overdue."""

    name = "upkeep"
    takes: frozenset[str] = frozenset()

    def __init__(self, battery_devices: Iterable[str], due: Mapping[str, Instant]) -> None:
        self.hears = frozenset(battery_devices)
        self._due = due
        self._keys = {*self.hears, *(f"{device}{_DUE}" for device in due)}
        self._flags = Table("flags", Flag)
        self.memory = Memory(self._flags)

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        if not isinstance(item, Reading) or item.value is None:
            return
        if item.quantity == "battery":
            low = item.value <= LOW if device not in self._flags else item.value < CHANGED
        elif item.quantity == "battery_low":
            low = bool(item.value)
        else:
            return
        yield from self._flag(device, Cause.BATTERY, item.at, {item.quantity: item.value}, active=low)

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Takes none."""
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        for key, _ in self._flags.items():
            if key not in self._keys:
                self._flags.drop(key)
        for device, due in self._due.items():
            key = f"{device}{_DUE}"
            if (at >= due) != (key in self._flags):
                yield from self._flag(key, Cause.CALIBRATION_DUE, at, {"due": rfc3339(due)}, active=at >= due)

    def _flag(
        self, key: str, cause: Cause, at: Instant, facts: Mapping[str, object], *, active: bool
    ) -> Iterable[Notice]:
        if active == (key in self._flags):
            return
        if active:
            self._flags.put(key, Flag())
        else:
            self._flags.drop(key)
        yield Notice(at, cause, key.split(maxsplit=1)[0], facts, active)
