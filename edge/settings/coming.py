"""The sections of the YAML file that later versions fill: alarms, records, and parts of ports and devices.

Nothing here is validated in this version (see ``later.py``); it describes DESIGN §5 to editors.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edge.settings.later import Coming
from edge.settings.measures import Duration, Speed
from edge.settings.secret import Secret
from edge.settings.values import Name, Text

Seconds = Annotated[float, Duration()]


class Influx(Coming):
    """A time-series store that speaks InfluxDB 2. · InfluxDB"""

    url: Text = Field(description="Of the server. · 地址")
    org: Text = Field(description="Organisation. · 组织")
    bucket: Text = Field(description="Bucket to write to. · 存储桶")
    token: Secret = Field(description="API token. · 令牌")


class Http(Coming):
    """A platform that takes blocks by HTTP POST. · HTTP 平台"""

    url: Text = Field(description="Of the platform. · 地址")
    token: Secret | None = Field(None, description="Bearer token. · 令牌")


class ComingOptions(Coming):
    """The keys of drivers that later versions bring. · 后续版本驱动的参数"""

    channel: int | None = Field(None, description="Antenna or input of the unit. · 通道号")
    address: Text | None = Field(None, description="Bluetooth address. · 蓝牙地址")
    key: Secret | None = Field(None, description="Key of an encrypted advertisement. · 解密密钥")


class Alarm(Coming):
    """A limit, and how long it may be passed. · 报警"""

    points: list[Text] = Field(description="`device.quantity`, one or more. · 测点")
    above: float | None = Field(None, description="Raised above this value. · 上限")
    below: float | None = Field(None, description="Raised below this value. · 下限")
    equals: float | bool | None = Field(None, description="Raised while it has this value. · 等于")
    for_s: Seconds | None = Field(None, alias="for", description="For this long without a break. · 持续时间")
    clear_below: float | None = Field(None, description="Cleared below this value. · 低于此值解除")
    clear_above: float | None = Field(None, description="Cleared above this value. · 高于此值解除")
    unless: Text | None = Field(None, description="Not while this point is true. · 例外测点")
    during: Literal["trip"] | None = Field(None, alias="while", description="Only meanwhile. · 仅在此期间")
    severity: Literal["low", "medium", "high"] | None = Field(None, description="How grave. · 级别")


class Arrival(Coming):
    """Animals seen at the lairage. · 入场"""

    readers: list[Name] = Field(description="Ear-tag readers. · 耳标阅读器")
    scanner: Name | None = Field(None, description="Reads the certificate. · 扫码器")
    lot: Literal["certificate"] | None = Field(None, description="What makes a lot. · 批次依据")


class LineStep(Coming):
    """A reader of the line. · 生产线上的一步"""

    reader: Name = Field(description="Device. · 阅读器")
    step: Literal["stunned", "bound", "cored"] = Field(description="What happens there. · 工序")
    lag: tuple[Seconds, Seconds] | None = Field(None, description="Time after the step before. · 间隔")


class Hooks(Coming):
    """The hooks' own tags. · 挂钩标签"""

    pattern: Text = Field(description="Regular expression of their codes. · 编码规则")
    reused_after: Seconds = Field(description="Until a hook may carry the next carcass. · 复用间隔")


class Settle(Coming):
    """When a probe has come to rest. · 读数稳定条件"""

    within: float = Field(description="It moves by no more than this. · 变化范围")
    for_s: Seconds = Field(alias="for", description="For this long. · 持续时间")


class Core(Coming):
    """The measurement of the core temperature. · 中心温度测量"""

    probe: Name = Field(description="Device. · 探头")
    within: Seconds = Field(description="After the carcass was seen. · 时限")
    settle: Settle = Field(description="When it counts. · 稳定条件")


class Slaughter(Coming):
    """One line. · 屠宰线"""

    species: Literal["pig", "cattle", "sheep"] = Field(description="Kind of animal. · 畜种")
    line: list[LineStep] = Field(description="Its readers in order. · 工序顺序")
    hooks: Hooks | None = Field(None, description="The hooks' tags. · 挂钩")
    number: Text | None = Field(None, description="Template of a carcass number. · 胴体编号规则")
    core: Core | None = Field(None, description="Core temperature. · 中心温度")
    chilled_at: float | None = Field(None, description="Core temperature, Cel, that ends it. · 排酸终温")


class Storage(Coming):
    """One room. · 贮存"""

    place: Name = Field(description="The room. · 库房")
    climate: list[Name] = Field(description="Its probes. · 温湿度探头")
    door: Name | None = Field(None, description="Its door contact. · 门磁")
    defrost: Name | None = Field(None, description="Controller that tells a defrost. · 除霜来源")
    moves: Name | None = Field(None, description="Reader of goods in and out. · 出入库扫码")
    every: Seconds | None = Field(None, description="Interval of a record. · 记录间隔")
    series: Seconds | None = Field(None, description="Interval of its sealed points. · 序列间隔")


class Begin(Coming):
    """What begins a trip. · 起运条件"""

    leaves: Name = Field(description="A place. · 驶离地点")


class End(Coming):
    """What ends a trip. · 到达条件"""

    stays: Name = Field(description="A place. · 停留地点")
    for_s: Seconds = Field(alias="for", description="For this long. · 停留时间")


class Stop(Coming):
    """What counts as a stop. · 停车条件"""

    slower: Annotated[float, Speed()] = Field(description="Than this. · 低于此速度")
    for_s: Seconds = Field(alias="for", description="For this long. · 持续时间")


class Disinfection(Coming):
    """The vehicle's certificate. · 消毒证明"""

    required: bool = Field(description="A trip without one is an alarm. · 是否必需")
    valid: Seconds = Field(description="For this long. · 有效期")


class Transport(Coming):
    """One vehicle. · 运输"""

    place: Name = Field(description="The vehicle. · 车辆")
    position: Name = Field(description="Its GPS. · 定位设备")
    climate: list[Name] = Field(description="Its probes. · 温湿度探头")
    begin: Begin = Field(description="What begins a trip. · 起运条件")
    end: End = Field(description="What ends it. · 到达条件")
    every: Seconds | None = Field(None, description="Interval of a record. · 记录间隔")
    series: Seconds | None = Field(None, description="Interval of its sealed points. · 序列间隔")
    stop: Stop | None = Field(None, description="What counts as a stop. · 停车条件")
    never_longer_than: Seconds | None = Field(None, description="A trip ends by then. · 最长时间")
    disinfection: Disinfection | None = Field(None, description="Certificate. · 消毒证明")


class Records(Coming):
    """What the facts of the trade are made from. · 追溯记录"""

    arrival: dict[Name, Arrival] | None = Field(None, description="At the lairage. · 入场")
    slaughter: dict[Name, Slaughter] | None = Field(None, description="On the line. · 屠宰加工")
    storage: dict[Name, Storage] | None = Field(None, description="In a room. · 贮存")
    transport: dict[Name, Transport] | None = Field(None, description="On the road. · 运输")
