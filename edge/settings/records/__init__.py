"""The section ``records``: what the facts of the trade are made from, one module for each kind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge.settings.later import LATER
from edge.settings.records.arrival import Arrival
from edge.settings.records.dispatch import Dispatch
from edge.settings.records.slaughter import Slaughter
from edge.settings.records.storage import Storage
from edge.settings.records.transport import Transport
from edge.settings.values import Name, Part

__all__ = ["Arrival", "Dispatch", "Records", "Slaughter", "Storage", "Transport"]


class Records(Part):
    """What the facts of the trade are made from. · 追溯记录"""

    arrival: Annotated[dict[Name, Arrival] | None, LATER] = Field(None, description="At the lairage. · 入场")
    slaughter: Annotated[dict[Name, Slaughter] | None, LATER] = Field(
        None, description="On the line. · 屠宰加工"
    )
    storage: dict[Name, Storage] = Field({}, description="In a room. · 贮存")
    transport: dict[Name, Transport] | None = Field(None, description="On the road. · 运输")
    dispatch: dict[Name, Dispatch] = Field({}, description="At a dock. · 销售出场")
