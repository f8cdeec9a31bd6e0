"""What a person puts right is a further revision, and stays right in those behind it."""

from __future__ import annotations

import pytest

from edge.facts import read_fact
from edge.instant import rfc3339
from edge.journal.trail import Newest
from edge.messages import LANGS, text
from edge.recorders.contract import Derived, Fact, Unfit
from edge.recorders.corrections import REMEMBERED, Corrections
from edge.recorders.dispatch import Dispatch
from tests.edge.recorders.abattoir import Plant
from tests.edge.recorders.cold_store import ISSUER, PALLETS, at
from tests.edge.recorders.test_arrival import animals, scans
from tests.edge.recorders.test_dispatch import DOCK, docks, scan, sold


def first_of(recorder: Dispatch) -> Derived:
    [derived] = recorder.observe("dock-scanner", scan(0, "sscc", PALLETS[0]).item)
    assert isinstance(derived, Derived)
    return derived


def correct(record: str, path: str, value: object, reason: str = "写错了") -> Fact:
    said = {"record": record, "field": path, "value": value}
    return read_fact("correct", said, by="李质检", entered=at(600), reason=reason)


def corrections(derived: Derived) -> Corrections:
    newest = Newest(derived.record.body(), ("sscc:1", "place:dock"), derived.links)
    return Corrections({derived.record.id: newest})


def entered(recorder: Corrections, fact: Fact) -> Derived:
    [derived] = recorder.enter(fact)
    assert isinstance(derived, Derived)
    return recorder.amended(derived)


@pytest.mark.parametrize("value", ["38", 38, 38.0])
def test_a_correction_is_a_whole_revision_with_its_reason_and_who(value: object) -> None:
    before = first_of(docks())
    after = entered(corrections(before), correct(before.record.id, "basic.quantity.count", value))
    body = after.record.body()
    assert (body["revision"], body["reason"], body["basic"]["quantity"]["count"]) == (2, "写错了", 38)
    assert body["source"]["basic.quantity.count"] == {
        "kind": "person",
        "name": "李质检",
        "at": rfc3339(at(600)),
    }
    same = {"revision", "reason", "basic", "source"}
    assert {k: v for k, v in body.items() if k not in same} == {
        k: v for k, v in before.record.body().items() if k not in same
    }
    assert (after.links, after.nodes) == (before.links, ("sscc:1", "place:dock"))


def test_what_the_recorder_derives_later_keeps_the_correction_and_counts_on() -> None:
    recorder = docks()
    before = first_of(recorder)
    corrected = corrections(before)
    entered(corrected, correct(before.record.id, "extended.location", "2号月台"))
    rows = list(corrected.memory.changed(corrected.name))

    restarted = Corrections({})
    restarted.memory.load(rows)
    [later] = recorder.enter(sold(700, count=40))
    assert isinstance(later, Derived)
    body = restarted.amended(later).record.body()
    assert (later.record.revision, body["revision"], body["reason"]) == (2, 3, "写错了")
    assert (body["extended"]["location"], body["basic"]["quantity"]["count"]) == ("2号月台", 40)
    assert body["source"]["extended.location"]["name"] == "李质检"


def test_a_second_correction_stands_beside_the_first() -> None:
    before = first_of(docks())
    once = corrections(before)
    first = entered(once, correct(before.record.id, "extended.location", "2号月台"))
    twice = Corrections({before.record.id: Newest(first.record.body())})
    twice.memory.load(once.memory.changed(once.name))
    body = entered(twice, correct(before.record.id, "basic.receiver", "超市", "买方改了")).record.body()
    assert (body["revision"], body["reason"]) == (3, "买方改了")
    assert (body["extended"]["location"], body["basic"]["receiver"]) == ("2号月台", "超市")


def test_a_value_can_be_taken_back() -> None:
    recorder = Dispatch([DOCK], {}, ISSUER)
    [said] = recorder.enter(sold(0, meat_certificate="RP-1"))
    assert isinstance(said, Derived)
    fact = read_fact(
        "correct",
        {"record": said.record.id, "field": "extended.meat_certificate", "value": None},
        by="李质检",
        entered=at(60),
        reason="无此证",
    )
    assert "meat_certificate" not in entered(corrections(said), fact).record.body()["extended"]


