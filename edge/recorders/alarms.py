"""Which alarms stand: raised, acknowledged, cleared, each a revision of one record.

::

    raised ──▶ active ──acknowledge──▶ acknowledged
                 │                          │
                 └──────── cleared ◀────────┘

An alarm is cleared when what it tells of is seen to be over. Of ``PAST`` nobody sees that: the deed is done,
and what a person did about it clears it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from drivers.contract import NANOSECONDS, Instant, Observation
from edge.alarms import Cause
from edge.instant import parse_rfc3339, rfc3339
from edge.recorders.contract import Derived, Fact, Notice, Output, Unfit
from edge.recorders.memory import Memory, Table
from edge.recorders.seldom import Seldom
from edge.records.own import Acknowledgement, AlarmRecord
from edge.records.record import record_id

PAST: Final = frozenset({Cause.MIXED_LOT, Cause.TAG_REUSED, Cause.MISCOUNT, Cause.NO_CERTIFICATE})
"""What has happened and is not taken back by itself: the wrong animals are among the others."""

UNSEEN: Final = 30 * 86_400 * NANOSECONDS
"""Such an alarm about which nobody did anything for so long is cleared as that."""

ACKNOWLEDGED_LATE: Final = 30 * 86_400 * NANOSECONDS
"""For so long what was done about an alarm can still be said after it was cleared."""


ClearedBy: TypeAlias = Literal["person", "age", "settings"]


@dataclass(slots=True)
class Row:
    """An alarm as its last record told it."""

    body: dict[str, Any] = field(default_factory=dict)

    @property
    def record(self) -> AlarmRecord:
        return AlarmRecord.model_validate(self.body)


class Known(NamedTuple):
    """What the settings have that an alarm may be about.

    subjects: devices, ports, uplinks, places. due: devices whose calibration has a date. pairs: of what has a
    name besides its subject, as limits and trips do, each name with its subject. running: they have changed
    while the program ran.
    """

    subjects: frozenset[str] = frozenset()
    due: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()
    running: bool = False

    def has(self, record: AlarmRecord) -> bool:
        """Whether the alarm can still be seen to be over."""
        match Cause(record.cause):
            case Cause.LIMIT | Cause.RISE | Cause.GEOFENCE | Cause.DISINFECTION | Cause.TRIP_TOO_LONG:
                return (record.name or "", record.subject) in self.pairs
            case Cause.CALIBRATION_DUE:
                return record.subject in self.due
            case Cause.UNKNOWN_HOOK:
                return record.facts.get("device") in self.subjects
            case Cause.DEFECT:
                return self.running  # a program that is started anew may be another one
            case cause if cause in _ABOUT_SETTINGS:
                return record.subject in self.subjects
        return True


class StandingAlarms:
    """The alarms that stand, by what they are about; also the recorder of what people do about them.

    ``gateway`` and ``operator`` stand in every record.
    """

    name = "alarms"
    hears: frozenset[str] = frozenset()
    takes = frozenset({"acknowledge"})

    def __init__(self, gateway: str, operator: str) -> None:
        self._gateway = gateway
        self._operator = operator
        self.changes = 0
        """How many were raised and cleared since the start."""
        self._standing = Table("standing", Row)
        self._cleared = Table("cleared", Row)
        self.memory = Memory(self._standing, self._cleared)
        self._tidied = Seldom()

    def __len__(self) -> int:
        return len(self._standing)

    @property
    def active(self) -> Iterator[AlarmRecord]:
        """Those that stand, acknowledged or not."""
        return (row.record for row in self._standing.values())

    def about(self, cause: Cause, subject: str) -> AlarmRecord | None:
        """The alarm that stands for this cause, without a name, about this; None: there is none."""
        row = self._standing.get(_key(Notice(Instant(0), cause, subject)))
        return None if row is None else row.record

    def raised(self, notice: Notice) -> AlarmRecord | None:
        """The record to write, or None if the alarm stands already."""
        key = _key(notice)
        if key in self._standing:
            return None
        since = rfc3339(notice.at)
        record = AlarmRecord(
            id=record_id(self._gateway, "alarm", key, since),
            revision=1,
            operator=self._operator,
            since=since,
            cause=notice.cause,
            name=notice.name or None,
            subject=notice.subject,
            severity=notice.severity,
            state="active",
            detail=notice.detail,
            facts=dict(notice.facts),
        )
        self._standing.put(key, Row(record.body()))
        self.changes += 1
        return record

    def cleared(self, notice: Notice, by: ClearedBy | None = None) -> AlarmRecord | None:
        """The next revision, or None if no such alarm stands. by: None: it is seen to be over."""
        key = _key(notice)
        row = self._standing.get(key)
        if row is None:
            return None
        self._standing.drop(key)
        self.changes += 1
        before = row.record
        facts = before.facts | dict(notice.facts)
        record = _revised(before, state="cleared", to=rfc3339(notice.at), facts=facts, cleared_by=by)
        self._cleared.put(record.id, Row(record.body()))
        return record

    def gone(self, known: Known, at: Instant) -> list[AlarmRecord]:
        """Clears what stood about what the settings no longer have."""
        return self._clear([each for each in self.active if not known.has(each)], at, "settings")

    def _clear(self, records: Iterable[AlarmRecord], at: Instant, by: ClearedBy) -> list[AlarmRecord]:
        cleared = (
            self.cleared(Notice(at, Cause(each.cause), each.subject, active=False, name=each.name or ""), by)
            for each in records
        )
        return [record for record in cleared if record is not None]

    def since(self, zero: int) -> list[AlarmRecord]:
        """A further revision of those that were raised or cleared at ``zero`` or later."""
        return [
            self._told_again(table, key)
            for table in (self._standing, self._cleared)
            for key, row in table.items()
            if parse_rfc3339(row.body.get("to", row.body["from"])) >= zero
        ]

    def _told_again(self, table: Table[Row], key: str) -> AlarmRecord:
        record = _revised(table[key].record)
        table.put(key, Row(record.body()))
        return record

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        """Hears nothing."""
        return ()

    def enter(self, fact: Fact) -> Iterable[Output]:
        """A person says what was done. Raises Unfit where there is no such alarm, or it was said already."""
        for table in (self._standing, self._cleared):
            for key, row in table.items():
                if row.body["id"] == fact.values["alarm"]:
                    record = self._acknowledged(table, key, fact)
                    over = record.state == "acknowledged" and record.cause in PAST
                    cleared = self._clear([record], fact.at, "person") if over else []
                    return [Derived(each) for each in (record, *cleared)]
        raise Unfit("no_alarm", alarm=fact.values["alarm"])

    def tick(self, at: Instant) -> Iterable[Output]:
        """Forgets what was cleared long ago."""
        if not self._tidied.is_due(at):
            return ()
        for key, row in self._cleared.items():
            if at - parse_rfc3339(row.body["to"]) > ACKNOWLEDGED_LATE:
                self._cleared.drop(key)
        past = (each for each in self.active if each.cause in PAST)
        unseen = [each for each in past if at - parse_rfc3339(each.since) > UNSEEN]
        return [Derived(record) for record in self._clear(unseen, at, "age")]

    def _acknowledged(self, table: Table[Row], key: str, fact: Fact) -> AlarmRecord:
        before = table[key].record
        if before.acknowledged is not None:
            raise Unfit("acknowledged", alarm=before.id, by=before.acknowledged.by)
        said = Acknowledgement(by=fact.by, at=rfc3339(fact.at), action=fact.values["action"])
        state = "acknowledged" if before.state == "active" else before.state
        record = _revised(before, state=state, acknowledged=said)
        table.put(key, Row(record.body()))
        return record


_ABOUT_SETTINGS: Final = frozenset(
    {Cause.SILENT, Cause.PORT_DOWN, Cause.BATTERY, *(each for each in Cause if each.startswith("uplink_"))}
)
"""Those whose subject is a device, a port, an uplink."""


def _key(notice: Notice) -> str:
    return " ".join(part for part in (notice.cause, notice.name, notice.subject) if part)


def _revised(before: AlarmRecord, **changes: Any) -> AlarmRecord:
    return before.model_copy(update={"revision": before.revision + 1, **changes})
