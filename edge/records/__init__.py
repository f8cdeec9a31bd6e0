"""What each record is (DESIGN §7): one model a kind; ``docs/schemas`` is generated from them."""

from __future__ import annotations

from typing import Final

from edge.records.device import DeviceRecord
from edge.records.kinds import TRADE
from edge.records.own import AlarmRecord, GatewayRecord
from edge.records.record import Record

KINDS: Final[dict[str, type[Record]]] = {
    **TRADE,
    "alarm": AlarmRecord,
    "device": DeviceRecord,
    "gateway": GatewayRecord,
}
"""Every kind that there is, in the order of the trade."""
