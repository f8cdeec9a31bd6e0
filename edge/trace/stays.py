"""Where goods were, and when: rooms that they entered and left, trips that they were loaded on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from edge.journal import finding, presence
from edge.journal.presence import FOREVER, Stay
from edge.journal.trail import Found, Link
from edge.trace.walk import CARRIERS, scheme

TRIP: Final = "trip:"


def of(connection: sqlite3.Connection, onward: Mapping[str, Sequence[Link]]) -> set[Stay]:
    """The stays of these nodes. onward: the links that begin at each."""
    goods = {node: links for node, links in onward.items() if scheme(node) not in CARRIERS}
    return {*presence.of(connection, goods), *on_trips(connection, goods)}


def on_trips(connection: sqlite3.Connection, onward: Mapping[str, Sequence[Link]]) -> Iterator[Stay]:
    """Their stays on trips: until they were delivered; where nobody said so, until the trip ended."""
    loaded = [link for links in onward.values() for link in links if link.relation == "loaded"]
    made = trips(connection, {link.target for link in loaded}).items()
    ended = {trip: found.until for trip, found in made if found.until > found.since}
    for link in loaded:
        delivered = (each.at for each in onward[link.source] if each.relation == "delivered")
        until = min((at for at in delivered if at >= link.at), default=ended.get(link.target, FOREVER))
        yield Stay(link.source, link.target, link.at, until)


def trips(connection: sqlite3.Connection, wheres: Iterable[str]) -> dict[str, Found]:
    """The records of those among these nodes that are trips."""
    names = [where.removeprefix(TRIP) for where in wheres if where.startswith(TRIP)]
    return {f"{TRIP}{found.id}": found for found in finding.records(connection, names)}
