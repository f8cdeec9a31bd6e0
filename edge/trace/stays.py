"""Where goods were, and when: rooms that they entered and left, trips that they were loaded on."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from drivers.contract import Instant
from edge.journal import finding
from edge.journal.trail import Found, Link

TRIP: Final = "trip:"

ANIMALS: Final = ("cn-eartag:", "iso11784:")
"""How the nodes of animals begin. They enter the lairage by their arrival's record, leave it as carcasses."""


class Stay(NamedTuple):
    """``what`` was ``where`` (``place:…``, ``trip:…``). until: None where it has not been seen to leave."""

    what: str
    where: str
    since: Instant
    until: Instant | None


def of(connection: sqlite3.Connection, what: str, onward: Sequence[Link]) -> Iterator[Stay]:
    """The stays that a node's links tell. onward: the links that begin at it."""
    gone = min((link.at for link in onward if link.relation == "became"), default=None)
    rooms: defaultdict[str, list[tuple[str, Instant]]] = defaultdict(list)
    for link in onward:
        if link.relation in {"entered", "left"}:
            rooms[link.target].append((link.relation, link.at))
        elif link.relation == "loaded":
            yield Stay(what, link.target, link.at, _unloaded(connection, link, onward))
    if what.startswith(ANIMALS):
        for arrival in finding.arrivals(connection, what):
            rooms[f"place:{arrival.place}"].append(("entered", arrival.since))
    for where, moves in rooms.items():
        for since, until in paired(moves, gone):
            yield Stay(what, where, since, until)


def paired(
    moves: Iterable[tuple[str, Instant]], gone: Instant | None
) -> Iterator[tuple[Instant, Instant | None]]:
    """From the moves (``entered``, ``left``) at one place to stays. gone: when it became something else.

    Of what left and was not seen to enter, the moment of its leaving is known and no more.
    """
    since: Instant | None = None
    for relation, at in sorted(moves, key=lambda move: (move[1], move[0] == "entered")):
        if relation == "left":
            yield (at if since is None else since), at
            since = None
        elif since is None:
            since = at
    if since is not None:
        yield since, gone if gone is not None and gone >= since else None


def _unloaded(connection: sqlite3.Connection, loaded: Link, onward: Iterable[Link]) -> Instant | None:
    """When it was delivered; where nobody said so, when the trip ended; None: it is under way."""
    delivered = [link.at for link in onward if link.relation == "delivered" and link.at >= loaded.at]
    if delivered:
        return min(delivered)
    trip = trip_of(connection, loaded.target)
    return trip.until if trip is not None and trip.until > trip.since else None


def trip_of(connection: sqlite3.Connection, where: str) -> Found | None:
    """The record of a trip's node."""
    return finding.record(connection, where.removeprefix(TRIP)) if where.startswith(TRIP) else None
