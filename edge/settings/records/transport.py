"""``records.transport``: a vehicle."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge.settings.measures import Duration, Speed
from edge.settings.values import Part, Reference, Text

Device = Annotated[Text, Reference("device")]
Place = Annotated[Text, Reference("place")]
Seconds = Annotated[float, Duration()]


class Begin(Part):
    """What begins a trip. · 起运条件"""

    leaves: Place = Field(description="A place. · 驶离地点")


class End(Part):
    """What ends a trip. · 到达条件"""

    stays: Place = Field(description="A place. · 停留地点")
    for_s: Seconds = Field(alias="for", description="For this long. · 停留时间")


class Stop(Part):
    """What counts as a stop. · 停车条件"""

    slower: Annotated[float, Speed()] = Field(description="Than this. · 低于此速度")
    for_s: Seconds = Field(alias="for", description="For this long. · 持续时间")


class Disinfection(Part):
    """The vehicle's certificate. · 消毒证明"""

    required: bool = Field(description="A trip without one is an alarm. · 是否必需")
    valid: Seconds = Field(description="For this long. · 有效期")


class Transport(Part):
    """One vehicle. · 运输"""

    place: Place = Field(description="The vehicle. · 车辆")
    position: Device = Field(description="Its GPS. · 定位设备")
    climate: list[Device] = Field(description="Its probes. · 温湿度探头")
    begin: Begin = Field(description="What begins a trip. · 起运条件")
    end: End = Field(description="What ends it. · 到达条件")
    every: Seconds | None = Field(None, description="Interval of a record. · 记录间隔")
    series: Seconds | None = Field(None, description="Interval of its sealed points. · 序列间隔")
    stop: Stop | None = Field(None, description="What counts as a stop. · 停车条件")
    never_longer_than: Seconds | None = Field(None, description="A trip ends by then. · 最长时间")
    disinfection: Disinfection | None = Field(None, description="Certificate. · 消毒证明")
