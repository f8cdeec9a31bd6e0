"""What one quantity of one place does over a stretch of time: the climate of a record, as it comes about.

Readings of several probes are one stream: all of them count, the worst that is known at an instant is what
is held against the limit, and there is a gap where none of them says anything.

::

    reading   a       a       b                     a
              ├───────┼───────┼──── patience ──┤    ├──
              value holds until the next one   gap ─┘
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from drivers.contract import NANOSECONDS, Instant
from edge.instant import rfc3339
from edge.records.record import Climate, Gap, SeriesPoint

MOST_GAPS: Final = 200
"""In one record; those behind are told as one that ends with the last."""

DECIMALS: Final = 3
"""Of a mean: no probe tells more."""


@dataclass(slots=True)
class Tally:
    """Readings counted together."""

    n: int = 0
    least: float = 0.0
    most: float = 0.0
    total: float = 0.0

    def add(self, value: float) -> None:
        self.least = min(self.least, value) if self.n else value
        self.most = max(self.most, value) if self.n else value
        self.total += value
        self.n += 1

    @property
    def mean(self) -> float | None:
        return round(self.total / self.n, DECIMALS) if self.n else None


@dataclass(slots=True)
class Held:
    """A probe's last value, and when it said it."""

    at: int
    value: float


@dataclass(slots=True)
class Watch:
    """A row of a recorder's memory. Instants and spans in ns.

    since: where the stretch begins. every: the span of a point of the series. patience: how long a value
    holds; beyond it nothing is known. limit: above it time is counted as beyond.
    """

    since: int
    every: int
    patience: int
    limit: float | None = None
    whole: Tally = field(default_factory=Tally)
    point: Tally = field(default_factory=Tally)
    point_at: int = 0
    series: list[tuple[int, float, float, float, int]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    upto: int = 0
    beyond: int = 0
    late: int = 0

    def __post_init__(self) -> None:
        self.upto = self.upto or self.since

    def add(self, device: str, at: Instant, value: float) -> None:
        """A good reading. One from before the stretch is counted as late, and nothing else."""
        if at < self.since:
            self.late += 1
            return
        self._pass(at)
        self.whole.add(value)
        slot = at - at % self.every
        if slot > self.point_at:
            self._close_point()
            self.point_at = slot
        self.point.add(value)
        known = self.held.get(device)
        if known is None or known.at <= at:
            self.held[device] = Held(at, value)

    def ended(self, until: Instant) -> Climate:
        """What the stretch came to, up to ``until``. The watch is not to be used again."""
        self._pass(until)
        self._close_point()
        whole, limited = self.whole, self.limit is not None
        return Climate(
            count=whole.n,
            min=whole.least if whole.n else None,
            max=whole.most if whole.n else None,
            mean=whole.mean,
            limit=self.limit,
            beyond_s=round(self.beyond / NANOSECONDS, 1) if limited else None,
            gaps=[Gap(since=rfc3339(Instant(a)), to=rfc3339(Instant(b))) for a, b in self.gaps],
            series=[
                SeriesPoint(t=rfc3339(Instant(at)), min=least, max=most, mean=mean, n=n)
                for at, least, most, mean, n in self.series
            ],
            late=self.late,
        )

    def next(self, at: Instant) -> Watch:
        """A watch of the stretch that follows at once; what is held goes on."""
        held = dict(self.held)
        return Watch(at, self.every, self.patience, self.limit, held=held, upto=at)

    def _pass(self, at: int) -> None:
        """Time goes on to ``at`` with the values as they are held."""
        if at <= self.upto:
            return
        known = max((held.at for held in self.held.values()), default=self.since - self.patience)
        knows_until = max(known + self.patience, self.upto)
        if (limit := self.limit) is not None:
            self.beyond += sum(end - start for start, end in self._spans(at) if self._worst(start) > limit)
        if at > knows_until:
            self._gap(max(known, self.since), at)
        self.upto = at

    def _spans(self, at: int) -> Iterator[tuple[int, int]]:
        """The time up to ``at``, cut where a probe's value ends to hold."""
        ends = {held.at + self.patience for held in self.held.values()}
        return pairwise([self.upto, *sorted(end for end in ends if self.upto < end < at), at])

    def _worst(self, at: int) -> float:
        """The greatest value that is known at this instant."""
        return max(
            (held.value for held in self.held.values() if held.at + self.patience > at), default=float("-inf")
        )

    def _gap(self, since: int, until: int) -> None:
        last = self.gaps[-1] if self.gaps else None
        if last is not None and (last[1] > since or len(self.gaps) >= MOST_GAPS):
            self.gaps[-1] = (last[0], until)
        else:
            self.gaps.append((since, until))

    def _close_point(self) -> None:
        point = self.point
        if point.n:
            mean = round(point.total / point.n, DECIMALS)
            self.series.append((max(self.point_at, self.since), point.least, point.most, mean, point.n))
            self.point = Tally()
