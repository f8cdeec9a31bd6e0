"""From what is remembered of a trip to its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from drivers.contract import NANOSECONDS, Instant
from edge.instant import parse_rfc3339, rfc3339
from edge.journal.trail import Link
from edge.recorders.contract import Derived
from edge.recorders.issuer import receiver_node
from edge.recorders.route import Point, Strokes, geojson
from edge.recorders.transport_goods import cargo
from edge.recorders.transport_rows import (
    Ended,
    EndedBy,
    Event,
    Handed,
    Plan,
    Rows,
    Said,
    Trip,
    Vehicle,
)
from edge.records.record import Climate, Origin, Subject, record_id
from edge.records.transport import (
    DisinfectionCertificate,
    Hygiene,
    Lost,
    Opening,
    Stop,
    TransportBasic,
    TransportExtended,
    TransportRecord,
    Whereabouts,
)
from edge.thinning import great_circle_m

MOST_EVENTS: Final = 400
"""Stops, openings and gaps of one trip; more are counted."""


class End(NamedTuple):
    """How a trip ended. device: what showed it; person: who said so."""

    at: int
    by: EndedBy
    place: str | None = None
    where: Point | None = None
    device: str = ""
    person: str = ""


class Stretch(NamedTuple):
    """A trip or an interval of it, up to ``to``."""

    since: int
    to: int
    strokes: Strokes
    climate: Mapping[str, Climate]
    events: Sequence[Event]
    distance_m: float


class Writer:
    """Writes the records of transport; ``gateway`` and ``operator`` stand in each."""

    def __init__(self, gateway: str, operator: str) -> None:
        self._gateway = gateway
        self._operator = operator

    def begun(self, rows: Rows, plan: Plan, trip: Trip) -> Derived:
        """The first revision: it is under way."""
        trip.id = self._id(plan, trip)
        rows.trips.put(plan.name, trip)
        stretch = Stretch(trip.since, trip.since, [], {}, (), 0.0)
        record = self._record(rows, plan, trip, stretch, None)
        return self._derived(rows, plan, record.model_copy(update={"to": None}))

    def _id(self, plan: Plan, trip: Trip) -> str:
        return record_id(self._gateway, "transport", plan.name, rfc3339(Instant(trip.since)))

    def over(self, rows: Rows, plan: Plan, trip: Trip, stretch: Stretch, end: End) -> Derived:
        """The second: it is complete."""
        record = self._record(rows, plan, trip, stretch, end)
        return self._derived(rows, plan, record.model_copy(update={"revision": 2}))

    def again(self, rows: Rows, plan: Plan, ended: Ended) -> Derived:
        """A further one: of what was said or delivered since."""
        record = TransportRecord.model_validate(ended.body)
        record = record.model_copy(update={"revision": record.revision + 1}, deep=True)
        for way in ("loaded", "delivered"):
            found, handed = cargo(rows, plan, way, ended.to)
            setattr(record.basic, way, found)
            record.source.update(_handed(f"basic.{way}", handed))
        vehicle = rows.vehicle(plan)
        if vehicle.crew is not None and ended.since <= vehicle.crew.at <= ended.to:
            record.basic.crew = vehicle.crew.what
            record.source["basic.crew"] = person(vehicle.crew)
        if vehicle.papers is not None and ended.since <= vehicle.papers.at <= ended.to:
            record.basic.disinfection = _papers(plan, vehicle.papers, ended.since)
            record.source["basic.disinfection"] = person(vehicle.papers)
        return self._derived(rows, plan, record)

    def interval(self, rows: Rows, plan: Plan, trip: Trip, stretch: Stretch) -> Derived:
        """A piece of the way."""
        whole = self._record(rows, plan, trip, stretch, None)
        since = rfc3339(Instant(stretch.since))
        own = record_id(self._gateway, "transport", f"{plan.name} interval", since)
        record = whole.model_copy(update={"id": own, "since": since, "stretch": "interval"})
        return Derived(record, nodes=(f"trip:{record.trip}",))

    def _record(
        self, rows: Rows, plan: Plan, trip: Trip, stretch: Stretch, end: End | None
    ) -> TransportRecord:
        vehicle = rows.vehicle(plan)
        since = rfc3339(Instant(trip.since))
        own = trip.id or self._id(plan, trip)
        loaded, on = cargo(rows, plan, "loaded", stretch.to)
        delivered, off = cargo(rows, plan, "delivered", stretch.to)
        basic = TransportBasic(
            plate=plan.plate,
            disinfection=_papers(plan, vehicle.papers, trip.since),
            departed_at=since,
            arrived_at=rfc3339(Instant(end.at)) if end else None,
            start=whereabouts(plan, trip.place, trip.where),
            end=whereabouts(plan, end.place, end.where) if end else None,
            crew=vehicle.crew.what if vehicle.crew else [],
            loaded=loaded,
            delivered=delivered,
        )
        source = _sources(plan, vehicle, trip, end) | _handed("basic.loaded", on)
        return TransportRecord(
            id=own,
            revision=1,
            operator=self._operator,
            since=since,
            to=rfc3339(Instant(stretch.to)),
            place=plan.vehicle,
            subjects=[_subject(plan), Subject(scheme="trip", value=own, role="trip")],
            climate=dict(stretch.climate),
            source=source | _handed("basic.delivered", off),
            stretch="trip",
            trip=own,
            begun_by=trip.by,
            ended_by=end.by if end else None,
            basic=basic,
            extended=_extended(plan, vehicle, trip, stretch),
        )

    def _derived(self, rows: Rows, plan: Plan, record: TransportRecord) -> Derived:
        """With its links: forward is the way the goods go."""
        node, basic = f"trip:{record.id}", record.basic
        began = parse_rfc3339(record.since)
        ended = parse_rfc3339(record.to) if record.to else began
        links = [Link(_subject(plan).node, "made", node, began)]
        if basic.end is not None and basic.end.place is not None:
            links.append(Link(node, "delivered", f"place:{basic.end.place}", ended))
        said = [{"source": link.source, "relation": link.relation, "target": link.target} for link in links]
        links += [Link(each.subject, "loaded", node, parse_rfc3339(each.at)) for each in basic.loaded.goods]
        for row in cargo(rows, plan, "delivered", ended)[1]:
            to = receiver_node(row.receiver) if row.receiver else f"place:{row.place}" if row.place else None
            if to is not None:
                links.append(Link(row.subject, "delivered", to, Instant(row.at)))
                links.append(Link(node, "delivered", to, Instant(row.at)))
        return Derived(record.model_copy(update={"links": said}), tuple(dict.fromkeys(links)))


def whereabouts(plan: Plan, place: str | None, where: Point | None) -> Whereabouts | None:
    """None: nothing is known of it."""
    named = plan.places.get(place) if place is not None else None
    if named is None and where is None:
        return None
    return Whereabouts(
        place=place if named else None,
        name=named.name if named else None,
        gln=named.gln if named else None,
        lat=round(where.lat, 6) if where else None,
        lon=round(where.lon, 6) if where else None,
    )


def place_at(plan: Plan, where: Point | None) -> str | None:
    """The smallest of the places on the map in which this is."""
    if where is None:
        return None
    around = [
        named.circle
        for named in plan.places.values()
        if great_circle_m(named.circle, where) <= named.circle.radius_m
    ]
    return min(around, key=lambda circle: circle.radius_m).name if around else None


def valid_until(plan: Plan, papers: Said) -> int | None:
    """None: it holds for ever."""
    return papers.at + plan.valid if plan.valid is not None else None


def _papers(plan: Plan, papers: Said | None, at: int) -> DisinfectionCertificate | None:
    if papers is None:
        return None
    until = valid_until(plan, papers)
    return DisinfectionCertificate(
        number=papers.what[0],
        since=rfc3339(Instant(papers.at)),
        to=rfc3339(Instant(until)) if until is not None else None,
        valid=papers.at <= at and (until is None or at < until),
    )


def _extended(plan: Plan, vehicle: Vehicle, trip: Trip, stretch: Stretch) -> TransportExtended:
    cleaned = vehicle.cleaned if vehicle.cleaned and vehicle.cleaned.at <= stretch.to else None
    # a gap that ends with the first fix of the trip says how sure its beginning is
    events = [
        event
        for event in stretch.events
        if event.since < stretch.to and event.to >= stretch.since + (event.kind != "gap")
    ]
    return TransportExtended(
        hygiene=Hygiene(at=rfc3339(Instant(cleaned.at)), agent=", ".join(cleaned.what) or None)
        if cleaned
        else None,
        distance_km=round(stretch.distance_m / 1000, 3),
        route=geojson(stretch.strokes),
        stops=[_stop(plan, event, stretch) for event in events if event.kind == "stop"],
        openings=[_opening(event, stretch) for event in events if event.kind == "opening"],
        gaps=[_lost(event, stretch) for event in events if event.kind == "gap"],
        patience_s=plan.patience / NANOSECONDS,
        outliers=trip.outliers,
        late=trip.late,
        untold=trip.untold,
    )


def _span(event: Event, stretch: Stretch) -> dict[str, str]:
    """Within the stretch."""
    since, to = max(event.since, stretch.since), min(event.to, stretch.to)
    return {"since": rfc3339(Instant(since)), "to": rfc3339(Instant(to))}


def _stop(plan: Plan, event: Event, stretch: Stretch) -> Stop:
    where = whereabouts(plan, place_at(plan, event.where), event.where)
    return Stop(**_span(event, stretch), where=where or Whereabouts())


def _opening(event: Event, stretch: Stretch) -> Opening:
    return Opening(**_span(event, stretch), unsure=event.unsure)


def _lost(event: Event, stretch: Stretch) -> Lost:
    """A gap reaches as far as nothing is known, beyond the stretch's beginning too."""
    to = min(event.to, stretch.to)
    apart_km = round(event.apart_m / 1000, 3) if event.apart_m is not None else None
    return Lost(since=rfc3339(Instant(event.since)), to=rfc3339(Instant(to)), apart_km=apart_km)


