"""召回: goods were stopped or recalled, or somebody was told of it (T/LDTSA 003-2022, 11.2)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge.records.record import Piece, TradeRecord


class RecallBasic(Piece):
    """Who did what about which goods. · 召回记录"""

    action: Literal["stopped", "recalled", "notified"] = Field(description="What was done. · 措施")
    done_at: str = Field(description="When. · 时间")
    subject: str = Field(description="The goods or the lot, scheme:value. · 对象")
    whom: str | None = Field(None, description="Who was told. · 通知对象")


class RecallRecord(TradeRecord):
    """A step of a recall; the standard has no two classes of it."""

    kind: Literal["recall"] = "recall"
    basic: RecallBasic
