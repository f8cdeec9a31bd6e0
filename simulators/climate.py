"""Rooms whose temperatures move as in a chiller: compressor cycles, defrosts, doors, warm carcasses.

Each temperature drifts towards what it exchanges heat with, at the rate of a time constant; a thermostat
switches the compressor with a differential. Good for curves that look right and stay in their bounds, not for
designing a chiller.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from simulators.options import Options

STEP_S = 2.0
"""Far below the shortest time constant, so that Euler's method is good enough."""

# Time constants, in seconds: how long until 63 % of a difference is gone.
LEAK_S = 4 * 3600.0  # walls
DOOR_S = 900.0  # an open door
COOL_S = 1200.0  # air over the evaporator
COIL_S = 90.0  # the evaporator, compressor running or heater on
COIL_REST_S = 300.0  # the evaporator at rest, towards the air
HEAT_S = 5400.0  # air warmed by a defrosting evaporator
LOAD_S = 6 * 3600.0  # air warmed by the carcasses
CORE_S = 5 * 3600.0  # a carcass, towards the air
DAMP_S = 180.0  # humidity

COIL_BELOW_K = 10.0
"""How far under the setpoint a running evaporator is."""

DEFROST_COIL_C = 15.0


@dataclass(frozen=True)
class RoomOptions:
    """Temperatures in Cel, humidity in %, times in seconds.

    ``door_every`` is the mean time between two openings, exponentially distributed; 0 there or for
    ``defrost_every``: never. ``door_first``: when the first is; else at random too.
    """

    setpoint: float
    differential: float = 1.6
    ambient: float = 18.0
    humidity: float = 88.0
    core: float | None = None
    defrost_every: float = 6 * 3600.0
    defrost_first: float = 1800.0
    defrost_for: float = 900.0
    door_every: float = 720.0
    door_open: tuple[float, float] = (20.0, 90.0)
    door_first: float | None = None

    @classmethod
    def read(cls, options: Options) -> RoomOptions:
        """Raises ScenarioError."""
        room = cls(
            setpoint=options.one("setpoint", float),
            differential=options.one("differential", float, 1.6),
            ambient=options.one("ambient", float, 18.0),
            humidity=options.one("humidity", float, 88.0),
            core=options.one("core", float, None),
            defrost_every=options.duration("defrost_every", "6h"),
            defrost_first=options.duration("defrost_first", "30min"),
            defrost_for=options.duration("defrost_for", "15min"),
            door_every=options.duration("door_every", "12min"),
            door_open=options.span("door_open", ("20s", "90s")),
            door_first=options.duration("door_first", "0s") if "door_first" in options else None,
        )
        options.done()
        return room


class Room:
    """One cold room, advanced to the scenario's time whenever somebody looks."""

    def __init__(self, options: RoomOptions, now: Callable[[], float], rng: random.Random) -> None:
        self._options = options
        self._now = now
        self._rng = rng
        self._at = 0.0
        self._door_until = 0.0
        self._door_next = self._next_door() if options.door_first is None else options.door_first
        self._air = options.setpoint
        self._coil = options.setpoint - COIL_BELOW_K / 2
        self._core = options.setpoint if options.core is None else options.core
        self._damp = options.humidity
        self._compressor = True

    def look(self, spot: str) -> float:
        """What a sensor at one of ``SPOTS`` feels now: Cel, %, or 0 and 1."""
        self._advance()
        return SPOTS[spot](self)

    def air(self) -> float:
        """The air, in Cel."""
        return self._air

    def supply(self) -> float:
        """The air leaving the evaporator, in Cel."""
        return self._air + (self._coil - self._air) * 0.3

    def evaporator(self) -> float:
        """The evaporator's surface, in Cel."""
        return self._coil

    def core(self) -> float:
        """The core of a carcass, in Cel."""
        return self._core

    def humidity(self) -> float:
        """Relative, in %."""
        return min(99.9, max(10.0, self._damp))

    def setpoint(self) -> float:
        """Of the thermostat, in Cel."""
        return self._options.setpoint

    def door(self) -> bool:
        """Whether it stands open."""
        return self._at < self._door_until

    def compressor(self) -> bool:
        """Whether it runs."""
        return self._compressor

    def defrost(self) -> bool:
        """Whether the evaporator is being defrosted."""
        every, since = self._options.defrost_every, self._at - self._options.defrost_first
        return every > 0 and since >= 0 and since % every < self._options.defrost_for

    def alarm(self) -> bool:
        """Whether the controller complains: far above the setpoint and not because of a defrost."""
        return not self.defrost() and self._air > self._options.setpoint + 8.0

    def _advance(self) -> None:
        now = self._now()
        while self._at + STEP_S <= now:
            self._at += STEP_S
            self._step()

    def _step(self) -> None:
        self._move_door()
        defrosting, options = self.defrost(), self._options
        if defrosting or self._air < options.setpoint - options.differential / 2:
            self._compressor = False
        elif self._air > options.setpoint + options.differential / 2:
            self._compressor = True

        drift = (options.ambient - self._air) / LEAK_S + (self._core - self._air) / LOAD_S
        if self.door():
            drift += (options.ambient - self._air) / DOOR_S
        if self._compressor:
            drift += (self._coil - self._air) / COOL_S
        if defrosting:
            drift += (self._coil - self._air) / HEAT_S
        self._core += STEP_S * (self._air - self._core) / CORE_S
        self._coil += STEP_S * self._coil_drift(defrosting)
        damp = options.humidity - 6.0 * self._compressor + 7.0 * self.door()
        self._damp += STEP_S * (damp - self._damp) / DAMP_S
        self._air += STEP_S * drift

    def _coil_drift(self, defrosting: bool) -> float:
        if defrosting:
            return (DEFROST_COIL_C - self._coil) / COIL_S
        if self._compressor:
            return (self._options.setpoint - COIL_BELOW_K - self._coil) / COIL_S
        return (self._air - self._coil) / COIL_REST_S

    def _move_door(self) -> None:
        if self._at >= self._door_next:
            self._door_until = self._at + self._rng.uniform(*self._options.door_open)
            self._door_next = self._door_until + self._next_door()

    def _next_door(self) -> float:
        every = self._options.door_every
        return self._rng.expovariate(1 / every) if every > 0 else float("inf")


SPOTS: dict[str, Callable[[Room], float]] = {
    "air": Room.air,
    "supply": Room.supply,
    "evaporator": Room.evaporator,
    "core": Room.core,
    "humidity": Room.humidity,
    "setpoint": Room.setpoint,
    "door": Room.door,
    "compressor": Room.compressor,
    "defrost": Room.defrost,
    "alarm": Room.alarm,
}
"""Where a sensor can sit."""
