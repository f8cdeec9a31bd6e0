"""The climate of a whole trip from that of its intervals, in a bounded number of points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from edge.recorders.watch import DECIMALS, MOST_GAPS
from edge.records.record import Climate, Gap, SeriesPoint

MOST_POINTS: Final = 300
"""Of the series of a trip: a day of five minutes each. Those of a longer one stand for more time."""


def merged(parts: Sequence[Climate]) -> Climate:
    """Of stretches that follow each other."""
    told = [part for part in parts if part.count]
    count = sum(part.count for part in told)
    limit = parts[-1].limit
    return Climate(
        count=count,
        min=min((part.min for part in told if part.min is not None), default=None),
        max=max((part.max for part in told if part.max is not None), default=None),
        mean=_mean((part.mean or 0.0, part.count) for part in told),
        limit=limit,
        beyond_s=None if limit is None else round(sum(part.beyond_s or 0.0 for part in parts), 1),
        gaps=_gaps(gap for part in parts for gap in part.gaps),
        series=_series([point for part in parts for point in part.series]),
        late=sum(part.late for part in parts),
    )


def _mean(weighted: Iterable[tuple[float, int]]) -> float | None:
    told = list(weighted)
    count = sum(n for _, n in told)
    return round(sum(mean * n for mean, n in told) / count, DECIMALS) if count else None


def _gaps(gaps: Iterable[Gap]) -> list[Gap]:
    """Those that touch are one; those for which there is no room are told as one with the last."""
    found: list[Gap] = []
    for gap in gaps:
        if found and (found[-1].to >= gap.since or len(found) >= MOST_GAPS):
            found[-1] = Gap(since=found[-1].since, to=max(gap.to, found[-1].to))
        else:
            found.append(gap)
    return found


def _series(points: list[SeriesPoint]) -> list[SeriesPoint]:
    while len(points) > MOST_POINTS:
        points = [_point(points[place : place + 2]) for place in range(0, len(points), 2)]
    return points


def _point(pair: Sequence[SeriesPoint]) -> SeriesPoint:
    mean = _mean((point.mean, point.n) for point in pair)
    assert mean is not None
    return SeriesPoint(
        t=pair[0].t,
        min=min(point.min for point in pair),
        max=max(point.max for point in pair),
        mean=mean,
        n=sum(point.n for point in pair),
    )
