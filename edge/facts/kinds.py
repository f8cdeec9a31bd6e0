"""The kinds of fact, and what each says. Every field has its English and its Chinese term.

A subject is written ``scheme:value``, as the trail has it: ``cn-eartag:362292600000123``, ``carcass:…``,
``lot:…``, ``sscc:…``. A place, a vehicle, a device is named as in the settings.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Subject = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}:\S{1,150}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Kilograms = Annotated[float, Field(ge=0, le=1_000_000)]


class Said(BaseModel):
    """A fact's values."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Certificate(Said):
    """A quarantine certificate under which animals arrive. · 动物检疫合格证明"""

    number: Text = Field(description="As it is printed; opaque. · 证明编号")
    place: Name = Field(description="The lairage. · 待宰圈")
    animals: Count | None = Field(None, description="How many it covers. · 数量")
    origin: Annotated[str, StringConstraints(pattern="^[0-9]{6}$")] | None = Field(
        None, description="County of GB/T 2260. · 产地"
    )
    owner: Text | None = Field(None, description="Of the animals. · 货主")


class Verdict(Said):
    """What the veterinarian found. · 检疫结果"""

    subject: Subject = Field(description="The animal, lot or carcass. · 对象")
    stage: Literal["ante_mortem", "post_mortem"] = Field(
        description="Before or after slaughter. · 宰前 / 宰后"
    )
    result: Literal["passed", "held", "condemned"] = Field(description="What was decided. · 结果")
    finding: Text | None = Field(None, description="What was seen. · 检查所见")


class Disposal(Said):
    """Harmless disposal of what was condemned or died. · 无害化处理"""

    subject: Subject = Field(description="The animal or carcass. · 对象")
    method: Text = Field(description="How. · 处理方式")
    mass_kg: Kilograms | None = Field(None, description="Weight, kg. · 重量")


class Cleaning(Said):
    """A place was cleaned and disinfected. · 清洗消毒"""

    place: Name = Field(description="Station, room or vehicle. · 位置")
    agent: Text | None = Field(None, description="With what. · 药剂")


class Cutting(Said):
    """A carcass was cut. · 分割信息"""

    subject: Subject = Field(description="The carcass or lot. · 对象")
    into: Annotated[list[Subject], Field(min_length=1, max_length=100)] = Field(
        description="Codes of the parts. · 分割产品编码"
    )
    mass_kg: Kilograms | None = Field(None, description="Of the parts together, kg. · 重量")


class Packing(Said):
    """Goods were packed. · 包装"""

    subject: Subject = Field(description="What was packed. · 对象")
    into: Subject = Field(description="The package, such as an SSCC. · 包装编码")
    count: Count | None = Field(None, description="How many pieces. · 件数")
    material: Text | None = Field(None, description="Of the packing. · 包装材料")


class TagReplaced(Said):
    """An ear tag was lost and replaced. · 补戴耳标"""

    old: Subject = Field(description="The tag before. · 原耳标")
    new: Subject = Field(description="The tag now. · 新耳标")


class Move(Said):
    """Goods went into a room or out of it. · 出入库"""

    place: Name = Field(description="The room. · 库房")
    direction: Literal["in", "out"] = Field(description="Which way. · 方向")
    subject: Subject = Field(description="The goods. · 货物")
    count: Count | None = Field(None, description="How many pieces. · 件数")
    mass_kg: Kilograms | None = Field(None, description="Weight, kg. · 重量")


class Crew(Said):
    """Who travels with a vehicle. · 运输人员"""

    vehicle: Name = Field(description="Its place. · 车辆")
    names: Annotated[list[Text], Field(min_length=1, max_length=10)] = Field(description="Who. · 姓名")


class Disinfection(Said):
    """A vehicle's disinfection certificate. · 运输工具消毒证明"""

    vehicle: Name = Field(description="Its place. · 车辆")
    number: Text = Field(description="Of the certificate. · 证明编号")


class Load(Said):
    """Goods were loaded or delivered. · 装卸货"""

    vehicle: Name = Field(description="Its place. · 车辆")
    direction: Literal["loaded", "delivered"] = Field(description="On or off. · 装车 / 交付")
    subject: Subject = Field(description="The goods. · 货物")
    count: Count | None = Field(None, description="How many pieces. · 件数")
    mass_kg: Kilograms | None = Field(None, description="Weight, kg. · 重量")
    receiver: Text | None = Field(None, description="Who takes them. · 收货方")


class Trip(Said):
    """A trip begins or ends by a person's word. · 行程起止"""

    vehicle: Name = Field(description="Its place. · 车辆")
    action: Literal["begin", "end"] = Field(description="Which. · 起 / 止")


class Dispatch(Said):
    """Goods leave for a buyer. · 销售出场"""

    subject: Subject = Field(description="The goods. · 货物")
    receiver: Text = Field(description="Who buys. · 购货方")
    count: Count | None = Field(None, description="How many pieces. · 件数")
    mass_kg: Kilograms | None = Field(None, description="Weight, kg. · 重量")
    meat_certificate: Text | None = Field(
        None, description="Of the meat's quality inspection. · 肉品品质检验合格证"
    )
    certification: Text | None = Field(None, description="Of the product. · 产品认证")


class Inspection(Said):
    """A laboratory's or inspector's report. · 检验"""

    subject: Subject = Field(description="The batch. · 产品批次")
    agency: Text = Field(description="Who inspected. · 检测机构")
    result: Literal["passed", "failed"] = Field(description="What came of it. · 检验结果")
    standard: Text | None = Field(None, description="By which standard. · 产品标准")
    report: Text | None = Field(None, description="Number of the report. · 检验报告编号")
    source: Text | None = Field(None, description="Where the product is from. · 产品来源")


class Recall(Said):
    """Goods were recalled, or somebody was told of it. · 召回"""

    subject: Subject = Field(description="The goods or the lot. · 对象")
    action: Literal["stopped", "recalled", "notified"] = Field(description="What was done. · 措施")
    whom: Text | None = Field(None, description="Who was told. · 通知对象")


class Acknowledge(Said):
    """An alarm was seen to. · 报警确认"""

    alarm: Text = Field(description="The alarm record's id. · 报警编号")
    action: Text = Field(description="What was done about it. · 纠正措施")


class Correct(Said):
    """A record is put right; its reason is the fact's own. · 更正"""

    record: Text = Field(description="The record's id. · 记录编号")
    field: Text = Field(description="Which, by its path: basic.certificate. · 字段")
    value: Text | float | bool | None = Field(description="What holds. · 更正后的值")


FACTS: Final[dict[str, type[Said]]] = {
    "certificate": Certificate,
    "verdict": Verdict,
    "disposal": Disposal,
    "cleaning": Cleaning,
    "cutting": Cutting,
    "packing": Packing,
    "tag-replaced": TagReplaced,
    "move": Move,
    "crew": Crew,
    "disinfection": Disinfection,
    "load": Load,
    "trip": Trip,
    "dispatch": Dispatch,
    "inspection": Inspection,
    "recall": Recall,
    "acknowledge": Acknowledge,
    "correct": Correct,
}
"""By the word that ``tagtrail enter`` and ``do/enter`` use."""
