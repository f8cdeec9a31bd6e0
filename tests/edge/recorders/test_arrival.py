"""Animals at the lairage: lots, certificates, counts, and tags that should not be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.instant import rfc3339
from edge.recorders.contract import Derived, Output, Unfit
from tests.edge.recorders.abattoir import Past, Plant, Told, at, bodies, newest, notices, says, sees, tag

GATE = "lairage-tags"


def scans(seconds: float, number: str) -> Told:
    return sees(seconds, "bench-scanner", number, "text")


def enters(seconds: float, number: str, **values: Any) -> Told:
    return says(seconds, "certificate", number=number, place="lairage", **values)


def animals(since: float, numbers: Sequence[int]) -> list[Told]:
    return [sees(since + place, GATE, tag(number)) for place, number in enumerate(numbers)]


def by_tag(outputs: Sequence[Output]) -> dict[str, dict[str, Any]]:
    """The newest arrival of each animal, by its tag."""
    found = newest(outputs, "arrival").values()
    return {body["basic"]["animal"]: body for body in found if "animal" in body["basic"]}


def lots(outputs: Sequence[Output]) -> list[tuple[str, str | None, int]]:
    """Lot, certificate and count of each lot that is complete."""
    found = [body for body in newest(outputs, "arrival").values() if "animal" not in body["basic"]]
    return [
        (body["extended"]["lot"], body["basic"].get("certificate"), body["extended"]["animals"])
        for body in found
    ]


def test_an_animals_record_says_where_it_is_from_and_under_which_certificate_it_came() -> None:
    outputs = Plant().feed([scans(0, "6201234567"), *animals(10, [7])])
    [body] = by_tag(outputs).values()
    assert body["basic"] == {
        "arrived_at": rfc3339(at(10)),
        "animal": f"cn-eartag:{tag(7)}",
        "certificate": "6201234567",
    }
    assert body["extended"]["county_name"] == "甘肃省临夏回族自治州东乡族自治县"
    assert (body["extended"]["species"], body["extended"]["lot"]) == ("sheep", "261122-001")
    assert (body["place"], body["operator"], body["revision"]) == ("lairage", "伊东羊业", 1)
    assert [(each["scheme"], each["role"]) for each in body["subjects"]] == [
        ("cn-eartag", "animal"),
        ("lot", "lot"),
        ("certificate", "certificate"),
    ]
    assert body["source"]["basic.certificate"] == {"kind": "sensor", "device": "bench-scanner"}
    [derived] = (each for each in outputs if isinstance(each, Derived))
    assert [(each.source, each.relation, each.target) for each in derived.links] == [
        (f"cn-eartag:{tag(7)}", "of", "lot:261122-001"),
        ("certificate:6201234567", "covers", "lot:261122-001"),
    ]


def test_another_certificate_begins_another_lot_and_the_counts_are_held_against_them() -> None:
    told = [
        *(enters(0, "A", animals=3), *animals(10, [1, 2, 3])),
        *(enters(100, "B", animals=5), *animals(110, [11, 12, 13, 14])),
        Told(at(8000)),
    ]
    outputs = Plant().feed(told)
    assert lots(outputs) == [("261122-001", "A", 3), ("261122-002", "B", 4)]
    assert notices(outputs) == [("miscount", "lot:261122-002", True)]


def test_the_rest_of_a_lorry_comes_later_under_the_same_certificate() -> None:
    told = [
        *(enters(0, "A", animals=4), *animals(10, [1, 2]), enters(100, "B", animals=1), *animals(110, [9])),
        *(scans(200, "A"), *animals(210, [3, 4]), Told(at(8000))),
    ]
    outputs = Plant().feed(told)
    assert lots(outputs) == [("261122-001", "A", 4), ("261122-002", "B", 1)]
    assert notices(outputs) == [("miscount", "lot:261122-001", True), ("miscount", "lot:261122-001", False)]


def test_a_lot_is_complete_when_for_long_nothing_came_whether_anybody_looked_or_not() -> None:
    told = [scans(0, "A"), *animals(10, [1, 2]), *animals(9000, [3])]
    outputs = Plant().feed(told)
    assert lots(outputs) == [("261122-001", "A", 2)]
    assert by_tag(outputs)[f"cn-eartag:{tag(3)}"]["extended"]["lot"] == "261122-002"
    assert notices(outputs) == [("no_certificate", "lot:261122-002", True)]


def test_a_certificate_that_comes_behind_its_animals_is_taken_and_told_of_all_of_them() -> None:
    told = [*animals(0, [1, 2]), enters(60, "A", origin="622926"), *animals(70, [3])]
    outputs = Plant().feed(told)
    assert Plant().feed(told, killed_at=[2]) == outputs
    assert {body["basic"]["certificate"] for body in by_tag(outputs).values()} == {"A"}
    assert [body["revision"] for body in by_tag(outputs).values()] == [2, 2, 1]
    assert notices(outputs) == [
        ("no_certificate", "lot:261122-001", True),
        ("no_certificate", "lot:261122-001", False),
    ]


def test_a_tag_seen_again_within_its_lot_is_nothing_new() -> None:
    assert len(bodies(Plant().feed([scans(0, "A"), *animals(10, [1, 1, 1])]), "arrival")) == 1


def test_a_tag_in_two_lots_is_told_once_with_both() -> None:
    told = [scans(0, "A"), *animals(10, [1, 2]), scans(100, "B"), *animals(110, [3, 2, 2])]
    outputs = Plant().feed(told)
    assert notices(outputs) == [("mixed_lot", f"cn-eartag:{tag(2)}", True)]
    body = by_tag(outputs)[f"cn-eartag:{tag(2)}"]
    assert (body["extended"]["lot"], body["extended"]["doubts"]) == ("261122-001", ["mixed"])


def test_a_tag_of_an_animal_that_was_slaughtered_is_told() -> None:
    outputs = Plant(past=Past({f"cn-eartag:{tag(5)}"})).feed([scans(0, "A"), *animals(10, [5])])
    assert notices(outputs) == [("tag_reused", f"cn-eartag:{tag(5)}", True)]
    assert by_tag(outputs)[f"cn-eartag:{tag(5)}"]["extended"]["doubts"] == ["slaughtered"]


@pytest.mark.parametrize(
    ("number", "origin", "doubts"),
    [
        (tag(1), "622926", []),
        ("9" + tag(1)[1:], "622926", ["species"]),
        (tag(1, county="629999"), "629999", ["county"]),
        (tag(1), "622921", ["origin"]),
        ("36229260000", "622926", ["form"]),
    ],
)
def test_what_a_tags_number_makes_one_doubt(number: str, origin: str, doubts: list[str]) -> None:
    outputs = Plant().feed([enters(0, "A", origin=origin), sees(10, GATE, number)])
    [body] = by_tag(outputs).values()
    assert body["extended"]["doubts"] == doubts


def test_a_replaced_tag_is_the_same_animal() -> None:
    old, new = f"cn-eartag:{tag(1)}", f"cn-eartag:{tag(100)}"
    plant = Plant()
    outputs = plant.feed(
        [scans(0, "A"), *animals(10, [1]), says(50, "tag-replaced", old=old, new=new), *animals(60, [100, 1])]
    )
    [before, after] = bodies(outputs, "arrival")
    assert (after["id"], after["revision"]) == (before["id"], 2)
    assert (after["basic"]["animal"], after["extended"]["former_animal"]) == (new, old)
    with pytest.raises(Unfit):
        plant.feed([says(70, "tag-replaced", old=f"cn-eartag:{tag(2)}", new=new)])


def test_a_tag_that_was_replaced_on_the_farm_is_known_when_the_animal_comes() -> None:
    old, new = f"cn-eartag:{tag(1)}", f"cn-eartag:{tag(100)}"
    outputs = Plant().feed([says(0, "tag-replaced", old=old, new=new), scans(1, "A"), *animals(10, [100])])
    assert by_tag(outputs)[new]["extended"]["former_animal"] == old


def test_a_verdict_and_a_disposal_stand_with_the_animal_that_never_reached_the_line() -> None:
    subject = f"cn-eartag:{tag(1)}"
    told = [
        says(60, "verdict", subject=subject, stage="ante_mortem", result="condemned", finding="跛行"),
        says(90, "disposal", subject=subject, method="焚烧", mass_kg=31),
    ]
    [body] = by_tag(Plant().feed([scans(0, "A"), *animals(10, [1]), *told])).values()
    assert body["basic"]["ante_mortem"]["result"] == "condemned"
    assert body["extended"]["disposal"]["method"] == "焚烧"
    assert body["source"]["extended.disposal"]["name"] == "马兽医"


def test_a_verdict_on_a_lot_is_that_of_its_animals() -> None:
    verdict = says(60, "verdict", subject="lot:261122-001", stage="ante_mortem", result="passed")
    outputs = Plant().feed([scans(0, "A"), *animals(10, [1, 2]), verdict, *animals(70, [3])])
    assert [body["basic"]["ante_mortem"]["by"] for body in by_tag(outputs).values()] == ["马兽医"] * 3


def test_a_certificate_for_a_lairage_that_is_none_is_refused() -> None:
    with pytest.raises(Unfit):
        Plant().feed([says(0, "certificate", number="A", place="chiller-1")])


def test_lots_are_forgotten_with_their_animals() -> None:
    plant = Plant()
    for day in range(30):
        plant.feed([scans(day * 86_400, f"A{day}"), *animals(day * 86_400 + 10, range(day * 5, day * 5 + 5))])
    rows = [row.key for row in plant.recorders[0].memory.changed("x") if row.body is not None]
    assert 15 <= sum(key.startswith("lots/") for key in rows) <= 16
    assert 75 <= sum(key.startswith("animals/") for key in rows) <= 80


TOLD = st.one_of(
    st.integers(1, 12).map(lambda number: ("animal", number)),
    st.sampled_from("ABC").map(lambda number: ("scan", number)),
    st.tuples(st.just("enter"), st.sampled_from("AB")),
    st.tuples(st.just("replace"), st.integers(1, 6)),
    st.tuples(st.just("wait"), st.sampled_from([60, 4000, 9000])),
)


@settings(max_examples=60, deadline=None)
@given(course=st.lists(TOLD, max_size=40), killed=st.lists(st.integers(0, 40), max_size=4))
def test_whatever_happens_each_animal_is_told_once_and_a_kill_changes_nothing(
    course: list[tuple[str, Any]], killed: list[int]
) -> None:
    told, now, seen = [], 0.0, set()
    for kind, value in course:
        now += 10
        match kind:
            case "animal":
                told.append(sees(now, GATE, tag(value)))
                seen.add(value)
            case "scan":
                told.append(scans(now, value))
            case "enter":
                told.append(enters(now, value, animals=3))
            case "replace" if not seen & {value + 20}:
                told.append(
                    says(
                        now, "tag-replaced", old=f"cn-eartag:{tag(value)}", new=f"cn-eartag:{tag(value + 20)}"
                    )
                )
                seen.add(value + 20)
            case "wait":
                now += value
                told.append(Told(at(now)))
    whole = Plant().feed(told)
    assert Plant().feed(told, killed) == whole
    firsts = [
        body for body in bodies(whole, "arrival") if body["revision"] == 1 and "animal" in body["basic"]
    ]
    arrived = {value for kind, value in course if kind == "animal"}
    assert len(firsts) == len(arrived)
