"""Telemetry as rows: one for each value, wherever it stood in its block. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from drivers.contract import Instant
from edge.export.cells import Cell, cell, local
from edge.instant import parse_rfc3339
from edge.messages import Lang, text, word
from edge.quantities import QUANTITIES

_NO_QUANTITY: Final = frozenset({"t", "device", "raw", "quality", "again", "code"})


class Row(NamedTuple):
    """One value. raw: before adjustment, where one applied. again: how often a code was seen since.

    clock: how the time was known. journal and seq: the block in which it is sealed.
    """

    t: str
    device: str
    quantity: str
    value: Cell
    unit: str
    quality: str
    reason: str
    raw: float | None
    again: int | None
    clock: str
    journal: str
    seq: int


COLUMNS: Final = ("local", *Row._fields)
"""Of a sheet."""


def rows(body: bytes, since: Instant, until: Instant, device: str | None) -> Iterator[Row]:
    """What a telemetry block says in ``since`` ≤ t < ``until``; device: None, of any."""
    block = orjson.loads(body)
    clock, journal, seq = block["clock"], block["journal"], block["seq"]
    for entry in block["observations"]:
        wanted = device is None or entry["device"] == device
        if wanted and since <= parse_rfc3339(entry["t"]) < until:
            yield from _values(entry, clock, journal, seq)


def _values(entry: Mapping[str, Any], clock: str, journal: str, seq: int) -> Iterator[Row]:
    at = entry["t"], entry["device"]
    if "code" in entry:
        code = entry["code"]
        again = entry.get("again", {}).get("count")
        yield Row(*at, "code", code["value"], code["scheme"], "good", "", None, again, clock, journal, seq)
    for name, value in entry.items():
        if name not in _NO_QUANTITY:
            quality, reason = entry.get("quality", {}).get(name, ("good", ""))
            unit = QUANTITIES[name].unit if name in QUANTITIES else ""
            raw = entry.get("raw", {}).get(name)
            yield Row(*at, name, value, unit, quality, reason, raw, None, clock, journal, seq)


def header(lang: Lang) -> list[str]:
    """Of a sheet, as people read it."""
    return [text(lang, f"export.column_{name}") for name in COLUMNS]


def cells(row: Row, lang: Lang, zone: ZoneInfo) -> list[Cell]:
    """A row of a sheet, in the words of ``lang``."""
    said = row._replace(
        value=cell(row.value),
        quantity=word(lang, row.quantity),
        quality=word(lang, row.quality),
        reason=word(lang, row.reason) if row.reason else "",
    )
    return [local(row.t, zone), *said]
