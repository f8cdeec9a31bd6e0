"""``records.transport``: a vehicle on a route."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edge.settings.measures import Duration, Speed
from edge.settings.values import Part, Reference, Text, one_of

Device = Annotated[Text, Reference("device")]
Place = Annotated[Text, Reference("place")]
Seconds = Annotated[float, Duration()]


class Begin(Part):
    """What begins a trip, besides a person's word: one of leaves, ignition, scan. · 起运条件"""

    model_config = one_of("leaves", "ignition", "scan")

    leaves: Place | None = Field(None, description="A place on the map. · 驶离地点")
    ignition: Device | None = Field(None, description="A contact: it is switched on. · 点火信号")
    scan: Device | None = Field(None, description="A scanner: it reads `code`. · 扫码器")
    code: Text | None = Field(None, description="Of scan: what is read. · 条码内容")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        _one_of(self, ["leaves", "ignition", "scan"])
        return self


class End(Part):
    """What ends a trip, besides a person's word: one of stays, ignition, scan. · 到达条件"""

    model_config = one_of("stays", "ignition", "scan")

    stays: Place | None = Field(None, description="A place on the map. · 停留地点")
    ignition: Device | None = Field(None, description="A contact: it is switched off. · 点火信号")
    scan: Device | None = Field(None, description="A scanner: it reads `code`. · 扫码器")
    code: Text | None = Field(None, description="Of scan: what is read. · 条码内容")
    for_s: Annotated[float, Duration("0s", "1d")] = Field(
        600.0,
        alias="for",
        json_schema_extra={"default": "10min"},
        description="Of stays and ignition: for this long; the trip ends with its beginning. · 持续时间",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        _one_of(self, ["stays", "ignition", "scan"])
        return self


def _one_of(rule: Begin | End, kinds: list[str]) -> None:
    """Raises PydanticCustomError."""
    if sum(getattr(rule, kind) is not None for kind in kinds) != 1:
        raise PydanticCustomError("one_kind", "kinds", {"kinds": kinds})
    for name, other in (("scan", "code"), ("code", "scan")):
        if getattr(rule, name) is not None and getattr(rule, other) is None:
            raise PydanticCustomError("needs", "half", {"at": name, "name": name, "other": other})


class Stop(Part):
    """What counts as a stop. · 停车条件"""

    slower: Annotated[float, Speed()] = Field(description="Than this. · 低于此速度")
    for_s: Seconds = Field(alias="for", description="For this long. · 持续时间")


class Disinfection(Part):
    """The vehicle's certificate. · 消毒证明"""

    required: bool = Field(description="A trip without one is an alarm. · 是否必需")
    valid: Annotated[float, Duration("1h")] = Field(description="For this long. · 有效期")


class Transport(Part):
    """One vehicle on one route. · 运输"""

    place: Place = Field(description="The vehicle. · 车辆")
    position: Device = Field(description="Its GPS. · 定位设备")
    climate: list[Device] = Field([], description="The probes of its compartment. · 温湿度探头")
    limit: float | None = Field(
        None,
        description="Cel; warmer is counted as beyond. Without it 2 Cel above the compartment's setpoint. "
        "· 温度限值",
    )
    door: Device | None = Field(None, description="Its door contact. · 门磁")
    scanner: Device | None = Field(None, description="Reads what is loaded and delivered. · 装卸扫码器")
    begin: Begin = Field(description="What begins a trip. · 起运条件")
    end: End = Field(description="What ends it. · 到达条件")
    every: Annotated[float, Duration("1min", "6h")] | None = Field(
        None, description="Interval of a record on the way. · 记录间隔"
    )
    series: Annotated[float, Duration("10s", "1h")] = Field(
        300.0, json_schema_extra={"default": "5min"}, description="Interval of its sealed points. · 序列间隔"
    )
    patience: Annotated[float, Duration("10s", "1h")] = Field(
        60.0,
        json_schema_extra={"default": "1min"},
        description="Without a position for longer is a gap. · 定位缺口判定时长",
    )
    stop: Stop | None = Field(None, description="What counts as a stop. · 停车条件")
    never_longer_than: Annotated[float, Duration("1h", "7d")] = Field(
        3 * 86_400.0,
        json_schema_extra={"default": "3d"},
        description="A trip ends by then, with an alarm. · 最长时间",
    )
    disinfection: Disinfection | None = Field(None, description="Certificate. · 消毒证明")
