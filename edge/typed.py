"""What is typed behind `tagtrail enter CONFIG FACT`: ``key=value``, with ``by=``, ``at=`` and ``reason=``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from drivers.contract import TagtrailError
from edge.facts import FACTS

BESIDE: Final[tuple[str, ...]] = ("by", "at", "reason")
"""Words of every fact."""


class Mistyped(TagtrailError):
    """What was typed is no fact; ``key`` names a sentence of the room `facts`."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def request(fact: str, words: Sequence[str], zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """What the verb `enter` is asked. A key that takes several values is written several times.

    Raises Mistyped: an unknown fact, a word without =, a key twice, a time that is none.
    """
    if fact not in FACTS:
        raise Mistyped("unknown_kind", kind=fact, known=", ".join(FACTS))
    listed = {
        name
        for name, field in FACTS[fact].model_json_schema()["properties"].items()
        if field.get("type") == "array"
    }
    values: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise Mistyped("no_equals", word=word)
        if key in listed:
            values.setdefault(key, []).append(value)
        elif key in values:
            raise Mistyped("typed_twice", name=key)
        else:
            values[key] = value
    beside: dict[str, Any] = {key: values.pop(key) for key in BESIDE if key in values}
    if "at" in beside:
        beside["at"] = moment(beside["at"], zone, now)
    return {"fact": fact, "values": values, **beside}


def moment(text: str, zone: ZoneInfo, now: datetime) -> str:
    """RFC 3339 of ``10:20`` (today), ``2026-11-22 10:20`` by the site's clock, or of a time with its offset.

    Raises Mistyped.
    """
    try:
        if len(text) <= len("10:20:30"):
            at = datetime.combine(now.astimezone(zone).date(), time.fromisoformat(text), zone)
        else:
            at = datetime.fromisoformat(text)
    except ValueError:
        raise Mistyped("no_time", value=text) from None
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).isoformat()
