"""How a record tells where a fact comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edge.instant import rfc3339
from edge.recorders.contract import Fact
from edge.records.record import Origin

SETTINGS: Final = Origin(kind="settings")
DERIVED: Final = Origin(kind="derived")


def sensed(devices: Iterable[str]) -> Origin:
    """Devices saw it."""
    return Origin(kind="sensor", device=", ".join(devices))


def said(fact: Fact) -> Origin:
    """A person said it."""
    kind = "settings" if fact.via == "settings" else "person"
    return Origin.model_validate({"kind": kind, "name": fact.by, "at": rfc3339(fact.entered)})
