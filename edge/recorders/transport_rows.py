"""What the recorder of transport is told by the settings, and what it remembers of a route: small rows.

::

    vehicles   route                 where it is, its crew and papers, on a trip or not
    held       route quantity device the last reading of each probe
    trips      route                 the trip that is on, or about to begin
    tracks     route                 \\ the interval that is not over:
    watches    route quantity        / its line, and its climate
    legs       route number          each interval that is over
    events     route number          stops, openings of the door, gaps
    goods      route, which way, code  what was loaded and delivered
    arrivals   route                 the trip as it was at what may be its end
    ended      route                 the last trip's record, for what is told later
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from edge.recorders.geo import Circle, Presence
from edge.recorders.memory import Memory, Table
from edge.recorders.route import Point, Strokes, Track
from edge.recorders.watch import Held, Watch

BegunBy: TypeAlias = Literal["geofence", "ignition", "scan", "person"]
EndedBy: TypeAlias = Literal["geofence", "ignition", "scan", "person", "too_long"]


class Rule(NamedTuple):
    """What begins or ends a trip. kind: geofence: ``what`` is a place; ignition: a contact; scan: a scanner,
    ``code`` what it reads. lasts: for so long, ns; as of its beginning."""

    kind: Literal["geofence", "ignition", "scan"]
    what: str
    code: str = ""
    lasts: int = 0


class Named(NamedTuple):
    """A place, as records say it."""

    circle: Circle
    name: str | None = None
    gln: str | None = None


class Plan(NamedTuple):
    """A route of the settings. Spans in ns, speeds in m/s.

    vehicle: its place. position, climate, door, scanner: devices. measures: quantities of ``climate``.
    places: those on the map, by name. every: an interval; intervals: whether each has its record. series: a
    point of the climate's. never: no trip is longer. patience: without a fix for longer is a gap. holds: so
    long a probe's value holds. limit: of the temperature, Cel. stop: slower than, for how long. valid: of a
    disinfection certificate; None: for ever. needs_papers: a trip without one is an alarm.
    """

    name: str
    vehicle: str
    plate: str | None
    position: str
    climate: Sequence[str]
    measures: Sequence[str]
    begin: Rule
    end: Rule
    places: Mapping[str, Named]
    every: int
    series: int
    never: int
    patience: int
    holds: int
    intervals: bool = True
    limit: float | None = None
    door: str | None = None
    scanner: str | None = None
    stop: tuple[float, int] | None = None
    needs_papers: bool = False
    valid: int | None = None

    @property
    def hears(self) -> frozenset[str]:
        """The devices."""
        contacts = {rule.what for rule in (self.begin, self.end) if rule.kind != "geofence"}
        return frozenset({self.position, *self.climate, *contacts, *filter(None, (self.door, self.scanner))})


@dataclass(slots=True)
class Said:
    """Part of a row: what a person said, and who. at: ns, from when it holds."""

    what: list[str]
    by: str
    at: int


@dataclass(slots=True)
class Vehicle:
    """A row. Instants in ns.

    fix: the last that was believed. doubted: a position it cannot have reached, and how many agree with it.
    open_since: the door stands open. unsure: its contact has been silent since. running: the ignition is on.
    ended: when the last trip was over. unlisted: codes for which there was no room. alarms: what stands.
    """

    fix: Point | None = None
    doubted: Point | None = None
    doubts: int = 0
    presence: dict[str, Presence] = field(default_factory=dict)
    open_since: int | None = None
    unsure: bool = False
    running: bool | None = None
    crew: Said | None = None
    papers: Said | None = None
    cleaned: Said | None = None
    ended: int = 0
    unlisted: dict[str, int] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Halt:
    """Part of a row: the vehicle stands, or has just begun to move. where: at its first slow fix."""

    where: Point
    moving: int | None = None


@dataclass(slots=True)
class Trip:
    """A row. Instants in ns, distances in m.

    sure: False while it may turn out that it never began. device: what began it; person: who. place: where it
    began, if it has a name; where: the first fix. leg: the interval, from when, how many before it.
    counted: up to where the distance was counted. id: of its record, from when it is told; it outlives a
    correction of the clock.
    """

    since: int
    by: BegunBy
    device: str = ""
    person: str = ""
    sure: bool = True
    place: str | None = None
    where: Point | None = None
    leg: int = 0
    legs: int = 0
    events: int = 0
    untold: int = 0
    distance_m: float = 0.0
    leg_m: float = 0.0
    counted: Point | None = None
    halt: Halt | None = None
    outliers: int = 0
    late: int = 0
    id: str = ""


@dataclass(slots=True)
class Leg:
    """A row: an interval that is over. climate: by quantity, as the record says it."""

    since: int
    to: int
    strokes: Strokes
    climate: dict[str, dict[str, Any]]


@dataclass(slots=True)
class Event:
    """A row. where: of a stop; apart_m: of a gap."""

    kind: Literal["stop", "opening", "gap"]
    since: int
    to: int
    where: Point | None = None
    unsure: bool = False
    apart_m: float | None = None


@dataclass(slots=True)
class Handed:
    """A row: goods that were loaded or delivered. at: ns. place: where the vehicle was. told: by whom, or by
    which scanner."""

    subject: str
    at: int
    count: int | None = None
    mass_kg: float | None = None
    receiver: str | None = None
    place: str | None = None
    told: str = ""
    scanned: bool = False


@dataclass(slots=True)
class Arrival:
    """A row: the trip as it was at what may be its end."""

    at: int
    place: str | None
    where: Point | None
    trip: Trip
    track: Track
    watches: dict[str, Watch]


@dataclass(slots=True)
class Ended:
    """A row: the last trip's record. news: since when it has to be told again; None: nothing is new."""

    body: dict[str, Any]
    since: int
    to: int
    news: int | None = None


