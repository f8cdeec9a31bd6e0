"""销售/出场: goods leave for a buyer (T/LDTSA 003-2022, Table 1, 销售)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from edge.records.record import Piece, TradeRecord
from edge.records.storage import Quantity


class Conditions(Piece):
    """What the goods were kept at when they left; only where a probe there is ours. · 保存条件"""

    temperature: float | None = Field(None, description="Cel. · 温度")
    humidity: float | None = Field(None, description="Per cent. · 湿度")
    at: str = Field(description="When it was measured. · 测量时间")


class DispatchBasic(Piece):
    """基本追溯信息: to whom, when, how much, at what."""

    receiver: str | None = Field(None, description="Who buys; none: not yet said. · 市场流向（购货方）")
    dispatched_at: str = Field(description="When they were handed over. · 进货时间（交接）")
    quantity: Quantity = Field(description="How much. · 数量")
    conditions: Conditions | None = Field(None, description="At what they were kept. · 保存条件")


class DispatchExtended(Piece):
    """扩展追溯信息."""

    meat_certificate: str | None = Field(
        None, description="Of the meat's quality inspection. · 肉品品质检验合格证"
    )
    certification: str | None = Field(None, description="Of the product. · 产品认证")
    location: str | None = Field(None, description="Where, as people call it. · 出场地点")


class DispatchRecord(TradeRecord):
    """Goods that left; a further revision tells what was said of them later."""

    kind: Literal["dispatch"] = "dispatch"
    basic: DispatchBasic
    extended: DispatchExtended
