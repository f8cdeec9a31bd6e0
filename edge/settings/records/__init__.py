"""The section ``records``: what the facts of the trade are made from, one module for each kind."""

from __future__ import annotations

from pydantic import Field

from edge.settings.records.arrival import Arrival
from edge.settings.records.dispatch import Dispatch
from edge.settings.records.slaughter import Slaughter
from edge.settings.records.storage import Storage
from edge.settings.records.transport import Transport
from edge.settings.values import Name, Part

__all__ = ["Arrival", "Dispatch", "Records", "Slaughter", "Storage", "Transport"]


class Records(Part):
    """What the facts of the trade are made from. · 追溯记录"""

    arrival: dict[Name, Arrival] = Field({}, description="At the lairage. · 入场")
    slaughter: dict[Name, Slaughter] = Field({}, description="On the line. · 屠宰加工")
    storage: dict[Name, Storage] = Field({}, description="In a room. · 贮存")
    transport: dict[Name, Transport] | None = Field(None, description="On the road. · 运输")
    dispatch: dict[Name, Dispatch] = Field({}, description="At a dock. · 销售出场")
