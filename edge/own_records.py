"""Writes the gateway's own records into the journal, and knows which alarms stand."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from drivers.contract import NANOSECONDS, Instant, Now
from edge.alarms import Cause
from edge.instant import rfc3339
from edge.recorders.alarms import Known, StandingAlarms
from edge.recorders.contract import Notice
from edge.records.own import AlarmRecord, Event, GatewayRecord
from edge.records.record import record_id
from edge.restamping import Restamping
from edge.timekeeping import Move

log = logging.getLogger(__name__)


class Store(Protocol):
    """The journal, as this room sees it."""

    def record(self, kind: str, at: Instant, body: bytes) -> None: ...


class OwnRecords:
    """Alarms (the protocol of ``edge/alarms.py``) and gateway records.

    The journal is opened with an alarm bell already in hand: what rings before ``attach`` waits for it.
    """

    def __init__(self, gateway: str, operator: str, now: Now) -> None:
        self._gateway = gateway
        self._operator = operator
        self._now = now
        self._journal: Store | None = None
        self._waiting: list[tuple[str, Instant, bytes]] = []
        self.standing = StandingAlarms(gateway, operator)

    def attach(self, journal: Store) -> None:
        self._journal = journal
        for kind, at, body in self._waiting:
            journal.record(kind, at, body)
        self._waiting.clear()

    def raised(self, cause: Cause, subject: str, detail: str) -> None:
        self.noticed(Notice(self._now(), cause, subject, detail=detail))

    def cleared(self, cause: Cause, subject: str) -> None:
        if len(self.standing):
            self.noticed(Notice(self._now(), cause, subject, active=False))

    def noticed(self, notice: Notice) -> None:
        """An alarm is raised or cleared; nothing happens where it stands so already."""
        record = self.standing.raised(notice) if notice.active else self.standing.cleared(notice)
        if record is not None:
            level = logging.WARNING if notice.active else logging.INFO
            what = notice.detail or dict(notice.facts)
            log.log(level, "alarm %s: %s: %s: %s", record.state, record.subject, record.cause, what)
            self._write(record, notice.at)

    def settled(self, known: Known) -> None:
        """Clears what stood about what the settings no longer have, and about defects."""
        at = self._now()
        for record in self.standing.gone(known, at):
            self._write(record, at)

    def event(
        self,
        event: Event,
        facts: dict[str, Any],
        *,
        since: Instant | None = None,
        key: str = "",
    ) -> None:
        """Something happened to the gateway itself, now, or from ``since`` until now.

        key: tells it from others of its kind in the same millisecond.
        """
        at = self._now()
        start = rfc3339(since if since is not None else at)
        record = GatewayRecord(
            id=record_id(self._gateway, "gateway", event + key, start),
            revision=1,
            operator=self._operator,
            since=start,
            to=rfc3339(at) if since is not None else None,
            event=event,
            facts=facts,
        )
        self._write(record, at)

    def command_refused(self, facts: dict[str, Any]) -> None:
        """A command from above was not taken."""
        self.event("command_refused", facts, key=f"/{facts['reason']}/{facts['counted']}")

    def clock_moved(self, boot: str, move: Move) -> None:
        """The time became known, or better known."""
        log.warning("clock set by %.3f s, from %s", move.shift / NANOSECONDS, move.source)
        facts: dict[str, Any] = {"boot": boot, "was": move.was, "source": move.source}
        facts["shift_s"] = move.shift / NANOSECONDS
        if move.uncertainty is not None:
            facts["uncertainty_s"] = round(move.uncertainty / NANOSECONDS, 3)
        self.event("clock", facts, key=f"/{boot}")

    def never_learnt(self, boot: str, least_ns: int, most_ns: int) -> None:
        """What to add to the stamps of a boot that never learnt the time lies between."""
        facts = {"boot": boot, "was": "unsynced", "shift_s": [least_ns / NANOSECONDS, most_ns / NANOSECONDS]}
        self.event("clock", facts, key=f"/{boot}")

    def issue_again(self, again: Restamping) -> None:
        """A further revision of this boot's alarms, whose stamps have been put right."""
        at = self._now()
        for record in self.standing.since(again.since + again.shift):
            self._write(record, at)

    def event_again(self, body: dict[str, Any]) -> None:
        """A further revision of something that happened to the gateway; body: with right stamps."""
        record = GatewayRecord.model_validate(body | {"revision": body["revision"] + 1})
        self._write(record, self._now())

    def _write(self, record: AlarmRecord | GatewayRecord, at: Instant) -> None:
        body = record.encoded()
        if self._journal is None:
            self._waiting.append((record.kind, at, body))
        else:
            self._journal.record(record.kind, at, body)
