"""A day on the line, judged by what truly happened."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.instant import rfc3339
from edge.journal.trail import Newest
from edge.recorders.contract import Derived, Fact, Output, Unfit
from edge.recorders.corrections import Corrections
from edge.recorders.slaughter_plan import Station, Weigh
from tests.edge.recorders.abattoir import (
    SHEEP,
    Animal,
    Past,
    Plant,
    Told,
    at,
    bodies,
    flock,
    hangs,
    hook,
    newest,
    notices,
    passes,
    reads,
    s,
    says,
    sees,
    tag,
)


def day(animals: Sequence[Animal]) -> Iterator[Told]:
    """A flock comes under its certificates, passes the line and hangs."""
    for certificate in dict.fromkeys(each.certificate for each in animals):
        first = min(each.at_s for each in animals if each.certificate == certificate)
        count = sum(each.certificate == certificate for each in animals)
        yield sees(first - 601, "bench-scanner", certificate, "text")
        yield says(first - 600.5, "certificate", number=certificate, place="lairage", animals=count)
    for animal in animals:
        yield from animal.at_the_lairage()
        yield from animal.on_the_line()
    since, until = min(each.at_s for each in animals), max(each.at_s for each in animals)
    yield from passes(since, until + 1200)


def carcasses(outputs: Sequence[Output]) -> dict[str | None, dict[str, Any]]:
    """The newest record of each, by its animal's tag."""
    return {body["basic"].get("animal"): body for body in newest(outputs).values()}


def roles(body: dict[str, Any], role: str) -> list[str]:
    return [subject["value"] for subject in body["subjects"] if subject["role"] == role]


def test_three_hundred_an_hour_are_all_who_they_are() -> None:
    animals = flock(60)
    outputs = Plant().feed(day(animals))
    found = carcasses(outputs)

    assert len(found) == 60
    for place, animal in enumerate(animals):
        body = found[f"cn-eartag:{animal.tag}"]
        extended = body["extended"]
        assert body["basic"]["carcass"] == f"62292600261122{place + 1:05}"
        assert body["basic"]["slaughtered_at"] == rfc3339(at(animal.at_s))
        assert roles(body, "hook") == [hook(animal.hook)]
        assert extended["hot_weight_kg"] == animal.mass
        assert extended.get("core_temperature") == animal.core
        assert (extended["positions"], extended["doubts"]) == (0, [])
        assert roles(body, "certificate") == ["A"]
        assert extended["lot"] == "261122-001"
        assert body["revision"] <= 3
    assert notices(outputs) == []


def test_the_first_record_is_there_when_the_animal_is_on_its_hook() -> None:
    [animal] = flock(1)
    outputs = Plant().feed(day([animal]))
    first, *later = bodies(outputs)
    assert first["revision"] == 1
    assert "hot_weight_kg" not in first["extended"]
    assert [step["step"] for step in first["extended"]["process"]] == ["stunned", "bound"]
    assert len(later) == 1, "weight and core are told together"
    assert [step["step"] for step in later[0]["extended"]["process"]] == [
        "stunned",
        "bound",
        "weighed",
        "cored",
    ]


def test_a_tag_that_was_not_read_leaves_a_carcass_unnamed_and_its_neighbours_right() -> None:
    animals = flock(12)
    animals[5].unread = True
    outputs = Plant().feed(day(animals))
    found = carcasses(outputs)
    assert set(found) == {f"cn-eartag:{each.tag}" for each in animals if not each.unread} | {None}
    assert roles(found[None], "hook") == [hook(animals[5].hook)]
    assert found[None]["extended"]["doubts"] == ["unread"]
    assert found[None]["extended"]["hot_weight_kg"] == animals[5].mass
    for animal in animals[6:]:
        assert roles(found[f"cn-eartag:{animal.tag}"], "hook") == [hook(animal.hook)]


def test_a_hook_that_was_missed_is_taken_where_it_is_seen_next() -> None:
    animals = flock(12)
    animals[4].hook_missed = True
    outputs = Plant().feed(day(animals))
    for animal in animals:
        body = carcasses(outputs)[f"cn-eartag:{animal.tag}"]
        assert roles(body, "hook") == [hook(animal.hook)]
        assert body["extended"]["hot_weight_kg"] == animal.mass
        assert body["extended"]["doubts"] == []


