"""Limits on what probes say: beyond for a time, back inside by a deadband, rising too fast.

::

    value   ──────╮         ╭── above ────────╮
                  │   ╭─────╯                 ╰──╮
    clear_below ──┼───┼───────────────────────────┼──────
                      beyond ──for──▶ raised      cleared

Time is that of the readings. A gap neither raises nor clears: what is not known is told by the silence's own
alarm, and the stretch goes on with the next reading that is beyond. While ``unless`` is true or ``while`` is
not, a stretch does not begin; an alarm that stands is cleared by its value alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from drivers.contract import NANOSECONDS, Instant, Observation, Quality, Reading
from edge.alarms import Cause
from edge.instant import rfc3339
from edge.recorders.contract import Fact, Notice, Output
from edge.recorders.memory import Memory, Table

Severity: TypeAlias = Literal["low", "medium", "high"]

Point: TypeAlias = tuple[str, str]
"""A device and one of its quantities."""

RISE_PIECES: Final = 30
"""Into so many pieces the time of a rise is cut; of each its least value is remembered."""


class Limit(NamedTuple):
    """An alarm of the settings. Spans in ns.

    above, below, equals: one of them, or none where only the rise is watched. clear: at which value it is
    over; the limit itself where the file says nothing. unless: a state during which nothing begins. during:
    tells whether it is to be watched now; None: always. rises: by how much within what time.
    """

    name: str
    points: Sequence[Point]
    above: float | None = None
    below: float | None = None
    equals: float | bool | None = None
    lasts: int = 0
    clear: float | None = None
    unless: Point | None = None
    during: Callable[[], bool] | None = None
    rises: tuple[float, int] | None = None
    severity: Severity | None = None

    def beyond(self, value: float | bool) -> bool:
        """Whether the value passes the limit."""
        if self.equals is not None:
            return value == self.equals
        return (self.above is not None and value > self.above) or (
            self.below is not None and value < self.below
        )

    def inside(self, value: float | bool) -> bool:
        """Whether the value ends an alarm that stands."""
        if self.equals is not None or self.clear is None:
            return not self.beyond(value)
        return value <= self.clear if self.above is not None else value >= self.clear

    def facts(self) -> dict[str, object]:
        """The limit as a record states it."""
        said = {"above": self.above, "below": self.below, "equals": self.equals}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(slots=True)
class Stretch:
    """A row: one point under one limit. Instants in ns.

    since: where the values beyond begin; None: inside. worst: the value furthest beyond.
    """

    since: int | None = None
    raised: bool = False
    worst: float = 0.0


@dataclass(slots=True)
class Slope:
    """A row: the least value of each piece of time, newest last, for the rise."""

    pieces: list[tuple[int, float]] = field(default_factory=list)
    raised: bool = False


class Limits:
    """The recorder of all limits."""

    name = "limits"
    takes: frozenset[str] = frozenset()

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._by_point: dict[Point, list[Limit]] = {}
        for limit in limits:
            for point in limit.points:
                self._by_point.setdefault(point, []).append(limit)
        self._contexts = {limit.unless for limit in limits if limit.unless is not None}
        self._pruned = False
        self._true = Table("true", bool)
        self._stretches = Table("stretches", Stretch)
        self._slopes = Table("slopes", Slope)
        self.memory = Memory(self._true, self._stretches, self._slopes)
        self.hears = frozenset(device for device, _ in {*self._by_point, *self._contexts})

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        if not isinstance(item, Reading) or item.value is None or item.quality is Quality.MISSING:
            return
        point = (device, item.quantity)
        if point in self._contexts:
            self._true.put(_key("", point), bool(item.value))
        for limit in self._by_point.get(point, ()):
            yield from self._judge(limit, point, item.at, item.value)
            if limit.rises is not None:
                yield from self._climb(limit, limit.rises, point, item.at, float(item.value))

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Takes none."""
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        """Nothing happens between readings; but at first, what the settings no longer have is forgotten."""
        if not self._pruned:
            self._pruned = True
            keys = {_key(limit.name, point) for point, limits in self._by_point.items() for limit in limits}
            for table in (self._stretches, self._slopes):
                for key, _ in table.items():
                    if key not in keys:
                        table.drop(key)
        return ()

    def _watched(self, limit: Limit) -> bool:
        excused = limit.unless is not None and self._true.get(_key("", limit.unless))
        return not excused and (limit.during is None or limit.during())

    def _judge(self, limit: Limit, point: Point, at: Instant, value: float | bool) -> Iterator[Notice]:
        if limit.above is limit.below is limit.equals is None:
            return
        key = _key(limit.name, point)
        row = self._stretches.get(key) or Stretch()
        if row.raised:
            if limit.inside(value):
                self._stretches.drop(key)
                yield self._notice(limit, point, at, row, active=False)
            elif _worse(limit, value, row.worst):
                row.worst = float(value)
                self._stretches.put(key, row)
            return
        if not limit.beyond(value) or not self._watched(limit):
            self._stretches.drop(key)
            return
        if row.since is None:
            row.since, row.worst = at, float(value)
        elif _worse(limit, value, row.worst):
            row.worst = float(value)
        row.raised = at - row.since >= limit.lasts
        self._stretches.put(key, row)
        if row.raised:
            yield self._notice(limit, point, at, row, active=True)

    def _notice(self, limit: Limit, point: Point, at: Instant, row: Stretch, *, active: bool) -> Notice:
        assert row.since is not None
        facts = {**limit.facts(), "worst": row.worst, "since": rfc3339(Instant(row.since))}
        subject = ".".join(point)
        when = Instant(row.since) if active else at
        if active:
            facts["raised"] = rfc3339(at)
        return Notice(when, Cause.LIMIT, subject, facts, active, limit.name, limit.severity)

    def _climb(
        self, limit: Limit, rises: tuple[float, int], point: Point, at: Instant, value: float
    ) -> Iterator[Notice]:
        by, within = rises
        key = _key(limit.name, point)
        row = self._slopes.get(key) or Slope()
        slot = at - at % max(within // RISE_PIECES, 1)
        if not row.pieces or row.pieces[-1][0] < slot:
            row.pieces.append((slot, value))
        else:
            row.pieces[-1] = (row.pieces[-1][0], min(row.pieces[-1][1], value))
        row.pieces = [piece for piece in row.pieces if piece[0] > at - within]
        risen = value - min(least for _, least in row.pieces)
        climbs = risen >= by and self._watched(limit)
        if climbs != row.raised and (climbs or risen < by / 2):
            row.raised = climbs
            facts: Mapping[str, object] = {
                "by": by,
                "within_s": within / NANOSECONDS,
                "risen": round(risen, 3),
            }
            yield Notice(at, Cause.RISE, ".".join(point), facts, climbs, limit.name, limit.severity)
        self._slopes.put(key, row)


def _worse(limit: Limit, value: float, worst: float) -> bool:
    return value < worst if limit.above is None and limit.below is not None else value > worst


def _key(name: str, point: Point) -> str:
    return f"{name} {point[0]}.{point[1]}"
