"""Which instrument fills each role, and whether its device is heard.

::

    settings ──instrument──▶ assigned, replaced, calibrated        what each role had last is remembered
    alarms ───silent, port down──▶ failed ──▶ recovered            at most one failure in ``QUIET``

A line that flaps writes two records in ``QUIET`` and no more; how often it failed stands in the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, NamedTuple

from drivers.contract import NANOSECONDS, Instant, Observation
from edge.alarms import Cause
from edge.instant import parse_rfc3339, rfc3339
from edge.recorders.alarms import StandingAlarms
from edge.recorders.contract import Derived, Fact, Output
from edge.recorders.memory import Memory, Table
from edge.records.device import DeviceRecord, Happened, InstrumentFacts
from edge.records.record import record_id

QUIET: Final = 10 * 60 * NANOSECONDS
"""From one failure that is told to the next."""


@dataclass(slots=True)
class Instrument:
    """A row, by its device: what filled the role last. Days as ISO 8601 writes them."""

    serial: str
    calibrated: str | None = None
    due: str | None = None
    certificate: str | None = None


@dataclass(slots=True)
class Trouble:
    """A row, by its device. Instants in ns.

    failed: since when; None: it is heard. told: whether that is told. told_at: the last failure that was.
    untold: failures since then that were not.
    """

    failed: int | None = None
    told: bool = False
    told_at: int | None = None
    untold: int = 0
    cause: Literal["silent", "port_down"] = "silent"
    detail: str = ""


class Role(NamedTuple):
    """A device of the settings."""

    port: str
    place: str | None = None
    instrument: Instrument | None = None


class Instruments:
    """roles: by device. standing: the alarms, which say who is silent and which port is down."""

    name = "instruments"
    hears: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()

    def __init__(
        self, gateway: str, operator: str, roles: Mapping[str, Role], standing: StandingAlarms
    ) -> None:
        self._gateway = gateway
        self._operator = operator
        self._roles = roles
        self._standing = standing
        self._compared = False
        self._seen = -1
        self._instruments = Table("instruments", Instrument)
        self._troubles = Table("troubles", Trouble)
        self._holding = False
        self.memory = Memory(self._instruments, self._troubles)

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        """Hears nothing."""
        return ()

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Takes none."""
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        """At first the settings are compared with what was; the alarms are looked at when they change."""
        if not self._compared:
            self._compared = True
            yield from self._compare(at)
        if self._seen != self._standing.changes or self._holding:
            self._seen = self._standing.changes
            self._holding = False
            for device, role in self._roles.items():
                yield from self._look(device, role, at)

    def _compare(self, at: Instant) -> Iterator[Output]:
        for device, role in self._roles.items():
            now, before = role.instrument, self._instruments.get(device)
            if now is None or now == before:
                continue
            self._instruments.put(device, now)
            if before is None:
                yield self._record(device, "assigned", at)
            else:
                event: Happened = "replaced" if now.serial != before.serial else "calibrated"
                yield self._record(device, event, at, former=InstrumentFacts(**asdict(before)))

    def _look(self, device: str, role: Role, at: Instant) -> Iterator[Output]:
        row = self._troubles.get(device) or Trouble()
        alarm = self._standing.about(Cause.PORT_DOWN, role.port) or self._standing.about(Cause.SILENT, device)
        if alarm is not None and row.failed is None:
            row.failed, row.detail = parse_rfc3339(alarm.since), alarm.detail
            row.cause = "port_down" if alarm.cause == Cause.PORT_DOWN else "silent"
            row.untold += 1
            self._troubles.put(device, row)
        elif alarm is None and row.failed is not None:
            row.failed = None
            if row.told:
                row.told = False
                yield self._record(device, "recovered", at)
            self._troubles.put(device, row)
        if row.failed is None or row.told:
            return
        if row.told_at is not None and at - row.told_at < QUIET:
            self._holding = True
            return
        facts = {"cause": row.cause, "detail": row.detail, "untold": row.untold - 1}
        row.told, row.told_at, row.untold = True, at, 0
        self._troubles.put(device, row)
        yield self._record(device, "failed", Instant(row.failed), **facts)

    def _record(self, device: str, event: Happened, at: Instant, **facts: Any) -> Derived:
        row = self._instruments.get(device)
        since = rfc3339(at)
        record = DeviceRecord(
            id=record_id(self._gateway, "device", f"{device} {event}", since),
            revision=1,
            operator=self._operator,
            since=since,
            source="gateway" if event in {"failed", "recovered"} else "settings",
            device=device,
            place=self._roles[device].place,
            event=event,
            instrument=None if row is None else InstrumentFacts(**asdict(row)),
            **facts,
        )
        serials = () if row is None else (f"instrument:{'_'.join(row.serial.split())}",)
        return Derived(record, nodes=(f"device:{device}", *serials))
