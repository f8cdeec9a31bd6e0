"""Which alarms stand, and what ends those of which nobody sees that they are over."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.catalogue import DRIVERS
from drivers.contract import NANOSECONDS, Instant
from edge.alarms import Cause
from edge.recorders.alarms import PAST, UNSEEN, Known, StandingAlarms
from edge.recorders.contract import Derived, Fact, Notice, Unfit
from edge.records.own import AlarmRecord
from edge.settings import load
from edge.wiring import known
from tests.days.sites import SHEEP_LINE

NOON = Instant(1_795_348_800 * NANOSECONDS)
TAG = "cn-eartag:362292600000123"


def standing(cause: Cause, subject: str = TAG, name: str = "", **facts: object) -> StandingAlarms:
    alarms = StandingAlarms("dx-yidong-01", "伊东羊业")
    assert alarms.raised(Notice(NOON, cause, subject, facts, name=name)) is not None
    return alarms


def seen_to(alarms: StandingAlarms, alarm: str) -> list[AlarmRecord]:
    """A person says what was done."""
    values = {"alarm": alarm, "action": "另栏隔离"}
    outputs = alarms.enter(Fact(NOON, NOON, "acknowledge", values, "马师傅"))
    return [
        each.record for each in outputs if isinstance(each, Derived) and isinstance(each.record, AlarmRecord)
    ]


@pytest.mark.parametrize("cause", sorted(PAST))
def test_a_deed_that_nothing_takes_back_is_cleared_by_what_a_person_did_about_it(cause: Cause) -> None:
    alarms = standing(cause)
    [raised] = alarms.active
    acknowledged, cleared = seen_to(alarms, raised.id)
    assert [each.revision for each in (raised, acknowledged, cleared)] == [1, 2, 3]
    assert (acknowledged.state, cleared.state, cleared.cleared_by) == ("acknowledged", "cleared", "person")
    assert cleared.acknowledged is not None
    assert cleared.acknowledged.action == "另栏隔离"
    assert not len(alarms)
    with pytest.raises(Unfit, match="acknowledged"):
        seen_to(alarms, raised.id)
    assert alarms.raised(Notice(NOON, cause, TAG)) is not None, "it happens again"


def test_what_can_be_seen_to_be_over_stands_until_it_is() -> None:
    alarms = standing(Cause.LIMIT, "air.temperature", "warm")
    [raised] = alarms.active
    [acknowledged] = seen_to(alarms, raised.id)
    assert (acknowledged.state, len(alarms)) == ("acknowledged", 1)
    cleared = alarms.cleared(Notice(NOON, Cause.LIMIT, "air.temperature", active=False, name="warm"))
    assert cleared is not None
    assert cleared.cleared_by is None


def test_a_deed_about_which_nobody_did_anything_does_not_stand_for_ever() -> None:
    alarms = standing(Cause.TAG_REUSED)
    assert not list(alarms.tick(Instant(NOON + UNSEEN)))
    [cleared] = alarms.tick(Instant(NOON + UNSEEN + 61 * NANOSECONDS))
    assert isinstance(cleared, Derived)
    assert isinstance(cleared.record, AlarmRecord)
    assert (cleared.record.state, cleared.record.cleared_by) == ("cleared", "age")
    assert not list(standing(Cause.LIMIT, "a.b", "warm").tick(Instant(NOON + 2 * UNSEEN)))


THERE = Known(
    frozenset({"air", "panel", "platform"}),
    frozenset({"air"}),
    frozenset({("warm", "air.temperature"), ("route", "truck"), ("epidemic", "truck")}),
)


@pytest.mark.parametrize(
    ("alarms", "stays"),
    [
        (standing(Cause.SILENT, "air"), True),
        (standing(Cause.SILENT, "gone"), False),
        (standing(Cause.PORT_DOWN, "panel"), True),
        (standing(Cause.PORT_DOWN, "gone"), False),
        (standing(Cause.UPLINK_REFUSED, "platform"), True),
        (standing(Cause.UPLINK_REFUSED, "gone"), False),
        (standing(Cause.BATTERY, "gone"), False),
        (standing(Cause.CALIBRATION_DUE, "air"), True),
        (standing(Cause.CALIBRATION_DUE, "panel"), False),
        (standing(Cause.LIMIT, "air.temperature", "warm"), True),
        (standing(Cause.LIMIT, "air.humidity", "warm"), False),
        (standing(Cause.RISE, "air.temperature", "gone"), False),
        (standing(Cause.TRIP_TOO_LONG, "truck", "route"), True),
        (standing(Cause.DISINFECTION, "truck", "gone"), False),
        (standing(Cause.GEOFENCE, "truck", "epidemic"), True),
        (standing(Cause.GEOFENCE, "truck", "gone"), False),
        (standing(Cause.UNKNOWN_HOOK, "epc-uhf:E2", device="air"), True),
        (standing(Cause.UNKNOWN_HOOK, "epc-uhf:E2", device="gone"), False),
        (standing(Cause.HELD), True),
        (standing(Cause.JOURNAL_FULL, "journal"), True),
    ],
)
def test_what_the_settings_no_longer_have_stands_no_longer(alarms: StandingAlarms, stays: bool) -> None:
    gone = alarms.gone(THERE, NOON)
    assert len(alarms) == stays
    assert [(each.state, each.cleared_by) for each in gone] == ([] if stays else [("cleared", "settings")])


def test_what_the_settings_have_is_known(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    warm = "alarms:\n  warm: {points: [chiller-1-air.temperature], above: 4.0}\n"
    file.write_text(SHEEP_LINE.format(folder=tmp_path) + warm, encoding="utf-8")
    there = known(load(file, DRIVERS))
    assert {"chiller-1-air", "rail"} <= there.subjects
    assert there.pairs == {("warm", "chiller-1-air.temperature")}
    assert not there.due
