"""The recorder of transport: what a vehicle's devices and people say, and what follows for its trips.

::

    at rest ──leaves, ignition on, scan, a person's word──▶ on a trip ──every──▶ interval
       ▲                                                        │
       └──stays, ignition off, scan, a person's word, too long──┘

A trip begins with the first fix outside and ends with the first fix of the stay, though either is known only
later: a trip that may have begun is drawn at once and wiped out if the vehicle returns; at what may be its
end the trip is laid aside as it stands, and that is the record if the vehicle stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from drivers.contract import Fix, Instant, Observation, Quality, Reading, Sighting
from edge.alarms import Cause
from edge.recorders.contract import Fact, Notice, Output, Unfit
from edge.recorders.geo import Passage, Presence
from edge.recorders.route import Point
from edge.recorders.transport_goods import hand, scanned
from edge.recorders.transport_record import End, Writer, place_at
from edge.recorders.transport_rows import Event, Handed, Named, Plan, Rows, Rule, Said, Trip, Vehicle
from edge.recorders.transport_trips import Trips
from edge.recorders.transport_way import Seen, believed, count, halted, speed_between, stood
from edge.recorders.watch import Held
from edge.thinning import great_circle_m

DOOR = frozenset({"open", "door"})
"""What a contact at a door measures."""


class Transport:
    """The recorder of all routes. ``gateway`` and ``operator`` stand in every record."""

    name = "transport"
    takes = frozenset({"crew", "disinfection", "load", "trip", "cleaning"})

    def __init__(self, gateway: str, operator: str, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self._hearing: defaultdict[str, list[Plan]] = defaultdict(list)
        for plan in plans:
            for device in plan.hears:
                self._hearing[device].append(plan)
        self.hears = frozenset(self._hearing)
        self._rows = Rows()
        self.memory = self._rows.memory
        self._trips = Trips(self._rows, Writer(gateway, operator))

    def on_trip(self, device: str | None = None) -> bool:
        """Whether a vehicle is on a trip; with ``device``, one of those that it belongs to."""
        plans = self._plans if device is None else self._hearing.get(device, ())
        return any(self._trips.on(plan) is not None for plan in plans)

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        for plan in self._hearing.get(device, ()):
            yield from self._trips.advance(plan, item.at)
            if isinstance(item, Fix):
                if device == plan.position:
                    yield from self._moved(plan, item)
            elif isinstance(item, Sighting):
                yield from self._scanned(plan, device, item)
            else:
                yield from self._read(plan, device, item)

    def tick(self, at: Instant) -> Iterable[Output]:
        for plan in self._plans:
            yield from self._trips.advance(plan, at)
            yield from self._trips.papers(plan, at)

    def enter(self, fact: Fact) -> Iterable[Output]:
        vehicle = fact.values["place" if fact.kind == "cleaning" else "vehicle"]
        plans = [plan for plan in self._plans if plan.vehicle == vehicle]
        if fact.kind == "cleaning":
            self._cleaned(plans, fact)
            return
        if not plans:
            known = ", ".join(sorted({plan.vehicle for plan in self._plans}))
            raise Unfit("unknown_vehicle", vehicle=vehicle, known=known)
        if fact.kind == "trip":
            yield from self._ordered(plans, fact)
            return
        for plan in plans:
            self._told(plan, fact)
            if fact.kind == "disinfection":
                yield from self._trips.papers(plan, fact.entered)

    def _moved(self, plan: Plan, fix: Fix) -> Iterator[Output]:
        rows, point = self._rows, Point(fix.at, fix.lat, fix.lon)
        vehicle, trip = rows.vehicle(plan), rows.trips.get(plan.name)
        before = vehicle.fix
        seen = believed(vehicle, point)
        rows.vehicles.put(plan.name, vehicle)
        if seen in (Seen.LATE, Seen.OUTLIER):
            if trip is not None:
                trip.late += seen is Seen.LATE
                trip.outliers += seen is Seen.OUTLIER
                rows.trips.put(plan.name, trip)
            return
        lost = _lost(plan, trip, before, point, seen)
        if trip is not None:
            speed = fix.speed if fix.speed is not None else speed_between(before, point)
            self._drive(plan, trip, point, speed, lost)
        for named in plan.places.values():
            presence = vehicle.presence.setdefault(named.circle.name, Presence())
            passage = presence.pass_by(named.circle, point.at, point)
            if passage is not None:
                yield from self._passed(plan, named, passage, point, lost)
        yield from self._stays(plan, point.at)

    def _drive(self, plan: Plan, trip: Trip, point: Point, speed: float, lost: Event | None) -> None:
        rows = self._rows
        track = rows.tracks[plan.name]
        if lost is not None:
            track.lift()
            trip.counted = None
            if trip.halt is not None and plan.stop is not None:
                stop = stood(trip.halt, trip.halt.moving or lost.since, plan.stop[1])
                if stop is not None:
                    self._trips.event(plan, trip, stop)
            trip.halt = None
            self._trips.event(plan, trip, lost)
        count(trip, point)
        track.add(point)
        rows.tracks.put(plan.name, track)
        stop = halted(trip, point, speed, plan.stop) if plan.stop is not None else None
        if stop is not None:
            self._trips.event(plan, trip, stop)
        rows.trips.put(plan.name, trip)

    def _passed(
        self, plan: Plan, named: Named, passage: Passage, point: Point, lost: Event | None
    ) -> Iterator[Output]:
        circle = named.circle
        if circle.zone and passage in (Passage.ENTERED, Passage.LEFT):
            facts = {"place": circle.name, "plate": plan.plate, "lat": point.lat, "lon": point.lon}
            active = passage is Passage.ENTERED
            since = Instant(self._rows.vehicle(plan).presence[circle.name].since)
            yield Notice(since, Cause.GEOFENCE, plan.vehicle, facts, active, circle.name)
        if plan.begin.kind == "geofence" and plan.begin.what == circle.name:
            yield from self._leaves(plan, passage, point, lost)
        if plan.end.kind == "geofence" and plan.end.what == circle.name:
            trip = self._trips.on(plan)
            if passage is Passage.ENTERED and trip is not None:
                self._trips.lay_aside(plan, trip, point.at, circle.name, point)
            elif passage is Passage.LEFT:
                self._rows.arrivals.drop(plan.name)

    def _leaves(self, plan: Plan, passage: Passage, point: Point, lost: Event | None) -> Iterator[Output]:
        trip = self._rows.trips.get(plan.name)
        if passage is Passage.RETURNED:
            if trip is not None and not trip.sure:
                self._trips.wipe(plan, trip)
        elif passage is not Passage.ENTERED and trip is None:
            device, sure = plan.position, passage is Passage.LEFT
            trip = Trip(point.at, "geofence", device, sure=sure, place=plan.begin.what, where=point)
            yield from self._trips.begin(plan, trip)
            if lost is not None:
                self._trips.event(plan, trip, lost)
        elif passage is Passage.LEFT and trip is not None and not trip.sure:
            yield from self._trips.confirm(plan, trip)

    def _stays(self, plan: Plan, at: int) -> Iterator[Output]:
        arrival = self._rows.arrivals.get(plan.name)
        if arrival is None or plan.end.kind != "geofence" or at - arrival.at < plan.end.lasts:
            return
        if self._rows.vehicle(plan).presence[plan.end.what].leaving is None:
            end = End(arrival.at, "geofence", arrival.place, arrival.where, device=plan.position)
            yield from self._trips.arrived(plan, end)

    def _read(self, plan: Plan, device: str, item: Reading) -> Iterator[Output]:
        if device == plan.door and item.quantity in DOOR:
            self._door(plan, item)
        ignition = {rule.what for rule in (plan.begin, plan.end) if rule.kind == "ignition"}
        if device in ignition and item.quantity in ("ignition", "open") and item.value is not None:
            # a contact that is closed carries the current
            yield from self._switched(
                plan, item.at, device, bool(item.value) == (item.quantity == "ignition")
            )
        if device in plan.climate and item.quantity in plan.measures and item.quality is Quality.GOOD:
            self._felt(plan, device, item)

    def _felt(self, plan: Plan, device: str, item: Reading) -> None:
        assert item.value is not None, "a good reading has a value"
        key = f"{plan.name} {item.quantity}"
        self._rows.held.put(f"{key} {device}", Held(item.at, float(item.value)))
        watch = self._rows.watches.get(key)
        if watch is not None:
            watch.add(device, item.at, float(item.value))
            self._rows.watches.put(key, watch)

    def _door(self, plan: Plan, item: Reading) -> None:
        vehicle = self._rows.vehicle(plan)
        if item.value is None:
            vehicle.unsure = vehicle.open_since is not None
        elif item.value and vehicle.open_since is None:
            vehicle.open_since, vehicle.unsure = item.at, False
        elif not item.value and vehicle.open_since is not None:
            trip = self._rows.trips.get(plan.name)
            if trip is not None:
                since = max(vehicle.open_since, trip.since)
                self._trips.event(plan, trip, Event("opening", since, item.at, unsure=vehicle.unsure))
            vehicle.open_since, vehicle.unsure = None, False
        self._rows.vehicles.put(plan.name, vehicle)

    def _switched(self, plan: Plan, at: Instant, device: str, running: bool) -> Iterator[Output]:
        vehicle = self._rows.vehicle(plan)
        if vehicle.running == running:
            return
        vehicle.running = running
        self._rows.vehicles.put(plan.name, vehicle)
        trip, where = self._trips.on(plan), self._known(plan, vehicle, at)
        if plan.end == Rule("ignition", device, "", plan.end.lasts):
            if running:
                self._rows.arrivals.drop(plan.name)
            elif trip is not None:
                self._trips.lay_aside(plan, trip, at, place_at(plan, where), where)
        if running and trip is None and plan.begin.kind == "ignition" and plan.begin.what == device:
            yield from self._trips.begin(plan, Trip(at, "ignition", device, where=where))

    def _scanned(self, plan: Plan, device: str, item: Sighting) -> Iterator[Output]:
        trip, code = self._trips.on(plan), item.code.value
        where = self._known(plan, self._rows.vehicle(plan), item.at)
        if trip is None and (plan.begin.kind, plan.begin.what, plan.begin.code) == ("scan", device, code):
            yield from self._trips.begin(plan, Trip(item.at, "scan", device, where=where))
        elif trip is not None and (plan.end.kind, plan.end.what, plan.end.code) == ("scan", device, code):
            yield from self._trips.finish(
                plan, trip, End(item.at, "scan", place_at(plan, where), where, device)
            )
        elif device == plan.scanner and code not in (plan.begin.code, plan.end.code):
            subject = f"{item.code.scheme}:{code}"
            goods = Handed(subject, item.at, place=place_at(plan, where), told=device, scanned=True)
            way = scanned(self._rows, plan, trip, goods)
            if way is not None:
                hand(self._rows, plan, way, goods)
                self._news(plan, way, item.at)

    def _ordered(self, plans: Sequence[Plan], fact: Fact) -> Iterator[Output]:
        """A person's word begins the vehicle's first route, and ends the one it is on."""
        on = next(((plan, trip) for plan in plans if (trip := self._trips.on(plan))), None)
        plan, at = plans[0] if on is None else on[0], min(fact.at, fact.entered)
        vehicle = self._rows.vehicle(plan)
        where = self._known(plan, vehicle, at)
        if fact.values["action"] == "begin":
            if on is not None:
                raise Unfit("trip_on", vehicle=plan.vehicle)
            if at <= vehicle.ended:
                raise Unfit("trip_closed", vehicle=plan.vehicle)
            if (maybe := self._rows.trips.get(plan.name)) is not None:
                self._trips.wipe(plan, maybe)
            yield from self._trips.begin(plan, Trip(at, "person", person=fact.by, where=where))
            return
        if on is None:
            raise Unfit("no_trip", vehicle=plan.vehicle)
        if at < on[1].leg:
            raise Unfit("trip_closed", vehicle=plan.vehicle)
        yield from self._trips.finish(*on, End(at, "person", place_at(plan, where), where, person=fact.by))

    def _told(self, plan: Plan, fact: Fact) -> None:
        rows, vehicle, values = self._rows, self._rows.vehicle(plan), fact.values
        if fact.kind == "crew":
            vehicle.crew = _newer(vehicle.crew, Said(list(values["names"]), fact.by, fact.at))
        elif fact.kind == "disinfection":
            vehicle.papers = _newer(vehicle.papers, Said([values["number"]], fact.by, fact.at))
        else:
            place = place_at(plan, self._known(plan, vehicle, fact.at))
            quantity = (values.get("count"), values.get("mass_kg"), values.get("receiver"))
            goods = Handed(values["subject"], fact.at, *quantity, place=place, told=fact.by)
            hand(rows, plan, values["direction"], goods)
        rows.vehicles.put(plan.name, vehicle)
        self._news(plan, values.get("direction", "said"), fact.at)

    def _cleaned(self, plans: Iterable[Plan], fact: Fact) -> None:
        """Others hear of cleanings too; one of another place is not ours."""
        for plan in plans:
            vehicle, agent = self._rows.vehicle(plan), fact.values.get("agent")
            said = Said([agent] if agent else [], fact.by, fact.at)
            vehicle.cleaned = _newer(vehicle.cleaned, said)
            self._rows.vehicles.put(plan.name, vehicle)

    def _news(self, plan: Plan, what: str, at: int) -> None:
        """Whether the last trip's record has to be told again: goods are delivered behind its end too."""
        ended = self._rows.ended.get(plan.name)
        if ended is not None and (what == "delivered" or ended.since <= at <= ended.to):
            ended.news = at
            self._rows.ended.put(plan.name, ended)

    def _known(self, plan: Plan, vehicle: Vehicle, at: int) -> Point | None:
        """Where it is now, if that is known."""
        fix = vehicle.fix
        return fix if fix is not None and at - fix.at <= plan.patience else None


def _lost(plan: Plan, trip: Trip | None, before: Point | None, point: Point, seen: Seen) -> Event | None:
    """The gap that this fix ends."""
    if before is None:
        began = trip.since if trip is not None else point.at
        return Event("gap", began, point.at) if point.at - began > plan.patience else None
    if seen is Seen.NEXT and point.at - before.at <= plan.patience:
        return None
    since = max(before.at, trip.since) if trip is not None else before.at
    return Event("gap", since, point.at, apart_m=great_circle_m(before, point))


def _newer(before: Said | None, said: Said) -> Said:
    return said if before is None or said.at >= before.at else before
