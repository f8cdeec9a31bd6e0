"""养殖/入场: an animal is seen at the lairage, and under which certificate.

T/LDTSA 003-2022, Table 1, 养殖.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.records.record import Piece, TradeRecord
from edge.records.words import Disposed, Judged


class ArrivalBasic(Piece):
    """出栏日期及检疫: when, which animal, under which certificate. · 基本追溯信息"""

    arrived_at: str = Field(description="First seen at the lairage. · 入场时间")
    animal: str | None = Field(None, description="Its tag, as the trail has it. · 畜禽标识")
    certificate: str | None = Field(None, description="Quarantine certificate. · 动物检疫合格证明编号")
    ante_mortem: Judged | None = Field(None, description="Verdict before slaughter. · 宰前检疫")


class ArrivalExtended(Piece):
    """What is told besides. · 扩展追溯信息"""

    lot: str = Field(description="Animals that came under one certificate. · 批次")
    species: str | None = Field(None, description="As the tag's first digit says. · 畜种")
    county: str | None = Field(None, description="That issued the tag, GB/T 2260. · 县级行政区域代码")
    county_name: str | None = Field(None, description="Its name. · 县级行政区域名称")
    origin: str | None = Field(None, description="County of the certificate, GB/T 2260. · 产地")
    owner: str | None = Field(None, description="Of the animals. · 货主")
    former_animal: str | None = Field(None, description="The tag that was replaced. · 原畜禽标识")
    doubts: list[str] = Field(
        [],
        description="species, county: the tag may be misread; origin: the certificate names another county; "
        "mixed: it was seen in another lot; slaughtered: a carcass has this tag. · 存疑",
    )
    animals: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Of a whole lot: how many were seen. · 实到数量"
    )
    certified: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Of a whole lot: how many the certificate covers. · 证明数量"
    )
    disposal: Disposed | None = Field(None, description="Harmless disposal. · 无害化处理")


class ArrivalRecord(TradeRecord):
    """An animal's arrival; or a whole lot's, which tells the animals' number and has no ``animal``."""

    kind: Literal["arrival"] = "arrival"
    basic: ArrivalBasic
    extended: ArrivalExtended
