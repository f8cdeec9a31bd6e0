"""A sheep line: lots come under certificates, are stunned, hung on hooks, weighed, measured and chilled.

::

    lairage ──▶ stunning ──▶ binding ──▶ scale ──▶ chiller ──▶ out
    scanner     ear tag      hook 1      hook 2    hook 4      hook 5
    ear tag                              weight    air
                                  every so many: core point, hook 3 and probe, before and after the chiller

The hook reader's antennas are numbered; hooks come round. Its truth, beside what stands in ``tape.py``:

=========  ===================================================================================
what       further keys
=========  ===================================================================================
lot        certificate, animals, county
arrived    animal, certificate
stunned    animal, read
hung       animal, hook, read
weighed    animal, hook, net (kg), read
cored      animal, hook, temperature (true, Cel), shown, settled_at
entered    animal, hook, place, read
left       animal, hook, place, read
air        place, temperature (true, Cel), shown
misread    how (missed, duplicate, swapped), animal
=========  ===================================================================================

``read`` says whether the reader there saw the tag.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulators.barcode_scanner import END
from simulators.climate import CORE_S, Room, RoomOptions
from simulators.clock import Played
from simulators.days.tape import Day, Probe
from simulators.hooks import RSSI
from simulators.scale import Weight, mt_continuous
from simulators.tag_lines import line
from simulators.uhf_reader import frame

BINDING, WEIGHING, CORING, ENTERING, LEAVING = range(1, 6)
"""The hook reader's antennas."""

BODY_C = 38.8
HALL_C = 14.0
HANGING_S = 7.0
SWINGING_S = 2.0
HOOK_KG = 1.2
PROBE_S = 4.0
"""Time constant of the core probe."""

PUSHED_IN_S = 5.0
"""From the hook's coming to the probe's going in."""

IN_THE_MEAT_S = 60.0
AIR_EVERY_S = 10.0
IN_USE_S = PUSHED_IN_S + IN_THE_MEAT_S + 5.0
"""Otherwise the core probe speaks as often as that of the air."""

AGAIN_S = 45.0
"""A straggler's tag passes the reader once more."""

CHILLER = RoomOptions(2.0, ambient=16.0, defrost_every=0, door_every=0)


@dataclass(frozen=True)
class Lot:
    """Animals under one certificate. county: GB/T 2260."""

    certificate: str
    animals: int
    county: str = "622926"


@dataclass(frozen=True)
class Line:
    """What is played. Times in seconds of the day; animals are counted from 0 in the line's order.

    pace: between two animals, 12 s is 300 an hour. lag: from stunning to binding. missed_*: whose tag the
    reader there misses. again: whose ear tag passes the stunning reader once more. swapped: who changes
    places with the next one on the rail before the scale. core_every: each so-many-th is measured.
    """

    lots: tuple[Lot, ...]
    hooks: int = 40
    lairage_at: float = 300.0
    stunning_at: float = 3600.0
    pace: float = 12.0
    lag: tuple[float, float] = (38.0, 42.0)
    to_scale: float = 300.0
    to_chiller: float = 240.0
    chilling: float = 16 * 3600.0
    core_every: int = 10
    missed_stunning: frozenset[int] = frozenset()
    missed_binding: frozenset[int] = frozenset()
    missed_scale: frozenset[int] = frozenset()
    again: frozenset[int] = frozenset()
    swapped: frozenset[int] = frozenset()
    chiller: RoomOptions = CHILLER

    @property
    def ends(self) -> float:
        """When the last carcass has left, and a little later."""
        count = sum(lot.animals for lot in self.lots)
        hung = self.stunning_at + count * self.pace + self.lag[1]
        return hung + self.to_scale + self.to_chiller + self.chilling + 300.0


@dataclass
class Animal:
    """One of them, with what happens to it and when."""

    number: int
    tag: str
    certificate: str
    hook: str
    net_kg: float
    stunned: float
    hung: float
    weighed: float
    entered: float
    left: float
    cored: tuple[float, ...] = ()
    core_c: float = field(default=BODY_C)

    def cool(self, at: float, chiller_c: float) -> None:
        """For the time between two looks at the air."""
        if self.stunned <= at:
            around = chiller_c if self.entered <= at < self.left else HALL_C
            self.core_c += AIR_EVERY_S * (around - self.core_c) / CORE_S


