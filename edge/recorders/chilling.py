"""Where a carcass hangs, and when it is cold.

Its own core is known where it meets a probe. Else some carcasses of the room carry probes all the while (the
room's *reference*): when the warmest of these is down at the limit, so is all that was hung before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from drivers.contract import Instant
from edge.recorders.memory import Table
from edge.recorders.rooms import PATIENCE, RoomBook
from edge.recorders.slaughter_plan import Line
from edge.recorders.slaughter_record import QUANTITIES, Carcass, Stay
from edge.recorders.words import Word

HOT: Final = 20.0
"""Cel: a reference as warm as this was hung a short while ago."""


@dataclass(slots=True)
class Reference:
    """A row: a room's reference carcasses. held: each probe's last value. hot: when the warmest last was hot.
    cold: they are down at the limit."""

    held: dict[str, tuple[int, float]] = field(default_factory=dict)
    hot: int | None = None
    cold: bool = False


class Chilling:
    """The rooms of a line."""

    def __init__(self, line: Line) -> None:
        self._limit = line.chilled_at
        self._air = {device: room.place for room in line.rooms for device in room.climate}
        self._cores = {device: room.place for room in line.rooms for device in room.reference}
        self.places = frozenset(room.place for room in line.rooms)
        self.probes = frozenset({*self._air, *self._cores})
        self.book = RoomBook({room.place: room.limit for room in line.rooms if room.limit is not None})
        self._references = Table("references", Reference)
        self.tables = (self.book.minutes, self.book.hours, self._references)

    def enters(
        self, carcass: Carcass, place: str, at: Instant, *, by: str = "", said: Word | None = None
    ) -> bool:
        """Whether it hangs there from now on; not, if it did before."""
        stay = carcass.hangs
        if stay is not None and stay.place == place:
            return False
        if stay is not None:
            stay.until = max(at, stay.since)
        carcass.stays.append(Stay(place, at, None, by, said))
        return True

    def leaves(self, carcass: Carcass, at: Instant) -> bool:
        """Whether it hung anywhere until now."""
        stay = carcass.hangs
        if stay is None:
            return False
        stay.until = max(at, stay.since)
        return True

    def read(
        self,
        device: str,
        quantity: str,
        at: Instant,
        value: float,
        hanging: Callable[[str], Iterator[Carcass]],
    ) -> Iterator[Carcass]:
        """A good reading of one of the rooms' probes; the carcasses that are now known to be cold."""
        if quantity in QUANTITIES and (place := self._air.get(device)):
            self.book.add(place, quantity, device, at, value)
        if quantity != "temperature" or not (place := self._cores.get(device)):
            return
        row = self._references.get(place) or Reference()
        row.held[device] = (at, value)
        warmest = max(held for when, held in row.held.values() if at - when <= PATIENCE)
        if warmest >= HOT:
            row.hot = at
        cold = warmest <= self._limit
        becomes, row.cold = cold and not row.cold, cold
        self._references.put(place, row)
        for carcass in hanging(place) if becomes else ():
            stay = carcass.hangs
            if carcass.chilled is None and row.hot is not None and stay is not None and stay.since <= row.hot:
                carcass.chilled, carcass.basis = at, "room"
                yield carcass
