"""``records.dispatch``: where goods leave."""

from __future__ import annotations

from pydantic import Field

from edge.settings.records.storage import Device, Pattern, Place
from edge.settings.values import Part


class Dispatch(Part):
    """One dock; a receiver is entered, or its GLN scanned before the goods. · 销售出场"""

    place: Place = Field(description="The dock. · 月台")
    scanner: Device = Field(description="Scanner of goods that leave. · 出场扫码")
    climate: list[Device] = Field([], description="Probes of what the goods are kept at. · 保存条件探头")
    carcass: Pattern | None = Field(
        None, description="Regular expression of the numbers on carcass labels. · 胴体编号规则"
    )
