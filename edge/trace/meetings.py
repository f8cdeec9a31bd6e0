"""What met the animals of a county or a lot: what was in the same room or truck at the same time.

For an epidemic. It looks at thousands of stays, so it may take seconds where ``trace`` takes milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from drivers.contract import NANOSECONDS, Instant
from edge.journal import finding, trail
from edge.trace import origin, stays
from edge.trace.answer import spelt
from edge.trace.climate import FOREVER
from edge.trace.stays import ANIMALS, TRIP, Stay
from edge.trace.walk import CARRIERS, MOST_LINKS, scheme, walk

MOST_RECORDS: Final = 20_000
MOST_MET: Final = 10_000
LONGEST_STAY: Final = 400 * 86_400 * NANOSECONDS
"""What entered a room before that is taken to have left it unseen."""

LONGEST_WAIT: Final = 7 * 86_400 * NANOSECONDS
"""The same of animals at a lairage."""


class Epidemic(NamedTuple):
    """seeds: the codes that it began with. stays: where they and what became of them were. met: what else was
    there, when, and the animals that it came from. complete: no bound was met."""

    seeds: list[str]
    stays: list[Stay]
    met: list[Stay]
    animals: dict[str, list[str]]
    complete: bool

    def facts(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "seeds": self.seeds,
            "complete": self.complete,
            "stays": [spelt(stay) for stay in self.stays],
            "met": [spelt(stay) | {"animals": self.animals[stay.what]} for stay in self.met],
        }


def of_county(connection: sqlite3.Connection, county: str, since: Instant, until: Instant) -> Epidemic:
    """What met a county's animals (GB/T 2260) that came or were slaughtered in ``since`` ≤ t < ``until``."""
    begins = tuple(origin.prefixes(county))
    seen: dict[str, None] = {}
    records = 0
    for kind in ("arrival", "slaughter"):
        for found in finding.of_kind(connection, kind, since, until, MOST_RECORDS):
            records += 1
            nodes = finding.nodes_of(connection, found.id)
            seen |= dict.fromkeys(node for node in nodes if node.startswith(begins))
    return _epidemic(connection, list(seen), complete=records < MOST_RECORDS)


def of_lot(connection: sqlite3.Connection, lot: str) -> Epidemic:
    """What met a lot, or whatever else this node stands for."""
    return _epidemic(connection, [lot], complete=True)


def _epidemic(connection: sqlite3.Connection, seeds: list[str], *, complete: bool) -> Epidemic:
    own: set[str] = set()
    were: set[Stay] = set()
    for seed in seeds:
        walked = walk(connection, seed, "forward")
        complete &= walked.complete
        own |= walked.nodes.keys()
        for node, onward in walked.onward.items():
            if scheme(node) not in CARRIERS:
                were |= set(stays.of(connection, node, onward))
    met: list[Stay] = []
    for where, since, until in _merged(were):
        sources = _present(connection, where, since, until)
        complete &= len(sources) < MOST_RECORDS
        others = [source for source in sources if source not in own]
        met += _overlapping(connection, others, Stay("", where, since, until))
    met = sorted(set(met), key=lambda stay: (stay.where, stay.since, stay.what))
    complete &= len(met) <= MOST_MET
    del met[MOST_MET:]
    animals = {what: _animals(connection, what) for what in {stay.what for stay in met}}
    return Epidemic(seeds, sorted(were, key=lambda stay: stay.since), met, animals, complete)


def _merged(were: Iterable[Stay]) -> Iterator[tuple[str, Instant, Instant]]:
    """The times in which any of them was at a place, each time once."""
    spans: defaultdict[str, list[tuple[Instant, Instant]]] = defaultdict(list)
    for stay in were:
        spans[stay.where].append((stay.since, FOREVER if stay.until is None else stay.until))
    for where, times in spans.items():
        times.sort()
        since, until = times[0]
        for begins, ends in times[1:]:
            if begins > until:
                yield where, since, until
                since, until = begins, ends
            until = max(until, ends)
        yield where, since, until


def _present(connection: sqlite3.Connection, where: str, since: Instant, until: Instant) -> list[str]:
    """Who may have been at a place, or on a trip, in some of this time."""
    if where.startswith(TRIP):
        links = trail.back(connection, where, MOST_RECORDS)
        return [link.source for link in links if link.relation == "loaded"]
    before = Instant(max(since - LONGEST_STAY, 0))
    links = finding.staying(connection, where, before, since, MOST_RECORDS)
    links += finding.entering(connection, where, since, until, MOST_RECORDS)
    came = Instant(max(since - LONGEST_WAIT, 0))
    arrived = finding.arriving(connection, where.partition(":")[2], came, until, MOST_RECORDS)
    animals = (node for node in arrived if node.startswith(ANIMALS))
    return list(dict.fromkeys([*(link.source for link in links), *animals]))


def _overlapping(connection: sqlite3.Connection, sources: Iterable[str], with_: Stay) -> Iterator[Stay]:
    """Their stays at its place that share some of its time."""
    assert with_.until is not None
    for source in sources:
        for stay in stays.of(connection, source, trail.forward(connection, source, MOST_LINKS)):
            ends = FOREVER if stay.until is None else stay.until
            if stay.where == with_.where and stay.since < with_.until and ends > with_.since:
                yield stay


def _animals(connection: sqlite3.Connection, what: str) -> list[str]:
    """Those that it is or was made of."""
    if what.startswith(ANIMALS):
        return [what]
    sources = (link.source for link in trail.back(connection, what, MOST_LINKS))
    return [source for source in sources if source.startswith(ANIMALS)]
