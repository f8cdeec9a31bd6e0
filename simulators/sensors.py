"""Sensors in rooms: what probes of all kinds are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from simulators.climate import SPOTS, Room
from simulators.options import Options


class Sensor(NamedTuple):
    """A probe somewhere in a room. offset: what it shows too much, in its unit."""

    room: Room
    spot: str = "air"
    offset: float = 0.0

    def read(self) -> float:
        """What it shows."""
        return self.room.look(self.spot) + self.offset


def sensor(where: Options, key: str, raw: object, rooms: Mapping[str, Room]) -> Sensor:
    """From ``room``, ``room.spot`` or ``{room: …, spot: …, offset: …}``. Raises ScenarioError."""
    if isinstance(raw, str):
        name, _, spot = raw.partition(".")
        raw = {"room": name, "spot": spot or "air"}
    options = Options(f"{where.where}.{key}", raw)
    room, spot = room_of(options, rooms), options.one("spot", str, "air")
    if spot not in SPOTS:
        raise options.error("spot", f"{spot} is none of {', '.join(SPOTS)}")
    offset = options.one("offset", float, 0.0)
    options.done()
    return Sensor(room, spot, offset)


def room_of(options: Options, rooms: Mapping[str, Room]) -> Room:
    """The room that ``room`` names. Raises ScenarioError."""
    name = options.one("room", str)
    if name not in rooms:
        raise options.error("room", f"{name} is none of the rooms {', '.join(rooms)}")
    return rooms[name]
