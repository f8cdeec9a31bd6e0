"""A truck for the recorder of transport: it drives the simulators' way to Lanzhou, and the truth about it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import cos, radians
from pathlib import Path
from typing import NamedTuple

import yaml

from drivers.contract import NANOSECONDS, Fix, Instant, Observation, Reading
from edge.journal.states import Row
from edge.recorders.contract import Derived, Fact, Notice, Output
from edge.recorders.geo import Circle
from edge.recorders.transport import Transport
from edge.recorders.transport_rows import Named, Plan, Rule
from edge.records.transport import TransportRecord
from edge.thinning import great_circle_m
from simulators.options import Options
from simulators.route import Place, Truck, Waypoint

NOON = 1_795_348_800
"""s; the scenario's second 0."""

MINUTE = 60
HOUR = 3600
PLANT = Circle("plant", 35.6636, 103.3894, 300.0)
LANZHOU = Circle("lanzhou", 36.0611, 103.8343, 250.0)
SANJIAJI = Circle("sanjiaji", 35.5225, 103.7310, 2000.0, zone=True)

ROUTE = Path(__file__).parents[3] / "simulators/scenarios/truck.yaml"


def at(seconds: float) -> Instant:
    return Instant(round((NOON + seconds) * NANOSECONDS))


def plan(**changes: object) -> Plan:
    """DESIGN's route from the plant to Lanzhou."""
    places = {each.name: Named(each) for each in (PLANT, LANZHOU, SANJIAJI)}
    places["plant"] = Named(PLANT, "东乡屠宰场", "6901234000023")
    whole = Plan(
        name="route",
        vehicle="truck",
        plate="甘N12345",
        position="gps",
        climate=("body-front", "body-rear"),
        measures=("temperature", "humidity"),
        begin=Rule("geofence", "plant"),
        end=Rule("geofence", "lanzhou", lasts=10 * MINUTE * NANOSECONDS),
        places=places,
        every=15 * MINUTE * NANOSECONDS,
        series=5 * MINUTE * NANOSECONDS,
        never=24 * HOUR * NANOSECONDS,
        patience=60 * NANOSECONDS,
        holds=90 * NANOSECONDS,
        limit=4.0,
        door="door",
        scanner="scanner",
        stop=(3 / 3.6, 3 * MINUTE * NANOSECONDS),
        needs_papers=True,
        valid=7 * 24 * HOUR * NANOSECONDS,
    )
    return whole._replace(**changes)  # type: ignore[arg-type] # the test's own names


def recorder(route: Plan | None = None) -> Transport:
    return Transport("dx-truck-07", "伊东羊业科技有限公司", [route or plan()])


class Said(NamedTuple):
    """What a device says, at which second of the scenario."""

    second: float
    device: str
    item: Observation


@dataclass
class Drive:
    """The truth: where the truck is at every second. stops: how long it stands where, in s."""

    stops: dict[str, float] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        points = yaml.safe_load(ROUTE.read_text(encoding="utf-8"))["ports"]["gps"]["route"]
        way = [Waypoint.read(Options("route", point)) for point in points]
        way = [point._replace(stop=self.stops.get(point.name, point.stop)) for point in way]
        truck = Truck(way)
        last, stood = way[-1], 0
        while stood < 15 * MINUTE:
            place = truck.place(len(self.places))
            self.places.append(place)
            there = great_circle_m(place, last) < 1.0
            stood = stood + 1 if there else 0

    @property
    def departed(self) -> int:
        """The second in which it is outside the plant for good."""
        return 1 + max(s for s, p in enumerate(self.places) if great_circle_m(p, PLANT) <= PLANT.radius_m)

    @property
    def arrived(self) -> int:
        return min(s for s, p in enumerate(self.places) if great_circle_m(p, LANZHOU) <= LANZHOU.radius_m)

    def driven_m(self, dead: Sequence[tuple[int, int]] = ()) -> float:
        """From departure to arrival, without what nobody could see."""
        seen = [s for s in range(self.departed, self.arrived) if not any(a <= s < b for a, b in dead)]
        return sum(great_circle_m(self.places[s], self.places[s + 1]) for s in seen)

    def stood(self, least: int) -> list[tuple[int, int]]:
        """Where it stood on the way, from which second to which."""
        found: list[tuple[int, int]] = []
        for second in range(self.departed, self.arrived):
            if self.places[second].speed >= 3 / 3.6:
                continue
            if found and found[-1][1] == second:
                found[-1] = (found[-1][0], second + 1)
            else:
                found.append((second, second + 1))
        return [(a, b) for a, b in found if b - a >= least]

    def fixes(
        self, every: int = 10, noise_m: float = 0.0, dead: Sequence[tuple[int, int]] = (), seed: int = 7
    ) -> list[Said]:
        """What the receiver says; ``dead``: nothing from, until."""
        trembling = random.Random(seed)
        said = []
        for second in range(0, len(self.places), every):
            place = self.places[second]
            north, east = (trembling.gauss(0, noise_m) / 111_195 for _ in range(2))
            if not any(a < second < b for a, b in dead):
                lat, lon = place.lat + north, place.lon + east / cos(radians(place.lat))
                said.append(Said(second, "gps", Fix(at(second), lat, lon, place.speed, place.course)))
        return said

    def climate(self, temperature: Callable[[int], float], every: int = 30) -> list[Said]:
        return [
            Said(second + shift, device, Reading(at(second + shift), quantity, value))
            for second in range(0, len(self.places), every)
            for device, shift in (("body-front", 3), ("body-rear", 10))
            for quantity, value in (("temperature", temperature(second + shift)), ("humidity", 84.0))
        ]


def door(*changes: tuple[float, bool]) -> list[Said]:
    return [Said(second, "door", Reading(at(second), "open", value)) for second, value in changes]


def in_order(*said: Iterable[Said]) -> list[Said]:
    return sorted((each for some in said for each in some), key=lambda each: each.second)


def play(to: Transport, said: Iterable[Said | Fact]) -> list[Output]:
    """What it derives; time ticks with what is said."""
    found: list[Output] = []
    for each in said:
        if isinstance(each, Fact):
            found += to.enter(each)
        else:
            found += to.observe(each.device, each.item)
            found += to.tick(each.item.at)
    return found


def trips(outputs: Iterable[Output]) -> list[TransportRecord]:
    """The highest revision of each trip."""
    return list({each.id: each for each in records(outputs) if each.stretch == "trip"}.values())


def intervals(outputs: Iterable[Output]) -> list[TransportRecord]:
    return [each for each in records(outputs) if each.stretch == "interval"]


def records(outputs: Iterable[Output]) -> list[TransportRecord]:
    found = [each.record for each in outputs if isinstance(each, Derived)]
    assert all(isinstance(record, TransportRecord) for record in found)
    return [record for record in found if isinstance(record, TransportRecord)]


def notices(outputs: Iterable[Output]) -> list[Notice]:
    return [each for each in outputs if isinstance(each, Notice)]


def restarted(before: Transport, on_disk: dict[str, Row], route: Plan | None = None) -> Transport:
    """Another process with what this one had written down; ``on_disk`` is what lies there."""
    for row in before.memory.changed(before.name):
        on_disk[row.key] = row
    before.memory.kept()
    after = recorder(route)
    after.memory.load(on_disk.values())
    return after
