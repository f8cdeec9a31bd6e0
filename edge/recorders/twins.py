"""Two animals under one number: a tag seen at two places between which no animal can have gone so soon.

::

    lairage ── 12:00:00 ──▶ stunning, 12:00:40      it walked
    lairage ── 12:00:00 ──▶ stunning, 12:00:01      two tags of one number
    plant A ── 12:00:00 ──▶ plant B, 100 km away, 12:30

Where the settings know both places on the map, nothing travels faster than a lorry; elsewhere nothing walks
from one place to another in less than ``LEAST``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from drivers.contract import NANOSECONDS, Fix, Instant, Observation, Sighting
from edge.alarms import Cause
from edge.instant import rfc3339
from edge.recorders.contract import Fact, Notice, Output
from edge.recorders.memory import Memory, Table
from edge.recorders.seldom import Seldom
from edge.thinning import great_circle_m

TAGS: Final = frozenset({"cn-eartag", "iso11784"})

LEAST: Final = 2 * NANOSECONDS
"""Readers of two places do not reach each other's animals within this."""

FASTEST_M_S: Final = 35.0
"""126 km/h."""

REMEMBERED: Final = 86_400 * NANOSECONDS
"""So long a sighting is looked back at, and an alarm stands after the last one."""


class Spot(NamedTuple):
    """Where a reader hangs. on_map: the middle of the place, if the settings know it; radius_m: how far it
    reaches."""

    place: str
    on_map: Fix | None = None
    radius_m: float = 0.0


@dataclass(slots=True)
class Seen:
    """A row: a tag's last sighting, by its code. told: its alarm stands."""

    device: str
    at: int
    told: bool = False


class Twins:
    """spots: of every device that sees tags and has a place."""

    name = "twins"
    takes: frozenset[str] = frozenset()

    def __init__(self, spots: Mapping[str, Spot]) -> None:
        self.hears = frozenset(spots)
        self._spots = spots
        self._seen = Table("seen", Seen)
        self.memory = Memory(self._seen)
        self._tidied = Seldom()

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        if not isinstance(item, Sighting) or item.code.scheme not in TAGS:
            return
        node = f"{item.code.scheme}:{item.code.value}"
        last = self._seen.get(node)
        told = last is not None and last.told
        if last is not None and last.device in self._spots:
            apart = abs(item.at - last.at)
            least = self._least(device, last.device)
            if apart < least and not told:
                told = True
                yield self._notice(node, item.at, device, last)
        if last is None or item.at >= last.at or told != last.told:
            self._seen.put(node, Seen(device, item.at, told))

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Takes none."""
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        if not self._tidied.is_due(at):
            return
        for node, row in self._seen.items():
            if at - row.at > REMEMBERED:
                self._seen.drop(node)
                if row.told:
                    yield Notice(at, Cause.TWIN_TAG, node, active=False)

    def _least(self, device: str, other: str) -> float:
        """In ns, the least time from the one to the other; 0 at the same place."""
        one, two = self._spots[device], self._spots[other]
        if one.place == two.place:
            return 0
        if one.on_map is None or two.on_map is None:
            return LEAST
        between_m = great_circle_m(one.on_map, two.on_map) - one.radius_m - two.radius_m
        return max(LEAST, between_m / FASTEST_M_S * NANOSECONDS)

    def _notice(self, node: str, at: Instant, device: str, last: Seen) -> Notice:
        facts = {
            "places": [self._spots[last.device].place, self._spots[device].place],
            "devices": [last.device, device],
            "seen": [rfc3339(Instant(last.at)), rfc3339(at)],
        }
        return Notice(at, Cause.TWIN_TAG, node, facts, severity="high")
