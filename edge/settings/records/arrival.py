"""``records.arrival``: animals seen at the lairage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.settings.measures import Duration
from edge.settings.records.patterns import CodePattern
from edge.settings.values import Part, Reference, Text

Device = Annotated[Text, Reference("device")]
Place = Annotated[Text, Reference("place")]


class Arrival(Part):
    """Animals seen at the lairage. · 入场"""

    place: Place | None = Field(
        None, description="The lairage; else where the scanner stands, or the first reader. · 待宰圈"
    )
    readers: Annotated[list[Device], Field(min_length=1)] = Field(description="Ear-tag readers. · 耳标阅读器")
    scanner: Device | None = Field(
        None, description="Reads the certificate; without one it is entered. · 扫码器"
    )
    lot: Literal["certificate"] = Field("certificate", description="What makes a lot. · 批次依据")
    certificate: CodePattern | None = Field(
        None,
        description="Regular expression of a certificate's number; else all that is scanned. · 证明编号规则",
    )
    closes_after_s: Annotated[float, Duration("1min", "1d")] = Field(
        7200.0,
        alias="closes_after",
        json_schema_extra={"default": "2h"},
        description="A lot is complete when for so long no animal came. · 批次结束等待时间",
    )