def test_two_hooks_missed_at_once_are_taken_in_the_lines_order_and_it_says_so() -> None:
    animals = flock(6)
    animals[2].hook_missed = animals[3].hook_missed = True
    found = carcasses(Plant().feed(day(animals)))
    body = found[f"cn-eartag:{animals[2].tag}"]
    assert roles(body, "hook") == [hook(animals[2].hook)]
    assert body["extended"]["positions"] == 1


def test_where_the_lag_fits_several_the_uncertainty_is_stated_and_holds_the_truth() -> None:
    """Two animals change places between stunning and hook, where the window is wide."""
    stations = [each._replace(lag=(0, s(90))) if each.step == "bound" else each for each in SHEEP.stations]
    animals = flock(20)
    animals[7].lag_s, animals[8].lag_s = animals[8].lag_s + 12, animals[7].lag_s - 12
    outputs = Plant(SHEEP._replace(stations=stations)).feed(day(animals))
    order = [each.tag for each in animals]
    for truth in animals:
        [body] = [each for each in newest(outputs).values() if hook(truth.hook) in roles(each, "hook")]
        told = order.index(body["basic"]["animal"].partition(":")[2])
        assert abs(told - order.index(truth.tag)) <= body["extended"]["positions"]
        assert body["source"]["basic.animal"]["kind"] == "derived"
        assert body["extended"]["positions"] <= 8, "as many as pass within the lag"
    assert len(newest(outputs)) == len(carcasses(outputs)) == 20, "no animal is on two hooks"


def test_a_hook_that_is_known_late_says_how_far_its_animal_may_be_another() -> None:
    """Where the window is wide, those behind a missed hook take each other's; the last is left for it."""
    stations = [
        each._replace(lag=(s(20), s(60))) if each.step == "bound" else each for each in SHEEP.stations
    ]
    animals = flock(12)
    animals[9].hook_missed = True
    outputs = Plant(SHEEP._replace(stations=stations)).feed(day(animals))
    order = [each.tag for each in animals]
    wrong = 0
    for truth in animals:
        [body] = [each for each in newest(outputs).values() if hook(truth.hook) in roles(each, "hook")]
        apart = abs(order.index(body["basic"]["animal"].partition(":")[2]) - order.index(truth.tag))
        assert apart <= body["extended"]["positions"] <= 8
        wrong += apart > 0
    assert wrong, "else there is nothing to be stated"


def test_an_operator_may_state_that_animals_change_places() -> None:
    stations = [each._replace(positions=2) if each.step == "bound" else each for each in SHEEP.stations]
    outputs = Plant(SHEEP._replace(stations=stations)).feed(day(flock(3)))
    assert {body["extended"]["positions"] for body in newest(outputs).values()} == {2}


def test_a_probe_in_air_is_no_core() -> None:
    [animal] = flock(1)
    animal.core = None
    bound = animal.at_s + animal.lag_s
    air = [reads(bound + 280 + second, "core-probe", 12.0) for second in range(60)]
    outputs = Plant().feed([*day([animal]), hangs(bound + 280, "hook-core", animal.hook), *air])
    [body] = newest(outputs).values()
    assert "core_temperature" not in body["extended"]


def test_a_probe_that_is_pulled_out_of_the_one_before_is_no_core_of_the_next() -> None:
    """It is still in the first when the second's hook is seen, and then hangs in the air."""
    one, two = flock(2)
    one.core = two.core = None
    seen = one.at_s + 400
    course = [12.0] * 5 + [38.0] * 30 + [30.0, 20.0, 14.0] + [12.0] * 30
    probe = [reads(seen + second, "core-probe", value) for second, value in enumerate(course)]
    hooks = [hangs(seen, "hook-core", one.hook), hangs(seen + 25, "hook-core", two.hook)]
    found = carcasses(Plant().feed([*day([one, two]), *probe, *hooks]))
    assert found[f"cn-eartag:{one.tag}"]["extended"]["core_temperature"] == 38.0
    assert "core_temperature" not in found[f"cn-eartag:{two.tag}"]["extended"]


