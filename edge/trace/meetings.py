"""What met the animals of a county or a lot: what was in the same room or truck at the same time.

For an epidemic. A county's animals are answered for in pages of time.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from drivers.contract import Instant
from edge.instant import rfc3339
from edge.journal import finding, presence
from edge.journal.presence import ANIMALS, FOREVER, Stay
from edge.journal.trail import Link
from edge.trace import stays
from edge.trace.answer import spelt
from edge.trace.stays import TRIP
from edge.trace.walk import walk

MOST_SEEDS: Final = 500
"""Tags of a county in one answer, and more only where one instant has more."""

EVER: Final = Instant(0)

MOST_NODES: Final = 20_000
MOST_LINKS: Final = 100_000
MOST_MET: Final = 10_000


class Span(NamedTuple):
    """A time at a place."""

    where: str
    since: Instant
    until: Instant


class Epidemic(NamedTuple):
    """seeds: the codes that it began with. stays: where they and what became of them were. met: what else was
    there, when, and the animals that it came from. complete: no bound was met.

    rest: from this time on there are more of the county's animals than one answer holds.
    """

    seeds: list[str]
    stays: list[Stay]
    met: list[Stay]
    animals: dict[str, list[str]]
    complete: bool
    rest: Instant | None = None

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "seeds": self.seeds,
            "complete": self.complete,
            **({} if self.rest is None else {"rest": rfc3339(self.rest)}),
            "stays": [spelt(stay) for stay in self.stays],
            "met": [spelt(stay) | {"animals": self.animals[stay.what]} for stay in self.met],
        }


def of_county(connection: sqlite3.Connection, county: str, since: Instant, until: Instant) -> Epidemic:
    """What met a county's animals (GB/T 2260) that came or were slaughtered in ``since`` ≤ t < ``until``."""
    seeds: dict[str, None] = {}
    for at, tags in groupby(finding.tagged(connection, county, since, until), key=itemgetter(0)):
        page = seeds | dict.fromkeys(tag for _, tag in tags)
        if seeds and len(page) > MOST_SEEDS:
            return _epidemic(connection, list(seeds))._replace(complete=False, rest=at)
        seeds = page
    return _epidemic(connection, list(seeds))


def of_lot(
    connection: sqlite3.Connection, lot: str, since: Instant = EVER, until: Instant = FOREVER
) -> Epidemic:
    """What met a lot, or whatever else this node stands for, in ``since`` ≤ t < ``until``."""
    return _epidemic(connection, [lot], since, until)


def _epidemic(
    connection: sqlite3.Connection, seeds: list[str], since: Instant = EVER, until: Instant = FOREVER
) -> Epidemic:
    walked = walk(connection, seeds, "forward", MOST_NODES)
    were = [s for s in stays.of(connection, walked.onward) if s.since < until and s.until > since]
    spans = [Span(span.where, max(span.since, since), min(span.until, until)) for span in _merged(were)]
    met = {*_in_rooms(connection, spans, walked.nodes), *_on_trips(connection, spans, walked.nodes)}
    told = sorted(met, key=lambda stay: (stay.where, stay.since, stay.what))[:MOST_MET]
    animals = _animals(connection, {stay.what for stay in told})
    complete = walked.complete and len(told) == len(met)
    return Epidemic(seeds, sorted(were, key=lambda stay: (stay.since, stay)), told, animals, complete)


def _merged(were: Iterable[Stay]) -> Iterator[Span]:
    """The times in which any of them was at a place, each time once."""
    together: defaultdict[str, list[Stay]] = defaultdict(list)
    for stay in were:
        together[stay.where].append(stay)
    for where, there in together.items():
        there.sort(key=lambda stay: stay.since)
        since, until = there[0].since, there[0].until
        for stay in there[1:]:
            if stay.since > until:
                yield Span(where, since, until)
                since, until = stay.since, stay.until
            until = max(until, stay.until)
        yield Span(where, since, until)


def _in_rooms(connection: sqlite3.Connection, spans: Iterable[Span], own: Collection[str]) -> Iterator[Stay]:
    for span in spans:
        if not span.where.startswith(TRIP):
            there = presence.during(connection, *span, MOST_LINKS)
            yield from (stay for stay in there if stay.what not in own)


def _on_trips(connection: sqlite3.Connection, spans: Iterable[Span], own: Collection[str]) -> Iterator[Stay]:
    trips = {span.where: span for span in spans if span.where.startswith(TRIP)}
    onward: defaultdict[str, list[Link]] = defaultdict(list)
    for link in finding.ends(connection, trips, "loaded", MOST_LINKS):
        if link.source not in own:
            onward[link.source].append(link)
    for link in finding.delivered(connection, list(onward)):
        onward[link.source].append(link)
    for stay in stays.on_trips(connection, onward):
        span = trips[stay.where]
        if stay.since < span.until and stay.until > span.since:
            yield stay


def _animals(connection: sqlite3.Connection, whats: Iterable[str]) -> dict[str, list[str]]:
    """Those that each is or was made of."""
    made = {what: [what] if what.startswith(ANIMALS) else [] for what in whats}
    products = [what for what, animals in made.items() if not animals]
    for link in finding.sources(connection, products, MOST_LINKS):
        if link.source.startswith(ANIMALS):
            made[link.target].append(link.source)
    return made
