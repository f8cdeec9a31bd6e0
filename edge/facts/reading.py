"""From what was typed, sent or scanned to a fact, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from drivers.contract import NANOSECONDS, Instant
from edge.facts.kinds import FACTS, Said
from edge.recorders.contract import Fact, Unfit
from edge.settings.wording import known_at, wording

AHEAD: Final = 5 * 60 * NANOSECONDS
"""A person's watch may be so far ahead of ours; a fact of later is no fact."""


def read_fact(
    kind: str,
    values: Mapping[str, Any],
    *,
    by: str,
    entered: Instant,
    at: Instant | None = None,
    via: Literal["person", "scan", "settings"] = "person",
    reason: str = "",
) -> Fact:
    """Raises Unfit: an unknown kind, values that do not hold, nobody's word, a time to come, no reason for a
    correction."""
    model = FACTS.get(kind)
    if model is None:
        raise Unfit("unknown_kind", kind=kind, known=", ".join(FACTS))
    if not by.strip():
        raise Unfit("nobody", kind=kind)
    if at is not None and at > entered + AHEAD:
        raise Unfit("to_come", kind=kind)
    if kind == "correct" and not reason.strip():
        raise Unfit("no_reason")
    try:
        said = model.model_validate(dict(values))
    except ValidationError as error:
        raise _unfit(kind, model, error.errors()[0]) from None
    held = at if at is not None else entered
    return Fact(held, entered, kind, said.model_dump(exclude_none=True), by.strip(), via, reason)


def _unfit(kind: str, model: type[Said], error: ErrorDetails) -> Unfit:
    """``why`` is a sentence of its own, see ``messages.sentence``."""
    way = tuple(error["loc"])
    known = known_at(model, way[:-1] if error["type"] == "extra_forbidden" else way)
    key, values = wording(error, None, known)
    why = {"key": f"settings.{key}", **{name: str(value) for name, value in values.items()}}
    where = ".".join(str(part) for part in way)
    return Unfit("unfit", kind=kind, field=where, why=why, known=", ".join(model.model_fields))
