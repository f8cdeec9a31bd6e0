"""Who may raise an alarm, as the rooms below the gateway see it."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Cause(StrEnum):
    """What an alarm is about."""

    SILENT = "silent"
    PORT_DOWN = "port_down"
    DEFECT = "defect"
    UPLINK_REFUSED = "uplink_refused"
    UPLINK_UNHEARD = "uplink_unheard"
    UPLINK_QUARANTINE = "uplink_quarantine"
    UPLINK_CLIENT_ID = "uplink_client_id"
    UPLINK_JOURNAL = "uplink_journal"
    JOURNAL_FULL = "journal_full"
    JOURNAL_FAILING = "journal_failing"
    JOURNAL_DAMAGED = "journal_damaged"
    CHAIN_BROKEN = "chain_broken"
    CLOCK_UNKNOWN = "clock_unknown"
    CLOCK_REFUSED = "clock_refused"
    CLOCK_APART = "clock_apart"
    LIMIT = "limit"
    RISE = "rise"
    BATTERY = "battery"
    CALIBRATION_DUE = "calibration_due"
    GEOFENCE = "geofence"
    DISINFECTION = "disinfection"
    TRIP_TOO_LONG = "trip_too_long"
    NO_CERTIFICATE = "no_certificate"
    MISCOUNT = "miscount"
    MIXED_LOT = "mixed_lot"
    TAG_REUSED = "tag_reused"
    UNKNOWN_HOOK = "unknown_hook"
    HELD = "held"
    TWIN_TAG = "twin_tag"


class Alarms(Protocol):
    """Raising what stands already, or clearing what does not, changes nothing."""

    def raised(self, cause: Cause, subject: str, detail: str) -> None:
        """``cause`` holds for ``subject`` (a device, a port, an uplink, the journal).

        ``detail`` says what was seen.
        """

    def cleared(self, cause: Cause, subject: str) -> None: ...
