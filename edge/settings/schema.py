"""The YAML file as a whole (DESIGN §5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field

from edge.errors import Problem
from edge.settings.alarms import Alarm
from edge.settings.devices import DeviceSettings, Place, Port
from edge.settings.measures import Duration, Size, seconds
from edge.settings.records import Records
from edge.settings.secret import Secret
from edge.settings.uplinks import Uplink
from edge.settings.values import AbsolutePath, Division, Gln, Name, Part, Text, Zone


class Operator(Part):
    """The responsible business. · 经营主体"""

    name: Text = Field(description="As it is registered. · 名称")
    licence: Text | None = Field(None, description="Unified social credit code, quoted. · 统一社会信用代码")
    gln: Gln | None = Field(None, description="GS1 location number, quoted. · 全球位置码")


class Site(Part):
    """Where the gateway stands. · 场所"""

    name: Text = Field(description="What people see. · 名称")
    gln: Gln | None = Field(None, description="GS1 location number, quoted. · 全球位置码")
    division: Division | None = Field(None, description="County, GB/T 2260, quoted. · 县级行政区划代码")


class Gateway(Part):
    """This box. · 网关"""

    id: Name = Field(description="Its name in topics and records; it never changes. · 网关标识")
    operator: Operator = Field(description="Who answers for it. · 经营主体")
    site: Site = Field(description="Where it stands. · 场所")
    timezone: Zone = Field(
        default_factory=lambda: ZoneInfo("Asia/Shanghai"),
        json_schema_extra={"default": "Asia/Shanghai"},
        description="In which people read times; stored times are UTC. · 时区",
    )


class Clock(Part):
    """How the gateway knows the time. · 时钟"""

    trust: Literal["system"] | None = Field(
        None, description="system: believe the machine's clock (containers, virtual machines). · 信任系统时钟"
    )
    hold_unsynced_s: Annotated[float, Duration("0s", "1d")] = Field(
        seconds("15min"),
        alias="hold_unsynced",
        json_schema_extra={"default": "15min"},
        description="Longest wait of blocks for the true time after a start. · 未同步时的等待时间",
    )
    set_from: list[Literal["ntp", "gnss"]] = Field(
        ["ntp", "gnss"], description="Who may set the clock, the best first. · 校时来源"
    )


class Keep(Part):
    """How long the journal keeps what was delivered. · 保存期限"""

    records_s: Annotated[float, Duration("1d")] = Field(
        seconds("3y"),
        alias="records",
        json_schema_extra={"default": "3y"},
        description="Records; the law asks for two years and more. · 追溯记录",
    )
    telemetry_s: Annotated[float, Duration("1d")] = Field(
        seconds("90d"),
        alias="telemetry",
        json_schema_extra={"default": "90d"},
        description="Telemetry. · 监测数据",
    )


class Journal(Part):
    """The store. · 日志库"""

    path: AbsolutePath = Field(description="Its file; it is made when it is not there. · 文件")
    commit_every_s: Annotated[float, Duration("1ms", "60s")] = Field(
        1.0,
        alias="commit_every",
        json_schema_extra={"default": "1s"},
        description="What a power cut may cost of telemetry; sightings commit at once. · 提交间隔",
    )
    max_size_bytes: Annotated[int, Size("1MB")] = Field(
        8_000_000_000,
        alias="max_size",
        json_schema_extra={"default": "8GB"},
        description="Most that it may take of the disk. · 大小上限",
    )
    keep: Keep = Field(Keep(), description="How long what was delivered stays. · 保存期限")


class Evidence(Part):
    """How the journal is sealed. · 封签"""

    key: Secret | None = Field(
        None,
        description="Where the signing key is kept; without it, beside the journal. · 签名密钥存放处",
    )


class Settings(Part):
    """A gateway's settings. · 网关设置"""

    gateway: Gateway = Field(description="This box. · 网关")
    clock: Clock = Field(Clock(), description="How it knows the time. · 时钟")
    journal: Journal = Field(description="The store. · 日志库")
    evidence: Evidence = Field(Evidence(), description="How the store is sealed. · 封签")
    uplinks: dict[Name, Uplink] = Field({}, description="Where blocks are delivered, by name. · 上行链路")
    ports: dict[Name, Port] = Field({}, description="Wires and radios, by name. · 端口")
    places: dict[Name, Place] = Field({}, description="Where things are, by name. · 位置")
    devices: dict[Name, DeviceSettings] = Field({}, description="Roles, by name. · 设备")
    alarms: dict[Name, Alarm] = Field({}, description="Limits, by name. · 报警")
    records: Records = Field(Records(), description="Facts of the trade. · 追溯记录")

    _warnings: tuple[Problem, ...] = ()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What holds, and yet would better be written otherwise; in the order of the file."""
        return self._warnings

    def warned(self, warnings: Iterable[Problem]) -> Self:
        """The same settings with these warnings."""
        settings = self.model_copy()
        settings._warnings = tuple(warnings)
        return settings
