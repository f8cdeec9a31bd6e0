"""The sections ``ports``, ``places`` and ``devices``."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from drivers.contract import PortKind
from edge.settings.measures import Angle, Distance, Duration
from edge.settings.values import (
    AbsolutePath,
    Day,
    Endpoint,
    Form,
    Gln,
    Part,
    Quantity,
    Reference,
    Text,
    any_of,
    one_of,
)

Baud = Literal[300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600]
"""Bits per second; the speeds that readers, meters and controllers are sold with."""


KINDS: Final[tuple[PortKind, ...]] = get_args(PortKind)


class Port(Part):
    """A wire or radio: one of serial, tcp, bluetooth, input, gpio. · 端口"""

    model_config = one_of(*KINDS)

    serial: AbsolutePath | None = Field(
        None, description="A serial line; names under /dev/serial/by-id and by-path stay the same. · 串口"
    )
    tcp: Endpoint | None = Field(None, description="host:port of a device on the network. · 网络地址")
    bluetooth: Annotated[str, Form("adapter", "hci[0-9]+")] | None = Field(
        None, description="A Bluetooth adapter, such as hci0. · 蓝牙适配器"
    )
    input: AbsolutePath | None = Field(
        None,
        description="A scanner that types like a keyboard; names under /dev/input/by-id stay the same. "
        "· 键盘式扫码器",
    )
    gpio: Annotated[str, Form("gpio_chip", "gpiochip[0-9]+")] | None = Field(
        None, description="A chip of contact inputs, such as gpiochip0. · GPIO 芯片"
    )
    framing: Literal["rtu"] | None = Field(
        None,
        description="rtu: behind tcp is a device server that hands on Modbus RTU; else it is Modbus TCP. "
        "· 串口服务器透传 RTU",
    )
    baud: Baud = Field(
        9600,
        description="Speed of a serial line, also of the one behind framing: rtu, bits per second. · 波特率",
    )
    parity: Literal["none", "even", "odd"] = Field("none", description="Of a serial line. · 校验位")
    data_bits: Literal[7, 8] = Field(8, description="Of a serial line. · 数据位")
    stop_bits: Literal[1, 2] = Field(1, description="Of a serial line. · 停止位")
    timeout_s: Annotated[float, Duration("10ms", "60s")] = Field(
        0.3,
        alias="timeout",
        json_schema_extra={"default": "300ms"},
        description="How long a unit may take to begin its answer. · 应答超时",
    )

    @property
    def kind(self) -> PortKind:
        """As ``Driver.sources`` names it."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def wire(self) -> str:
        """What two ports may not share."""
        if self.tcp is not None:
            host = self.tcp.host.lower()
            return f"[{host}]:{self.tcp.port}" if ":" in host else f"{host}:{self.tcp.port}"
        return self.bluetooth or self.gpio or os.path.normpath(self.serial or self.input or "")

    @model_validator(mode="after")
    def _one_wire(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise PydanticCustomError("one_kind", "kinds", {"kinds": list(KINDS)})
        if self.tcp is None and self.framing is not None:
            raise PydanticCustomError("tcp_only", "on serial", {"at": "framing", "name": "framing"})
        if self.serial is not None:
            return self
        set_at_the_server = ("parity", "data_bits", "stop_bits")
        for name in set_at_the_server if self.framing else ("baud", *set_at_the_server):
            if name in self.model_fields_set:
                raise PydanticCustomError("serial_only", "on tcp", {"at": name, "name": name})
        return self


class At(Part):
    """A circle on the map, WGS 84. · 地理围栏"""

    lat: float = Field(ge=-90, le=90, description="Degrees, north positive. · 纬度")
    lon: float = Field(ge=-180, le=180, description="Degrees, east positive. · 经度")
    radius_m: Annotated[float, Distance("10m", "100km")] = Field(
        alias="radius", description="What still counts as there. · 半径"
    )


class Place(Part):
    """Where something is. · 位置"""

    kind: Literal[
        "lairage", "station", "chiller", "cold-room", "freezer", "dock",
        "vehicle", "compartment", "site", "customer", "zone",
    ] = Field(description="What it is. · 类别")  # fmt: skip
    name: Text | None = Field(None, description="What people see. · 显示名称")
    facility: Text | None = Field(None, description="The plant that serves it. · 设施设备")
    plate: Text | None = Field(None, description="Of a vehicle. · 车牌号")
    within: Annotated[Text, Reference("place")] | None = Field(
        None, description="The place that this one is a part of. · 所属位置"
    )
    setpoint: float | None = Field(None, description="Cel, what the plant is set to. · 设定温度")
    gln: Gln | None = Field(None, description="GS1 location number. · 全球位置码")
    at: At | None = Field(None, description="Where it is on the map. · 地理位置")


class Instrument(Part):
    """The thing with a serial number that fills the role today. · 仪器"""

    serial: Text = Field(description="Serial number. · 出厂编号")
    calibrated: Day | None = Field(None, description="Day of the last calibration. · 校准日期")
    due: Day | None = Field(None, description="Day of the next. · 到期日期")
    certificate: Text | None = Field(None, description="Number of the certificate. · 证书编号")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.calibrated and self.due and self.due <= self.calibrated:
            raise PydanticCustomError("due_before", "order", {"at": "due", "other": str(self.calibrated)})
        return self


def _pair(value: object) -> tuple[object, ...]:
    if not isinstance(value, list) or len(value) != 2:
        raise PydanticCustomError("point", "no pair")
    return tuple(value)


def _in_order(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(points) < 2:
        raise PydanticCustomError("points_few", "too few", {"count": len(points)})
    for number, ((before, _), (shown, _)) in enumerate(pairwise(points), start=1):
        if shown <= before:
            raise PydanticCustomError(
                "points_order", "not increasing", {"at": number, "shown": shown, "before": before}
            )
    return points


Points = Annotated[list[Annotated[tuple[float, float], BeforeValidator(_pair)]], AfterValidator(_in_order)]
"""Pairs of shown and true value, the shown strictly increasing."""


class Adjust(Part):
    """What the calibration says: one of offset, points. · 修正"""

    model_config = one_of("offset", "points")

    offset: float = Field(0.0, description="Added to every reading, in its unit. · 偏移量")
    points: Points | None = Field(
        None,
        json_schema_extra={"minItems": 2},
        description="Pairs of shown and true value, joined by straight lines; the ends go on. · 多点修正",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if ("offset" in self.model_fields_set) == (self.points is not None):
            raise PydanticCustomError("one_kind", "kinds", {"kinds": ["offset", "points"]})
        return self


class Thin(Part):
    """What need not be journalled because it says nothing new; the rollups count all of it. · 精简存储"""

    model_config = any_of("change", "distance", "turn", "at_least")

    change: float | None = Field(
        None, ge=0.001, description="A reading that moved by this much, in its unit, is kept. · 变化量"
    )
    distance_m: Annotated[float, Distance("1m", "100km")] | None = Field(
        None, alias="distance", description="A position this far from the last is kept. · 移动距离"
    )
    turn_deg: Annotated[float, Angle("1deg", "180deg")] | None = Field(
        None, alias="turn", description="A position where the course turned by this much is kept. · 转向角"
    )
    at_least_s: Annotated[float, Duration("1s", "1d")] = Field(
        900.0,
        alias="at_least",
        json_schema_extra={"default": "15min"},
        description="One is kept in any case after this time. · 最长间隔",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError(
                "any_kind", "nothing", {"kinds": ["change", "distance", "turn", "at_least"]}
            )
        return self


class NoOptions(Part):
    """The options of a driver that has none."""


class DeviceSettings(Part):
    """A role that a probe or reader fills; its other keys are its driver's. · 设备"""

    driver: Text = Field(description="What speaks to it. · 驱动")
    port: Annotated[Text, Reference("port")] = Field(description="What it hangs on. · 端口")
    name: Text | None = Field(None, description="What people see. · 显示名称")
    place: Annotated[Text, Reference("place")] | None = Field(None, description="Where it is. · 位置")
    every_s: Annotated[float, Duration("10ms", "1d")] | None = Field(
        None,
        alias="every",
        description="How often it is asked; one that talks by itself is kept at most this often. · 采集间隔",
    )
    repeat_s: Annotated[float, Duration("1s", "1d")] = Field(
        30.0,
        alias="repeat",
        json_schema_extra={"default": "30s"},
        description="How long the same code seen again is no new sighting. · 重复判定时间",
    )
    adjust: dict[Quantity, Adjust] = Field({}, description="By quantity. · 修正")
    instrument: Instrument | None = Field(None, description="What fills the role today. · 仪器")
    thin: Thin | None = Field(None, description="What need not be journalled. · 精简存储")
    options: SkipJsonSchema[BaseModel] = Field(NoOptions(), description="Its driver's own keys.")


COMMON_KEYS = frozenset(
    field.alias or name for name, field in DeviceSettings.model_fields.items() if name != "options"
)
"""The keys that a device of any driver has."""
