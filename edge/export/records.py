"""Records as rows: a sheet for each kind, a column for each of its fields. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel

from drivers.contract import Instant
from edge.export.cells import Cell, cell, local
from edge.instant import parse_rfc3339
from edge.messages import Lang, text
from edge.records import KINDS
from edge.records.record import BASIC, EXTENDED

CELL_MOST: Final = 32_000
"""Characters; a spreadsheet takes 32,767 and spills the rest into the next row."""

_CLASSES: Final = (BASIC, EXTENDED)


class Column(NamedTuple):
    """A field of a kind of record. path: as in its JSON; chinese: the standard's term."""

    path: tuple[str, ...]
    chinese: str


class Told(NamedTuple):
    """A record where it was found. holds: whether it is the newest revision; None: that is not kept."""

    record: Mapping[str, Any]
    journal: str
    seq: int
    clock: str
    holds: bool | None


BESIDE: Final = ("local_from", "local_to", "holds", "clock", "journal", "seq")
"""Columns that stand before the record's own."""


def overlaps(record: Mapping[str, Any], since: Instant, until: Instant) -> bool:
    """Whether what a record tells of lies, if only in part, in ``since`` ≤ t < ``until``."""
    begins = parse_rfc3339(record["from"])
    ends = parse_rfc3339(record["to"]) if record.get("to") else begins
    return begins < until and ends >= since


@cache
def columns(kind: str) -> tuple[Column, ...]:
    """Of a kind; one that this version does not know has none but the whole of it."""
    model = KINDS.get(kind)
    return tuple(_columns(model, ())) if model else (Column((), ""),)


def _columns(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[Column]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if name in _CLASSES and isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _columns(inner, (*above, name))
        else:
            chinese = (field.description or "").partition(" · ")[2]
            yield Column((*above, field.alias or name), chinese)


def header(kind: str, lang: Lang) -> list[str]:
    """Of a kind's sheet: paths as in the schema, in Chinese with the standard's terms."""
    beside = [text(lang, f"export.column_{name}") for name in BESIDE]
    paths = [(".".join(column.path) or kind, column.chinese) for column in columns(kind)]
    return beside + [f"{chinese} {path}" if lang == "zh" and chinese else path for path, chinese in paths]


def cells(told: Told, lang: Lang, zone: ZoneInfo) -> list[Cell]:
    """A row of its kind's sheet. What no cell can hold is named by its block."""
    record = told.record
    ends = record.get("to")
    beside: list[Cell] = [local(record["from"], zone), local(ends, zone) if ends else None]
    beside += [cell(told.holds), told.clock, told.journal, told.seq]
    for column in columns(record["kind"]):
        shown = _shown(_without_series(_at(record, column.path), column))
        if isinstance(shown, str) and len(shown) > CELL_MOST:
            shown = text(lang, "export.too_long", seq=told.seq)
        beside.append(shown)
    return beside


def _at(record: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


def _without_series(value: Any, column: Column) -> Any:
    """Of a climate the figures; its points fill no cell and stand in the block."""
    if column.path != ("climate",) or not value:
        return value
    return {name: {**told, "series": len(told.get("series", ()))} for name, told in value.items()}


def _shown(value: Any) -> Cell:
    if isinstance(value, list | dict):
        return cell(orjson.dumps(value).decode()) if value else None
    return _time_or(value)


def _time_or(value: Cell) -> Cell:
    """Times stand as they are: no spreadsheet takes RFC 3339 for something else."""
    if isinstance(value, str):
        try:
            parse_rfc3339(value)
        except ValueError:
            return cell(value)
        return value
    return cell(value)
