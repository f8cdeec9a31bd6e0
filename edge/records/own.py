"""The records a gateway writes about itself: alarms, and what became of its journal, clock and work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from edge.records.record import Record


class AlarmRecord(Record):
    """报警: raised as revision 1, cleared as revision 2."""

    kind: Literal["alarm"] = "alarm"
    source: Literal["gateway"] = "gateway"
    cause: str
    subject: Annotated[str, Field(description="the device, uplink or lane that it is about")]
    state: Literal["active", "cleared"]
    detail: str


class GatewayRecord(Record):
    """网关: what happened to the gateway itself.

    event: ``started``, ``stopped``, ``journal`` (a new journal id; predecessor and its last seqs), ``clock``
    (the base moved; by how many seconds), ``gap`` (what was given up or found no room), ``uplink_removed``
    (it is no longer in the settings; what it had not delivered).
    """

    kind: Literal["gateway"] = "gateway"
    source: Literal["gateway"] = "gateway"
    event: Literal["started", "stopped", "journal", "clock", "gap", "uplink_removed"]
    facts: dict[str, Any]
