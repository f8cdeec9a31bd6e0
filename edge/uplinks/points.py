"""Blocks as a time-series store takes them: lines of InfluxDB's line protocol. Pure.

::

    reading,device=chiller-1-air,gateway=dx-yidong-01 temperature=3.4,humidity=81 1763781247120000000
    reading,device=…,gateway=…,quality=suspect temperature=12.9 …      what is doubted stands apart
    missing,device=…,gateway=…,quantity=humidity,reason=no_answer n=1i …   a gap is a fact, never a 0
    sighting,device=…,gateway=…,scheme=cn-eartag code="362292600000123",n=1i …
    fix,device=gps,gateway=… lat=35.6631,lon=103.3894,speed=14.2 …
    minute,device=…,gateway=…,quantity=temperature n=6i,min=3.3,max=3.5,mean=3.42 …
    alarm,cause=limit,gateway=…,subject=chiller-1-air.temperature active=1i …

An alarm is told where it begins and where it ends; other records are no time series and are passed over. The
same observation gives the same point, so that what arrives twice is stored once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from influxdb_client.client.write.point import Point

from drivers.contract import Instant
from edge.instant import parse_rfc3339
from edge.journal.rollups import Rollup

_NOT_QUANTITIES: Final = frozenset({"t", "device", "raw", "quality", "code", "again"})


def lines(block: Mapping[str, Any]) -> list[str]:
    """The points of a decoded block, a line each. Raises ValueError, LookupError, TypeError."""
    gateway = block["gateway"]
    if "record" in block:
        points = list(_record(gateway, block["record"]))
    else:
        points = [point for entry in block["observations"] for point in _entry(gateway, entry)]
    return [point.to_line_protocol() for point in points]


def minute_lines(gateway: str, point: str, rollups: Iterable[Rollup]) -> list[str]:
    """The minutes of a point such as ``chiller-1-air.temperature``."""
    device, _, quantity = point.partition(".")
    return [
        _point("minute", gateway, rollup.minute, device=device, quantity=quantity)
        .field("n", rollup.n)
        .field("min", rollup.min)
        .field("max", rollup.max)
        .field("mean", rollup.mean)
        .to_line_protocol()
        for rollup in rollups
    ]


def _entry(gateway: str, entry: Mapping[str, Any]) -> Iterator[Point]:
    at, device = parse_rfc3339(entry["t"]), entry["device"]
    if "code" in entry:
        yield _sighting(gateway, at, entry)
        return
    quality: Mapping[str, tuple[str, str]] = entry.get("quality", {})
    name = "fix" if "lat" in entry else "reading"
    good, doubted = _point(name, gateway, at, device=device), _point(name, gateway, at, device=device)
    doubted.tag("quality", "suspect")
    for quantity, value in entry.items():
        if quantity in _NOT_QUANTITIES:
            continue
        if value is None:
            why = {"quantity": quantity, "reason": quality[quantity][1]}
            yield _point("missing", gateway, at, device=device, **why).field("n", 1)
        else:
            (doubted if quantity in quality else good).field(quantity, _number(value))
    yield from (point for point in (good, doubted) if point.to_line_protocol())


def _sighting(gateway: str, at: Instant, entry: Mapping[str, Any]) -> Point:
    code = entry["code"]
    count = entry["again"]["count"] if "again" in entry else 1
    point = _point("sighting", gateway, at, device=entry["device"], scheme=code["scheme"])
    return point.field("code", code["value"]).field("n", count)


def _record(gateway: str, record: Mapping[str, Any]) -> Iterator[Point]:
    if record["kind"] != "alarm":
        return
    at = parse_rfc3339(record.get("to") or record["from"])
    tags = {"cause": record["cause"], "subject": record["subject"], "name": record.get("name")}
    active = record["state"] != "cleared"
    yield _point("alarm", gateway, at, **tags).field("active", int(active))


def _point(name: str, gateway: str, at: Instant, /, **tags: str | None) -> Point:
    point = Point(name).time(int(at)).tag("gateway", gateway)
    for tag, value in tags.items():
        if value:
            point.tag(tag, value)
    return point


def _number(value: float | bool) -> float | bool:
    """As a float: a field keeps the type that it was first written with, and 3 may become 3.4."""
    return value if isinstance(value, bool) else float(value)
