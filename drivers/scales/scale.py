"""Weighing indicators that talk by themselves, over a serial line or a device server.

Only a stable weight is a reading. An unstable one is no news and no fault either: a carcass that swings on
its hook says nothing until it hangs still. Out of range, and not zeroed since the power came back, are gaps
of ``mass`` with their reason, since people must see them.

The layouts are drawn in ``mt_continuous.py`` and ``a_and_d.py``; a ``line`` is described in the settings.

An indicator repeats a weight up to 20 times a second: ``every``, or ``thin`` with ``change``, says how much
of this is journalled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drivers.contract import Frame, Instant, Reading, Splitter
from drivers.scales.a_and_d import AAndD
from drivers.scales.described import LONGEST_PATTERN, Described, described
from drivers.scales.mt_continuous import MtContinuous


class Options(BaseModel):
    """How an indicator talks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["mt-continuous", "and", "line"] = Field(
        description="What it is set to send: mt-continuous, the continuous output of Mettler Toledo; and, "
        "the standard format of A&D; line, lines that pattern describes. · 输出格式"
    )
    checksum: bool = Field(
        False, description="Of mt-continuous: whether a checksum follows each frame. · 是否带校验和"
    )
    pattern: str | None = Field(
        None,
        max_length=LONGEST_PATTERN,
        description="Of line: a regular expression with the group weight, and unit and stable where the line "
        "says them, e.g. '(?:(?P<stable>S)|D) +(?P<weight>[0-9.]+) (?P<unit>kg|g)'. · 行的正则表达式",
    )
    unit: Literal["g", "kg", "t", "lb"] | None = Field(
        None, description="Of line: the unit of a line that names none. · 未注明时的单位"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.checksum and self.format != "mt-continuous":
            raise ValueError("only mt-continuous has a checksum")
        if self.format != "line":
            if self.pattern is not None or self.unit is not None:
                raise ValueError("only format: line has a pattern and a unit")
        elif self.pattern is None:
            raise ValueError("format: line needs a pattern")
        elif self.unit is None and "unit" not in described(self.pattern).groupindex:
            raise ValueError("the pattern has no group (?P<unit>…), so a unit is needed")
        else:
            described(self.pattern)
        return self


class Format(Protocol):
    """What an indicator means by its bytes."""

    @property
    def quantities(self) -> tuple[str, ...]: ...

    def splitter(self) -> Splitter: ...

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]: ...


class Scale:
    """``mass``: the net weight, ``tare``: what was taken off, both in kg. A device has its port to itself."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ()
    guesses: ClassVar[Sequence[Mapping[str, Any]]] = (
        {"format": "mt-continuous"},
        {"format": "mt-continuous", "checksum": True},
        {"format": "and"},
    )
    """For a scan; no ``line`` can be guessed."""

    def __init__(self, options: Options) -> None:
        self._format = _format(options)

    def quantities(self) -> Sequence[str]:
        return self._format.quantities

    def splitter(self) -> Splitter:
        return self._format.splitter()

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Nothing for an unstable weight. Raises Reject as the formats do."""
        return self._format.decode(frame, at)


def _format(options: Options) -> Format:
    match options.format:
        case "mt-continuous":
            return MtContinuous(options.checksum)
        case "and":
            return AAndD()
        case "line":
            return Described(described(options.pattern or ""), options.unit)
