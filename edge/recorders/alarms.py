"""Which alarms stand: (standing alarms, raised or cleared) -> (standing alarms, record)."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.contract import Instant
from edge.alarms import Cause
from edge.instant import rfc3339
from edge.records.own import AlarmRecord
from edge.records.record import record_id


@dataclass(frozen=True, slots=True)
class StandingAlarms:
    """The alarms that stand, by what they are about. ``gateway`` and ``operator`` stand in every record."""

    gateway: str
    operator: str
    active: dict[tuple[Cause, str], AlarmRecord] = field(default_factory=dict)

    def raised(self, cause: Cause, subject: str, detail: str, at: Instant) -> AlarmRecord | None:
        """The record to write, or None if the alarm stands already."""
        if (cause, subject) in self.active:
            return None
        since = rfc3339(at)
        record = AlarmRecord(
            id=record_id(self.gateway, "alarm", f"{cause} {subject}", since),
            revision=1,
            operator=self.operator,
            since=since,
            cause=cause,
            subject=subject,
            state="active",
            detail=detail,
        )
        self.active[cause, subject] = record
        return record

    def cleared(self, cause: Cause, subject: str, at: Instant) -> AlarmRecord | None:
        """The next revision, or None if no such alarm stands."""
        record = self.active.pop((cause, subject), None)
        if record is None:
            return None
        return record.model_copy(update={"revision": 2, "state": "cleared", "to": rfc3339(at)})
