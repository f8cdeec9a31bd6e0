"""A plant for the recorders: its devices as a table of events, and what truly happened, written down beside.

::

    lairage ──40 s──▶ stunned ──40 s──▶ bound ──80 s──▶ weighed ──200 s──▶ cored (every fifth) ──▶ chiller-1
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from drivers.contract import NANOSECONDS, Code, Instant, Observation, Reading, Sighting
from edge.journal.states import Row
from edge.recorders.arrival import Arrivals, Lairage
from edge.recorders.contract import Derived, Fact, Notice, Output, Recorder, Unfit
from edge.recorders.issuer import Issuer
from edge.recorders.slaughter import Slaughter
from edge.recorders.slaughter_plan import Line, Probe, Room, Station, Weigh

MORNING = 1_795_305_600
"""2026-11-22T00:00:00Z, eight in the morning at the plant."""

ISSUER = Issuer("dx-yidong-01", "伊东羊业", "东乡屠宰场", ZoneInfo("Asia/Shanghai"))

LAIRAGE = Lairage("lairage", ["lairage-tags"], "bench-scanner", None, 7200 * NANOSECONDS)


def s(seconds: float) -> int:
    return round(seconds * NANOSECONDS)


def at(seconds: float) -> Instant:
    return Instant(s(MORNING) + s(seconds))


SHEEP = Line(
    name="sheep",
    species="sheep",
    stations=[
        Station("ear-tags", "stunned", "stunning"),
        Station("hook-bind", "bound", "stunning", (s(35), s(45))),
        Station("hook-scale", "weighed", "weighing"),
        Station("hook-core", "cored", "core-point"),
        Station("hook-out", "left", "chiller-1"),
    ],
    hooks=re.compile("E2001[0-9A-F]{19}"),
    reused_after=s(7200),
    halves=None,
    number="{flow}{date:%y%m%d}{serial:05}",
    flow="62292600",
    chilled_at=7.0,
    core=Probe("core-probe", s(50), 0.2, s(15)),
    weigh=Weigh("rail-scale", s(10)),
    rooms=[Room("chiller-1", ["chiller-1-air"], ["chiller-1-core"], 4.0)],
    hangs_in="chiller-1",
)


class Told(NamedTuple):
    """One thing that a device says, a person says, or the passing of time. at: sorts them."""

    at: Instant
    device: str = ""
    item: Observation | None = None
    fact: Fact | None = None


def tag(number: int, county: str = "622926") -> str:
    return f"3{county}{number:08}"


def hook(number: int) -> str:
    return f"E2001{number:019X}"


def sees(seconds: float, device: str, value: str, scheme: str = "cn-eartag") -> Told:
    return Told(at(seconds), device, Sighting(at(seconds), Code(scheme, value)))


def hangs(seconds: float, device: str, number: int) -> Told:
    return sees(seconds, device, hook(number), "epc-uhf")


def reads(seconds: float, device: str, value: float, quantity: str = "temperature") -> Told:
    return Told(at(seconds), device, Reading(at(seconds), quantity, value))


def says(seconds: float, kind: str, *, reason: str = "", **values: Any) -> Told:
    when = at(seconds)
    return Told(when, fact=Fact(when, when, kind, values, "马兽医", "person", reason))


def passes(since: float, until: float, every: float = 1.0) -> Iterator[Told]:
    """Time passes."""
    for number in range(int((until - since) / every)):
        yield Told(at(since + number * every))


@dataclass
class Past:
    """What the journal knows."""

    tags: set[str] = field(default_factory=set)

    def slaughtered(self, node: str) -> bool:
        return node in self.tags


class Plant:
    """The recorders of a plant, in their order, and the disk that they remember on."""

    def __init__(self, line: Line = SHEEP, *, past: Past | None = None, lairage: bool = True) -> None:
        self._line = line
        self._past = past or Past()
        self._lairage = lairage
        self._disk: dict[tuple[str, str], Row] = {}
        self.recorders: list[Recorder] = self._built()

    def _built(self) -> list[Recorder]:
        self.arrivals = Arrivals([LAIRAGE], ISSUER, self._past)
        arrived = self.arrivals.arrived if self._lairage else None
        self.line = Slaughter(self._line, ISSUER, self._past, arrived)
        return [self.arrivals, self.line]

    def killed(self) -> None:
        """What was committed is all that is left; it is started again."""
        self.recorders = self._built()
        for recorder in self.recorders:
            rows = [row for (name, _), row in self._disk.items() if name == recorder.name]
            recorder.memory.load(sorted(rows, key=lambda row: row.key, reverse=True))

    def committed(self) -> None:
        """What they remember goes to the disk, with what they told."""
        for recorder in self.recorders:
            for row in recorder.memory.changed(recorder.name):
                self._disk[row.recorder, row.key] = row
            recorder.memory.kept()

    def feed(self, told: Iterable[Told], killed_at: Sequence[int] = ()) -> list[Output]:
        """In order of time; killed before the so-manieth."""
        outputs: list[Output] = []
        for number, each in enumerate(sorted(told, key=lambda one: one.at)):
            if number in killed_at:
                self.killed()
            outputs += self._one(each)
            if killed_at:
                self.committed()
        return outputs

    def _one(self, told: Told) -> Iterator[Output]:
        if told.fact is not None:
            yield from self._entered(told.fact)
            return
        for recorder in self.recorders:
            if told.item is None:
                yield from recorder.tick(told.at)
            elif told.device in recorder.hears:
                yield from recorder.observe(told.device, told.item)

    def _entered(self, fact: Fact) -> list[Output]:
        """As the gateway does it: refused where all refuse it."""
        outputs: list[Output] = []
        refusals: list[Unfit] = []
        takers = [each for each in self.recorders if fact.kind in each.takes]
        for recorder in takers:
            try:
                outputs += recorder.enter(fact)
            except Unfit as unfit:
                refusals.append(unfit)
        if len(refusals) == len(takers):
            raise refusals[0]
        return outputs


def notices(outputs: Iterable[Output]) -> list[tuple[str, str, bool]]:
    return [(str(each.cause), each.subject, each.active) for each in outputs if isinstance(each, Notice)]


def bodies(outputs: Iterable[Output], kind: str = "slaughter") -> list[dict[str, Any]]:
    return [each.record.body() for each in outputs if isinstance(each, Derived) and each.record.kind == kind]


def newest(outputs: Iterable[Output], kind: str = "slaughter") -> dict[str, dict[str, Any]]:
    """The highest revision of each record, by its id; each revision follows the one before."""
    found: dict[str, dict[str, Any]] = {}
    for body in bodies(outputs, kind):
        before = found.get(body["id"])
        assert body["revision"] == (before["revision"] + 1 if before else 1)
        found[body["id"]] = body
    return found


@dataclass
class Animal:
    """What truly happens to one sheep. number: of its tag. at_s: when it is stunned."""

    number: int
    at_s: float
    hook: int
    certificate: str
    mass: float
    core: float | None = None
    lag_s: float = 40.0
    unread: bool = False
    hook_missed: bool = False

    @property
    def tag(self) -> str:
        return tag(self.number)

    def on_the_line(self) -> Iterator[Told]:
        """What the devices say of it, from the ear tag to the core."""
        bound = self.at_s + self.lag_s
        if not self.unread:
            yield sees(self.at_s, "ear-tags", self.tag)
        if not self.hook_missed:
            yield hangs(bound, "hook-bind", self.hook)
        yield hangs(bound + 80, "hook-scale", self.hook)
        for tenth in range(20, 60):
            yield reads(bound + 80 + tenth / 10, "rail-scale", self.mass, "mass")
        if self.core is not None:
            yield from self._probed(bound + 280)

    def _probed(self, seen: float) -> Iterator[Told]:
        """The probe hangs in the hall's air, is put in, comes to rest, is taken out and cools."""
        assert self.core is not None
        yield hangs(seen, "hook-core", self.hook)
        for second in range(55):
            rises = max(min((second - 4) / 6, 1, (45 - second) / 5), 0)
            yield reads(seen + second, "core-probe", round(12 + rises * (self.core - 12), 1))

    def at_the_lairage(self) -> Iterator[Told]:
        """It is let in ten minutes before."""
        yield sees(self.at_s - 600, "lairage-tags", self.tag)


def flock(count: int, *, since_s: float = 3600, first: int = 1, certificate: str = "A") -> list[Animal]:
    """Sheep one behind the other, twelve seconds apart: 300 an hour."""
    return [
        Animal(
            number=first + place,
            at_s=since_s + 12 * place,
            hook=first + place,
            certificate=certificate,
            mass=round(17 + (first + place) * 7 % 50 / 10, 2),
            core=round(38.2 + place % 7 / 10, 1) if place % 5 == 0 else None,
            lag_s=38 + place * 5 % 4,
        )
        for place in range(count)
    ]
