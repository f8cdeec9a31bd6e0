"""Which minutes of which points an uplink may tell now: what it has delivered and the journal has rolled up.

Pure. What it remembers is lost with the process; a point that is heard again is told anew from a while
before, which a store that keeps one value for one instant does not notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from drivers.contract import Instant
from edge.journal.rollups import MINUTE

SETTLED: Final = 2 * MINUTE
"""The journal writes a minute's rollup within a minute of its end."""

BACK: Final = 10 * MINUTE
"""What a restart may have kept from being told."""


class Span(NamedTuple):
    """Minutes of a point, from ``since`` up to before ``until``."""

    point: str
    since: Instant
    until: Instant


class Minutes:
    """From when on each point is still to be told, and how far what was delivered reaches."""

    def __init__(self) -> None:
        self._from: dict[str, Instant] = {}
        self._newest = Instant(0)

    def heard(self, at: Instant, points: Iterable[str]) -> None:
        """An entry with these points was delivered."""
        self._newest = max(self._newest, at)
        for point in points:
            if point not in self._from:
                self._from[point] = Instant((at - BACK) // MINUTE * MINUTE)

    def due(self) -> Iterator[Span]:
        """What may be told now."""
        until = Instant((self._newest - SETTLED) // MINUTE * MINUTE)
        for point, since in self._from.items():
            if since < until:
                yield Span(point, since, until)

    def told(self, span: Span) -> None:
        """The store has it."""
        self._from[span.point] = span.until
