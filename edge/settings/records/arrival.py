"""``records.arrival``: animals seen at the lairage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.settings.measures import Duration
from edge.settings.values import Part, Reference, Text

Device = Annotated[Text, Reference("device")]
Place = Annotated[Text, Reference("place")]
Seconds = Annotated[float, Duration()]


class Arrival(Part):
    """Animals seen at the lairage. · 入场"""

    readers: list[Device] = Field(description="Ear-tag readers. · 耳标阅读器")
    scanner: Device | None = Field(None, description="Reads the certificate. · 扫码器")
    lot: Literal["certificate"] | None = Field(None, description="What makes a lot. · 批次依据")
