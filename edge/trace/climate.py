"""What the climate was where goods stayed, from the records of the room or of the trip (newest revisions).

Of a room's interval that is only partly the stay's, the sealed points within the stay count; its time beyond
the limit counts whole: rather too much than too little.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final, NamedTuple

from drivers.contract import NANOSECONDS, Instant
from edge.instant import parse_rfc3339
from edge.journal import finding, trail
from edge.journal.presence import Stay
from edge.journal.trail import Found
from edge.trace.stays import TRIP, trips

LONGEST_INTERVAL: Final = 86_400 * NANOSECONDS
"""No room's record covers more."""

MOST_RECORDS: Final = 1_500
"""Of one room: two months of hours. They are the first; of what comes later nothing is told."""

MOST_OWN: Final = 20
"""Records about one carcass."""


@dataclass(slots=True)
class Known:
    """One quantity over a stay. gaps: how many. limit: the last one that a record states."""

    count: int = 0
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    limit: float | None = None
    beyond_s: float | None = None
    gaps: int = 0

    def add(self, count: int, least: float | None, most: float | None, mean: float | None) -> None:
        """So many readings more."""
        if not count or least is None or most is None or mean is None:
            return
        self.min = least if self.min is None else min(self.min, least)
        self.max = most if self.max is None else max(self.max, most)
        before = 0.0 if self.mean is None else self.mean * self.count
        self.count += count
        self.mean = (before + mean * count) / self.count

    def facts(self) -> dict[str, Any]:
        """As JSON has it, without what is empty."""
        if self.mean is not None:
            self.mean = round(self.mean, 3)
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


class Point(NamedTuple):
    """A sealed point of a record."""

    at: Instant
    n: int
    min: float
    max: float
    mean: float


class Told:
    """One quantity of one record."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self.whole = (said["count"], said.get("min"), said.get("max"), said.get("mean"))
        self.limit: float | None = said.get("limit")
        self.beyond_s: float | None = said.get("beyond_s")
        self.gaps = [(parse_rfc3339(gap["from"]), parse_rfc3339(gap["to"])) for gap in said.get("gaps", ())]

    @cached_property
    def points(self) -> Sequence[Point]:
        """Empty where the record was made without."""
        series = self._said.get("series", ())
        return [Point(parse_rfc3339(p["t"]), p["n"], p["min"], p["max"], p["mean"]) for p in series]


class Interval(NamedTuple):
    """A record of a room or a trip."""

    since: Instant
    until: Instant
    climate: Mapping[str, Told]


class Climates:
    """Knows the climate of these stays; a record is read once, however many were there."""

    def __init__(self, connection: sqlite3.Connection, stays: Iterable[Stay]) -> None:
        self._connection = connection
        together: defaultdict[str, list[Stay]] = defaultdict(list)
        for stay in stays:
            together[stay.where].append(stay)
        self._intervals = {
            where: _intervals(connection, self._records(where, there)) for where, there in together.items()
        }
        self._told: dict[tuple[str, Instant, Instant], dict[str, dict[str, Any]]] = {}

    def of(self, stay: Stay) -> dict[str, dict[str, Any]]:
        """By quantity; nothing where no record tells it."""
        if not self._intervals[stay.where]:
            return self._own(stay)
        times = stay[1:]
        if times not in self._told:
            self._told[times] = self._during(*times)
        return self._told[times]

    def _during(self, where: str, since: Instant, until: Instant) -> dict[str, dict[str, Any]]:
        known: dict[str, Known] = {}
        intervals = self._intervals[where]
        first = bisect_left(intervals, since - LONGEST_INTERVAL, key=_since)
        for interval in islice(intervals, first, None):
            if interval.since > until:
                break
            if interval.until > since:
                for quantity, told in interval.climate.items():
                    _add(known.setdefault(quantity, Known()), told, interval, since, until)
        return {quantity: each.facts() for quantity, each in known.items()}

    def _own(self, stay: Stay) -> dict[str, dict[str, Any]]:
        """Of a room without records of its own: what the carcass's says of all its rooms together."""
        known: dict[str, Known] = {}
        about = trail.about(self._connection, stay.what, MOST_OWN)
        slaughters = [each for each in about if each.kind == "slaughter" and each.since <= stay.since]
        for since, until, climate in _intervals(self._connection, slaughters):
            for quantity, told in climate.items():
                whole = Interval(since, until, {})
                _add(known.setdefault(quantity, Known()), told, whole, since, until)
        return {quantity: each.facts() for quantity, each in known.items()}

    def _records(self, where: str, stays: Sequence[Stay]) -> Iterable[Found]:
        if where.startswith(TRIP):
            return trips(self._connection, [where]).values()
        since = Instant(min(stay.since for stay in stays) - LONGEST_INTERVAL)
        until = max(stay.until for stay in stays)
        place = where.partition(":")[2]
        return finding.intervals(self._connection, place, since, until, MOST_RECORDS)


def _intervals(connection: sqlite3.Connection, found: Iterable[Found]) -> list[Interval]:
    """What these records tell, oldest first."""
    told = (
        Interval(
            record.since,
            record.until,
            {quantity: Told(said) for quantity, said in body.get("climate", {}).items()},
        )
        for record, body in finding.bodies(connection, found)
    )
    return sorted(told, key=_since)


def _since(interval: Interval) -> Instant:
    return interval.since


def _add(known: Known, told: Told, interval: Interval, since: Instant, until: Instant) -> None:
    """The part of the interval that the stay had."""
    within = since <= interval.since and interval.until <= until
    if within or not told.points:
        known.add(*told.whole)
    else:
        for point in told.points:
            if since <= point.at < until:
                known.add(*point[1:])
    if told.limit is not None:
        known.limit = told.limit
    if told.beyond_s is not None:
        known.beyond_s = (known.beyond_s or 0.0) + told.beyond_s
    known.gaps += sum(ends > since and begins < until for begins, ends in told.gaps)
