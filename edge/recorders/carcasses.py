"""The carcasses of a line: their numbers, their hooks, and when each is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from drivers.contract import NANOSECONDS, Instant
from edge.recorders.contract import Derived
from edge.recorders.issuer import Issuer
from edge.recorders.memory import Table
from edge.recorders.rooms import RoomBook
from edge.recorders.slaughter_plan import Line, Station
from edge.recorders.slaughter_record import Carcass, slaughter_record

BUNDLE: Final = 10 * 60 * NANOSECONDS
"""What sensors add to a carcass within this time is one revision."""

DAY: Final = 86_400 * NANOSECONDS

KEPT: Final = 4 * DAY
"""What has left can be corrected for so long."""

MOST_HANGING: Final = 7 * DAY
"""What was never seen to leave is forgotten then; the room's book must hold both together."""


@dataclass(slots=True)
class Hook:
    """A row: what hangs on it, and since when."""

    number: str
    at: int


class Carcasses:
    """Those that hang, and those that left within the last days."""

    def __init__(self, line: Line, issuer: Issuer, book: RoomBook) -> None:
        self._line = line
        self._issuer = issuer
        self._book = book
        self._rows = Table("carcasses", Carcass)
        self._hooks = Table("hooks", Hook)
        self._animals = Table("animals", str)
        self._serials = Table("serials", int)
        self._due = Table("due", int)
        self._newest = Table("newest", str)
        self._first_due = 0
        self.tables = (self._rows, self._hooks, self._animals, self._serials, self._due, self._newest)

    def get(self, number: str) -> Carcass | None:
        return self._rows.get(number)

    def of_animal(self, tag: str) -> Carcass | None:
        """The one that the animal with this tag became."""
        return self._rows.get(self._animals.get(tag) or "")

    def on(self, hook: str) -> Carcass | None:
        """The one that hangs on this hook."""
        row = self._hooks.get(hook)
        return None if row is None else self._rows.get(row.number)

    def all(self) -> list[Carcass]:
        """By their numbers."""
        return sorted(self._rows.values(), key=lambda each: each.number)

    def hanging(self, place: str) -> Iterator[Carcass]:
        """Those in this room."""
        for carcass in self._rows.values():
            stay = carcass.hangs
            if stay is not None and stay.place == place:
                yield carcass

    def new(self, at: Instant, animal: str | None) -> Carcass:
        """With the next number of its day."""
        local = self._issuer.local(at)
        day = f"{local:%Y%m%d}"
        if day not in self._serials:
            self._forget(at, day)
        serial = (self._serials.get(day) or 0) + 1
        self._serials.put(day, serial)
        number = self._line.carcass(local, serial)
        carcass = Carcass(number, self._issuer.id("slaughter", number, at), at, animal)
        if animal is not None:
            self._animals.put(animal, number)
        return carcass

    def told(self, carcass: Carcass) -> Derived:
        """Its next revision, with all that is known now."""
        carcass.revision += 1
        self._rows.put(carcass.number, carcass)
        self._due.drop(carcass.number)
        return slaughter_record(carcass, self._line, self._issuer, self._book)

    def changed(self, carcass: Carcass, at: Instant) -> None:
        """A sensor added something, which is told with what else comes soon."""
        self._rows.put(carcass.number, carcass)
        if carcass.number not in self._due:
            self._due.put(carcass.number, at + BUNDLE)
            self._first_due = min(self._first_due, at + BUNDLE)

    def due(self, at: Instant) -> Iterator[Derived]:
        """What is to be told by now."""
        if at < self._first_due:
            return
        for number in sorted(number for number, when in self._due.items() if at >= when):
            self._due.drop(number)
            if (carcass := self._rows.get(number)) is not None:
                yield self.told(carcass)
        self._first_due = min(self._due.values(), default=at)

    def hang(self, carcass: Carcass, hook: str, at: Instant) -> None:
        """It hangs on this hook from now on."""
        carcass.hooks.append(hook)
        self._hooks.put(hook, Hook(carcass.number, at))
        self._newest.put("newest", carcass.number)
        if len(carcass.hooks) > 1:
            self.changed(carcass, at)

    def release(self, hook: str) -> None:
        """Nothing hangs there any more."""
        self._hooks.drop(hook)

    def just_bound(self, hook: str, at: Instant) -> bool:
        """Whether the hook cannot have come round again yet: the reader sees it still."""
        row = self._hooks.get(hook)
        return row is not None and at - row.at < self._line.reused_after

    def other_half(self, at: Instant) -> Carcass | None:
        """The carcass whose first half was hung just now."""
        carcass = self._rows.get(self._newest.get("newest") or "")
        if self._line.halves is None or carcass is None or carcass.bound is None or len(carcass.hooks) != 1:
            return None
        return carcass if 0 <= at - carcass.bound.at <= self._line.halves else None

    def at_station(self, hook: str, station: Station, at: Instant) -> Carcass | None:
        """The one that comes to a station on this hook. A hook that has been round since, without having been
        seen at ``bound``, carries another one: that of yesterday is not weighed again."""
        row, carcass = self._hooks.get(hook), self.on(hook)
        if row is None or carcass is None:
            return None
        hangs = carcass.hangs is not None and station.step != "weighed"
        return carcass if hangs or at - row.at < self._line.reused_after else None

    def bare(self, at: Instant, lag: int | None) -> Carcass | None:
        """By the line's order: the oldest whose hook is not known and that is due. lag: see ``_bare``."""
        return min(self._bare(at, lag), key=lambda each: each.at, default=None)

    def adopt(self, carcass: Carcass, hook: str, station: Station, at: Instant) -> None:
        """A hook that was missed at ``bound`` and is seen now carries this one; or one that passed so soon
        before or behind it that each may have been taken for the other."""
        carcass.positions = max(
            carcass.positions, station.positions, len(self._bare(at, None)) - 1, self._near(carcass)
        )
        carcass.doubts.remove("no_hook")
        self.hang(carcass, hook, at)
        self.changed(carcass, at)

    def _bare(self, at: Instant, lag: int | None) -> list[Carcass]:
        """lag: how long the last carcass before took to the station; another that takes more or less than it
        by the spread of ``bound`` has passed it unseen, or is still to come. None: nobody knows."""
        spread = self._spread
        return [
            carcass
            for carcass in self._rows.values()
            if "no_hook" in carcass.doubts
            and 0 <= at - carcass.at < self._line.reused_after
            and (lag is None or abs(at - carcass.at - lag) <= spread)
        ]

    @property
    def _spread(self) -> int:
        """Of the time from stunning to the hook."""
        binds = self._line.binds
        return 0 if binds is None else binds.lag[1] - binds.lag[0]

    def _near(self, carcass: Carcass) -> int:
        """How many others were stunned within the spread, before it or behind it; none, where no other's hook
        was bound while it waited for its own."""
        binds = self._line.binds
        if binds is None:
            return 0
        least, most = binds.lag
        others = [each for each in self._rows.values() if each is not carcass]
        hooks = (each.bound.at - carcass.at for each in others if each.bound is not None)
        if not any(least <= after <= most for after in hooks):
            return 0
        apart = [each.at - carcass.at for each in others if each.stunned is not None]
        before = sum(least - most <= each <= 0 for each in apart)
        return max(before, sum(0 < each <= most - least for each in apart))

    def next_to_weigh(self, at: Instant, lag: tuple[int, int]) -> Carcass | None:
        """By the line's order: the oldest whose time to be weighed it is, and that was not."""
        fits = [
            carcass
            for carcass in self._rows.values()
            if not carcass.masses and lag[0] <= at - (carcass.bound or carcass).at <= lag[1]
        ]
        carcass = min(fits, key=lambda each: each.at, default=None)
        if carcass is not None:
            carcass.positions = max(carcass.positions, len(fits) - 1)
        return carcass

    def _forget(self, at: Instant, day: str) -> None:
        """On a new day, what is old."""
        for number, carcass in self._rows.items():
            kept = MOST_HANGING if carcass.hangs is not None or not carcass.stays else KEPT
            if at - carcass.last > kept:
                self._rows.drop(number)
        for table in (self._animals, self._hooks):
            for key, row in table.items():
                if (row.number if isinstance(row, Hook) else row) not in self._rows:
                    table.drop(key)
        for other in sorted(other for other, _ in self._serials.items() if other < day)[:-2]:
            self._serials.drop(other)
