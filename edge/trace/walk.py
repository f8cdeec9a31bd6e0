"""Along the links, back or forward: which nodes a code leads to.

::

    certificate ──covers──▶ lot ◀──of── tag ──became──▶ carcass ──packed──▶ package ──loaded──▶ trip
                                                           └──entered──▶ room        └─delivered──▶ receiver

``of`` alone points against the way of the goods: a lot leads forward to its animals.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from edge.journal import finding
from edge.journal.finding import MEMBER
from edge.journal.trail import Link

Way: TypeAlias = Literal["back", "forward"]

CARRIERS: Final = frozenset({"place", "vehicle", "receiver", "epc-uhf"})
"""Rooms, vehicles, receivers and hooks serve many goods one after the other: a walk names them and goes no
further."""

MOST_DEPTH: Final = 16
MOST_NODES: Final = 2_000
MOST_AROUND_CARRIER: Final = 500
"""Nodes, where a carrier is what was asked for."""

LINKS_OF_ONE: Final = 5
"""So many for each node that a walk may reach, all nodes of one depth together."""

MOST_OF_CARRIER: Final = 100
"""The newest links of a carrier, of each relation, where it is what was asked for."""


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


def walk(
    connection: sqlite3.Connection, starts: Sequence[str], way: Way, most_nodes: int | None = None
) -> Walk:
    """Breadth first from ``starts``, depth by depth; a cycle is walked once."""
    found = Walk(nodes=dict.fromkeys(starts, 0))
    layer = list(found.nodes)
    carried = any(scheme(start) in CARRIERS for start in starts)
    most = MOST_AROUND_CARRIER if carried else most_nodes or MOST_NODES
    for depth in range(1, MOST_DEPTH + 2):
        if not layer:
            break
        nearer, layer = layer, []
        for link, end in _along(connection, nearer, way, found, most * LINKS_OF_ONE):
            if end not in found.nodes:
                if len(found.nodes) >= most:
                    found.complete = False
                    continue
                if depth > MOST_DEPTH:
                    found.complete = False
                else:
                    found.nodes[end] = depth
                    if scheme(end) not in CARRIERS:
                        layer.append(end)
            found.steps.append(link)
    return found


def _along(
    connection: sqlite3.Connection, layer: Sequence[str], way: Way, found: Walk, most: int
) -> Iterator[tuple[Link, str]]:
    """The links of these nodes that go this way, with the ends they lead to; node by node."""
    if scheme(layer[0]) in CARRIERS:
        begins, ends, complete = _of_carrier(connection, layer[0], way)
    else:
        begins = finding.begins(connection, layer, most + 1)
        ending = finding.members if way == "forward" else finding.sources
        ends = ending(connection, layer, most + 1)
        complete = len(begins) <= most and len(ends) <= most
    found.complete &= complete
    onward, towards = _by_node(begins, "source"), _by_node(ends, "target")
    for node in layer:
        found.onward[node] = onward.get(node, [])
        for link in found.onward[node]:
            if (link.relation == MEMBER) == (way == "back"):
                yield link, link.target
        for link in towards.get(node, ()):
            yield link, link.source


def _of_carrier(connection: sqlite3.Connection, node: str, way: Way) -> tuple[list[Link], list[Link], bool]:
    links, complete = finding.latest(connection, node, MOST_OF_CARRIER)
    begins = [link for link in links if link.source == node]
    ends = [link for link in links if link.target == node and (link.relation == MEMBER) == (way == "forward")]
    return begins, ends, complete


def _by_node(links: Iterable[Link], end: Literal["source", "target"]) -> dict[str, list[Link]]:
    found: defaultdict[str, list[Link]] = defaultdict(list)
    for link in links:
        found[getattr(link, end)].append(link)
    return found