def test_a_weight_that_still_stands_there_is_not_the_next_ones() -> None:
    one, two = flock(2)
    late = two.at_s + two.lag_s + 80
    stands = [reads(late + tenth / 10, "rail-scale", one.mass, "mass") for tenth in range(-60, 15)]
    found = carcasses(Plant().feed([*day([one, two]), *stands]))
    assert found[f"cn-eartag:{two.tag}"]["extended"]["hot_weight_kg"] == two.mass


def test_two_of_the_same_weight_are_both_weighed() -> None:
    one, two = flock(2)
    two.mass = one.mass
    found = carcasses(Plant().feed(day([one, two])))
    assert [body["extended"]["hot_weight_kg"] for body in found.values()] == [one.mass, one.mass]


def test_what_comes_when_the_carcass_has_gone_from_the_probe_is_not_its_core() -> None:
    """Nothing else happens in between, not even the passing of time."""
    [animal] = flock(1)
    animal.core = None
    course = [(0, 12.0), (5, 38.0), (25, 38.0), (60, 39.0), (80, 39.0)]
    probe = [reads(4000 + second, "core-probe", value) for second, value in course]
    plant = Plant()
    plant.feed([*animal.on_the_line(), hangs(4000, "hook-core", animal.hook), *probe])
    [body] = bodies(plant.feed([Told(at(5000))]))
    assert body["extended"]["core_temperature"] == 38.0


def test_what_sensors_add_is_told_within_ten_minutes_of_the_first() -> None:
    [animal] = flock(1)
    weighed = animal.at_s + animal.lag_s + 82
    outputs = Plant().feed([*animal.on_the_line(), *passes(animal.at_s, weighed + 601)])
    [_, told] = bodies(outputs)
    assert [step["step"] for step in told["extended"]["process"]][2:] == ["weighed", "cored"]
    assert len(bodies(Plant().feed([*animal.on_the_line(), *passes(animal.at_s, weighed + 598)]))) == 1


def test_animals_whose_hooks_were_missed_have_their_numbers_in_the_lines_order() -> None:
    """Nothing was seen for long, so that the time of all of them is over at once; and it was killed."""
    told = [sees(3600 + place, "ear-tags", tag(1 + place)) for place in range(3)]
    outputs = Plant().feed([*told, Told(at(4000))], killed_at=[3])
    assert [body["basic"]["animal"] for body in bodies(outputs)] == [
        f"cn-eartag:{tag(1 + place)}" for place in range(3)
    ]


def test_hooks_without_tags_are_weighed_in_the_lines_order() -> None:
    line = SHEEP._replace(
        stations=[Station("ear-tags", "stunned", "stunning")],
        weigh=Weigh("rail-scale", s(10), (s(110), s(130))),
        core=None,
    )
    animals = flock(10)
    found = carcasses(Plant(line).feed(day(animals)))
    assert [found[f"cn-eartag:{each.tag}"]["extended"]["hot_weight_kg"] for each in animals] == [
        each.mass for each in animals
    ]


def test_halves_that_hang_apart_are_one_carcass_with_two_hooks_and_one_weight() -> None:
    line = SHEEP._replace(halves=s(6))
    animals = flock(4)
    others = [
        told
        for each in animals
        for told in (
            hangs(each.at_s + each.lag_s + 3, "hook-bind", each.hook + 500),
            hangs(each.at_s + each.lag_s + 86.5, "hook-scale", each.hook + 500),
            reads(each.at_s + each.lag_s + 88, "rail-scale", 9.5, "mass"),
        )
    ]
    found = carcasses(Plant(line).feed([*day(animals), *others]))
    assert len(found) == 4
    for animal in animals:
        body = found[f"cn-eartag:{animal.tag}"]
        assert roles(body, "hook") == [hook(animal.hook), hook(animal.hook + 500)]
        assert body["extended"]["hot_weight_kg"] == pytest.approx(animal.mass + 9.5)


def test_a_half_that_was_not_weighed_leaves_the_weight_unknown() -> None:
    [animal] = flock(1)
    other = hangs(animal.at_s + animal.lag_s + 3, "hook-bind", 500)
    [body] = newest(Plant(SHEEP._replace(halves=s(6))).feed([*day([animal]), other])).values()
    assert "hot_weight_kg" not in body["extended"]
    assert [step.get("mass_kg") for step in body["extended"]["process"]][2] == animal.mass


