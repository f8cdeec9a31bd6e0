"""The records a gateway writes about itself: alarms, and what became of its journal, clock and work."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


def record_id(gateway: str, kind: str, key: str, since: str) -> str:
    """Deterministic: the same fact has the same id however often it is derived (DESIGN §7)."""
    return hashlib.sha256("\n".join((gateway, kind, key, since)).encode()).hexdigest()[:32]


class Record(BaseModel):
    """What every record carries; times are RFC 3339, UTC."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: Annotated[str, Field(description="same for every revision")]
    revision: Annotated[int, Field(ge=1, description="each is complete; the highest holds")]
    operator: str
    since: Annotated[str, Field(alias="from")]
    to: str | None = None
    source: Literal["gateway"] = "gateway"

    def body(self) -> dict[str, Any]:
        """The JSON object, without what is empty."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class AlarmRecord(Record):
    """报警: raised as revision 1, cleared as revision 2."""

    kind: Literal["alarm"] = "alarm"
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
    event: Literal["started", "stopped", "journal", "clock", "gap", "uplink_removed"]
    facts: dict[str, Any]
