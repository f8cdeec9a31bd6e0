"""Goods leave by scan or by word; what is said later completes the record."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Code, Quality, Reading, Sighting
from edge.instant import rfc3339
from edge.recorders.contract import Fact
from edge.recorders.dispatch import Dispatch, Dock
from tests.edge.recorders.cold_store import ISSUER, PALLETS, Event, Said, Second, at
from tests.edge.recorders.player import play

DOCK = Dock("dock", "dock", "装卸月台", "dock-scanner", {"temperature": ("dock-climate",)})
BUYER, BUYER_GLN = "兰州肉联批发市场", "6901234000047"
NODE = f"sscc:{PALLETS[0]}"


def docks() -> Dispatch:
    return Dispatch([DOCK], {BUYER_GLN: BUYER}, ISSUER)


def scan(second: float, scheme: str, value: str) -> Said:
    return Said("dock-scanner", Sighting(at(second), Code(scheme, value)))


def warmth(second: float, value: float | None) -> Said:
    quality = Quality.GOOD if value is not None else Quality.MISSING
    return Said("dock-climate", Reading(at(second), "temperature", value, quality))


def sold(second: float, **values: Any) -> Fact:
    said = {"subject": NODE, "receiver": BUYER, **values}
    return Fact(at(second), at(second), "dispatch", said, "李发货")


def test_a_scan_at_the_dock_has_the_receiver_scanned_before_and_what_the_dock_was_at() -> None:
    [record] = play(
        docks,
        [
            warmth(0, 3.5),
            warmth(10, None),
            scan(20, "gs1", f"(400)PO-7(410){BUYER_GLN}"),
            scan(30, "sscc", PALLETS[0]),
            scan(40, "sscc", PALLETS[0]),
            scan(50, "text", "nothing we know"),
        ],
    )
    assert record["basic"] == {
        "receiver": BUYER,
        "dispatched_at": rfc3339(at(30)),
        "quantity": {"count": 1},
        "conditions": {"temperature": 3.5, "at": rfc3339(at(0))},
    }
    assert (record["place"], record["extended"]["location"]) == ("dock", "装卸月台")
    assert [(each["relation"], each["target"]) for each in record["links"]] == [
        ("left", "place:dock"),
        ("dispatched", f"receiver:{BUYER}"),
    ]
    assert record["source"]["basic.conditions.temperature"]["device"] == "dock-climate"
    assert record["source"]["basic.receiver"] == {"kind": "sensor", "device": "dock-scanner"}


def test_a_receiver_of_long_ago_and_an_old_reading_are_none() -> None:
    [record] = play(docks, [warmth(0, 3.5), scan(1, "gln", BUYER_GLN), scan(1802, "sscc", PALLETS[0])])
    assert not {"receiver", "conditions"} & record["basic"].keys()


def test_an_unknown_buyer_is_told_by_its_number() -> None:
    [record] = play(docks, [scan(0, "gln", "6901234999993"), scan(1, "sscc", PALLETS[0])])
    assert record["basic"]["receiver"] == "gln:6901234999993"
    assert record["links"][1]["target"] == "gln:6901234999993"


def test_what_is_said_of_scanned_goods_is_a_further_revision() -> None:
    first, second = play(
        docks,
        [scan(0, "sscc", PALLETS[0]), sold(600, count=40, mass_kg=812.5, meat_certificate="RP-26-118")],
    )
    assert (second["id"], first["revision"], second["revision"]) == (first["id"], 1, 2)
    assert second["basic"]["dispatched_at"] == first["basic"]["dispatched_at"]
    assert second["basic"]["quantity"] == {"count": 40, "mass_kg": 812.5}
    assert second["extended"]["meat_certificate"] == "RP-26-118"
    assert second["source"]["basic.dispatched_at"]["kind"] == "sensor"
    assert second["source"]["basic.receiver"] == {"kind": "person", "name": "李发货", "at": rfc3339(at(600))}


def test_two_buyers_of_one_lot_are_two_records() -> None:
    lot = "lot:A-1"
    one, other, again = play(
        docks,
        [
            sold(0, subject=lot, count=10),
            sold(60, subject=lot, receiver="东乡 超市", count=5, certification="绿色食品 LB-1"),
            sold(90, subject=lot, receiver="东乡 超市", count=6),
        ],
    )
    assert len({one["id"], other["id"]}) == 2
    assert (again["id"], again["revision"]) == (other["id"], 2)
    assert again["basic"]["quantity"]["count"] == 6
    assert again["extended"]["certification"] == "绿色食品 LB-1"
    assert other["links"][0]["target"] == "receiver:东乡_超市"
    assert "place" not in one


EVENTS: list[Event] = [
    warmth(0, 3.5),
    scan(10, "gln", BUYER_GLN),
    scan(20, "sscc", PALLETS[0]),
    scan(30, "sscc", PALLETS[1]),
    sold(60, count=40),
    scan(70, "sscc", PALLETS[0]),
    Second(at(90_000)),
    scan(90_001, "sscc", PALLETS[0]),
]


@given(st.sets(st.integers(1, len(EVENTS) - 1)))
def test_cut_at_any_moment_it_derives_the_same_records(cuts: set[int]) -> None:
    whole = play(docks, EVENTS)
    assert len(whole) == 4
    assert play(docks, EVENTS, cuts) == whole
