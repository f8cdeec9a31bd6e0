"""What recorders remember of what people said, and how a record tells where a fact comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from drivers.contract import Instant
from edge.instant import rfc3339
from edge.recorders.contract import Fact, Unfit
from edge.records.record import Origin, TradeRecord

R = TypeVar("R", bound=TradeRecord)


@dataclass(slots=True)
class Word:
    """A fact in a row. Instants in ns."""

    at: int
    entered: int
    by: str
    via: str
    values: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def origin(self) -> Origin:
        """A scan of the certificate is the person's who scans; a device is none of ours to name."""
        kind = "settings" if self.via == "settings" else "person"
        return Origin.model_validate({"kind": kind, "name": self.by, "at": rfc3339(Instant(self.entered))})

    def said(self, *names: str) -> dict[str, Any]:
        """Those of its values that were given, with when and by whom."""
        values = {name: self.values[name] for name in names if name in self.values}
        return {**values, "at": rfc3339(Instant(self.at)), "by": self.by}


def word(fact: Fact) -> Word:
    """As a row."""
    return Word(fact.at, fact.entered, fact.by, fact.via, dict(fact.values), fact.reason)


def sensed(device: str) -> Origin:
    """A device saw it."""
    return Origin(kind="sensor", device=device)


DERIVED = Origin(kind="derived")
SETTINGS = Origin(kind="settings")


def corrected(record: R, corrections: Iterable[Word]) -> R:
    """The record with what people put right in it.

    Raises Unfit where a record has no such field, or the field cannot be this.
    """
    for each in corrections:
        path, value = each.values["field"], each.values.get("value")
        body = record.body()
        part, _, name = path.partition(".")
        if part not in {"basic", "extended"} or name not in type(getattr(record, part)).model_fields:
            known = [f"{part}.{name}" for part in ("basic", "extended") for name in body[part]]
            raise Unfit("unfit", kind="correct", field=path, why="no such field", known=", ".join(known))
        body[part][name] = value
        body["source"][path] = each.origin.model_dump(exclude_none=True)
        try:
            record = type(record).model_validate(body)
        except ValidationError as error:
            why = error.errors()[0]["msg"]
            raise Unfit("unfit", kind="correct", field=path, why=why, known="record, field, value") from None
    return record
