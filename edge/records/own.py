"""The records a gateway writes about itself: alarms, and what became of its journal, clock and work."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field

from edge.records.record import Piece, Record

Event: TypeAlias = Literal[
    "started",
    "stopped",
    "settings_applied",
    "settings_refused",
    "journal",
    "clock",
    "gap",
    "uplink_removed",
    "holds",
    "command_refused",
    "key",
]


class Acknowledgement(Piece):
    """What a person did about an alarm. · 处置"""

    by: str = Field(description="Who. · 处置人")
    at: str = Field(description="When. · 处置时间")
    action: str = Field(description="What was done. · 纠正措施")


class AlarmRecord(Record):
    """报警: raised, acknowledged, cleared; each is a further revision."""

    kind: Literal["alarm"] = "alarm"
    source: Literal["gateway"] = Field("gateway", description="Who says so. · 信息来源")
    cause: str = Field(description="What it is about. · 原因")
    name: str | None = Field(None, description="Of a limit: its name in the settings. · 报警名称")
    subject: str = Field(description="The point, device, code, place or uplink that it is about. · 对象")
    severity: Literal["low", "medium", "high"] | None = Field(None, description="How grave. · 级别")
    state: Literal["active", "acknowledged", "cleared"] = Field(description="How it stands. · 状态")
    detail: str = Field("", description="What was seen, in words. · 说明")
    facts: dict[str, Any] = Field({}, description="What was seen: limit, value, since when. · 数据")
    acknowledged: Acknowledgement | None = Field(None, description="What was done about it. · 处置")
    cleared_by: Literal["person", "age", "settings"] | None = Field(
        None,
        description="Where it was not seen to be over: a person saw to it, nobody did for long, or it is no"
        " longer in the settings. · 解除方式（人工处置 / 长期无人处置 / 配置已删除）",
    )


class GatewayRecord(Record):
    """网关: what happened to the gateway itself.

    event: ``started``, ``stopped``, ``settings_applied`` (the settings file was read again; what was added,
    removed, changed, and what takes hold at the next start), ``settings_refused`` (it does not hold; its
    problems), ``journal`` (a new journal id; predecessor and its last seqs), ``clock``
    (``shift_s`` is to be added to the stamps of the blocks of that ``boot`` whose ``clock`` is ``was``, with
    its source and uncertainty; [least, most] for a boot that never learnt the time), ``gap`` (what was given
    up or found no room), ``uplink_removed`` (it is no longer in the settings; what it had not delivered),
    ``holds`` (a hold list was refused),
    ``command_refused`` (a command from above was; why, and how many for this reason since the start),
    ``key`` (the lanes are sealed by another key from now on; the handover signed by both, if there is one).
    """

    kind: Literal["gateway"] = "gateway"
    source: Literal["gateway"] = Field("gateway", description="Who says so. · 信息来源")
    event: Event = Field(description="What happened. · 事件")
    facts: dict[str, Any] = Field(description="What is to be said of it. · 数据")
