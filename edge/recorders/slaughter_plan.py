"""A slaughter line as its settings describe it. Spans in ns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

StepName: TypeAlias = Literal["stunned", "bound", "weighed", "cored", "entered", "left"]


class Station(NamedTuple):
    """A reader of the line. place: where it is. lag: least and most time after stunning, of ``bound``.
    positions: so many places animals may change in the line's order between stunning and here."""

    reader: str
    step: StepName
    place: str | None = None
    lag: tuple[int, int] = (0, 0)
    positions: int = 0


class Weigh(NamedTuple):
    """within: after the carcass was seen at ``weighed``. lag: after it was bound, where no reader stands
    there. least: below it the rail is empty, kg."""

    scale: str
    within: int
    lag: tuple[int, int] | None = None
    least: float = 1.0


class Probe(NamedTuple):
    """within: after the hook was seen. change, lasts: it is settled when it moves by no more for so long."""

    device: str
    within: int
    change: float
    lasts: int


class Room(NamedTuple):
    """climate: its probes. reference: probes that stay in some of the carcasses. limit: of its air, Cel."""

    place: str
    climate: Sequence[str] = ()
    reference: Sequence[str] = ()
    limit: float | None = None


class Line(NamedTuple):
    """hooks: pattern of their codes; None: whatever the readers see. halves: the hook of the other half comes
    within this time; None: one hook a carcass. number: template of a carcass's number. chilled_at: core
    temperature, Cel. hangs_in: the room in which a carcass hangs from the line on. every: of a climate's
    series."""

    name: str
    species: str
    stations: Sequence[Station]
    hooks: re.Pattern[str] | None
    reused_after: int
    halves: int | None
    number: str
    flow: str
    chilled_at: float
    core: Probe | None = None
    weigh: Weigh | None = None
    rooms: Sequence[Room] = ()
    hangs_in: str | None = None
    every: int = 30 * 60 * 1_000_000_000

    @property
    def binds(self) -> Station | None:
        """Where hooks are bound; None: none of them carries a tag."""
        return next((each for each in self.stations if each.step == "bound"), None)

    def carcass(self, day: datetime, serial: int) -> str:
        """The number of the day's so-manieth carcass. Raises ValueError, KeyError: the template is none."""
        return self.number.format(flow=self.flow, date=day, serial=serial)
