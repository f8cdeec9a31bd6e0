"""设备: an instrument takes up a role, is replaced or calibrated; a device fails and recovers."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from edge.records.record import Piece, Record

Happened: TypeAlias = Literal["assigned", "replaced", "calibrated", "failed", "recovered"]


class InstrumentFacts(Piece):
    """The thing with a serial number that fills the role. · 仪器"""

    serial: str = Field(description="Serial number. · 出厂编号")
    calibrated: str | None = Field(None, description="Day of the last calibration. · 校准日期")
    due: str | None = Field(None, description="Day of the next. · 到期日期")
    certificate: str | None = Field(None, description="Number of the certificate. · 证书编号")


class DeviceRecord(Record):
    """设备: what happened to a device or to the instrument that fills its role; the role's history goes on.

    event: ``assigned`` (the settings name an instrument for the first time), ``replaced`` (another one),
    ``calibrated`` (the same one, with a newer calibration), ``failed`` (it is silent, or its port is down),
    ``recovered`` (it is heard again).
    """

    kind: Literal["device"] = "device"
    source: Literal["settings", "gateway"] = Field(description="Who says so. · 信息来源")
    device: str = Field(description="The role, by its name in the settings. · 设备")
    place: str | None = Field(None, description="Where it is. · 位置")
    event: Happened = Field(description="What happened. · 事件")
    instrument: InstrumentFacts | None = Field(None, description="That fills the role. · 仪器")
    former: InstrumentFacts | None = Field(
        None, description="As it was before: the one replaced, the calibration before. · 此前仪器"
    )
    cause: Literal["silent", "port_down"] | None = Field(None, description="How it failed. · 故障原因")
    detail: str = Field("", description="What was seen, in words. · 说明")
    untold: int = Field(
        0,
        ge=0,
        description="Failures since the last record of one, too many to tell each. · 未逐条记录的故障次数",
    )