def test_what_is_cut_hangs_no_more() -> None:
    told = says(6000, "cutting", subject=FIRST, into=["cut:1"])
    [body] = newest(Plant().feed([*day(flock(1)), told])).values()
    [stay] = body["extended"]["rooms"]
    assert stay["to"] == rfc3339(at(6000))


def test_a_hook_that_comes_round_again_carries_the_next_and_ends_the_stay_of_the_last() -> None:
    early = flock(3)
    again = flock(3, since_s=3600 * 5, first=50)
    for old, new in zip(early, again, strict=True):
        new.hook = old.hook
    outputs = Plant().feed([*day(early), *day(again)])
    found = carcasses(outputs)
    for animal in (*early, *again):
        body = found[f"cn-eartag:{animal.tag}"]
        assert roles(body, "hook") == [hook(animal.hook)]
        assert body["extended"]["hot_weight_kg"] == animal.mass
    [stay] = found[f"cn-eartag:{early[0].tag}"]["extended"]["rooms"]
    assert stay["to"] == rfc3339(at(again[0].at_s + again[0].lag_s))
    assert found[f"cn-eartag:{early[0].tag}"]["extended"]["doubts"] == ["hook_reused"]


def test_a_hook_that_was_missed_does_not_give_yesterdays_carcass_todays_weight() -> None:
    [old] = flock(1)
    [new] = flock(1, since_s=3600 * 20, first=50)
    new.hook, new.hook_missed = old.hook, True
    found = carcasses(Plant().feed([*day([old]), *day([new])]))
    assert found[f"cn-eartag:{old.tag}"]["extended"]["hot_weight_kg"] == old.mass
    assert found[f"cn-eartag:{new.tag}"]["extended"]["hot_weight_kg"] == new.mass
    assert found[f"cn-eartag:{old.tag}"]["extended"]["doubts"] == ["hook_reused"]


def test_a_hook_that_nobody_bound_is_told() -> None:
    """Until it is bound, and then no more."""
    told = [hangs(second, "hook-scale", 77) for second in (100, 130, 160)]
    outputs = Plant().feed([*told, hangs(200, "hook-bind", 77), hangs(9000, "hook-bind", 77)])
    unknown = ("unknown_hook", f"epc-uhf:{hook(77)}")
    assert notices(outputs) == [(*unknown, True), (*unknown, False)]


def test_what_is_no_hook_is_none() -> None:
    outputs = Plant().feed([sees(100, "hook-bind", "E28011606000020000000000", "epc-uhf")])
    assert outputs == []


def chilled_day(air: float = 2.0) -> list[Told]:
    """A day in the chiller: its air, and a reference carcass that was hung with the first."""
    [animal] = flock(1)
    room = [reads(3600 + minute * 60, "chiller-1-air", air) for minute in range(20 * 60)]
    core = [
        reads(3700 + minute * 60, "chiller-1-core", round(max(38 - minute / 20, 3.0), 1))
        for minute in range(19 * 60)
    ]
    out = hangs(3600 + 18 * 3600, "hook-out", animal.hook)
    return [*day([animal]), *room, *core, out]


def test_the_room_is_told_when_it_leaves_and_the_reference_tells_when_it_was_cold() -> None:
    *_, body = bodies(Plant().feed(chilled_day()))
    [animal] = flock(1)
    bound = animal.at_s + animal.lag_s
    assert body["extended"]["rooms"] == [
        {"place": "chiller-1", "from": rfc3339(at(bound)), "to": rfc3339(at(3600 + 18 * 3600))}
    ]
    air = body["climate"]["temperature"]
    assert (air["min"], air["max"], air["mean"], air["beyond_s"], air["gaps"]) == (2.0, 2.0, 2.0, 0.0, [])
    assert len(air["series"]) == 36
    chilled = body["extended"]["chilled"]
    assert chilled["at"] == rfc3339(at(3700 + 620 * 60))
    assert chilled["limit"] == 7.0
    assert (chilled["basis"], chilled["continuous"]) == ("room", True)
    assert chilled["hours"] == pytest.approx(10.34, abs=0.02)


