"""``records.storage``: a room."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from edge.settings.measures import Duration
from edge.settings.values import Part, Reference, Text

Device = Annotated[Text, Reference("device")]
Place = Annotated[Text, Reference("place")]


def _regular(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise PydanticCustomError("no_pattern", "no regular expression", {"why": str(error)}) from None
    return text


Pattern = Annotated[Text, AfterValidator(_regular)]
"""A regular expression."""


class Storage(Part):
    """One room. · 贮存"""

    place: Place = Field(description="The room. · 库房")
    climate: list[Device] = Field(min_length=1, description="Its probes. · 温湿度探头")
    limit: float | None = Field(
        None, description="Of the temperature, Cel; none: the place's setpoint. · 温度上限"
    )
    door: Device | None = Field(None, description="Its door contact. · 门磁")
    defrost: Device | None = Field(None, description="Controller that tells a defrost. · 除霜来源")
    moves: Device | None = Field(
        None,
        description="Scanner both ways: what is in the room goes out, all else comes in. · 出入库扫码",
    )
    moves_in: Device | None = Field(None, description="Scanner of goods that come in. · 入库扫码")
    moves_out: Device | None = Field(None, description="Scanner of goods that go out. · 出库扫码")
    carcass: Pattern | None = Field(
        None, description="Regular expression of the numbers on carcass labels. · 胴体编号规则"
    )
    worker: Text | None = Field(None, description="Who works there unless it is said. · 操作人员")
    every_s: Annotated[float, Duration("1min", "1d")] = Field(
        3600.0,
        alias="every",
        json_schema_extra={"default": "1h"},
        description="Interval of a record, counted from midnight. · 记录间隔",
    )
    series_s: Annotated[float, Duration("10s", "1d")] = Field(
        300.0,
        alias="series",
        json_schema_extra={"default": "5min"},
        description="Interval of its sealed points. · 序列间隔",
    )
