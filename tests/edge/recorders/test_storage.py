"""Storage records against the truth of a morning in a cold store (``cold_store.py``)."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.contract import Code, Instant, Reading, Sighting
from edge.instant import parse_rfc3339, rfc3339
from edge.recorders.contract import Derived, Fact, Unfit
from edge.recorders.storage import NOTED, Storage
from edge.recorders.wall_clock import DAY
from tests.edge.recorders import cold_store as truth
from tests.edge.recorders.cold_store import ISSUER, PALLETS, ROOM, Event, Said, Second, at, temperature
from tests.edge.recorders.player import bodies, play

EVENTS = truth.morning()


def room() -> Storage:
    return Storage(ROOM, ISSUER)


@cache
def records() -> tuple[dict[str, Any], ...]:
    return tuple(play(room, EVENTS))


def intervals() -> list[dict[str, Any]]:
    return [record for record in records() if "to" in record]


def movements() -> list[dict[str, Any]]:
    return [record for record in records() if "to" not in record]


def test_intervals_end_with_the_full_hour_of_the_site() -> None:
    spans = [(record["from"][11:19], record["to"][11:19]) for record in intervals()]
    assert spans == [("02:20:00", "03:00:00"), ("03:00:00", "04:00:00"), ("04:00:00", "05:00:00")]
    assert [record["basic"]["date"] for record in intervals()] == ["2026-11-22"] * 3


@pytest.mark.parametrize(("hour", "begin"), [(0, truth.BEGIN), (1, 3600), (2, 7200)])
def test_the_climate_is_that_of_the_room(hour: int, begin: int) -> None:
    end = (hour + 1) * 3600
    said = [
        temperature(second)
        for second in range(begin, end, truth.EVERY_S)
        if not truth.during(second, truth.SILENT)
    ]
    climate = intervals()[hour]["climate"]["temperature"]
    assert (climate["count"], climate["min"], climate["max"]) == (len(said), min(said), max(said))
    beyond = sum(temperature(second) > truth.LIMIT for second in range(begin, end))
    assert climate["limit"] == truth.LIMIT
    assert abs(climate["beyond_s"] - beyond) <= 2 * truth.EVERY_S
    assert sum(point["n"] for point in climate["series"]) == len(said)
    assert intervals()[hour]["climate"]["humidity"]["count"] == (end - begin) // 60


def test_a_probe_that_falls_silent_is_a_gap_and_no_other() -> None:
    gaps = [record["climate"]["temperature"]["gaps"] for record in intervals()]
    last, back = truth.SILENT[0] - truth.EVERY_S, truth.SILENT[1]
    assert gaps == [[], [], [{"from": rfc3339(at(last)), "to": rfc3339(at(back))}]]


def test_the_door_and_the_defrost_are_counted_and_timed() -> None:
    doors = [record["basic"]["door"] for record in intervals()]
    assert [door["opened"] for door in doors] == [1, 2, 0]
    assert [door["open_s"] for door in doors] == [120, 30 + 60, 60]
    assert [door["unknown_s"] for door in doors] == [0, 0, 0]
    defrosts = [record["basic"]["defrost"] for record in intervals()]
    assert [(each["begun"], each["running_s"]) for each in defrosts] == [(0, 0), (1, 1200), (0, 0)]
    assert defrosts[0]["unknown_s"] == 7  # until the controller first speaks


def test_pallets_in_and_out_are_counted_and_each_is_a_record_that_links() -> None:
    counted = [
        (each["entered"]["count"], each["left"]["count"], each["present"])
        for each in (record["basic"] for record in intervals())
    ]
    assert counted == [(3, 0, 3), (2 - 1, 1, 3), (0, 1, 2)]
    ways = ["entered", "entered", "entered", "entered", "left", "left"]
    assert [record["links"] for record in movements()] == [
        [
            {
                "source": f"sscc:{PALLETS[pallet]}",
                "relation": way,
                "target": "place:cold-room-1",
                "at": rfc3339(at(second)),
            }
        ]
        for (second, pallet), way in zip(truth.MOVES, ways, strict=True)
    ]
    first = movements()[0]
    assert first["subjects"] == [{"scheme": "sscc", "value": PALLETS[0], "role": "goods"}]
    [movement] = first["basic"]["movements"]
    assert movement["source"] == {"kind": "sensor", "device": "scanner"}
    assert (movement["worker"], first["basic"]["present"]) == ("马师傅", 1)
    assert intervals()[0]["basic"]["movements"][0] == movement


def test_ids_are_each_its_own_and_every_revision_is_the_first() -> None:
    assert len({record["id"] for record in records()}) == len(records()) == 3 + 6
    assert {record["revision"] for record in records()} == {1}


@given(st.sets(st.integers(1, len(EVENTS) - 1), min_size=1, max_size=12))
@settings(max_examples=20, deadline=None)
def test_cut_at_any_moment_it_derives_the_same_records(cuts: set[int]) -> None:
    assert tuple(play(room, EVENTS, cuts)) == records()


OFF = (2300, 2900)
"""The gateway is off from before the first pallets until the door is closed again."""


def test_while_the_gateway_is_off_the_difference_is_a_stated_gap() -> None:
    heard = [event for event in EVENTS if not truth.during((instant(event) - truth.TEN) / 10**9, OFF)]
    first, *rest = [record for record in play(room, heard) if "to" in record]
    last, back = OFF[0] - OFF[0] % truth.EVERY_S - truth.EVERY_S * (OFF[0] % truth.EVERY_S == 0), 2910
    assert first["climate"]["temperature"]["gaps"] == [{"from": rfc3339(at(last)), "to": rfc3339(at(back))}]
    door = first["basic"]["door"]
    assert (door["opened"], door["open_s"]) == (0, 0)
    assert abs(door["unknown_s"] - (OFF[1] - OFF[0])) <= 60 + NOTED / 10**9
    for record, whole in zip(rest, intervals()[1:], strict=True):
        assert record["climate"] == whole["climate"]
        assert record["basic"]["door"] == whole["basic"]["door"]


def instant(event: Event) -> Instant:
    return event.item.at if isinstance(event, Said) else event.at


def test_an_hour_in_which_nothing_is_observed_is_a_record_and_a_gap() -> None:
    [record] = play(room, [Second(at(0)), Second(at(3599)), Second(at(3600))])
    climate = record["climate"]["temperature"]
    assert (climate["count"], climate["gaps"]) == (0, [{"from": rfc3339(at(0)), "to": rfc3339(at(3600))}])
    assert record["basic"]["door"] == {"opened": 0, "open_s": 0, "unknown_s": 3600}


def test_days_without_the_gateway_are_one_record() -> None:
    back = Instant(at(1800) + 5 * DAY)
    first, long = play(room, [Second(at(0)), Second(back)])
    assert (first["to"], long["from"], long["to"]) == (
        rfc3339(at(3600)),
        rfc3339(at(3600)),
        rfc3339(Instant(at(0) + 5 * DAY)),
    )


def reading(second: float, value: float) -> Said:
    return Said("air", Reading(at(second), "temperature", value))


def test_what_comes_too_late_is_counted_and_changes_no_closed_interval() -> None:
    late: list[Event] = [
        reading(3590, 40.0),
        Said("door", Reading(at(3580), "open", True)),
        Said("scanner", Sighting(at(3595), Code("sscc", PALLETS[0]))),
    ]
    closing: list[Event] = [reading(10, 2.0), Said("door", Reading(at(10), "open", False)), Second(at(3600))]
    first, moved, second = play(room, [*closing, *late, Second(at(7200))])
    assert (first["climate"]["temperature"]["max"], first["extended"]["late"]) == (2.0, 0)
    assert (second["climate"]["temperature"]["count"], second["climate"]["temperature"]["late"]) == (0, 1)
    assert second["extended"]["late"] == 2
    assert (second["basic"]["door"]["opened"], second["basic"]["entered"]["count"]) == (0, 0)
    assert (moved["from"], second["basic"]["present"]) == (rfc3339(at(3595)), 1)


def move(second: float, **values: Any) -> Fact:
    said = {"place": "cold-room-1", "direction": "in", "subject": f"sscc:{PALLETS[5]}", **values}
    return Fact(at(second), at(second + 30), "move", said, "李库管")


def test_what_people_move_has_its_quantity_and_who_moved_it() -> None:
    lot = "lot:A-1"
    first, second, whole = play(
        room,
        [
            Second(at(0)),
            move(60, subject=lot, count=40, mass_kg=812.5),
            move(120, subject=lot, direction="out", count=15, mass_kg=300.0),
            Second(at(3600)),
        ],
    )
    assert first["basic"]["entered"] == {"count": 40, "mass_kg": 812.5}
    assert first["basic"]["movements"][0]["source"] == {
        "kind": "person",
        "name": "李库管",
        "at": rfc3339(at(90)),
    }
    assert second["basic"]["left"] == {"count": 15, "mass_kg": 300.0}
    assert (whole["basic"]["present"], whole["extended"]["workers"]) == (25, ["李库管"])


def test_a_value_holds_into_the_next_interval() -> None:
    _, second = play(room, [reading(3590, 6.0), reading(3650, 2.0), Second(at(7200))])
    assert (second["climate"]["temperature"]["beyond_s"], second["climate"]["temperature"]["count"]) == (
        50,
        1,
    )


@given(st.sets(st.integers(1, 5)))
def test_what_people_move_survives_a_cut(cuts: set[int]) -> None:
    lots = [move(5 * number, subject=f"lot:{number}", count=number) for number in range(1, 5)]
    events: list[Event] = [Second(at(0)), *lots, Second(at(3600))]
    assert play(room, events, cuts) == play(room, events)
    assert play(room, events)[-1]["basic"]["entered"]["count"] == 1 + 2 + 3 + 4


def test_what_cannot_have_moved_is_refused_and_nothing_has_changed() -> None:
    recorder = room()
    assert not list(recorder.tick(at(0)))
    with pytest.raises(Unfit, match="no_room"):
        recorder.enter(move(60, place="freezer-9"))
    assert len(bodies(recorder.enter(move(60)))) == 1
    before = list(recorder.memory.changed("x"))
    with pytest.raises(Unfit, match="in_already"):
        recorder.enter(move(90))
    assert list(recorder.memory.changed("x")) == before


def test_a_gate_says_the_direction_and_says_it_once() -> None:
    gates = ROOM._replace(moves={"gate-in": "in", "gate-out": "out"}, carcass=None)

    def seen(second: float, gate: str, code: Code) -> Said:
        return Said(gate, Sighting(at(second), code))

    pallet = Code("gs1", f"(00){PALLETS[0]}(37)40")
    found = play(
        lambda: Storage(gates, ISSUER),
        [
            seen(0, "gate-in", pallet),
            seen(100, "gate-in", Code("sscc", PALLETS[0])),
            seen(110, "gate-in", Code("gtin", "06901234000013")),
            seen(200, "gate-out", pallet),
            seen(300, "gate-out", Code("sscc", PALLETS[1])),
            Second(at(3600)),
        ],
    )
    assert [each["links"][0]["relation"] for each in found[:-1]] == ["entered", "left", "left"]
    whole = found[-1]
    assert (whole["extended"]["repeated"], whole["extended"]["other_scans"]) == (1, 1)
    assert (whole["basic"]["left"]["count"], whole["basic"]["present"]) == (2, 0)


def test_a_room_without_scanners_states_no_zero_of_what_nobody_counts() -> None:
    [record] = play(lambda: Storage(ROOM._replace(moves={}), ISSUER), [Second(at(0)), Second(at(3600))])
    assert not {"entered", "left", "present"} & record["basic"].keys()


def test_a_probe_that_the_settings_gain_is_measured_from_then_on() -> None:
    before = Storage(ROOM._replace(probes={}, door=None), ISSUER)
    assert not bodies(before.tick(at(0)))
    after = room()
    after.memory.load(before.memory.changed(before.name))
    found = [*after.observe("air", Reading(at(1800), "temperature", 3.0)), *after.tick(at(3600))]
    [record] = bodies(found)
    assert record["climate"]["temperature"]["gaps"][0]["from"] == rfc3339(at(0))
    assert record["climate"]["temperature"]["count"] == 1


def test_a_record_stands_behind_its_links_in_the_trail() -> None:
    outputs = room().observe("scanner", Sighting(at(5), Code("sscc", PALLETS[0])))
    [derived] = [output for output in outputs if isinstance(output, Derived)]
    [link] = derived.links
    assert (link.source, link.relation, link.target) == (f"sscc:{PALLETS[0]}", "entered", "place:cold-room-1")
    assert parse_rfc3339(derived.record.since) == link.at == at(5)