def test_a_carcass_that_was_hung_later_is_not_cold_with_the_reference() -> None:
    [late] = flock(1, since_s=3600 + 9 * 3600, first=9)
    out = hangs(3600 + 19 * 3600, "hook-out", late.hook)
    found = carcasses(Plant().feed([*chilled_day(), *day([late]), out]))
    chilled = found[f"cn-eartag:{late.tag}"]["extended"]["chilled"]
    assert chilled == {"limit": 7.0, "continuous": True}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("warm", [reads(20_000 + minute * 60, "chiller-1-air", 6.0) for minute in range(30)]),
        ("silent", []),
    ],
)
def test_cooling_that_was_not_continuous_is_said_not_to_be(name: str, told: list[Told]) -> None:
    kept = [
        each
        for each in chilled_day()
        if each.device != "chiller-1-air" or not at(20_000) <= each.at < at(21_800)
    ]
    *_, body = bodies(Plant().feed([*kept, *told]))
    air = body["climate"]["temperature"]
    assert body["extended"]["chilled"]["continuous"] is False
    if name == "warm":
        assert air["beyond_s"] == pytest.approx(30 * 60, abs=60)
        assert air["max"] == 6.0
    else:
        [gap] = air["gaps"]
        assert (gap["from"], gap["to"]) == (rfc3339(at(19_980)), rfc3339(at(21_840)))


def test_what_is_measured_cold_in_its_own_core_is_cold() -> None:
    [animal] = flock(1)
    animal.core = None
    seen = 3600 + 15 * 3600
    course = [2.0] * 5 + [5.0] + [6.4] * 30 + [2.0] * 20
    probe = [reads(seen + second, "core-probe", value) for second, value in enumerate(course)]
    told = [*day([animal]), hangs(seen, "hook-core", animal.hook), *probe, Told(at(seen + 700))]
    *_, body = bodies(Plant().feed([*told, *passes(seen, seen + 800)]))
    assert body["extended"]["chilled"] == {
        "limit": 7.0,
        "at": rfc3339(at(seen + 21)),
        "hours": pytest.approx(15.0, abs=0.02),
        "basis": "own",
    }


FIRST = "carcass:6229260026112200001"
ANIMAL = f"cn-eartag:{tag(1)}"
SHOWN = {"subject": f"epc-uhf:{hook(1)}", "stage": "post_mortem", "result": "passed"}
ILL = {"subject": FIRST, "stage": "post_mortem", "result": "condemned", "finding": "肝片吸虫"}
HEALTHY = {"subject": ANIMAL, "stage": "ante_mortem", "result": "passed"}
LOT = {"subject": "lot:261122-001", "stage": "ante_mortem", "result": "held"}

FACTS = [
    ("basic.ante_mortem", "passed", says(100, "verdict", **HEALTHY)),
    ("basic.ante_mortem", "passed", says(4000, "verdict", **HEALTHY)),
    ("basic.ante_mortem", "held", says(3100, "verdict", **LOT)),
    ("basic.ante_mortem", "held", says(4000, "verdict", **LOT)),
    ("basic.post_mortem", "condemned", says(4000, "verdict", **ILL)),
    ("basic.post_mortem", "passed", says(4000, "verdict", **SHOWN)),
    ("extended.disposal", "化制", says(4100, "disposal", subject=FIRST, method="化制", mass_kg=17.4)),
    ("basic.cutting", "cut:1", says(4200, "cutting", subject=ANIMAL, into=["cut:1", "cut:2"], mass_kg=16.0)),
    ("extended.packing", "sscc:1", says(4300, "packing", subject=FIRST, into="sscc:1", count=2)),
    ("basic.cleaning", "weighing", says(3000, "cleaning", place="weighing", agent="次氯酸钠")),
]


@pytest.mark.parametrize(
    ("path", "value", "told"), FACTS, ids=[f"{path} {value}" for path, value, _ in FACTS]
)
def test_what_a_person_says_stands_in_the_record_with_who_said_it(path: str, value: str, told: Told) -> None:
    outputs = Plant().feed([*day(flock(1)), told])
    [body] = newest(outputs).values()
    part, name = path.split(".")
    assert value in str(body[part][name])
    assert body["source"][path]["name"] == "马兽医"
    assert body["source"][path]["kind"] == "person"


