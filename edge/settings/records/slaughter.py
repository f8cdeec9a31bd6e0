"""``records.slaughter``: a line, station by station."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.settings.measures import Duration
from edge.settings.values import Part, Reference, Text

Device = Annotated[Text, Reference("device")]
Place = Annotated[Text, Reference("place")]
Seconds = Annotated[float, Duration()]


class LineStep(Part):
    """A reader of the line. · 生产线上的一步"""

    reader: Device = Field(description="Device. · 阅读器")
    step: Literal["stunned", "bound", "cored"] = Field(description="What happens there. · 工序")
    lag: tuple[Seconds, Seconds] | None = Field(None, description="Time after the step before. · 间隔")


class Hooks(Part):
    """The hooks' own tags. · 挂钩标签"""

    pattern: Text = Field(description="Regular expression of their codes. · 编码规则")
    reused_after: Seconds = Field(description="Until a hook may carry the next carcass. · 复用间隔")


class Settle(Part):
    """When a probe has come to rest. · 读数稳定条件"""

    within: float = Field(description="It moves by no more than this. · 变化范围")
    for_s: Seconds = Field(alias="for", description="For this long. · 持续时间")


class Core(Part):
    """The measurement of the core temperature. · 中心温度测量"""

    probe: Device = Field(description="Device. · 探头")
    within: Seconds = Field(description="After the carcass was seen. · 时限")
    settle: Settle = Field(description="When it counts. · 稳定条件")


class Slaughter(Part):
    """One line. · 屠宰线"""

    species: Literal["pig", "cattle", "sheep"] = Field(description="Kind of animal. · 畜种")
    line: list[LineStep] = Field(description="Its readers in order. · 工序顺序")
    hooks: Hooks | None = Field(None, description="The hooks' tags. · 挂钩")
    number: Text | None = Field(None, description="Template of a carcass number. · 胴体编号规则")
    core: Core | None = Field(None, description="Core temperature. · 中心温度")
    chilled_at: float | None = Field(None, description="Core temperature, Cel, that ends it. · 排酸终温")
