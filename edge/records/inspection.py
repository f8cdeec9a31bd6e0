"""检验: what a laboratory or an inspector reported of a batch (T/LDTSA 003-2022, Table 1, 检验)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge.records.record import Piece, TradeRecord


class InspectionBasic(Piece):
    """基本追溯信息."""

    product_source: str | None = Field(None, description="Where the product is from. · 产品来源")
    inspected_at: str = Field(description="When. · 检验日期")
    agency: str = Field(description="Who inspected. · 检测机构")
    standard: str | None = Field(None, description="By which standard. · 产品标准")
    batch: str = Field(description="What was inspected, scheme:value. · 产品批次")
    result: Literal["passed", "failed"] = Field(description="What came of it. · 检验结果")


class InspectionExtended(Piece):
    """扩展追溯信息."""

    report: str | None = Field(None, description="Number of the report. · 检验报告")


class InspectionRecord(TradeRecord):
    """A report, as it was entered."""

    kind: Literal["inspection"] = "inspection"
    basic: InspectionBasic
    extended: InspectionExtended
