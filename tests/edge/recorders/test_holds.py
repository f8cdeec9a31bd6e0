"""What must not pass raises an alarm when it is seen, for as long as the list says so."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Code, Instant, Quality, Reading, Sighting
from edge.alarms import Cause
from edge.instant import parse_rfc3339, rfc3339
from edge.journal.states import Row
from edge.recorders.contract import Fact, Notice, Output, Unfit
from edge.recorders.hold_list import MOST_BYTES, Hold, HoldList, Malformed, read_list
from edge.recorders.holds import Holds
from tests.edge.recorders.abattoir import Plant, flock, says, tag
from tests.edge.recorders.abattoir import hook as hook_number
from tests.edge.recorders.test_arrival import animals, scans

START = parse_rfc3339("2026-11-22T03:00:00Z")
SICK = "362292600000123"
TAG = f"cn-eartag:{SICK}"


def at(seconds: float) -> Instant:
    return Instant(START + round(seconds * NANOSECONDS))


def seen(value: str = SICK, scheme: str = "cn-eartag", *, seconds: float = 0) -> Sighting:
    return Sighting(at(seconds), Code(scheme, value))


def hold(code: str = TAG, *, prefix: bool = False, until: float | None = None) -> Hold:
    return Hold(code, prefix, "布病阳性", None if until is None else at(until))


def listed(*holds: Hold, seconds: float = 0) -> Fact:
    """A list that is issued and heard at the same time."""
    when = at(seconds)
    return Fact(when, when, "holds", {"list": HoldList(when, holds)}, "platform", "uplink")


def told(outputs: Any) -> list[tuple[bool, str]]:
    notices: list[Output] = list(outputs)
    assert all(isinstance(each, Notice) and each.cause is Cause.HELD for each in notices)
    return [(each.active, each.subject) for each in notices if isinstance(each, Notice)]


def holds(*listed_now: Hold) -> Holds:
    recorder = Holds(["ear-tags"])
    assert told(recorder.enter(listed(*listed_now))) == []
    return recorder


def restarted(recorder: Holds) -> Holds:
    rows: list[Row] = [*recorder.memory.changed(recorder.name)]
    again = Holds(["ear-tags"])
    again.memory.load(rows)
    return again


def test_a_held_tag_is_told_once_with_what_the_list_says() -> None:
    recorder = holds(hold(until=3600))
    [notice] = recorder.observe("ear-tags", seen(seconds=10))
    assert isinstance(notice, Notice)
    assert (notice.at, notice.subject, notice.severity, notice.active) == (at(10), TAG, "high", True)
    assert notice.facts == {
        "device": "ear-tags", "hold": TAG, "reason": "布病阳性", "until": rfc3339(at(3600)),
    }  # fmt: skip
    assert told(recorder.observe("ear-tags", seen(seconds=11))) == []


@pytest.mark.parametrize(
    ("item", "is_told"),
    [
        (seen(), True),
        (seen("362292600000124"), True),
        (seen("362292700000124"), False),
        (seen(SICK, "text"), False),
        (seen("3622926", "cn-eartag"), True),
        (seen("362292", "cn-eartag"), False),
        (Reading(START, "temperature", 3.0, Quality.GOOD), False),
    ],
)
def test_a_prefix_holds_all_that_begins_so(item: Any, is_told: bool) -> None:
    recorder = holds(hold("cn-eartag:3622926", prefix=True))
    assert bool(list(recorder.observe("ear-tags", item))) is is_told


def test_an_exact_code_is_no_prefix() -> None:
    recorder = holds(hold("lot:A-1"))
    assert told(recorder.observe("ear-tags", seen("A-12", "lot"))) == []
    assert told(recorder.observe("ear-tags", seen("A-1", "lot"))) == [(True, "lot:A-1")]


def test_a_hold_ends_at_its_time_and_its_alarm_with_it() -> None:
    recorder = holds(hold(until=100))
    assert told(recorder.observe("ear-tags", seen(seconds=99))) == [(True, TAG)]
    assert told(recorder.tick(at(99.9))) == []
    assert told(recorder.tick(at(100))) == [(False, TAG)]
    assert told(recorder.observe("ear-tags", seen(seconds=101))) == []


def test_a_late_sighting_is_judged_at_its_own_time() -> None:
    recorder = holds(hold(until=100))
    recorder.tick(at(200))
    assert told(recorder.observe("ear-tags", seen(seconds=50))) == [(True, TAG)]
    assert told(recorder.tick(at(201))) == [(False, TAG)]


def test_another_hold_keeps_the_alarm() -> None:
    recorder = holds(hold(until=100), hold("cn-eartag:36", prefix=True))
    assert told(recorder.observe("ear-tags", seen(seconds=1))) == [(True, TAG)]
    assert told(recorder.tick(at(100))) == []
    assert told(recorder.enter(listed(hold(), seconds=200))) == []
    assert told(recorder.enter(listed(seconds=300))) == [(False, TAG)]


def test_a_newer_list_releases_and_an_older_or_the_same_changes_nothing() -> None:
    recorder = holds(hold())
    list(recorder.observe("ear-tags", seen()))
    for seconds in (0, -1):
        with pytest.raises(Unfit, match="holds_older"):
            recorder.enter(listed(seconds=seconds))
    assert len(recorder) == 1
    assert told(recorder.enter(listed(hold("lot:B"), seconds=1))) == [(False, TAG)]
    assert told(recorder.observe("ear-tags", seen(seconds=2))) == []
    assert told(recorder.observe("ear-tags", seen("B", "lot", seconds=2))) == [(True, "lot:B")]


def test_the_list_and_its_alarms_outlive_a_restart() -> None:
    recorder = holds(hold(), hold("lot:", prefix=True))
    list(recorder.observe("ear-tags", seen()))
    again = restarted(recorder)
    assert again.issued == START
    assert told(again.observe("ear-tags", seen(seconds=1))) == []
    assert told(again.observe("ear-tags", seen("A", "lot"))) == [(True, "lot:A")]
    assert sorted(told(again.enter(listed(seconds=5)))) == [(False, TAG), (False, "lot:A")]


def test_what_stays_in_the_list_is_not_written_again() -> None:
    many = [hold(f"cn-eartag:{number:015}") for number in range(100)]
    recorder = holds(*many)
    list(recorder.memory.changed("holds"))
    recorder.memory.kept()
    recorder.enter(listed(*many[1:], hold("lot:B"), seconds=1))
    changed = {row.key: row.body for row in recorder.memory.changed("holds")}
    assert changed.keys() == {"issued/issued", f"held/{many[0].code}", "held/lot:B"}
    assert changed[f"held/{many[0].code}"] is None


VALUES = st.text("012", min_size=1, max_size=4)


@given(
    st.lists(st.tuples(VALUES, st.booleans(), st.none() | st.integers(1, 9))),
    st.lists(st.tuples(VALUES, st.integers(0, 12)), max_size=20),
    st.integers(0, 20),
)
def test_what_is_held_is_told_whenever_the_power_goes(
    held: list[tuple[str, bool, int | None]], passing: list[tuple[str, int]], cut: int
) -> None:
    """Against the plainest reading of the list; the gateway is restarted before one of the sightings."""
    now = {(code, prefix): until for code, prefix, until in held}
    recorder = holds(*(hold(f"lot:{code}", prefix=p, until=u) for (code, p), u in now.items()))
    first_told = set()
    for number, (value, seconds) in enumerate(passing):
        if number == cut:
            recorder = restarted(recorder)
        must = any(
            (value.startswith(code) if prefix else value == code) and (until is None or seconds < until)
            for (code, prefix), until in now.items()
        )
        expected = [(True, f"lot:{value}")] if must and value not in first_told else []
        assert told(recorder.observe("ear-tags", seen(value, "lot", seconds=seconds))) == expected
        first_told |= {value} if must else set()


def test_fifty_thousand_holds_cost_a_sighting_microseconds() -> None:
    many = [hold(f"cn-eartag:3{number:014}") for number in range(25_000)]
    many += [hold(f"cn-eartag:2{'0' * (number % 9)}{number:05}", prefix=True) for number in range(25_000)]
    recorder = holds(*many)
    list(recorder.observe("ear-tags", seen("199999999999999")))
    passing = [seen(f"1{number:014}") for number in range(2_000)]
    begun = time.process_time()
    for item in passing:
        assert not list(recorder.observe("ear-tags", item))
    assert (time.process_time() - begun) / len(passing) < 50e-6
    begun = time.process_time()
    assert told(recorder.observe("ear-tags", seen(f"3{7:014}")))
    assert time.process_time() - begun < 0.1


def message(**changes: Any) -> bytes:
    held = {
        "code": {"scheme": "cn-eartag", "value": SICK},
        "reason": "布病阳性",
        "until": "2026-12-22T00:00:00+08:00",
    }
    whole = {"v": 1, "issued": "2026-11-22T03:00:00Z", "holds": [held, {"code": "lot:A-"}], "by": "平台"}
    return orjson.dumps(whole | changes)


def test_a_list_is_read() -> None:
    until = parse_rfc3339("2026-12-21T16:00:00Z")
    holds_read = (Hold(TAG, False, "布病阳性", until), Hold("lot:A-", True, "", None))
    assert read_list(message()) == HoldList(START, holds_read)
    assert read_list(message(holds=[])) == HoldList(START, ())


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "object"),
        (message(v=2), "v: "),
        (message(issued="2026-11-22T03:00:00"), "issued: "),
        (message(issued=1_795_317_247), "issued: "),
        (message(holds=None), "holds: "),
        (message(holds=[{"reason": "x"}]), "holds.0.code: "),
        (message(holds=[{"code": "362292600000123"}]), "holds.0.code"),
        (message(holds=[{"code": {"scheme": "cn-eartag", "value": 362292600000123}}]), "holds.0.code"),
        (message(holds=[{"code": {"scheme": "", "value": "1"}}]), "holds.0.code"),
        (message(holds=[{"code": "lot:A", "until": "soon"}]), "holds.0.until"),
        (message(reason="x" * MOST_BYTES), "bytes"),
    ],
)
def test_what_is_no_list_is_refused_with_its_place(payload: bytes, where: str) -> None:
    with pytest.raises(Malformed, match=where):
        read_list(payload)


@given(st.binary() | st.recursive(st.none() | st.integers(-9, 9) | st.text(), st.lists).map(orjson.dumps))
def test_whatever_is_published_is_read_or_refused(payload: bytes) -> None:
    with pytest.raises(Malformed):
        read_list(payload)


def plant() -> tuple[Plant, Holds]:
    """One animal under certificate A that hangs on its hook, and the holds over its line."""
    there = Plant()
    there.feed([scans(0, "A"), *animals(10, [1])])
    return there, Holds(
        ["lairage-tags", "ear-tags", "hook-core"],
        lambda node: [other for each in (there.arrivals, there.line) for other in each.stands_for(node)],
    )


@pytest.mark.parametrize(
    "held", ["certificate:A", "lot:{lot}", f"cn-eartag:{tag(1)}", f"^cn-eartag:{tag(1)[:7]}", "^certificate:"]
)
@pytest.mark.parametrize("on_the_hook", [False, True])
def test_an_animal_is_stopped_with_its_lot_and_its_certificate(held: str, on_the_hook: bool) -> None:
    there, recorder = plant()
    arrived = there.arrivals.arrived(f"cn-eartag:{tag(1)}")
    assert arrived is not None
    code = held.format(lot=arrived.lot)
    recorder.enter(listed(hold(code.removeprefix("^"), prefix=code.startswith("^"))))
    item = Sighting(at(3600), Code("cn-eartag", tag(1)))
    if on_the_hook:
        there.feed(told for told in flock(1)[0].on_the_line() if told.device in {"ear-tags", "hook-bind"})
        item = Sighting(at(7200), Code("epc-uhf", hook_number(1)))
    subject = f"{item.code.scheme}:{item.code.value}"
    [notice] = recorder.observe("ear-tags", item)
    assert isinstance(notice, Notice)
    assert (notice.subject, notice.facts["hold"]) == (subject, code.removeprefix("^"))
    assert told(recorder.enter(listed(hold("lot:other"), seconds=9000))) == [(False, subject)]
    assert told(recorder.observe("ear-tags", item._replace(at=at(9100)))) == []


def test_an_animal_of_another_lot_passes() -> None:
    _, recorder = plant()
    recorder.enter(listed(hold("certificate:A")))
    assert told(recorder.observe("ear-tags", Sighting(at(60), Code("cn-eartag", tag(2))))) == []


def test_an_animal_is_held_under_the_tag_that_it_wore_before() -> None:
    there, recorder = plant()
    old, new = (f"cn-eartag:{tag(number)}" for number in (1, 9))
    there.feed([says(700, "tag-replaced", old=old, new=new)])
    recorder.enter(listed(hold(old)))
    assert told(recorder.observe("ear-tags", Sighting(at(800), Code("cn-eartag", tag(9))))) == [(True, new)]
