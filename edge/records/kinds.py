"""The records of the trade by their kind: what each must look like, also after a correction."""

from __future__ import annotations

from typing import Final

from edge.records.arrival import ArrivalRecord
from edge.records.dispatch import DispatchRecord
from edge.records.inspection import InspectionRecord
from edge.records.recall import RecallRecord
from edge.records.record import TradeRecord
from edge.records.slaughter import SlaughterRecord
from edge.records.storage import StorageRecord
from edge.records.transport import TransportRecord

TRADE: Final[dict[str, type[TradeRecord]]] = {
    "arrival": ArrivalRecord,
    "slaughter": SlaughterRecord,
    "storage": StorageRecord,
    "transport": TransportRecord,
    "dispatch": DispatchRecord,
    "inspection": InspectionRecord,
    "recall": RecallRecord,
}