REFUSED: list[tuple[str, object, str]] = [
    ("basic.colour", "red", "no_field"),
    ("basic", "red", "no_field"),
    ("basic.conditions.temperature", 3.0, "no_field"),
    ("basic.quantity.0", 3, "no_field"),
    ("revision", 7, "no_field"),
    ("climate.temperature.max", 3.0, "no_field"),
    ("basic.quantity.count", -1, "wrong_value"),
    ("basic.quantity.count", "many", "wrong_value"),
    ("basic.dispatched_at", None, "wrong_value"),
    ("extended.location", DOCK.title, "nothing_to_correct"),
]


@pytest.mark.parametrize(("path", "value", "key"), REFUSED)
def test_what_cannot_be_put_right_is_refused_with_what_could(path: str, value: object, key: str) -> None:
    before = first_of(docks())
    refused(corrections(before), correct(before.record.id, path, value), key)


def test_unknown_records_and_those_of_the_gateway_are_refused() -> None:
    refused(Corrections({}), correct("4711", "basic.x", 1), "no_record")
    alarm = Newest({"id": "4711", "kind": "alarm"})
    refused(Corrections({"4711": alarm}), correct("4711", "basic.x", 1), "not_corrected")


def refused(recorder: Corrections, fact: Fact, key: str) -> None:
    with pytest.raises(Unfit) as unfit:
        recorder.enter(fact)
    assert unfit.value.key == key
    assert not list(recorder.memory.changed(recorder.name))
    assert all(text(lang, f"facts.{key}", **unfit.value.values) for lang in LANGS)


def test_it_is_remembered_for_more_than_a_year_and_not_for_ever() -> None:
    before = first_of(docks())
    recorder = corrections(before)
    entered(recorder, correct(before.record.id, "extended.location", "2号月台"))
    recorder.tick(at(600))
    assert len(list(recorder.memory.changed("x"))) == 1
    recorder.tick(type(at(0))(at(601) + REMEMBERED))
    assert recorder.amended(before) is before


def nodes(derived: Derived) -> set[str]:
    """All that the trail will lead through."""
    ends = {end for link in derived.links for end in (link.source, link.target)}
    subjects = {f"{each['scheme']}:{each['value']}" for each in derived.record.body()["subjects"]}
    said = {end for link in derived.record.body()["links"] for end in (link["source"], link["target"])}
    assert said == ends
    return ends | subjects


def test_a_receiver_that_is_put_right_is_where_the_goods_went() -> None:
    recorder = docks()
    [said] = recorder.enter(sold(0, receiver="兰州 批发"))
    assert isinstance(said, Derived)
    corrected = corrections(said)
    after = entered(corrected, correct(said.record.id, "basic.receiver", "西宁 超市"))
    [later] = recorder.enter(sold(700, receiver="兰州 批发", count=40))
    assert isinstance(later, Derived)
    for derived in (after, corrected.amended(later)):
        assert "receiver:西宁_超市" in nodes(derived)
        assert "receiver:兰州_批发" not in nodes(derived)


def test_a_receiver_that_was_not_known_is_led_to_and_one_that_is_struck_out_is_not() -> None:
    before = first_of(docks())
    named = entered(corrections(before), correct(before.record.id, "basic.receiver", "西宁"))
    assert [(link.source, link.relation, link.target) for link in set(named.links) - set(before.links)] == [
        (f"sscc:{PALLETS[0]}", "dispatched", "receiver:西宁")
    ]
    struck = entered(corrections(named), correct(before.record.id, "basic.receiver", None))
    assert "receiver:西宁" not in nodes(struck)


def test_the_certificate_and_the_lot_of_an_arrival_lead_along() -> None:
    came = Plant().feed([scans(0, "6200000001"), *animals(10, [1])])
    [animal] = (each for each in came if isinstance(each, Derived))
    certified = entered(corrections(animal), correct(animal.record.id, "basic.certificate", "6200000009"))
    assert "certificate:6200000009" in nodes(certified)
    assert not {node for node in nodes(certified) if node.endswith("6200000001")}
    [lot] = (each["value"] for each in animal.record.body()["subjects"] if each["scheme"] == "lot")
    moved = entered(corrections(certified), correct(animal.record.id, "extended.lot", "261122-077"))
    assert "lot:261122-077" in nodes(moved)
    assert f"lot:{lot}" not in nodes(moved)