def play(day: Day, plan: Line) -> None:
    """Writes the day of this line."""
    _Playing(day, plan).play()


def _animals(plan: Line, rng: random.Random) -> Iterator[Animal]:
    hooks = itertools.cycle(f"E2001{number:019X}" for number in range(1, plan.hooks + 1))
    number = 0
    weighings = _weighings(plan, rng)
    for lot in plan.lots:
        tags = [f"3{lot.county}{serial:08}" for serial in rng.sample(range(1000, 99_000_000), lot.animals)]
        for tag in tags:
            stunned, hung, weighed = weighings[number]
            entered = weighed + plan.to_chiller
            left = entered + plan.chilling
            cored = (weighed + 60.0, left - 100.0) if number % plan.core_every == 0 else ()
            yield Animal(
                number, tag, lot.certificate, next(hooks), round(rng.gauss(22.0, 3.0) / 0.05) * 0.05,
                stunned, hung, weighed, entered, left, cored,
            )  # fmt: skip
            number += 1


def _weighings(plan: Line, rng: random.Random) -> list[tuple[float, float, float]]:
    """When each is stunned, hung and weighed."""
    count = sum(lot.animals for lot in plan.lots)
    slots = [plan.stunning_at + number * plan.pace for number in range(count)]
    stunned = [slot + rng.uniform(-1.5, 1.5) for slot in slots]
    hung = [at + rng.uniform(*plan.lag) for at in stunned]
    weighed = [slot + plan.lag[1] + plan.to_scale + rng.uniform(-1.0, 1.0) for slot in slots]
    for number in plan.swapped:
        weighed[number], weighed[number + 1] = weighed[number + 1], weighed[number]
    return [(round(a, 2), round(b, 2), round(c, 2)) for a, b, c in zip(stunned, hung, weighed, strict=True)]


