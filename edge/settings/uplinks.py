"""The section ``uplinks``: where blocks are delivered."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from edge.settings.coming import Http
from edge.settings.later import LATER
from edge.settings.measures import Duration, Rate
from edge.settings.secret import Secret
from edge.settings.values import (
    AbsolutePath,
    BrokerUrl,
    Part,
    StoreUrl,
    Text,
    TopicRoot,
    broker_endpoint,
    one_of,
)


class Mqtt(Part):
    """An MQTT broker. · MQTT 服务器"""

    url: BrokerUrl = Field(
        description="mqtts://host[:port] with TLS, mqtt://host[:port] without; nothing else. · 地址"
    )
    username: Text | None = Field(None, description="As the broker knows the gateway. · 用户名")
    password: Secret | None = Field(None, description="Where the password is kept. · 密码存放处")
    ca: AbsolutePath | None = Field(
        None, description="Certificates that may vouch for the broker; none: the system's. · CA 证书文件"
    )
    cert: AbsolutePath | None = Field(None, description="The gateway's own certificate. · 客户端证书文件")
    key: Secret | None = Field(None, description="Its private key: a file or a credential. · 客户端私钥")
    version: Literal["5", "3.1.1"] = Field(
        "5", description='Of MQTT; "3.1.1" only for brokers that know no better. · 协议版本'
    )
    root: TopicRoot = Field("tagtrail", description="First level of every topic. · 主题首级")
    holds: bool = Field(
        True, description="Take the hold list that is published there, if the broker lets us. · 接收管控名单"
    )
    commands: list[Literal["enter", "acknowledge", "trip", "read", "diagnose"]] = Field(
        [], description="Commands that are taken from there; none unless they stand here. · 允许的下发命令"
    )
    keepalive_s: Annotated[float, Duration("5s", "10min")] = Field(
        30.0,
        alias="keepalive",
        json_schema_extra={"default": "30s"},
        description="Longest silence before the broker is asked whether it is there. · 心跳间隔",
    )

    @property
    def host(self) -> str:
        """Of the broker."""
        return broker_endpoint(self.url).host

    @property
    def port(self) -> int:
        """Of the broker; the scheme's own where the URL gives none."""
        return broker_endpoint(self.url).port

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.url.startswith("mqtts:")

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        for name in ("ca", "cert", "key"):
            if getattr(self, name) is not None and not self.tls:
                raise PydanticCustomError("needs_tls", "no TLS", {"at": name, "name": name})
        for name, other in (("password", "username"), ("cert", "key"), ("key", "cert")):
            if getattr(self, name) is not None and getattr(self, other) is None:
                raise PydanticCustomError("needs", "alone", {"at": name, "name": name, "other": other})
        if self.key is not None and self.key.env is not None:
            raise PydanticCustomError("key_file", "no file", {"at": "key"})
        return self


class Influx(Part):
    """A time-series store that speaks InfluxDB 2 (`/api/v2/write`), for charts. · 时序库"""

    url: StoreUrl = Field(description="http://host:port or https://host:port, with no path. · 地址")
    org: Text = Field(description="Organisation. · 组织")
    bucket: Text = Field(description="Bucket to write to. · 存储桶")
    token: Secret = Field(description="Where the API token is kept. · 令牌存放处")
    ca: AbsolutePath | None = Field(
        None, description="Certificates that may vouch for the server; none: the system's. · CA 证书文件"
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.ca is not None and not self.url.startswith("https:"):
            raise PydanticCustomError("needs_https", "no TLS", {"at": "ca", "name": "ca"})
        return self


class Uplink(Part):
    """A far side that blocks are delivered to: one of mqtt, influxdb, http. · 上行链路，三选一"""

    model_config = one_of("mqtt", "influxdb", "http")

    mqtt: Mqtt | None = Field(None, description="An MQTT broker. · MQTT 服务器")
    influxdb: Influx | None = Field(None, description="A time-series store. · 时序库")
    http: Annotated[Http | None, LATER] = Field(None, description="A platform's HTTP interface. · HTTP 平台")
    start: Literal["oldest", "now"] = Field(
        "oldest", description="What a new uplink is sent first: all that is kept, or only what is new. · 起点"
    )
    catch_up_bytes_per_s: Annotated[float, Rate("1kB/s")] | None = Field(
        None,
        alias="catch_up",
        description="Most that a backlog may take of the line; without it no limit. · 补传限速",
    )

    @model_validator(mode="after")
    def _one_far_side(self) -> Self:
        if (self.mqtt is None) == (self.influxdb is None):
            raise PydanticCustomError("one_kind", "no kind", {"kinds": ["mqtt", "influxdb"]})
        return self
