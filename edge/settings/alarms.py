"""The section ``alarms``: limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.settings.measures import Duration
from edge.settings.values import Part, Text

Seconds = Annotated[float, Duration()]


class Alarm(Part):
    """A limit, and how long it may be passed. · 报警"""

    points: list[Text] = Field(description="`device.quantity`, one or more. · 测点")
    above: float | None = Field(None, description="Raised above this value. · 上限")
    below: float | None = Field(None, description="Raised below this value. · 下限")
    equals: float | bool | None = Field(None, description="Raised while it has this value. · 等于")
    for_s: Seconds | None = Field(None, alias="for", description="For this long without a break. · 持续时间")
    clear_below: float | None = Field(None, description="Cleared below this value. · 低于此值解除")
    clear_above: float | None = Field(None, description="Cleared above this value. · 高于此值解除")
    unless: Text | None = Field(None, description="Not while this point is true. · 例外测点")
    during: Literal["trip"] | None = Field(None, alias="while", description="Only meanwhile. · 仅在此期间")
    severity: Literal["low", "medium", "high"] | None = Field(None, description="How grave. · 级别")
