"""What a time-series store is told of blocks, a line for each point."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.contract import Instant
from edge.journal.rollups import Rollup
from edge.uplinks.minutes import Minutes, Span
from edge.uplinks.points import lines, minute_lines

AT = "2026-11-22T03:14:07.120Z"
NS = 1795317247120000000
MINUTE = 60 * 10**9


def told(*entries: dict[str, Any]) -> list[str]:
    return lines(
        {"gateway": "dx-1", "observations": [{"t": AT, "device": "air", **entry} for entry in entries]}
    )


@pytest.mark.parametrize(
    ("entry", "points"),
    [
        (
            {"temperature": 3, "humidity": 81.5, "raw": {"temperature": 3.7}},
            [f"reading,device=air,gateway=dx-1 humidity=81.5,temperature=3 {NS}"],
        ),
        ({"open": True}, [f"reading,device=air,gateway=dx-1 open=true {NS}"]),
        (
            {"temperature": 3.4, "humidity": None, "quality": {"humidity": ["missing", "no_answer"]}},
            [
                f"missing,device=air,gateway=dx-1,quantity=humidity,reason=no_answer n=1i {NS}",
                f"reading,device=air,gateway=dx-1 temperature=3.4 {NS}",
            ],
        ),
        (
            {"temperature": 39.0, "humidity": 80.0, "quality": {"temperature": ["suspect", "range"]}},
            [
                f"reading,device=air,gateway=dx-1 humidity=80 {NS}",
                f"reading,device=air,gateway=dx-1,quality=suspect temperature=39 {NS}",
            ],
        ),
        (
            {"code": {"scheme": "cn-eartag", "value": "362292600000123"}},
            [f'sighting,device=air,gateway=dx-1,scheme=cn-eartag code="362292600000123",n=1i {NS}'],
        ),
        (
            {"code": {"scheme": "epc-uhf", "value": 'A"B'}, "again": {"count": 41, "last": AT}},
            [f'sighting,device=air,gateway=dx-1,scheme=epc-uhf code="A\\"B",n=41i {NS}'],
        ),
        (
            {"lat": 35.6631, "lon": 103.3894, "speed": 14.2},
            [f"fix,device=air,gateway=dx-1 lat=35.6631,lon=103.3894,speed=14.2 {NS}"],
        ),
    ],
    ids=["numbers", "state", "gap", "doubted", "sighting", "again", "fix"],
)
def test_an_entry(entry: dict[str, Any], points: list[str]) -> None:
    assert told(entry) == points


def test_an_alarm_is_told_where_it_begins_and_where_it_ends() -> None:
    alarm = {"kind": "alarm", "cause": "limit", "subject": "air.temperature", "name": "warm", "from": AT}
    begun = {"gateway": "dx-1", "record": {**alarm, "state": "active"}}
    ended = {"gateway": "dx-1", "record": {**alarm, "state": "cleared", "to": "2026-11-22T03:20:00Z"}}
    tags = "alarm,cause=limit,gateway=dx-1,name=warm,subject=air.temperature"
    assert lines(begun) == [f"{tags} active=1i {NS}"]
    assert lines(ended) == [f"{tags} active=0i 1795317600000000000"]


def test_other_records_are_no_time_series() -> None:
    assert lines({"gateway": "dx-1", "record": {"kind": "slaughter"}}) == []


def test_a_minute() -> None:
    rollup = Rollup(Instant(NS // MINUTE * MINUTE), 6, 3.3, 3.5, 3.42)
    (line,) = minute_lines("dx-1", "air.temperature", [rollup])
    assert line == (
        f"minute,device=air,gateway=dx-1,quantity=temperature max=3.5,mean=3.42,min=3.3,n=6i {rollup.minute}"
    )


def test_a_minute_is_told_once_it_is_over_and_rolled_up() -> None:
    minutes = Minutes()
    begin = Instant(NS // MINUTE * MINUTE)
    minutes.heard(begin, ["air.temperature"])
    (missed,) = minutes.due()
    assert missed == Span("air.temperature", Instant(begin - 10 * MINUTE), Instant(begin - 2 * MINUTE))
    minutes.told(missed)
    minutes.heard(Instant(begin + 3 * MINUTE - 1), ["air.temperature"])
    assert list(minutes.due()) == [Span("air.temperature", missed.until, begin)]
    minutes.heard(Instant(begin + 3 * MINUTE), ["air.temperature"])
    assert [span.until for span in minutes.due()] == [begin + MINUTE]