def _subject(plan: Plan) -> Subject:
    return Subject(scheme="vehicle", value=plan.plate or plan.vehicle, role="vehicle")


def _sources(plan: Plan, vehicle: Vehicle, trip: Trip, end: End | None) -> dict[str, Origin]:
    gps, began = Origin(kind="derived", device=plan.position), _cause(trip.device, trip.person)
    found = {
        "basic.departed_at": began,
        "basic.start": gps,
        "extended.distance_km": gps,
        "extended.route": Origin(kind="sensor", device=plan.position),
        "extended.stops": gps,
        "extended.gaps": gps,
    }
    if plan.plate:
        found["basic.plate"] = Origin(kind="settings")
    if end is not None:
        found["basic.arrived_at"] = _cause(end.device, end.person)
        found["basic.end"] = gps
    if plan.door:
        found["extended.openings"] = Origin(kind="sensor", device=plan.door)
    probes = Origin(kind="sensor", device=", ".join(plan.climate))
    said = {"basic.crew": vehicle.crew, "basic.disinfection": vehicle.papers}
    said["extended.hygiene"] = vehicle.cleaned
    return (
        found
        | {f"climate.{quantity}": probes for quantity in plan.measures}
        | {path: person(what) for path, what in said.items() if what is not None}
    )


def person(said: Said) -> Origin:
    """Who said it."""
    return Origin(kind="person", name=said.by, at=rfc3339(Instant(said.at)))


def _cause(device: str, name: str) -> Origin:
    if name:
        return Origin(kind="person", name=name)
    return Origin(kind="derived", device=device or None)


def _handed(path: str, handed: Sequence[Handed]) -> dict[str, Origin]:
    """The last who told of it speaks for all."""
    if not handed:
        return {}
    last = max(handed, key=lambda row: row.at)
    at = rfc3339(Instant(last.at))
    if last.scanned:
        return {path: Origin(kind="sensor", device=last.told, at=at)}
    return {path: Origin(kind="person", name=last.told, at=at)}
