"""What recorders remember of what people said, and how a record tells where a fact comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from drivers.contract import Instant
from edge.instant import rfc3339
from edge.recorders.contract import Fact
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


@lru_cache(maxsize=256)
def sensed(device: str) -> Origin:
    """A device saw it. Not to be changed in place."""
    return Origin(kind="sensor", device=device)


DERIVED = Origin(kind="derived")
SETTINGS = Origin(kind="settings")
