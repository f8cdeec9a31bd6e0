"""What the file says of a route, as the recorder has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.catalogue import DRIVERS
from drivers.contract import NANOSECONDS, Fix, Instant, Reading
from edge import wiring
from edge.errors import SettingsError
from edge.messages import LANGS
from edge.recorders.contract import Notice
from edge.recorders.limits import Limits
from edge.recorders.transport import Transport
from edge.recorders.transport_rows import Rule
from edge.settings import load
from edge.wiring.transport import plans

CHECKOUT = Path(__file__).parents[3]
MINUTE = 60 * NANOSECONDS


def _fix(minute: int, lat: float) -> Fix:
    return Fix(Instant(minute * MINUTE), lat, 103.3894)


def test_the_example_says_what_its_comments_promise() -> None:
    settings = load(CHECKOUT / "config/examples/truck.yaml", DRIVERS)
    [plan] = plans(settings, DRIVERS)
    assert (plan.name, plan.vehicle, plan.plate, plan.position) == ("to-lanzhou", "truck", "甘N12345", "gps")
    assert (plan.begin, plan.end) == (
        Rule("geofence", "plant"),
        Rule("geofence", "lanzhou", lasts=10 * MINUTE),
    )
    assert (plan.climate, plan.measures) == (("body-front", "body-rear"), ("temperature", "humidity"))
    assert (plan.every, plan.series, plan.never) == (15 * MINUTE, 5 * MINUTE, 24 * 60 * MINUTE)
    assert (plan.patience, plan.holds, plan.limit) == (MINUTE, 90 * NANOSECONDS, 4.0)
    assert plan.stop is not None
    assert plan.stop == pytest.approx((3 / 3.6, 5 * MINUTE))
    assert (plan.needs_papers, plan.valid) == (True, 7 * 24 * 60 * MINUTE)
    assert set(plan.places) == {"plant", "lanzhou"}


def test_the_designs_route_takes_its_limit_from_the_compartment() -> None:
    settings = load(CHECKOUT / "tests/configs/good/truck.yaml", DRIVERS)
    [plan] = plans(settings, DRIVERS)
    assert plan.limit == 4.0
    assert plan.intervals


def test_an_alarm_of_a_trip_is_watched_while_there_is_one() -> None:
    settings = load(CHECKOUT / "tests/configs/good/truck.yaml", DRIVERS)
    recorders = wiring.recorders(settings, DRIVERS)
    [trips] = [each for each in recorders if isinstance(each, Transport)]
    [limits] = [each for each in recorders if isinstance(each, Limits)]

    def warm(minute: int) -> list[object]:
        return list(limits.observe("body-front", Reading(Instant(minute * MINUTE), "temperature", 9.0)))

    assert [told for minute in range(30) for told in warm(minute)] == []
    assert list(trips.observe("gps", _fix(30, 35.6636))) == []
    list(trips.observe("gps", _fix(40, 35.6736)))
    assert trips.on_trip("body-front")
    told = [told for minute in range(40, 60) for told in warm(minute)]
    assert [each.name for each in told if isinstance(each, Notice)] == ["body-warm"]


def test_an_alarm_that_waits_for_trips_needs_one(tmp_path: Path) -> None:
    text = (CHECKOUT / "tests/configs/good/truck.yaml").read_text(encoding="utf-8")
    path = tmp_path / "tagtrail.yaml"
    path.write_text(text.partition("records:")[0], encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load(path, DRIVERS)
    [problem] = refused.value.problems
    assert (problem.path, problem.key) == ("alarms.body-warm.while", "no_trips")
    assert all(problem.sentence(lang) for lang in LANGS)
