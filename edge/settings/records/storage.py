"""``records.storage``: a room."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge.settings.measures import Duration
from edge.settings.values import Part, Reference, Text

Device = Annotated[Text, Reference("device")]
Place = Annotated[Text, Reference("place")]
Seconds = Annotated[float, Duration()]


class Storage(Part):
    """One room. · 贮存"""

    place: Place = Field(description="The room. · 库房")
    climate: list[Device] = Field(description="Its probes. · 温湿度探头")
    door: Device | None = Field(None, description="Its door contact. · 门磁")
    defrost: Device | None = Field(None, description="Controller that tells a defrost. · 除霜来源")
    moves: Device | None = Field(None, description="Reader of goods in and out. · 出入库扫码")
    every: Seconds | None = Field(None, description="Interval of a record. · 记录间隔")
    series: Seconds | None = Field(None, description="Interval of its sealed points. · 序列间隔")
