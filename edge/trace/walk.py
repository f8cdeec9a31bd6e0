"""Along the links, back or forward: which nodes a code leads to.

::

    certificate ──covers──▶ lot ◀──of── tag ──became──▶ carcass ──packed──▶ package ──loaded──▶ trip
                                                           └──entered──▶ room        └─delivered──▶ receiver

``of`` alone points against the way of the goods: a lot leads forward to its animals.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from edge.journal import finding, trail
from edge.journal.trail import Link

Way: TypeAlias = Literal["back", "forward"]

CARRIERS: Final = frozenset({"place", "vehicle", "epc-uhf"})
"""Rooms, vehicles and hooks serve many goods one after the other: a walk names them and goes no further."""

MOST_DEPTH: Final = 16
MOST_NODES: Final = 2_000
MOST_LINKS: Final = 1_000
"""Of one node."""

MOST_OF_CARRIER: Final = 100
"""Of a room, a vehicle or a hook, where it is what was asked for."""


@dataclass(slots=True)
class Walk:
    """steps: the links in the order of their finding. nodes: what was reached, and at what depth.

    onward: the links that begin at a node. complete: no bound was met.
    """

    steps: list[Link] = field(default_factory=list)
    nodes: dict[str, int] = field(default_factory=dict)
    onward: dict[str, list[Link]] = field(default_factory=dict)
    complete: bool = True


def scheme(node: str) -> str:
    """What gives the node's value its meaning."""
    return node.partition(":")[0]


def walk(connection: sqlite3.Connection, start: str, way: Way) -> Walk:
    """Breadth first from ``start``; a cycle is walked once."""
    found = Walk(nodes={start: 0})
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for link, end in _from(connection, node, way, found):
            found.steps.append(link)
            if end in found.nodes:
                continue
            if len(found.nodes) >= MOST_NODES or found.nodes[node] >= MOST_DEPTH:
                found.complete = False
                continue
            found.nodes[end] = found.nodes[node] + 1
            if scheme(end) not in CARRIERS:
                waiting.append(end)
    return found


def _from(connection: sqlite3.Connection, node: str, way: Way, found: Walk) -> Iterator[tuple[Link, str]]:
    most = MOST_OF_CARRIER if scheme(node) in CARRIERS else MOST_LINKS
    ending = finding.members if way == "forward" else finding.sources
    begins, ends = trail.forward(connection, node, most + 1), ending(connection, node, most + 1)
    if len(begins) > most or len(ends) > most:
        found.complete = False
    found.onward[node] = begins[:most]
    for link in begins[:most]:
        if (link.relation == finding.MEMBER) == (way == "back"):
            yield link, link.target
    for link in ends[:most]:
        yield link, link.source
