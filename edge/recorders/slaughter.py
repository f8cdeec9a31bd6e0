"""From the animal to the carcass, station by station.

::

    ear tags ──stunned──▶ waiting ──lag──▶ hook ──bound──▶ carcass ──weighed, cored──▶ room ──left──▶ told
                             │                                ▲
                             └──── no hook came in time ──────┘

A hook that comes to ``bound`` takes the animal that has waited longest among those whose lag it is. Where the
lag fits several, with or without a hook by now, the record says by how many places the order may be wrong.
The station's reader sees what passes it; what is decided there stands in ``settling.py``, ``weighing.py`` and
``rooms.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from drivers.contract import NANOSECONDS, Instant, Observation, Quality, Reading, Sighting
from edge.alarms import Cause
from edge.recorders.arrival import Arrived
from edge.recorders.carcasses import Carcasses
from edge.recorders.chilling import Chilling
from edge.recorders.contract import Fact, Notice, Output
from edge.recorders.issuer import Issuer, Past
from edge.recorders.memory import Memory, Table
from edge.recorders.settling import Idle, Settling
from edge.recorders.slaughter_plan import Line, Station
from edge.recorders.slaughter_record import Carcass, Seen
from edge.recorders.slaughter_words import TAKES, Words
from edge.recorders.weighing import Weighing

AGAIN: Final = 15 * 60 * NANOSECONDS
"""A tag that is seen again so soon after its slaughter still hangs in the ear, before the reader."""

NEWEST_LOTS: Final = 50
"""So many lots that have passed the line are remembered."""


@dataclass(slots=True)
class Stunned:
    """A row, by the animal's tag, until its lag is over. hooked: a hook was bound to it."""

    at: int
    device: str
    hooked: bool = False

    @property
    def seen(self) -> Seen:
        return Seen(self.at, self.device)


@dataclass(slots=True)
class Order:
    """A row: the lots as they pass the line. lot: the one that passes now."""

    lot: str = ""
    passed: list[str] = field(default_factory=list)


class Binding(NamedTuple):
    """A hook that was seen, and by how many places its animal may be another."""

    seen: Seen
    hook: str
    positions: int


