"""How observations are written: the entries of a telemetry block (DESIGN §6).

One entry per device and instant::

    {"t":…,"device":…,"temperature":3.4,"raw":{"temperature":3.7},"humidity":null,"quality":{"humidity":["missing","no_answer"]}}
    {"t":…,"device":…,"code":{"scheme":…,"value":…}}
    {"t":…,"device":…,"code":{…},"again":{"count":41,"last":…}}
    {"t":…,"device":…,"lat":…,"lon":…,"speed":…,"course":…}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import orjson

from drivers.contract import Code, Fix, Instant, Observation, Quality, Reading, Sighting
from edge.instant import rfc3339
from edge.journal.block import Entry

_FIX_FIELDS: Final = ("lat", "lon", "speed", "course", "altitude", "satellites", "hdop")
_at = attrgetter("at")


def encode(device: str, observations: Sequence[Observation], raw: Mapping[str, float]) -> Iterator[Entry]:
    """The entries of what ``device`` said; ``raw`` gives the value before adjustment where one applied."""
    readings = [item for item in observations if isinstance(item, Reading)]
    for at, group in groupby(readings, key=_at):
        yield _readings(device, at, list(group), raw)
    for item in observations:
        if isinstance(item, Sighting):
            yield sighting(device, item)
        elif isinstance(item, Fix):
            yield _fix(device, item)


def _readings(device: str, at: Instant, readings: Sequence[Reading], raw: Mapping[str, float]) -> Entry:
    entry: dict[str, Any] = {"t": rfc3339(at), "device": device}
    quality: dict[str, tuple[str, str]] = {}
    values: list[tuple[str, float]] = []
    for reading in readings:
        name = reading.quantity
        value = entry[name] = reading.value
        if reading.quality is not Quality.GOOD:
            quality[name] = (reading.quality, reading.reason)
        elif value is not None and not isinstance(value, bool):
            values.append((f"{device}.{name}", value))
    applied = {reading.quantity: raw[reading.quantity] for reading in readings if reading.quantity in raw}
    if applied:
        entry["raw"] = applied
    if quality:
        entry["quality"] = quality
    return Entry(at, orjson.dumps(entry), len(readings), tuple(values))


def _fix(device: str, fix: Fix) -> Entry:
    entry: dict[str, Any] = {"t": rfc3339(fix.at), "device": device}
    for name in _FIX_FIELDS:
        value = getattr(fix, name)
        if value is not None:
            entry[name] = value
    values = ((f"{device}.speed", fix.speed),) if fix.speed is not None else ()
    return Entry(fix.at, orjson.dumps(entry), 1, values)


def sighting(device: str, seen: Sighting) -> Entry:
    """An identifier seen for the first time in its window; it does not wait for the next group commit."""
    entry = {"t": rfc3339(seen.at), "device": device, "code": seen.code._asdict()}
    return Entry(seen.at, orjson.dumps(entry), 1, urgent=True)


def again(device: str, code: Code, at: Instant, count: int, last: Instant) -> Entry:
    """A window closed ``at``: ``code`` was seen ``count`` times more, last at ``last``."""
    entry = {
        "t": rfc3339(at),
        "device": device,
        "code": code._asdict(),
        "again": {"count": count, "last": rfc3339(last)},
    }
    return Entry(at, orjson.dumps(entry), 1)
