"""What fills a role, and whether it is heard: told when it changes, and of a flapping line not too often."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.contract import NANOSECONDS, Instant
from edge.alarms import Cause
from edge.instant import rfc3339
from edge.journal.states import Row
from edge.recorders.alarms import StandingAlarms
from edge.recorders.contract import Derived, Notice, Output
from edge.recorders.instruments import QUIET, Instrument, Instruments, Role
from edge.records.device import DeviceRecord

NOON = 1_795_348_800 * NANOSECONDS
OLD = Instrument("PT-0311", "2026-03-01", "2027-03-01", "JL-2026-118")


def at(seconds: float) -> Instant:
    return Instant(NOON + round(seconds * NANOSECONDS))


class Site:
    """Two probes on one line."""

    def __init__(self, air: Instrument | None = OLD) -> None:
        self.alarms = StandingAlarms("dx-yidong-01", "伊东羊业")
        self._rows: dict[str, Row] = {}
        self.reloaded(air)

    def reloaded(self, air: Instrument | None = OLD) -> None:
        """Started again with these settings and what was remembered."""
        roles = {"air": Role("panel", "chiller-1", air), "core": Role("panel")}
        self._recorder = Instruments("dx-yidong-01", "伊东羊业", roles, self.alarms)
        self._recorder.memory.load(self._rows.values())

    def tick(self, seconds: float) -> list[DeviceRecord]:
        told = records(self._recorder.tick(at(seconds)))
        self._rows |= {row.key: row for row in self._recorder.memory.changed(self._recorder.name)}
        return told

    def notice(self, seconds: float, cause: Cause, subject: str, *, active: bool = True) -> None:
        notice = Notice(at(seconds), cause, subject, active=active, detail="no answer" if active else "")
        assert (self.alarms.raised(notice) if active else self.alarms.cleared(notice)) is not None


def records(outputs: Iterable[Output]) -> list[DeviceRecord]:
    return [
        each.record for each in outputs if isinstance(each, Derived) and isinstance(each.record, DeviceRecord)
    ]


def events(told: Iterable[DeviceRecord]) -> list[tuple[str, str]]:
    return [(each.device, each.event) for each in told]


def test_an_instrument_is_assigned_calibrated_replaced_each_told_once() -> None:
    site = Site()
    [assigned] = site.tick(0)
    assert (assigned.event, assigned.source, assigned.device) == ("assigned", "settings", "air")
    assert assigned.body()["instrument"] == {
        **{"serial": "PT-0311", "calibrated": "2026-03-01"},
        **{"due": "2027-03-01", "certificate": "JL-2026-118"},
    }
    assert site.tick(1) == []
    site.reloaded()
    assert site.tick(10) == []

    newer = Instrument("PT-0311", "2027-02-20", "2028-02-20", "JL-2027-009")
    site.reloaded(newer)
    [calibrated] = site.tick(20)
    assert (calibrated.event, calibrated.place) == ("calibrated", "chiller-1")
    assert calibrated.former is not None
    assert calibrated.instrument is not None
    assert (calibrated.former.calibrated, calibrated.instrument.calibrated) == ("2026-03-01", "2027-02-20")

    site.reloaded(None)
    assert site.tick(30) == []
    site.reloaded(Instrument("PT-0400"))
    [replaced] = site.tick(40)
    assert replaced.event == "replaced"
    assert replaced.former is not None
    assert replaced.instrument is not None
    assert (replaced.former.serial, replaced.instrument.serial) == ("PT-0311", "PT-0400")


def test_a_silent_device_fails_and_recovers_also_over_a_start() -> None:
    site = Site(None)
    assert site.tick(0) == []
    site.notice(10.5, Cause.SILENT, "air")
    [failed] = site.tick(11)
    assert (failed.device, failed.event, failed.cause, failed.detail) == (
        "air",
        "failed",
        "silent",
        "no answer",
    )
    assert (failed.since, failed.source) == (rfc3339(at(10.5)), "gateway")
    site.reloaded(None)
    assert site.tick(12) == []
    site.notice(20, Cause.SILENT, "air", active=False)
    assert events(site.tick(21)) == [("air", "recovered")]
    assert site.tick(22) == []


def test_a_port_that_is_down_fails_all_that_hangs_on_it() -> None:
    site = Site(None)
    site.notice(1, Cause.PORT_DOWN, "panel")
    assert events(site.tick(2)) == [("air", "failed"), ("core", "failed")]
    site.notice(3, Cause.PORT_DOWN, "panel", active=False)
    assert events(site.tick(4)) == [("air", "recovered"), ("core", "recovered")]


def test_a_flapping_line_cannot_flood_and_is_counted() -> None:
    site = Site(None)
    told: list[DeviceRecord] = []
    for second in range(0, 3600, 4):
        site.notice(second, Cause.SILENT, "air")
        told += site.tick(second + 1)
        site.notice(second + 2, Cause.SILENT, "air", active=False)
        told += site.tick(second + 3)
    quiet = QUIET // NANOSECONDS
    assert len(told) == 2 * 3600 / quiet
    assert [each.event for each in told[:4]] == ["failed", "recovered"] * 2
    assert [each.untold for each in told[:4]] == [0, 0, quiet / 4 - 1, 0]


def test_a_failure_that_lasts_is_told_when_the_quiet_is_over() -> None:
    site = Site(None)
    for second in (0, 10):
        site.notice(second, Cause.SILENT, "air")
        first = site.tick(second + 1)
        if second == 0:
            site.notice(2, Cause.SILENT, "air", active=False)
            assert events([*first, *site.tick(3)]) == [("air", "failed"), ("air", "recovered")]
    assert first == []
    quiet_s = QUIET / NANOSECONDS
    assert site.tick(quiet_s) == []
    [failed] = site.tick(quiet_s + 2)
    assert (failed.event, failed.since) == ("failed", rfc3339(at(10)))