class Slaughter:
    """The recorder of one line. arrived: what the lairage knows of a tag; None: there is no lairage."""

    takes = TAKES

    def __init__(
        self, line: Line, issuer: Issuer, past: Past, arrived: Callable[[str], Arrived | None] | None = None
    ) -> None:
        self.name = f"slaughter.{line.name}"
        self.plan = line
        self._binds = line.binds
        self._stunned_first = 0
        self._past = past
        self._arrived = arrived
        self._stations = {station.reader: station for station in line.stations}
        self._stunned = Table("stunned", Stunned)
        self._order = Table("order", Order)
        self._strange = Table("strange", bool)
        self._lags = Table("lags", int)
        self._settling = Table("settling", Settling)
        self._idle = Table("idle", Idle)
        self._weighing = Table("weighing", Weighing)
        self._chilling = Chilling(line)
        self._carcasses = Carcasses(line, issuer, self._chilling.book)
        self._words = Words(line, self._carcasses, self._chilling)
        self.memory = Memory(
            self._stunned, self._order, self._strange, self._lags, self._settling, self._idle, self._weighing,
            *self._chilling.tables, *self._carcasses.tables, self._words.table, self._words.cleaned,
        )  # fmt: skip
        self.hears = frozenset({*self._stations, *_instruments(line), *self._chilling.probes})

    @property
    def carcasses(self) -> list[Carcass]:
        """Those that hang, and those that left within the last days, by their numbers."""
        return self._carcasses.all()

    def stands_for(self, node: str) -> Iterator[str]:
        """What is held with the carcass on this hook, or of this number: itself, its animal, its lot."""
        carcass = self._carcasses.on(node) or self._carcasses.get(node.partition(":")[2])
        if carcass is None:
            return
        yield carcass.node
        if carcass.animal is not None:
            yield carcass.animal
        if carcass.lot is not None:
            yield f"lot:{carcass.lot}"
        if carcass.certificate is not None:
            yield f"certificate:{carcass.certificate}"

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        if self._is_over(item.at):
            yield from self._unhooked(item.at)
        if isinstance(item, Sighting):
            if station := self._stations.get(device):
                yield from self._seen(station, f"{item.code.scheme}:{item.code.value}", item.at)
        elif isinstance(item, Reading) and item.value is not None and item.quality is Quality.GOOD:
            self._read(device, item.quantity, item.at, float(item.value))

    def enter(self, fact: Fact) -> Iterable[Output]:
        return self._words.enter(fact)

    def tick(self, at: Instant) -> Iterable[Output]:
        if self._is_over(at):
            yield from self._unhooked(at)
        for row in self._settling.values():
            if at > row.until:
                self._cored(row)
        yield from self._carcasses.due(at)

    def _seen(self, station: Station, node: str, at: Instant) -> Iterator[Output]:
        if station.step == "stunned":
            yield from self._comes(station, node, at)
            return
        hooks = self.plan.hooks
        if hooks is not None and hooks.fullmatch(node.partition(":")[2]) is None:
            return
        if station.step == "bound":
            yield from self._bound(station, node, at)
            return
        carcass = self._carcasses.at_station(node, station, at)
        lag = self._lags.get(station.reader)
        if carcass is not None:
            self._lags.put(station.reader, at - carcass.at)
        elif (carcass := self._carcasses.bare(at, lag)) is not None:
            yield from self._reused(node, at)
            self._carcasses.adopt(carcass, node, station, at)
        if carcass is None:
            yield from self._unknown(node, station, at)
            return
        match station.step:
            case "weighed" if self.plan.weigh is not None:
                row = self._weighing.get("scale") or Weighing()
                row.arrives(carcass.number, node, at + self.plan.weigh.within)
                self._weighing.put("scale", row)
            case "cored" if self.plan.core is not None:
                self._probed(carcass, at + self.plan.core.within)
            case "entered" if station.place is not None:
                if self._chilling.enters(carcass, station.place, at, by=station.reader):
                    yield self._carcasses.told(carcass)
            case "left" if self._chilling.leaves(carcass, at):
                yield self._carcasses.told(carcass)

    def _unknown(self, hook: str, station: Station, at: Instant) -> Iterator[Notice]:
        """Nothing is known to hang on it; told until it is bound."""
        if hook not in self._strange:
            self._strange.put(hook, True)
            yield Notice(at, Cause.UNKNOWN_HOOK, hook, {"device": station.reader, "step": station.step})

    def _comes(self, station: Station, tag: str, at: Instant) -> Iterator[Output]:
        if tag in self._stunned:
            return
        before = self._carcasses.of_animal(tag)
        if before is not None and at - before.at < AGAIN:
            return
        if before is not None or self._past.slaughtered(tag):
            carcass = None if before is None else before.number
            facts = {"device": station.reader} | ({"carcass": carcass} if carcass else {})
            yield Notice(at, Cause.TAG_REUSED, tag, facts, severity="high")
            return
        yield from self._in_order(tag, at)
        if self._binds is None:
            yield self._slaughtered(at, tag, Seen(at, station.reader))
        else:
            self._stunned.put(tag, Stunned(at, station.reader))
            self._stunned_first = min(self._stunned_first, at)

    def _in_order(self, tag: str, at: Instant) -> Iterator[Notice]:
        """A lot that has passed does not come again, unless lots are mixed."""
        arrived = self._arrived(tag) if self._arrived is not None else None
        if arrived is None:
            return
        row = self._order.get("line") or Order()
        if arrived.lot == row.lot:
            return
        if arrived.lot in row.passed:
            yield Notice(at, Cause.MIXED_LOT, tag, {"lots": [arrived.lot, row.lot]}, severity="high")
            return
        row.passed = [*row.passed, row.lot][-NEWEST_LOTS:] if row.lot else row.passed
        row.lot = arrived.lot
        self._order.put("line", row)

    def _bound(self, station: Station, hook: str, at: Instant) -> Iterator[Output]:
        if self._carcasses.just_bound(hook, at):
            return
        yield from self._reused(hook, at)
        if hook in self._strange:
            self._strange.drop(hook)
            yield Notice(at, Cause.UNKNOWN_HOOK, hook, active=False)
        if (other := self._carcasses.other_half(at)) is not None:
            self._carcasses.hang(other, hook, at)
            return
        least, most = station.lag
        fits = [(row.at, tag) for tag, row in self._stunned.items() if least <= at - row.at <= most]
        fits.sort()
        tags = [tag for _, tag in fits]
        tag = next((tag for tag in tags if not self._stunned[tag].hooked), None)
        if tag is None:
            yield self._slaughtered(at, None, None, Binding(Seen(at, station.reader), hook, 0))
            return
        place = tags.index(tag)
        positions = max(place, len(tags) - 1 - place, station.positions)
        row = self._stunned[tag]
        row.hooked = True
        self._stunned.put(tag, row)
        yield self._slaughtered(at, tag, row.seen, Binding(Seen(at, station.reader), hook, positions))

    def _reused(self, hook: str, at: Instant) -> Iterator[Output]:
        """The hook comes back, so that what hung on it has gone; when, nobody has seen."""
        before = self._carcasses.on(hook)
        self._carcasses.release(hook)
        if before is not None and self._chilling.leaves(before, at):
            before.doubts.append("hook_reused")
            yield self._carcasses.told(before)

    def _is_over(self, at: Instant) -> bool:
        """Whether somebody may have waited for a hook for too long."""
        return self._binds is not None and at - self._stunned_first > self._binds.lag[1]

    def _unhooked(self, at: Instant) -> Iterator[Output]:
        """Animals whose hook was not seen in time."""
        if self._binds is None:
            return
        most = self._binds.lag[1]
        for since, tag in sorted((row.at, tag) for tag, row in self._stunned.items()):
            if at - since <= most:
                break
            row = self._stunned[tag]
            self._stunned.drop(tag)
            if not row.hooked:
                yield self._slaughtered(Instant(since + most), tag, row.seen)
        self._stunned_first = min((row.at for row in self._stunned.values()), default=at)

    def _slaughtered(
        self, at: Instant, tag: str | None, stunned: Seen | None, binding: Binding | None = None
    ) -> Output:
        """An animal is a carcass."""
        bound = None if binding is None else binding.seen
        first = stunned or bound
        assert first is not None
        carcass = self._carcasses.new(Instant(first.at), tag)
        carcass.stunned, carcass.bound = stunned, bound
        if tag is not None:
            arrived = self._arrived(tag) if self._arrived is not None else None
            if arrived is not None:
                carcass.lot, carcass.certificate = arrived.lot, arrived.certificate
            elif self._arrived is not None:
                carcass.doubts.append("no_lot")
        else:
            carcass.doubts.append("unread")
        if binding is not None:
            carcass.positions = binding.positions
            self._carcasses.hang(carcass, binding.hook, at)
        elif self._binds is not None:
            carcass.doubts.append("no_hook")
        self._words.known(carcass)
        if self.plan.hangs_in is not None:
            self._chilling.enters(carcass, self.plan.hangs_in, at)
        return self._carcasses.told(carcass)

    def _read(self, device: str, quantity: str, at: Instant, value: float) -> None:
        line = self.plan
        if line.weigh is not None and device == line.weigh.scale and quantity == "mass":
            self._weighs(at, value)
        if quantity == "temperature" and line.core is not None and device == line.core.device:
            self._core(at, value)
        if device in self._chilling.probes:
            for carcass in self._chilling.read(device, quantity, at, value, self._carcasses.hanging):
                self._carcasses.changed(carcass, at)

    def _weighs(self, at: Instant, mass_kg: float) -> None:
        weigh = self.plan.weigh
        assert weigh is not None
        row = self._weighing.get("scale") or Weighing()
        if row.fresh(at, mass_kg, weigh.least):
            carcass = self._carcasses.get(row.number) if at <= row.until else None
            hook = row.hook
            if carcass is None and weigh.lag is not None:
                carcass, hook = self._carcasses.next_to_weigh(at, weigh.lag), ""
            if carcass is not None:
                carcass.masses[hook] = Seen(at, weigh.scale, mass_kg)
                row.takes(mass_kg)
                self._carcasses.changed(carcass, at)
        self._weighing.put("scale", row)

    def _probed(self, carcass: Carcass, until: int) -> None:
        """A carcass comes before the probe."""
        before = self._settling.get("probe")
        if before is not None:
            if before.number == carcass.number:
                return
            self._cored(before)
        idle = self._idle.get("probe")
        air = None if idle is None else idle.air
        self._settling.put("probe", Settling(carcass.number, until, air))

    def _core(self, at: Instant, value: float) -> None:
        row, core = self._settling.get("probe"), self.plan.core
        if core is None:
            return
        if row is not None and at > row.until:
            self._cored(row)
            row = None
        if row is None:
            idle = self._idle.get("probe")
            if idle is None or idle.add(at, value, core.change):
                self._idle.put("probe", idle or Idle(at, value, value))
            return
        row.add(at, value, core.change, core.lasts)
        self._settling.put("probe", row)

    def _cored(self, row: Settling) -> None:
        """The carcass has gone from the probe."""
        self._settling.drop("probe")
        carcass, core = self._carcasses.get(row.number), self.plan.core
        if row.best is None or carcass is None or core is None:
            return
        carcass.cores.append(Seen(row.best_at, core.device, row.best))
        if row.best <= self.plan.chilled_at and carcass.chilled is None:
            carcass.chilled, carcass.basis = row.best_at, "own"
        self._carcasses.changed(carcass, Instant(row.best_at))


def _instruments(line: Line) -> Iterator[str]:
    if line.weigh is not None:
        yield line.weigh.scale
    if line.core is not None:
        yield line.core.device
