"""贮存: what a room was like and what went in and out of it (T/LDTSA 003-2022, Table 1, 贮存).

Two records of this kind. Of an *interval*: from, to, climate, door, defrost, what moved, and what was in the
room at the end. Of a *movement*: a moment (no ``to``), whose subject are the goods, complete in itself, at
once.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.records.record import Origin, Piece, TradeRecord

Count = Annotated[int, Field(ge=0)]
Kilograms = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class Quantity(Piece):
    """How much. · 数量"""

    count: Count = Field(description="Pieces; goods of which nobody said how many are one. · 件数")
    mass_kg: Kilograms | None = Field(None, description="Of those whose weight was said, kg. · 重量")


class Movement(Piece):
    """Goods that went in or out. · 出入库"""

    at: str = Field(description="When. · 出入库时间")
    direction: Literal["in", "out"] = Field(description="Which way. · 方向")
    subject: str = Field(description="The goods, scheme:value. · 货物编码")
    quantity: Quantity = Field(description="How much. · 出入库数量")
    worker: str | None = Field(None, description="Who moved them. · 操作人员")
    source: Origin = Field(description="Who or what says so. · 信息来源")


class Door(Piece):
    """The room's door. · 库门"""

    opened: Count = Field(description="How many times. · 开门次数")
    open_s: Seconds = Field(description="How long it stood open, s. · 开门时长（秒）")
    unknown_s: Seconds = Field(0, description="How long its contact was silent, s. · 状态未知时长（秒）")


class Defrost(Piece):
    """Defrosts of the plant. · 除霜"""

    begun: Count = Field(description="How many began. · 除霜次数")
    running_s: Seconds = Field(description="How long, s. · 除霜时长（秒）")
    unknown_s: Seconds = Field(0, description="How long nobody knows, s. · 状态未知时长（秒）")


class StorageBasic(Piece):
    """基本追溯信息; 贮存温湿度 is the record's ``climate``."""

    location: str = Field(description="The room, as people call it. · 库房位置")
    date: str = Field(description="Day on which it begins, by the site's clock. · 贮存日期")
    facility: str | None = Field(None, description="The plant that serves it. · 设施")
    entered: Quantity | None = Field(None, description="What went in. · 入库数量")
    left: Quantity | None = Field(None, description="What went out. · 出库数量")
    present: Count | None = Field(None, description="Pieces in the room at the end. · 期末库存件数")
    movements: list[Movement] = Field([], description="One by one, in their order. · 出入库时间")
    unlisted: Count = Field(0, description="Movements for which there was no room here. · 未列明出入库次数")
    door: Door | None = Field(None, description="Its door. · 环境条件：库门")
    defrost: Defrost | None = Field(None, description="Its defrosts. · 环境条件：除霜")


class StorageExtended(Piece):
    """扩展追溯信息, and what came but could not be counted."""

    bin: str = Field(description="The room's name in the settings. · 仓库编号或库位")
    workers: list[str] = Field([], description="Who worked there. · 操作人员")
    late: Count = Field(0, description="Scans, words and states told after their interval. · 迟到信息个数")
    repeated: Count = Field(0, description="Scans that say what was so already. · 重复扫码次数")
    other_scans: Count = Field(0, description="Scans of what is no goods. · 非货物扫码次数")


class StorageRecord(TradeRecord):
    """An interval of a room, or a movement into it or out of it."""

    kind: Literal["storage"] = "storage"
    basic: StorageBasic
    extended: StorageExtended
