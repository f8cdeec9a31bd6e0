"""What people say about carcasses, and about animals before they are any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from drivers.contract import NANOSECONDS
from edge.recorders.carcasses import Carcasses
from edge.recorders.chilling import Chilling
from edge.recorders.contract import Fact, Output, Unfit
from edge.recorders.memory import Table
from edge.recorders.slaughter_plan import Line
from edge.recorders.slaughter_record import Carcass
from edge.recorders.words import Word, word

TAKES: Final = frozenset({"verdict", "disposal", "cleaning", "cutting", "packing", "move"})

KEPT: Final = 7 * 86_400 * NANOSECONDS
"""A verdict before slaughter, and a cleaning, hold for the animals of so many days."""


class Words:
    """Facts become part of the carcass that they are about; what is about none of ours is refused."""

    def __init__(self, line: Line, carcasses: Carcasses, chilling: Chilling) -> None:
        self._carcasses = carcasses
        self._chilling = chilling
        stations = {station.place for station in line.stations if station.place is not None}
        self._places = sorted(stations | chilling.places)
        self.table = Table("verdicts", Word)
        self.cleaned = Table("cleaned", Word)

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Raises Unfit, and then nothing has changed."""
        match fact.kind:
            case "cleaning":
                if fact.values["place"] not in self._places:
                    raise Unfit("no_station", place=fact.values["place"], known=", ".join(self._places))
                self.cleaned.put(fact.values["place"], word(fact))
                return []
            case "verdict" if fact.values["stage"] == "ante_mortem":
                return list(self._before(fact))
        carcass = self._about(fact.values["subject"])
        if carcass is None:
            raise Unfit("unknown_subject", subject=fact.values["subject"])
        return [self._carcasses.told(carcass)] if self._said(carcass, fact) else []

    def known(self, carcass: Carcass) -> None:
        """A new carcass: what was said of its animal, its lot and its line before."""
        about = [carcass.animal, f"lot:{carcass.lot}"]
        said = next((found for each in about if each and (found := self.table.get(each))), None)
        if said is not None and carcass.at - said.at < KEPT:
            carcass.verdicts["ante_mortem"] = said
        carcass.cleaning = [each for each in self.cleaned.values() if 0 <= carcass.at - each.at < KEPT]

    def _about(self, subject: str) -> Carcass | None:
        """By its number, its hook or its animal's tag."""
        return (
            self._carcasses.get(subject.removeprefix("carcass:"))
            or self._carcasses.on(subject)
            or self._carcasses.of_animal(subject)
        )

    def _before(self, fact: Fact) -> Iterator[Output]:
        """A verdict on an animal or a lot holds for what comes, and for what came already."""
        said, about = word(fact), fact.values["subject"]
        for subject, old in self.table.items():
            if said.at - old.at > KEPT:
                self.table.drop(subject)
        self.table.put(about, said)
        one = self._about(about)
        carcasses = self._carcasses.all() if one is None else [one]
        for carcass in carcasses:
            if carcass is one or about == f"lot:{carcass.lot}":
                carcass.verdicts["ante_mortem"] = said
                yield self._carcasses.told(carcass)

    def _said(self, carcass: Carcass, fact: Fact) -> bool:
        """Whether it tells anything new."""
        said = word(fact)
        match fact.kind:
            case "verdict":
                carcass.verdicts["post_mortem"] = said
            case "disposal":
                carcass.disposal = said
                self._chilling.leaves(carcass, fact.at)
            case "cutting":
                carcass.cutting = said
                self._chilling.leaves(carcass, fact.at)
            case "packing":
                carcass.packing.append(said)
            case "move" if fact.values["direction"] == "in":
                return self._chilling.enters(carcass, fact.values["place"], fact.at, said=said)
            case _:
                return self._chilling.leaves(carcass, fact.at)
        return True
