"""What rooms were like, minute by minute: one book for all that hangs in them.

A carcass remembers only where it hung and since when; what the room was like meanwhile is computed from here
when it leaves. Readings of several probes of a room are one stream: all count, and the warmest that is known
is held against the limit.

::

    reading ──▶ minute (one small row a room) ──full──▶ hour (its minutes; dropped after ``KEPT``)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from drivers.contract import NANOSECONDS, Instant
from edge.instant import rfc3339
from edge.recorders.memory import Table
from edge.records.record import Climate, Gap, SeriesPoint
from edge.restamping import Restamping

MINUTE: Final = 60 * NANOSECONDS
HOUR: Final = 60 * MINUTE

KEPT: Final = 12 * 24 * HOUR
"""Longer than anything hangs and is corrected."""

PATIENCE: Final = 5 * MINUTE
"""A value holds for so long; beyond it there is a gap."""

DECIMALS: Final = 3


class Span(NamedTuple):
    """A stay in a room, since ≤ t < until."""

    room: str
    since: int
    until: int


Sealed: TypeAlias = tuple[int, int, float, float, float, int, int, int, int]
"""A minute as an hour keeps it: the fields of ``Minute`` in their order, without what is held."""


@dataclass(slots=True)
class Minute:
    """The minute that is being written. Instants and spans in ns.

    beyond: how long the warmest known value was above the limit. first, last: of its readings. late: readings
    of minutes that were full. held: each probe's last value.
    """

    at: int
    n: int = 0
    least: float = 0.0
    most: float = 0.0
    total: float = 0.0
    beyond: int = 0
    first: int = 0
    last: int = 0
    late: int = 0
    held: dict[str, tuple[int, float]] = field(default_factory=dict)

    def add(self, device: str, at: int, value: float) -> None:
        """A reading of this minute."""
        if self.n:
            self.least, self.most = min(self.least, value), max(self.most, value)
        else:
            self.least = self.most = value
            self.first = at
        self.n, self.total, self.last = self.n + 1, self.total + value, max(self.last, at)
        self.held[device] = (at, value)

    def hold(self, until: int, limit: float) -> None:
        """Time goes on to ``until`` with the values as they are held."""
        known = [(at, value) for at, value in self.held.values() if until - at <= PATIENCE]
        if known and max(value for _, value in known) > limit:
            self.beyond += max(until - max(at for at, _ in known), 0)

    @property
    def sealed(self) -> Sealed:
        return (
            self.at, self.n, self.least, self.most, self.total, self.beyond, self.first, self.last, self.late
        )  # fmt: skip


@dataclass(slots=True)
class Hour:
    """A row: the full minutes of an hour."""

    minutes: list[Sealed] = field(default_factory=list)


class Hours(Table[Hour]):
    """By room, quantity and the hour's first instant."""

    def restamp(self, again: Restamping) -> None:
        """Minutes that were put right stand in another hour."""
        super().restamp(again)
        for key, row in self.items():
            name, hour = key.split()
            strays = [minute for minute in row.minutes if not 0 <= minute[0] - int(hour) < HOUR]
            for minute in strays:
                row.minutes.remove(minute)
                right = f"{name} {minute[0] - minute[0] % HOUR}"
                there = self.get(right) or Hour()
                there.minutes.append(minute)
                self.put(right, there)
            if strays:
                self.put(key, row)


class RoomBook:
    """limits: by room, Cel, of those that have one."""

    def __init__(self, limits: Mapping[str, float]) -> None:
        self._limits = limits
        self.minutes = Table("minutes", Minute)
        self.hours = Hours("hours", Hour)

    def add(self, room: str, quantity: str, device: str, at: Instant, value: float) -> None:
        """A good reading; one of a minute that is full is counted as late."""
        key = f"{room}.{quantity}"
        minute = self.minutes.get(key) or Minute(at - at % MINUTE)
        if at < minute.at:
            minute.late += 1
        else:
            if at >= minute.at + MINUTE:
                self._seal(key, minute, at)
                minute = Minute(at - at % MINUTE, held=minute.held)
            limit = self._limits.get(room)
            if limit is not None and quantity == "temperature":
                minute.hold(at, limit)
            minute.add(device, at, value)
        self.minutes.put(key, minute)

    def climate(self, quantity: str, spans: Sequence[Span], every: int) -> Climate | None:
        """Of all stays together, to the minute; None where no reading was ever taken of these rooms.

        every: the span of a point of the series, ns.
        """
        known = [minute for span in spans for minute in self._within(quantity, span)]
        if not known:
            return None
        whole = _point(known)
        limit = self._limits.get(spans[0].room) if quantity == "temperature" else None
        return Climate(
            count=whole.n,
            min=whole.min,
            max=whole.max,
            mean=whole.mean,
            limit=limit,
            beyond_s=None if limit is None else round(sum(each[5] for each in known) / NANOSECONDS, 1),
            gaps=[gap for span in spans for gap in self._gaps(quantity, span)],
            series=list(_series(known, every)),
            late=sum(each[8] for each in known),
        )

    def _seal(self, key: str, minute: Minute, at: int) -> None:
        hour = minute.at - minute.at % HOUR
        row = self.hours.get(f"{key} {hour}")
        if row is None:
            row = Hour()
            for other in [other for other, _ in self.hours.items() if int(other.split()[1]) < at - KEPT]:
                self.hours.drop(other)
        if minute.n:
            row.minutes.append(minute.sealed)
        self.hours.put(f"{key} {hour}", row)

    def _within(self, quantity: str, span: Span) -> Iterator[Sealed]:
        """The minutes that the stay touches and in which something was read."""
        key = f"{span.room}.{quantity}"
        for hour in range(span.since - span.since % HOUR, span.until, HOUR):
            row = self.hours.get(f"{key} {hour}")
            for minute in row.minutes if row is not None else ():
                if minute[0] + MINUTE > span.since and minute[0] < span.until:
                    yield minute
        now = self.minutes.get(key)
        if now is not None and now.n and now.at + MINUTE > span.since and now.at < span.until:
            yield now.sealed

    def _gaps(self, quantity: str, span: Span) -> Iterator[Gap]:
        known = span.since
        for minute in self._within(quantity, span):
            if minute[6] - known > PATIENCE:
                yield _gap(known, minute[6])
            known = max(known, minute[7])
        if span.until - known > PATIENCE:
            yield _gap(known, span.until)


def _gap(since: int, until: int) -> Gap:
    return Gap(since=rfc3339(Instant(since)), to=rfc3339(Instant(until)))


def _point(minutes: Sequence[Sealed]) -> SeriesPoint:
    n = sum(each[1] for each in minutes)
    return SeriesPoint(
        t=rfc3339(Instant(minutes[0][0])),
        min=min(each[2] for each in minutes),
        max=max(each[3] for each in minutes),
        mean=round(sum(each[4] for each in minutes) / n, DECIMALS),
        n=n,
    )


def _series(minutes: Sequence[Sealed], every: int) -> Iterator[SeriesPoint]:
    piece: list[Sealed] = []
    for minute in minutes:
        if piece and minute[0] // every != piece[0][0] // every:
            yield _point(piece)
            piece = []
        piece.append(minute)
    if piece:
        yield _point(piece)