class Rows:
    """The tables."""

    def __init__(self) -> None:
        self.vehicles = Table("vehicles", Vehicle)
        self.held = Table("held", Held)
        self.trips = Table("trips", Trip)
        self.tracks = Table("tracks", Track)
        self.watches = Table("watches", Watch)
        self.legs = Table("legs", Leg)
        self.events = Table("events", Event)
        self.goods = Table("goods", Handed)
        self.arrivals = Table("arrivals", Arrival)
        self.ended = Table("ended", Ended)
        self.memory = Memory(
            *(self.vehicles, self.held, self.trips, self.tracks, self.watches),
            *(self.legs, self.events, self.goods, self.arrivals, self.ended),
        )

    def vehicle(self, plan: Plan) -> Vehicle:
        """Its row; a new one is put by who changes it."""
        return self.vehicles.get(plan.name) or Vehicle()

    def legs_of(self, plan: Plan, trip: Trip) -> list[Leg]:
        return [self.legs[f"{plan.name} {number}"] for number in range(trip.legs)]

    def events_of(self, plan: Plan, trip: Trip) -> list[Event]:
        return [self.events[f"{plan.name} {number}"] for number in range(trip.events)]

    def watches_of(self, plan: Plan) -> dict[str, Watch]:
        """By quantity."""
        found = {quantity: self.watches.get(f"{plan.name} {quantity}") for quantity in plan.measures}
        return {quantity: watch for quantity, watch in found.items() if watch is not None}

    def forget(self, plan: Plan, trip: Trip) -> None:
        """The trip, and all that was written down of its way."""
        for number in range(trip.legs):
            self.legs.drop(f"{plan.name} {number}")
        for number in range(trip.events):
            self.events.drop(f"{plan.name} {number}")
        for quantity in plan.measures:
            self.watches.drop(f"{plan.name} {quantity}")
        for table in (self.trips, self.tracks, self.arrivals):
            table.drop(plan.name)
