"""Values that only the section ``records`` has: a pattern of codes, a template of numbers, a lag."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from edge.settings.measures import Duration

LONGEST: Final = 200


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern, re.ASCII)
    except re.error as error:
        raise PydanticCustomError("code_pattern", "no pattern", {"why": str(error)}) from None
    return pattern


CodePattern = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(_compiles)]
"""A regular expression that a whole code must match."""

_DAY: Final = datetime(2026, 11, 22, tzinfo=UTC)


def _numbers(template: str) -> str:
    """Two carcasses of a day, and of two days, must have two numbers."""
    try:
        one, two, later = (
            template.format(flow="", date=day, serial=serial)
            for day, serial in ((_DAY, 1), (_DAY, 2), (_DAY.replace(year=2027), 1))
        )
    except (ValueError, KeyError, IndexError, AttributeError):
        one = two = later = ""
    if len({one, two, later}) < 3 or " " in one:
        raise PydanticCustomError("number_template", "no template")
    return template


NumberTemplate = Annotated[str, StringConstraints(max_length=LONGEST), AfterValidator(_numbers)]
"""Of a carcass's number, as ``str.format`` reads it with ``flow``, ``date`` and ``serial``."""


def _lag(value: object) -> tuple[object, ...]:
    if not isinstance(value, list) or len(value) != 2:
        raise PydanticCustomError("lag", "no pair")
    return tuple(value)


def _grows(lag: tuple[float, float]) -> tuple[float, float]:
    if lag[1] <= lag[0]:
        raise PydanticCustomError("lag", "no pair")
    return lag


Lag = Annotated[
    tuple[Annotated[float, Duration()], Annotated[float, Duration()]],
    BeforeValidator(_lag),
    AfterValidator(_grows),
]
"""The least and the most time between two stations, seconds."""