def test_what_a_person_put_right_stays_right_when_the_carcass_is_weighed() -> None:
    plant = Plant()
    [animal] = flock(1)
    told = sorted(animal.on_the_line(), key=lambda each: each.at)
    [first] = (each for each in plant.feed(told[:2]) if isinstance(each, Derived))
    kept = Newest(first.record.body(), (), first.links)
    corrections = Corrections({first.record.id: kept})
    when = told[1].at
    values = {"record": first.record.id, "field": "extended.certificate", "value": "6201234567"}
    [put_right] = corrections.enter(Fact(when, when, "correct", values, "马兽医", reason="扫错"))
    assert isinstance(put_right, Derived)
    second = corrections.amended(put_right).record
    [later] = (each for each in plant.feed([*told[2:], Told(at(9000))]) if isinstance(each, Derived))
    body = corrections.amended(later).record.body()
    assert (second.revision, body["revision"]) == (2, 3)
    assert (body["extended"]["certificate"], body["reason"]) == ("6201234567", "扫错")
    assert body["extended"]["hot_weight_kg"] == animal.mass


def test_an_animal_that_is_put_right_takes_its_trail_along() -> None:
    """Whoever traces the carcass afterwards, also after it was weighed, comes to the right animal."""
    plant = Plant()
    [animal] = flock(1)
    told = sorted(animal.on_the_line(), key=lambda each: each.at)
    [first] = (each for each in plant.feed(told[:2]) if isinstance(each, Derived))
    body, truly = first.record.body(), f"cn-eartag:{tag(77)}"
    corrections = Corrections({first.record.id: Newest(body, (), first.links)})
    when = told[1].at
    values = {"record": first.record.id, "field": "basic.animal", "value": truly}
    [put_right] = corrections.enter(Fact(when, when, "correct", values, "马兽医", reason="耳标读错"))
    assert isinstance(put_right, Derived)
    [later] = (each for each in plant.feed([*told[2:], Told(at(9000))]) if isinstance(each, Derived))
    for derived in (corrections.amended(put_right), corrections.amended(later)):
        sources = {link.source for link in derived.links if link.relation == "became"}
        assert sources == {truly}
        subjects = {f"{each['scheme']}:{each['value']}" for each in derived.record.body()["subjects"]}
        assert truly in subjects
        assert body["basic"]["animal"] not in subjects | sources


UNKNOWN = [
    says(4000, "verdict", subject="carcass:77", stage="post_mortem", result="passed"),
    says(4000, "disposal", subject=f"cn-eartag:{tag(77)}", method="焚烧"),
    says(4000, "cleaning", place="dock"),
]


@pytest.mark.parametrize("told", UNKNOWN, ids=["verdict", "disposal", "cleaning"])
def test_what_is_about_nothing_of_ours_is_refused(told: Told) -> None:
    with pytest.raises(Unfit):
        Plant().feed([told])


def test_a_move_is_a_stay_and_its_links_lead_through_the_room() -> None:
    subject = "carcass:6229260026112200001"
    told = [
        says(5000, "move", place="chiller-2", direction="in", subject=subject),
        says(6000, "move", place="chiller-2", direction="out", subject=subject),
    ]
    outputs = Plant().feed([*day(flock(1)), *told])
    *_, last = (each for each in outputs if isinstance(each, Derived))
    assert [(each.source.split(":")[0], each.relation, each.target) for each in last.links] == [
        ("cn-eartag", "became", subject),
        ("carcass", "entered", "place:chiller-1"),
        ("carcass", "left", "place:chiller-1"),
        ("carcass", "entered", "place:chiller-2"),
        ("carcass", "left", "place:chiller-2"),
    ]


def test_a_tag_that_was_slaughtered_before_is_told_and_names_no_other_carcass() -> None:
    animals = flock(3)
    past = Past({f"cn-eartag:{animals[1].tag}"})
    outputs = Plant(past=past, lairage=False).feed(told for each in animals for told in each.on_the_line())
    assert notices(outputs) == [("tag_reused", f"cn-eartag:{animals[1].tag}", True)]
    found = carcasses(outputs)
    assert set(found) == {f"cn-eartag:{animals[0].tag}", f"cn-eartag:{animals[2].tag}", None}


def test_a_tag_that_comes_back_an_hour_after_its_slaughter_is_told() -> None:
    [animal] = flock(1)
    again = [sees(animal.at_s + 60, "ear-tags", animal.tag), sees(animal.at_s + 3600, "ear-tags", animal.tag)]
    outputs = Plant().feed([*day([animal]), *again])
    assert notices(outputs) == [("tag_reused", f"cn-eartag:{animal.tag}", True)]


