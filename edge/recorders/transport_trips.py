"""The life of a trip: begun, sure, cut into intervals, laid aside at what may be its end, over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Final

from drivers.contract import NANOSECONDS, Instant
from edge.alarms import Cause
from edge.instant import rfc3339
from edge.recorders.contract import Notice, Output
from edge.recorders.route import Point, Track, joined
from edge.recorders.transport_climate import merged
from edge.recorders.transport_goods import forget_delivered
from edge.recorders.transport_record import MOST_EVENTS, End, Stretch, Writer, place_at, valid_until
from edge.recorders.transport_rows import Arrival, Ended, Event, Leg, Plan, Rows, Trip
from edge.recorders.transport_way import stood
from edge.recorders.watch import Watch
from edge.records.record import Climate

TOGETHER: Final = 60 * NANOSECONDS
"""What is told after the end within this time is one revision: a truck is unloaded code by code."""


class Trips:
    """The trips of all routes, on their rows."""

    def __init__(self, rows: Rows, writer: Writer) -> None:
        self._rows = rows
        self._writer = writer

    def on(self, plan: Plan) -> Trip | None:
        """The trip that is surely on."""
        trip = self._rows.trips.get(plan.name)
        return trip if trip is not None and trip.sure else None

    def begin(self, plan: Plan, trip: Trip) -> Iterator[Output]:
        """From ``trip.since``; where it is not ``sure``, nothing is told yet."""
        rows, name = self._rows, plan.name
        trip.leg, trip.counted = trip.since, trip.where
        trip.place = place_at(plan, trip.where) if trip.place is None else trip.place
        rows.trips.put(name, trip)
        rows.tracks.put(name, Track([[trip.where]] if trip.where is not None else []))
        for quantity in plan.measures:
            limit = plan.limit if quantity == "temperature" else None
            held = {
                device: row
                for device in plan.climate
                if (row := rows.held.get(f"{name} {quantity} {device}"))
            }
            watch = Watch(trip.since, plan.series, plan.holds, limit, held=held, upto=trip.since)
            rows.watches.put(f"{name} {quantity}", watch)
        if trip.sure:
            yield from self.confirm(plan, trip)

    def confirm(self, plan: Plan, trip: Trip) -> Iterator[Output]:
        """It has truly begun."""
        rows = self._rows
        ended = rows.ended.get(plan.name)
        if ended is not None and ended.news is not None:
            yield self._again(plan, ended)
        rows.ended.drop(plan.name)
        forget_delivered(rows, plan, trip.since)
        trip.sure = True
        rows.trips.put(plan.name, trip)
        yield self._writer.begun(rows, plan, trip)
        yield from self._alarm(plan, Cause.TRIP_TOO_LONG, Instant(trip.since), stands=False)
        yield from self.papers(plan, Instant(trip.since))

    def wipe(self, plan: Plan, trip: Trip) -> None:
        """It never began."""
        self._rows.forget(plan, trip)

    def lay_aside(self, plan: Plan, trip: Trip, at: int, place: str | None, where: Point | None) -> None:
        """This may be its end."""
        rows = self._rows
        kept = Arrival(
            *(at, place, where, deepcopy(trip), deepcopy(rows.tracks[plan.name])),
            watches=deepcopy(rows.watches_of(plan)),
        )
        rows.arrivals.put(plan.name, kept)

    def arrived(self, plan: Plan, by: End) -> Iterator[Output]:
        """It was the end, as it was laid aside."""
        arrival = self._rows.arrivals[plan.name]
        yield from self._over(plan, arrival.trip, arrival.track, arrival.watches, by)

    def finish(self, plan: Plan, trip: Trip, by: End) -> Iterator[Output]:
        """It ends as it stands."""
        rows = self._rows
        yield from self._over(plan, trip, rows.tracks[plan.name], rows.watches_of(plan), by)

    def advance(self, plan: Plan, at: Instant) -> Iterator[Output]:
        """Event time has come to ``at``. Intervals end when the clock is full, as the series' points do."""
        ended = self._rows.ended.get(plan.name)
        if ended is not None and ended.news is not None and at - ended.news >= TOGETHER:
            yield self._again(plan, ended)
        trip = self.on(plan)
        if trip is None:
            return
        latest = trip.since + plan.never
        arrival = self._rows.arrivals.get(plan.name)
        if arrival is not None:
            yield from self._waits(plan, arrival, at, latest)
            return
        until = min(at, latest)
        if (full := until - until % plan.every) > trip.leg:
            yield from self._close_leg(plan, trip, full)
        if at >= latest:
            fix = self._rows.vehicle(plan).fix
            yield from self.finish(plan, trip, End(latest, "too_long", place_at(plan, fix), fix))
            facts = {"since": rfc3339(Instant(trip.since)), "hours": plan.never / NANOSECONDS / 3600}
            yield from self._alarm(plan, Cause.TRIP_TOO_LONG, Instant(latest), stands=True, facts=facts)

    def event(self, plan: Plan, trip: Trip, event: Event) -> None:
        """Happened on the way; beyond what a record can tell it is counted."""
        if trip.events >= MOST_EVENTS:
            trip.untold += 1
        else:
            self._rows.events.put(f"{plan.name} {trip.events}", event)
            trip.events += 1
        self._rows.trips.put(plan.name, trip)

    def papers(self, plan: Plan, at: Instant) -> Iterator[Output]:
        """Whether the disinfection certificate holds where one is needed."""
        papers = self._rows.vehicle(plan).papers
        until = valid_until(plan, papers) if papers is not None else None
        missing = papers is None or (until is not None and at >= until)
        facts: dict[str, object] = {"why": "missing"}
        if papers is not None:
            facts = {"why": "expired", "number": papers.what[0], "until": rfc3339(Instant(until or 0))}
        stands = plan.needs_papers and missing and self.on(plan) is not None
        yield from self._alarm(plan, Cause.DISINFECTION, at, stands=stands, facts=facts)

    def _waits(self, plan: Plan, arrival: Arrival, at: int, latest: int) -> Iterator[Output]:
        """It may be over. An ignition needs no fix to have been off for long; no trip waits for ever."""
        rule = plan.end
        if (rule.kind == "ignition" and at - arrival.at >= rule.lasts) or at >= latest:
            end = End(arrival.at, rule.kind, arrival.place, arrival.where, device=rule.what)
            yield from self.arrived(plan, end)

    def _close_leg(self, plan: Plan, trip: Trip, to: int) -> Iterator[Output]:
        rows, name = self._rows, plan.name
        track, climate = rows.tracks[name], {}
        for quantity, watch in rows.watches_of(plan).items():
            rows.watches.put(f"{name} {quantity}", watch.next(Instant(to)))
            climate[quantity] = watch.ended(Instant(to))
        stretch = Stretch(trip.leg, to, track.strokes, climate, self._events(plan, trip, to), trip.leg_m)
        if plan.intervals:
            yield self._writer.interval(rows, plan, trip, stretch)
        rows.tracks.put(name, track.next())
        rows.legs.put(f"{name} {trip.legs}", Leg(trip.leg, to, track.strokes, _bodies(climate)))
        trip.leg, trip.leg_m, trip.legs = to, 0.0, trip.legs + 1
        rows.trips.put(name, trip)

    def _over(
        self, plan: Plan, trip: Trip, track: Track, watches: dict[str, Watch], end: End
    ) -> Iterator[Output]:
        rows, name = self._rows, plan.name
        legs = rows.legs_of(plan, trip)
        last = {quantity: watch.ended(Instant(end.at)) for quantity, watch in watches.items()}
        climate = {
            quantity: merged([*(Climate.model_validate(leg.climate[quantity]) for leg in legs), climate])
            for quantity, climate in last.items()
        }
        strokes = joined([*(leg.strokes for leg in legs), track.strokes])
        events = self._events(plan, rows.trips[name], end.at)
        stretch = Stretch(trip.since, end.at, strokes, climate, events, trip.distance_m)
        derived = self._writer.over(rows, plan, trip, stretch, end)
        vehicle = rows.vehicle(plan)
        vehicle.ended = end.at
        rows.vehicles.put(name, vehicle)
        rows.ended.put(name, Ended(derived.record.body(), trip.since, end.at))
        rows.forget(plan, rows.trips[name])
        yield derived
        yield from self.papers(plan, Instant(end.at))

    def _events(self, plan: Plan, trip: Trip, to: int) -> Sequence[Event]:
        """With those that are not over."""
        vehicle = self._rows.vehicle(plan)
        events = self._rows.events_of(plan, trip)
        if trip.halt is not None and plan.stop is not None:
            stop = stood(trip.halt, min(trip.halt.moving or to, to), plan.stop[1])
            events += [stop] if stop is not None else []
        if vehicle.open_since is not None:
            events.append(Event("opening", max(vehicle.open_since, trip.since), to, unsure=vehicle.unsure))
        seen = max(vehicle.fix.at, trip.since) if vehicle.fix is not None else trip.since
        if to - seen > plan.patience:
            events.append(Event("gap", seen, to))
        return events

    def _again(self, plan: Plan, ended: Ended) -> Output:
        derived = self._writer.again(self._rows, plan, ended)
        self._rows.ended.put(plan.name, Ended(derived.record.body(), ended.since, ended.to))
        return derived

    def _alarm(
        self,
        plan: Plan,
        cause: Cause,
        at: Instant,
        *,
        stands: bool,
        facts: dict[str, object] | None = None,
    ) -> Iterator[Output]:
        """Told when it changes."""
        vehicle = self._rows.vehicle(plan)
        if stands == (cause in vehicle.alarms):
            return
        if stands:
            vehicle.alarms.append(cause)
        else:
            vehicle.alarms.remove(cause)
        self._rows.vehicles.put(plan.name, vehicle)
        yield Notice(at, cause, plan.vehicle, facts or {}, active=stands, name=plan.name)


def _bodies(climate: dict[str, Climate]) -> dict[str, dict[str, object]]:
    return {
        quantity: each.model_dump(mode="json", by_alias=True, exclude_none=True)
        for quantity, each in climate.items()
    }
