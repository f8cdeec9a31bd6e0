"""屠宰加工: an animal becomes a carcass, is weighed, measured, hung and chilled.

T/LDTSA 003-2022, Table 1, 屠宰.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.records.record import Piece, TradeRecord
from edge.records.words import Disposed, Judged


class Cleaned(Piece):
    """A place of the line was cleaned and disinfected. · 清洗消毒"""

    place: str = Field(description="Which. · 位置")
    at: str = Field(description="When. · 时间")
    by: str = Field(description="Who. · 人员")
    agent: str | None = Field(None, description="With what. · 药剂")


class Cut(Piece):
    """The carcass was cut. · 分割信息"""

    at: str = Field(description="When. · 分割时间")
    into: list[str] = Field(description="Codes of the parts. · 分割产品编码")
    mass_kg: Annotated[float, Field(ge=0)] | None = Field(None, description="Of the parts, kg. · 重量")


class Packed(Piece):
    """It was packed. · 包装"""

    at: str = Field(description="When. · 包装时间")
    into: str = Field(description="The package. · 包装编码")
    count: Annotated[int, Field(ge=0)] | None = Field(None, description="Pieces. · 件数")
    material: str | None = Field(None, description="Of the packing. · 包装材料")


class Step(Piece):
    """A step of the process. · 生产过程的时间及温度"""

    step: Literal["stunned", "bound", "weighed", "cored"] = Field(description="Which. · 工序")
    at: str = Field(description="When. · 时间")
    device: str = Field(description="That saw it. · 设备")
    temperature: float | None = Field(None, description="Of the core, Cel. · 中心温度")
    mass_kg: float | None = Field(None, description="Weighed, kg. · 重量")


class Hung(Piece):
    """A stay in a room. · 排酸间停留"""

    place: str = Field(description="Which. · 位置")
    since: str = Field(alias="from", description="Entered. · 入库时间")
    to: str | None = Field(None, description="Left; none: it hangs there. · 出库时间")


class Chilled(Piece):
    """How the cooling went. · 排酸（冷却）"""

    limit: float = Field(description="Core temperature that ends it, Cel. · 排酸终温")
    at: str | None = Field(None, description="When the core was first known to be there. · 到达时间")
    hours: float | None = Field(None, description="From slaughter to then. · 用时（小时）")
    basis: Literal["own", "room"] | None = Field(
        None, description="own: measured in this carcass; room: in the room's reference carcasses. · 依据"
    )
    continuous: bool | None = Field(
        None, description="No gap and no time beyond the room's limit while it hung. · 冷却是否连续"
    )


class SlaughterBasic(Piece):
    """What must be there. · 基本追溯信息"""

    plant: str = Field(description="Slaughterhouse. · 屠宰场名称")
    carcass: str = Field(description="Its number. · 胴体编号")
    animal: str | None = Field(None, description="Its tag; none: it was not read. · 畜禽标识")
    slaughtered_at: str = Field(description="Stunned; bound to the hook, if not seen before. · 屠宰时间")
    ante_mortem: Judged | None = Field(None, description="Verdict before slaughter. · 宰前检疫")
    post_mortem: Judged | None = Field(None, description="Verdict after slaughter. · 宰后检疫")
    cleaning: list[Cleaned] = Field([], description="Of the line, last before. · 清洗消毒")
    cutting: Cut | None = Field(None, description="How it was cut. · 分割信息")


class SlaughterExtended(Piece):
    """What is told besides. · 扩展追溯信息"""

    species: str = Field(description="Kind of animal. · 畜种")
    lot: str | None = Field(None, description="In which the animal came. · 批次")
    certificate: str | None = Field(None, description="Of that lot. · 动物检疫合格证明编号")
    county: str | None = Field(None, description="That issued the tag, GB/T 2260. · 县级行政区域代码")
    positions: Annotated[int, Field(ge=0)] = Field(
        0, description="The animal may be this many places off in the line's order; 0: exact. · 顺序误差"
    )
    process: list[Step] = Field([], description="Step by step. · 生产过程的时间及温度")
    hot_weight_kg: float | None = Field(None, description="All halves together. · 热胴体重")
    core_temperature: float | None = Field(None, description="Last settled, Cel. · 中心温度")
    rooms: list[Hung] = Field([], description="Where it hung. · 排酸间")
    chilled: Chilled | None = Field(None, description="How the cooling went. · 排酸（冷却）")
    disposal: Disposed | None = Field(None, description="Harmless disposal. · 无害化处理")
    packing: list[Packed] = Field([], description="How it was packed. · 包装")
    doubts: list[str] = Field(
        [],
        description="unread: the animal's tag was not; no_hook: the hook's was not; no_lot: never seen at "
        "the lairage; hook_reused: its hook came back before it was seen to leave. · 存疑",
    )


class SlaughterRecord(TradeRecord):
    """A carcass. ``climate`` is that of the rooms while it hung, to the minute."""

    kind: Literal["slaughter"] = "slaughter"
    basic: SlaughterBasic
    extended: SlaughterExtended