def test_a_lot_that_had_passed_and_comes_again_is_mixed() -> None:
    """Two lots at the lairage; on the line one of the first comes behind the second."""
    one, two, three = flock(3)
    told = [
        sees(100, "bench-scanner", "A", "text"),
        *(sees(101, "lairage-tags", one.tag), sees(102, "lairage-tags", three.tag)),
        sees(200, "bench-scanner", "B", "text"),
        sees(201, "lairage-tags", two.tag),
    ]
    outputs = Plant().feed([*told, *(each for animal in (one, two, three) for each in animal.on_the_line())])
    assert notices(outputs) == [("mixed_lot", f"cn-eartag:{three.tag}", True)]


def test_an_animal_that_no_lairage_saw_has_a_doubt() -> None:
    [animal] = flock(1)
    [body] = newest(Plant().feed(animal.on_the_line())).values()
    assert body["extended"]["doubts"] == ["no_lot"]


def test_the_serial_begins_anew_with_the_plants_own_day() -> None:
    midnight_s = 16 * 3600
    animals = flock(4, since_s=midnight_s - 30)
    found = carcasses(Plant().feed(day(animals)))
    assert [found[f"cn-eartag:{each.tag}"]["basic"]["carcass"][8:] for each in animals] == [
        "26112200001",
        "26112200002",
        "26112200003",
        "26112300001",
    ]


def troubled_day() -> list[Told]:
    animals = flock(25)
    animals[3].unread = animals[9].hook_missed = True
    verdicts = [
        says(4000 + place, "verdict", subject=f"epc-uhf:{hook(place)}", stage="post_mortem", result="passed")
        for place in range(1, 6)
    ]
    air = [reads(3600 + minute * 60, "chiller-1-air", 2.0 + minute % 9) for minute in range(60)]
    out = [hangs(5000 + place, "hook-out", animal.hook) for place, animal in enumerate(animals)]
    twice = [sees(4100, "lairage-tags", animals[0].tag), sees(3500, "bench-scanner", "B", "text")]
    return [*day(animals), *verdicts, *air, *out, *twice]


DAY = troubled_day()
WHOLE = Plant().feed(DAY)


@settings(max_examples=12, deadline=None)
@given(killed=st.lists(st.integers(0, len(DAY) - 1), min_size=1, max_size=8))
def test_killed_at_any_moment_the_records_are_the_same(killed: list[int]) -> None:
    assert Plant().feed(DAY, killed) == WHOLE


def test_old_carcasses_are_forgotten_with_their_hooks_and_animals() -> None:
    plant = Plant()
    for days in range(14):
        plant.feed(day(flock(5, since_s=3600 + days * 86_400, first=1 + days * 5)))
        plant.feed(
            hangs(3600 + days * 86_400 + 7200 + number, "hook-out", days * 5 + number)
            for number in range(1, 6)
        )
    rows = {row.key for row in plant.recorders[1].memory.changed("x") if row.body is not None}
    assert 5 * 4 <= sum(key.startswith("carcasses/") for key in rows) <= 5 * 6
    assert sum(key.startswith(("hooks/", "animals/")) for key in rows) <= 2 * 5 * 6


def test_an_observation_costs_little_with_two_hundred_carcasses_hanging() -> None:
    plant = Plant()
    plant.feed(day(flock(200)))
    recorder = plant.recorders[1]
    told = [reads(9000 + second, "chiller-1-air", 2.0) for second in range(5000)]
    told += [reads(9000 + second, "rail-scale", 20.0, "mass") for second in range(5000)]
    began = time.process_time()
    for each in told:
        assert each.item is not None
        list(recorder.observe(each.device, each.item))
    assert (time.process_time() - began) / len(told) < 60e-6, "30 µs, and as much again for a busy machine"


def test_the_line_hears_its_own_devices_only() -> None:
    assert Plant().recorders[1].hears == {
        *("ear-tags", "hook-bind", "hook-scale", "hook-core", "hook-out"),
        *("rail-scale", "core-probe", "chiller-1-air", "chiller-1-core"),
    }
    assert re.fullmatch(SHEEP.hooks or "", hook(1))
