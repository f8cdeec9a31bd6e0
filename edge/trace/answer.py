"""The answer to ``tagtrail trace CODE``, as a program reads it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from drivers.contract import Instant, TagtrailError
from edge.instant import rfc3339
from edge.journal import finding, trail
from edge.journal.presence import ANIMALS, FOREVER, Stay
from edge.journal.trail import Found, Link
from edge.trace import origin, stays
from edge.trace.climate import Climates
from edge.trace.walk import CARRIERS, scheme, walk

MOST_RECORDS: Final = 200
MOST_STAYS: Final = 1_000
SLAUGHTER: Final = "slaughter"
ON_THE_LINE: Final = (*ANIMALS, "carcass:")


class NothingKnown(TagtrailError):
    """The journal has nothing of this code."""


def among(connection: sqlite3.Connection, code: str) -> list[str]:
    """The nodes that a typed code may mean. Raises NothingKnown."""
    found = finding.named(connection, code.strip())
    if not found:
        raise NothingKnown(code)
    return found


def trace(connection: sqlite3.Connection, node: str, around: int = 0) -> dict[str, Any]:
    """Everything about a node (``among``). around: so many of the line before it and after it."""
    back, forward = walk(connection, [node], "back"), walk(connection, [node], "forward")
    told = sorted(
        stays.of(connection, {**back.onward, **forward.onward}), key=lambda stay: (stay.since, stay.what)
    )
    vehicles = _vehicles(connection, told)
    climates = Climates(connection, told[:MOST_STAYS])
    about = trail.about(connection, node, MOST_RECORDS + 1)
    bounded = len(told) > MOST_STAYS or len(about) > MOST_RECORDS
    answer: dict[str, Any] = {
        "code": node,
        "complete": back.complete and forward.complete and not bounded,
        "animals": list(origin.animals(dict.fromkeys([*back.nodes, *forward.nodes]))),
        "back": _spelt(back.steps),
        "forward": _spelt(forward.steps),
        "stays": [
            {**spelt(stay), **vehicles.get(stay.where, {}), "climate": climates.of(stay)}
            for stay in told[:MOST_STAYS]
        ],
        "records": [_record(found) for found in about[-MOST_RECORDS:]],
    }
    if around:
        answer["around"] = _around(connection, [*back.nodes, *forward.nodes], around)
    return answer


def spelt(stay: Stay) -> dict[str, Any]:
    """As JSON has it."""
    until = {} if stay.until == FOREVER else {"to": rfc3339(stay.until)}
    return {"what": stay.what, "where": stay.where, "from": rfc3339(stay.since), **until}


def _vehicles(connection: sqlite3.Connection, told: Iterable[Stay]) -> dict[str, dict[str, str]]:
    """Of each trip: what made it."""
    trips = {stay.where for stay in told if stay.where.startswith(stays.TRIP)}
    made = finding.ends(connection, trips, "made", MOST_STAYS)
    return {link.target: {"vehicle": link.source} for link in made}


def _spelt(links: Iterable[Link]) -> list[dict[str, Any]]:
    return [link._asdict() | {"at": rfc3339(link.at)} for link in links]


def _record(found: Found) -> dict[str, Any]:
    said = {"id": found.id, "kind": found.kind, "revision": found.revision, "from": rfc3339(found.since)}
    if found.until != found.since:
        said["to"] = rfc3339(found.until)
    return said | ({} if found.place is None else {"place": found.place})


def _around(connection: sqlite3.Connection, nodes: Iterable[str], count: int) -> dict[str, Any]:
    """Who came down the line before and after the first of these that was slaughtered."""
    for node in nodes:
        if scheme(node) not in CARRIERS:
            for found in trail.about(connection, node, MOST_RECORDS):
                if found.kind == SLAUGHTER:
                    before, after = finding.beside(connection, found, count)
                    return {
                        "before": [_position(connection, each) for each in before],
                        "after": [_position(connection, each) for each in after],
                    }
    return {"before": [], "after": []}


def _position(connection: sqlite3.Connection, found: Found) -> dict[str, Any]:
    codes = [node for node in finding.nodes_of(connection, found.id) if node.startswith(ON_THE_LINE)]
    return {"at": rfc3339(Instant(found.since)), "codes": codes}
