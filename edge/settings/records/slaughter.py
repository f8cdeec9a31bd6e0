"""``records.slaughter``: a line, station by station."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edge.settings.measures import Duration
from edge.settings.records.patterns import CodePattern, Lag, NumberTemplate
from edge.settings.values import Part, Reference, Text

Device = Annotated[Text, Reference("device")]
Place = Annotated[Text, Reference("place")]
Seconds = Annotated[float, Duration("1s")]

Species = Literal["pig", "cattle", "sheep", "poultry"]

CHILLED_AT: Final = {"pig": 7.0, "cattle": 7.0, "sheep": 7.0, "poultry": 4.0}
"""Core temperature, Cel, at which a carcass is chilled: GB 12694-2016; EU 853/2004, annex III."""


class LineStep(Part):
    """A reader of the line. · 生产线上的一步"""

    reader: Device = Field(description="Device. · 阅读器")
    step: Literal["stunned", "bound", "weighed", "cored", "entered", "left"] = Field(
        description="What happens there; entered, left: at the door of the room where it stands. · 工序"
    )
    lag: Lag | None = Field(
        None, description="Of bound: least and most time after stunned. · 与击晕的时间间隔"
    )
    positions: Annotated[int, Field(ge=0, le=100)] = Field(
        0, description="Of bound: so many places animals may change on the way. · 顺序误差"
    )


class Hooks(Part):
    """The hooks' own tags. · 挂钩标签"""

    pattern: CodePattern | None = Field(None, description="Regular expression of their codes. · 编码规则")
    reused_after_s: Seconds = Field(
        7200.0,
        alias="reused_after",
        json_schema_extra={"default": "2h"},
        description="Until a hook may carry the next carcass. · 复用间隔",
    )
    halves_s: Seconds | None = Field(
        None,
        alias="halves",
        description="Halves hang apart: the hook of the other half comes within this time. · 二分体间隔",
    )


class Settle(Part):
    """When a probe has come to rest. · 读数稳定条件"""

    within: Annotated[float, Field(gt=0, le=5)] = Field(
        0.2, description="It moves by no more than this, K. · 变化范围"
    )
    for_s: Seconds = Field(
        15.0,
        alias="for",
        json_schema_extra={"default": "15s"},
        description="For this long. · 持续时间",
    )


class Core(Part):
    """The measurement of the core temperature. · 中心温度测量"""

    probe: Device = Field(description="Device. · 探头")
    within_s: Seconds = Field(
        90.0,
        alias="within",
        json_schema_extra={"default": "90s"},
        description="After the hook was seen. · 时限",
    )
    settle: Settle = Field(Settle(), description="When it counts. · 稳定条件")


class Weight(Part):
    """The hot weight. · 热胴体重"""

    scale: Device = Field(description="Device. · 秤")
    within_s: Seconds = Field(
        30.0,
        alias="within",
        json_schema_extra={"default": "30s"},
        description="After the hook was seen at the step weighed. · 时限",
    )
    lag: Lag | None = Field(
        None, description="Time after bound, where no reader stands at the scale. · 与绑定的时间间隔"
    )
    least_kg: Annotated[float, Field(ge=0)] = Field(
        1.0, alias="least", description="Below it the rail is empty, kg. · 最小重量"
    )


class ChillRoom(Part):
    """A room in which carcasses hang. · 排酸间"""

    place: Place = Field(description="Which. · 位置")
    climate: list[Device] = Field([], description="Its probes. · 温湿度探头")
    reference: list[Device] = Field([], description="Probes that stay in some carcasses. · 胴体内参考探头")
    limit: float | None = Field(None, description="Of its air, Cel. · 空气温度上限")


class Slaughter(Part):
    """One line. · 屠宰线"""

    species: Species = Field(description="Kind of animal. · 畜种")
    line: Annotated[list[LineStep], Field(min_length=1)] = Field(
        description="Its readers in order. · 工序顺序"
    )
    hooks: Hooks = Field(Hooks(), description="The hooks' tags. · 挂钩")
    number: NumberTemplate = Field(
        "{flow}{date:%y%m%d}{serial:05}", description="Template of a carcass number. · 胴体编号规则"
    )
    flow: Annotated[str, Field(pattern=r"^\S*$", max_length=100)] = Field(
        "", description="Circulation code, as granted. · 流通码"
    )
    core: Core | None = Field(None, description="Core temperature. · 中心温度")
    weight: Weight | None = Field(None, description="Hot weight. · 热胴体重")
    rooms: list[ChillRoom] = Field([], description="Where carcasses hang. · 排酸间")
    hangs_in: Place | None = Field(
        None, description="The room in which they hang from the line on, if nobody says another. · 默认排酸间"
    )
    chilled_at: float | None = Field(
        None, description="Core temperature, Cel, that ends it; else 7, for poultry 4. · 排酸终温"
    )

    @property
    def limit(self) -> float:
        """Core temperature at which a carcass is chilled, Cel."""
        return CHILLED_AT[self.species] if self.chilled_at is None else self.chilled_at

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        steps = {step.step: number for number, step in enumerate(self.line)}
        if "stunned" not in steps and "bound" not in steps:
            raise PydanticCustomError("line_begins", "no beginning", {"at": "line"})
        for number, step in enumerate(self.line):
            if step.step == "bound" and "stunned" in steps and step.lag is None:
                raise PydanticCustomError("lag_missing", "no lag", {"at": "line"})
            if [other.reader for other in self.line].index(step.reader) != number:
                raise PydanticCustomError("reader_twice", "twice", {"at": "line", "device": step.reader})
        if self.core is not None and "cored" not in steps:
            raise PydanticCustomError("no_step", "no step", {"at": "core", "name": "core", "step": "cored"})
        if self.weight is not None and self.weight.lag is None and "weighed" not in steps:
            raise PydanticCustomError(
                "no_step", "no step", {"at": "weight", "name": "weight", "step": "weighed"}
            )
        return self
