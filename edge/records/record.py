"""What every record carries, and what those of the trade carry besides (DESIGN §7)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

BASIC = "basic"
EXTENDED = "extended"
"""The two classes of T/LDTSA 003-2022, Table 1: what must be there, and what may be."""


def record_id(gateway: str, kind: str, key: str, since: str) -> str:
    """Deterministic: the same fact has the same id however often it is derived (DESIGN §7)."""
    return hashlib.sha256("\n".join((gateway, kind, key, since)).encode()).hexdigest()[:32]


class Piece(BaseModel):
    """A part of a record. Every field says what it is in English and in the standard's Chinese term."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Record(Piece):
    """What every record carries; times are RFC 3339, UTC."""

    id: str = Field(description="The same for every revision. · 记录编号")
    revision: Annotated[int, Field(ge=1)] = Field(description="Each is complete; the highest holds. · 修订号")
    operator: str = Field(description="The responsible business. · 经营主体")
    since: str = Field(alias="from", description="When what it tells of began. · 开始时间")
    to: str | None = Field(None, description="When it ended; none: a moment, or not yet over. · 结束时间")
    kind: str = Field(description="Which record it is. · 记录类别")

    def body(self) -> dict[str, Any]:
        """The JSON object, without what is empty."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def encoded(self) -> bytes:
        """``body`` as it is written down."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class Subject(Piece):
    """An identifier that a record is about. · 标识"""

    scheme: str = Field(description="What gives the value its meaning: cn-eartag, carcass, lot. · 编码体系")
    value: str = Field(description="Leading zeros are part of it. · 编码")
    role: str | None = Field(None, description="What it is here: animal, hook, carcass, lot. · 角色")

    @property
    def node(self) -> str:
        """As the trail has it."""
        return f"{self.scheme}:{self.value}"


class Origin(Piece):
    """Where a fact of the record comes from. · 来源"""

    kind: Literal["sensor", "person", "settings", "derived"] = Field(
        description="Who or what says so. · 来源类别"
    )
    device: str | None = Field(None, description="Of a sensor: the device. · 设备")
    name: str | None = Field(None, description="Of a person: who. · 人员")
    at: str | None = Field(None, description="When it was said or entered. · 录入时间")


class SeriesPoint(Piece):
    """What a stretch of the interval came to; the evidence that outlives the telemetry. · 序列点"""

    t: str = Field(description="Where the stretch begins. · 时间")
    min: float = Field(description="Least. · 最小值")
    max: float = Field(description="Greatest. · 最大值")
    mean: float = Field(description="Mean of the readings. · 平均值")
    n: int = Field(description="How many readings. · 读数个数")


class Gap(Piece):
    """A stretch of which nothing is known. · 数据缺口"""

    since: str = Field(alias="from", description="Its beginning. · 开始时间")
    to: str = Field(description="Its end. · 结束时间")


class Climate(Piece):
    """What one quantity did over the record's time. · 温湿度统计"""

    count: int = Field(description="How many good readings. · 有效读数个数")
    min: float | None = Field(None, description="Least. · 最小值")
    max: float | None = Field(None, description="Greatest. · 最大值")
    mean: float | None = Field(None, description="Mean of the readings. · 平均值")
    limit: float | None = Field(None, description="The limit that it is held against. · 限值")
    beyond_s: float | None = Field(None, description="Seconds beyond the limit. · 超限时长（秒）")
    gaps: list[Gap] = Field([], description="Where no reading came. · 数据缺口")
    series: list[SeriesPoint] = Field([], description="The sealed points. · 序列")
    late: int = Field(0, description="Readings that came too late to be counted. · 迟到读数个数")


class TradeRecord(Record):
    """A fact of the trade. ``basic`` and ``extended`` are each kind's own."""

    place: str | None = Field(None, description="Where, by its name in the settings. · 位置")
    subjects: list[Subject] = Field([], description="The codes that it is about. · 标识")
    climate: dict[str, Climate] = Field({}, description="By quantity: temperature, humidity. · 温湿度")
    source: dict[str, Origin] = Field(
        {}, description="Where each fact comes from, by its path: basic.slaughtered_at. · 信息来源"
    )
    links: list[dict[str, str]] = Field([], description="What became of what. · 关联")
    reason: str | None = Field(None, description="Of a correction: why. · 更正原因")
