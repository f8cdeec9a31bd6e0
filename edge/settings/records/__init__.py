"""The section ``records``: what the facts of the trade are made from, one module for each kind."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge.settings.later import LATER
from edge.settings.records.arrival import Arrival
from edge.settings.records.slaughter import Slaughter
from edge.settings.records.storage import Storage
from edge.settings.records.transport import Transport
from edge.settings.values import Name, Part

__all__ = ["Arrival", "Records", "Slaughter", "Storage", "Transport"]


class Records(Part):
    """What the facts of the trade are made from. · 追溯记录"""

    arrival: dict[Name, Arrival] = Field({}, description="At the lairage. · 入场")
    slaughter: dict[Name, Slaughter] = Field({}, description="On the line. · 屠宰加工")
    storage: Annotated[dict[Name, Storage] | None, LATER] = Field(None, description="In a room. · 贮存")
    transport: Annotated[dict[Name, Transport] | None, LATER] = Field(None, description="On the road. · 运输")
