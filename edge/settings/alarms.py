"""The section ``alarms``: limits."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from edge.settings.measures import Duration
from edge.settings.values import Form, Part, any_of

POINT: Final = Form("point_form", "[a-z0-9][a-z0-9-]{0,62}[.][a-z][a-z0-9_]*")
Point = Annotated[str, POINT]
"""``device.quantity``."""


def _some(points: list[str]) -> list[str]:
    if not points:
        raise PydanticCustomError("no_points", "none")
    return points


class Rise(Part):
    """A rise that is too fast. · 升温过快"""

    by: float = Field(gt=0, description="By how much, in the point's unit. · 上升量")
    within_s: Annotated[float, Duration("1min", "1d")] = Field(
        alias="within", description="In which time. · 时间"
    )


class Alarm(Part):
    """A limit, and how long it may be passed. · 报警"""

    model_config = any_of("above", "below", "equals", "rises")

    points: Annotated[list[Point], AfterValidator(_some)] = Field(
        description="`device.quantity`, one or more. · 测点"
    )
    above: float | None = Field(None, description="Raised above this value. · 上限")
    below: float | None = Field(None, description="Raised below this value. · 下限")
    equals: bool | float | None = Field(None, description="Raised while it has this value. · 等于")
    rises: Rise | None = Field(None, description="Raised when it rises too fast. · 升温过快")
    for_s: Annotated[float, Duration("1s", "7d")] = Field(
        0.0,
        alias="for",
        json_schema_extra={"default": "0s"},
        description="How long without a break before it is raised; none: at once. · 持续时间",
    )
    clear_below: float | None = Field(
        None, description="Cleared at this value and below; none: at the limit. · 低于此值解除"
    )
    clear_above: float | None = Field(
        None, description="Cleared at this value and above; none: at the limit. · 高于此值解除"
    )
    unless: Point | None = Field(None, description="Does not begin while this point is true. · 例外测点")
    during: Literal["trip"] | None = Field(None, alias="while", description="Only meanwhile. · 仅在此期间")
    severity: Literal["low", "medium", "high"] | None = Field(None, description="How grave. · 级别")

    @property
    def clear(self) -> float | None:
        """At which value it is over."""
        return self.clear_below if self.above is not None else self.clear_above

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        limits = {"above": self.above, "below": self.below, "equals": self.equals}
        stated = [name for name, value in limits.items() if value is not None]
        if not stated and self.rises is None:
            raise PydanticCustomError("any_kind", "nothing", {"kinds": ["above", "below", "equals", "rises"]})
        if len(stated) > 1:
            raise PydanticCustomError("limits_two", "two", {"at": stated[1], "first": stated[0]})
        self._deadband("clear_below", self.clear_below, "above", self.above)
        self._deadband("clear_above", self.clear_above, "below", self.below)
        return self

    def _deadband(self, name: str, clear: float | None, limit_name: str, limit: float | None) -> None:
        if clear is None:
            return
        if limit is None:
            raise PydanticCustomError("clear_unused", "unused", {"at": name, "partner": limit_name})
        if clear > limit if limit_name == "above" else clear < limit:
            raise PydanticCustomError(
                "clear_beyond", "beyond", {"at": name, "partner": limit_name, "stands": limit}
            )
