"""What the settings say of a room whose storage is recorded, and the rows that are remembered of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from edge.recorders.limits import Point

Direction: TypeAlias = Literal["in", "out"]


class Room(NamedTuple):
    """A room. Spans in ns.

    name: of its entry in the settings; it never changes. place, title, facility: where it is. probes: by
    quantity, the devices that measure it. patience: by quantity, how long a value holds. limit: of the
    temperature, Cel. door, defrost: the points that tell them. moves: scanners of goods, each with its
    direction; None: what is in the room goes out, all else comes in. carcass: what the numbers on carcass
    labels look like. worker: who works there unless it is said. every, series: of records, and of the
    points in them. rooms: the places of all that are recorded.
    """

    name: str
    place: str
    title: str
    every: int
    series: int
    facility: str | None = None
    probes: Mapping[str, Sequence[str]] = {}
    patience: Mapping[str, int] = {}
    limit: float | None = None
    door: Point | None = None
    defrost: Point | None = None
    moves: Mapping[str, Direction | None] = {}
    carcass: re.Pattern[str] | None = None
    worker: str | None = None
    rooms: tuple[str, ...] = ()

    @property
    def devices(self) -> frozenset[str]:
        """All that tell something of it."""
        probes = (device for devices in self.probes.values() for device in devices)
        points = (point[0] for point in (self.door, self.defrost) if point is not None)
        return frozenset((*probes, *points, *self.moves))


@dataclass(slots=True)
class Amount:
    """Pieces, and what those weigh of which it was said."""

    count: int = 0
    mass_kg: float | None = None

    def add(self, more: Amount) -> None:
        self.count += more.count
        if more.mass_kg is not None:
            self.mass_kg = round((self.mass_kg or 0.0) + more.mass_kg, 3)

    def take(self, less: Amount) -> None:
        """Never below nothing."""
        self.count = max(self.count - less.count, 0)
        if self.mass_kg is not None and less.mass_kg is not None:
            self.mass_kg = max(round(self.mass_kg - less.mass_kg, 3), 0.0)


@dataclass(slots=True)
class Interval:
    """A row: the interval under way, but for climate, door and movements. Instants in ns.

    seen: until when somebody watched, about.
    """

    since: int
    until: int
    seen: int
    moved: int = 0
    late: int = 0
    repeated: int = 0
    other_scans: int = 0


@dataclass(slots=True)
class Moved:
    """A row: goods that moved in this interval. device: the scanner, or "" where ``by`` entered it."""

    at: int
    direction: Direction
    node: str
    amount: Amount
    by: str = ""
    device: str = ""
    entered: int = 0


@dataclass(slots=True)
class Stock:
    """A row: goods in the room, and since when."""

    since: int
    amount: Amount
