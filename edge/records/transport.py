"""运输: a trip of a vehicle, and each interval of it (T/LDTSA 003-2022, Table 1)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from edge.records.record import Gap, Piece, TradeRecord


class Whereabouts(Piece):
    """Where something was: by name where the settings know the place, by coordinates where it was seen."""

    place: str | None = Field(None, description="Its name in the settings. · 位置")
    name: str | None = Field(None, description="What people call it. · 地点名称")
    gln: str | None = Field(None, description="GS1 location number. · 全球位置码")
    lat: float | None = Field(None, description="WGS 84, degrees, north positive. · 纬度")
    lon: float | None = Field(None, description="WGS 84, degrees, east positive. · 经度")


class DisinfectionCertificate(Piece):
    """Of the vehicle. · 运输工具消毒证明"""

    number: str = Field(description="As it was entered. · 证明编号")
    since: str = Field(alias="from", description="From when it holds. · 生效时间")
    to: str | None = Field(None, description="Until when it holds. · 有效期至")
    valid: bool = Field(description="Whether it held when the trip began. · 起运时是否有效")


class Goods(Piece):
    """One code, or one entry of goods without single codes. · 货物"""

    subject: str = Field(description="Its code, scheme:value. · 编码")
    at: str = Field(description="When it was loaded or delivered. · 时间")
    count: int | None = Field(None, description="How many pieces. · 件数")
    mass_kg: float | None = Field(None, description="Weight, kg. · 重量")
    receiver: str | None = Field(None, description="Who took it. · 收货方")


class Cargo(Piece):
    """What was loaded or delivered. · 运输数量"""

    count: int = Field(description="Pieces; a code that says no number is one. · 件数")
    mass_kg: float | None = Field(None, description="Of those whose weight is known, kg. · 重量")
    goods: list[Goods] = Field([], description="Code by code. · 货物清单")
    unlisted: int = Field(0, description="Pieces for whose codes there was no room. · 未列明件数")


class TransportBasic(Piece):
    """基本追溯信息."""

    plate: str | None = Field(None, description="Of the vehicle. · 运输工具牌号")
    disinfection: DisinfectionCertificate | None = Field(
        None, description="Of the vehicle. · 运输工具消毒证明"
    )
    departed_at: str = Field(description="When the trip began. · 运输开始日期")
    arrived_at: str | None = Field(None, description="When it ended; none: under way. · 运输终止日期")
    start: Whereabouts | None = Field(None, description="Where it began. · 起始位置")
    end: Whereabouts | None = Field(None, description="Where it ended. · 终止位置")
    crew: list[str] = Field([], description="Who travels with it. · 运输人员")
    loaded: Cargo = Field(description="What was loaded. · 运输数量（装车）")
    delivered: Cargo = Field(description="What was delivered. · 运输数量（交付）")


class Stop(Piece):
    """The vehicle stood. · 停车"""

    since: str = Field(alias="from", description="Its beginning. · 开始时间")
    to: str = Field(description="Its end. · 结束时间")
    where: Whereabouts = Field(description="Where. · 停车地点")


class Opening(Piece):
    """The door was open. · 开门"""

    since: str = Field(alias="from", description="When it was opened. · 开启时间")
    to: str = Field(description="When it was closed, or the stretch ended. · 关闭时间")
    unsure: bool = Field(False, description="Its contact was silent meanwhile. · 期间门磁无数据")


class Lost(Gap):
    """A stretch without a position. · 定位缺口"""

    apart_km: float | None = Field(
        None, description="From the last position to the next, as the crow flies. · 两端直线距离（公里）"
    )


class Hygiene(Piece):
    """The vehicle was cleaned. · 运输环境卫生"""

    at: str = Field(description="When. · 清洗消毒时间")
    agent: str | None = Field(None, description="With what. · 药剂")


class TransportExtended(Piece):
    """扩展追溯信息; the climate stands in the record's own ``climate`` (运输温湿度)."""

    hygiene: Hygiene | None = Field(None, description="The last cleaning before it began. · 运输环境卫生")
    distance_km: float | None = Field(
        None, description="Driven, as far as it was seen; gaps are not in it. · 里程（公里）"
    )
    route: dict[str, Any] | None = Field(
        None, description="GeoJSON Feature; properties.coordTimes has the times. · 行驶路线"
    )
    stops: list[Stop] = Field([], description="Where it stood. · 停车")
    openings: list[Opening] = Field([], description="Of the compartment's door. · 开门")
    gaps: list[Lost] = Field([], description="Where no position came. · 定位缺口")
    patience_s: float | None = Field(
        None, description="Seconds without a position that are a gap. · 定位缺口判定时长（秒）"
    )
    outliers: int = Field(0, description="Positions that no vehicle can have reached. · 异常定位个数")
    late: int = Field(0, description="Positions that came too late to count. · 迟到定位个数")
    untold: int = Field(0, description="Stops, openings and gaps for which there was no room. · 未列明事件数")


class TransportRecord(TradeRecord):
    """运输: a whole trip, or an interval of one."""

    kind: Literal["transport"] = "transport"
    stretch: Literal["trip", "interval"] = Field(description="What it covers. · 记录范围")
    trip: str = Field(description="The id of the trip's own record. · 行程编号")
    begun_by: Literal["geofence", "ignition", "scan", "person"] = Field(
        description="What began the trip. · 起运依据"
    )
    ended_by: Literal["geofence", "ignition", "scan", "person", "too_long"] | None = Field(
        None, description="What ended it; none: under way. · 终止依据"
    )
    basic: TransportBasic = Field(description="What must be there. · 基本追溯信息")
    extended: TransportExtended = Field(description="What may be. · 扩展追溯信息")