class _Playing:
    """A day that is being written."""

    def __init__(self, day: Day, plan: Line) -> None:
        self._day = day
        self._plan = plan
        self._rng = day.rng("sheep")
        self._animals = list(_animals(plan, self._rng))

    def play(self) -> None:
        at = self._plan.lairage_at
        for lot in self._plan.lots:
            at = self._arrive(lot, at)
        for animal in self._animals:
            self._stun(animal)
            self._hang(animal)
            for what, when, antenna in (
                ("entered", animal.entered, ENTERING),
                ("left", animal.left, LEAVING),
            ):
                self._pass(when, animal, what, antenna, place="chiller-1")
        self._chill()

    def _arrive(self, lot: Lot, at: float) -> float:
        """In another order than they will be stunned in; when the next lot may come."""
        day, rng = self._day, self._rng
        day.say(at, "scanner", f"]C0{lot.certificate}{END}".encode())
        day.know(at, "scanner", "lot", certificate=lot.certificate, animals=lot.animals, county=lot.county)
        at += 30.0
        group = [animal for animal in self._animals if animal.certificate == lot.certificate]
        rng.shuffle(group)
        for animal in group:
            self._ear(at, "lairage", animal.tag)
            day.know(at, "lairage", "arrived", animal=animal.tag, certificate=lot.certificate)
            at = round(at + rng.uniform(2.5, 6.0), 2)
        self._ear(at + 60.0, "lairage", group[0].tag)
        self._misread(at + 60.0, "lairage", "duplicate", group[0])
        return at + 120.0

    def _stun(self, animal: Animal) -> None:
        missed, at = animal.number in self._plan.missed_stunning, animal.stunned
        self._day.know(at, "stunning", "stunned", animal=animal.tag, read=not missed)
        if missed:
            self._misread(at, "stunning", "missed", animal)
        else:
            self._ear(at, "stunning", animal.tag)
        if animal.number in self._plan.again:
            self._ear(at + AGAIN_S, "stunning", animal.tag)
            self._misread(at + AGAIN_S, "stunning", "duplicate", animal)

    def _hang(self, animal: Animal) -> None:
        plan, at = self._plan, animal.weighed
        self._pass(animal.hung, animal, "hung", BINDING, animal.number not in plan.missed_binding)
        net = round(animal.net_kg, 2)
        self._pass(at, animal, "weighed", WEIGHING, animal.number not in plan.missed_scale, net=net)
        if animal.number in plan.swapped:
            self._misread(at, "hooks", "swapped", animal)
        for half_seconds in range(int(HANGING_S * 2) + 3):
            since = half_seconds / 2
            self._day.say(at + since, "rail", mt_continuous(_shown(animal.net_kg, since), False))

    def _ear(self, at: float, port: str, tag: str) -> None:
        for repeat in range(self._rng.randint(2, 4)):
            self._day.say(round(at + 0.3 * repeat, 2), port, line("plain", tag))

    def _pass(
        self, at: float, animal: Animal, what: str, antenna: int, read: bool = True, **facts: object
    ) -> None:
        self._day.know(at, "hooks", what, animal=animal.tag, hook=animal.hook, read=read, **facts)
        if not read:
            self._misread(at, "hooks", "missed", animal)
            return
        for repeat in range(self._rng.randint(2, 4)):
            message = frame(animal.hook, antenna, self._rng.randint(*RSSI))
            self._day.say(round(at + 0.3 * repeat, 2), "hooks", message)

    def _misread(self, at: float, port: str, how: str, animal: Animal) -> None:
        self._day.know(at, port, "misread", how=how, animal=animal.tag)

    def _chill(self) -> None:
        """The chiller's air, and the cores of those that are measured."""
        day, plan, clock = self._day, self._plan, Played()
        room = Room(plan.chiller, clock.seconds, self._rng)
        air, core = Probe(day, "ruuvi-5", "C4:64:E3:00:00:11"), Probe(day, "atc1441", "A4:C1:38:00:00:12")
        measured = [animal for animal in self._animals if animal.cored]
        sessions = sorted((at, animal.number) for animal in measured for at in animal.cored)
        busy = [at for at, _ in sessions]
        for step in range(int(plan.ends / AIR_EVERY_S)):
            at = step * AIR_EVERY_S
            clock.go(at)
            temperature = room.look("air")
            shown = air.say(at, temperature, room.look("humidity"))
            day.know(at, "radio", "air", place="chiller-1", temperature=round(temperature, 4), shown=shown)
            for animal in measured:
                animal.cool(at, temperature)
            while sessions and sessions[0][0] < at + AIR_EVERY_S:
                self._core(core, *sessions.pop(0))
            if not any(since - AIR_EVERY_S < at <= since + IN_USE_S for since in busy):
                core.say(at, HALL_C)

    def _core(self, probe: Probe, at: float, number: int) -> None:
        """The hook comes, the probe goes in, settles, and is drawn out."""
        day, animal = self._day, self._animals[number]
        for repeat in range(3):
            day.say(round(at + 0.3 * repeat, 2), "hooks", frame(animal.hook, CORING))
        until = PUSHED_IN_S + IN_THE_MEAT_S
        shown = HALL_C
        for seconds in range(0, int(until), 2):
            inside = max(0.0, seconds - PUSHED_IN_S)
            feels = animal.core_c + (HALL_C - animal.core_c) * math.exp(-inside / PROBE_S)
            shown = probe.say(at + seconds, feels)
        told = {"temperature": round(animal.core_c, 3), "shown": shown, "settled_at": at + until}
        day.know(at, "hooks", "cored", animal=animal.tag, hook=animal.hook, **told)
        probe.say(at + until + 5.0, HALL_C)


def _shown(net_kg: float, hung_s: float) -> Weight:
    if hung_s > HANGING_S:
        return Weight(-HOOK_KG, HOOK_KG, True)
    still = hung_s >= SWINGING_S
    swing = 0.0 if still else 0.25 * (1 - hung_s / SWINGING_S) * math.cos(math.tau * 1.2 * hung_s)
    return Weight(round(round(net_kg * (1 + swing) / 0.05) * 0.05, 2), HOOK_KG, still)
