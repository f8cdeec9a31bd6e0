"""A trace tells what happened in the plant, no less and no more; it ends, whatever the links are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Instant
from edge import trace
from edge.instant import rfc3339
from edge.journal.database import open_reader
from edge.journal.presence import FOREVER, Stay
from edge.journal.trail import Index, Link
from edge.trace import meetings
from edge.trace import walk as walking
from edge.trace.climate import Climates
from tests.edge.journal.journal_rig import START, Box
from tests.edge.trace.conftest import PLANT
from tests.plant import BEGIN, DAY, HOUR, write

CARCASS = PLANT.carcass(2, 17)
TAG = PLANT.tag(2, 17)
LOT = PLANT.lot_of(17)


def spelt(seconds: int) -> str:
    return rfc3339(Instant(seconds * NANOSECONDS))


def at(hours: float) -> Instant:
    return Instant(START + round(hours * HOUR) * NANOSECONDS)


def links_of(steps: Sequence[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(step["source"], step["relation"], step["target"]) for step in steps}


@pytest.mark.parametrize(
    "typed", [TAG, TAG.partition(":")[2], f" {TAG} ", CARCASS, CARCASS.partition(":")[2]]
)
def test_a_code_is_found_as_it_is_typed(plant: sqlite3.Connection, typed: str) -> None:
    assert trace.among(plant, typed) == [CARCASS if "carcass" in typed or len(typed) == 9 else TAG]


def test_what_nobody_saw_is_not_known(plant: sqlite3.Connection) -> None:
    for code in ("362292699999999", "lot:none", "", "cn-eartag", "place"):
        with pytest.raises(trace.NothingKnown):
            trace.among(plant, code)


def test_a_tag_leads_to_its_certificate_and_to_the_market(plant: sqlite3.Connection) -> None:
    facts = trace.trace(plant, TAG)
    lot, trip = PLANT.lot(2, LOT), PLANT.trip(2, LOT)
    assert links_of(facts["back"]) == {(TAG, "of", lot), (PLANT.certificate(2, LOT), "covers", lot)}
    assert links_of(facts["forward"]) == {
        (TAG, "became", CARCASS),
        *((CARCASS, move, f"place:{PLANT.chiller(17)}") for move in ("entered", "left")),
        *((CARCASS, move, "place:cold-1") for move in ("entered", "left")),
        (CARCASS, "loaded", trip),
        (trip, "delivered", f"receiver:market-{LOT}"),
    }
    assert facts["complete"]
    [animal] = facts["animals"]
    assert animal["code"] == TAG
    assert animal["species"] == "sheep"
    assert animal["county"]["name"].startswith("甘肃省临夏回族自治州")
    assert {record["kind"] for record in facts["records"]} == {"arrival", "slaughter"}


def test_the_whole_way_is_told_from_wherever_one_asks(plant: sqlite3.Connection) -> None:
    stays = trace.trace(plant, TAG)["stays"]
    assert trace.trace(plant, CARCASS)["stays"] == stays
    assert [stay["where"] for stay in stays] == [
        "place:lairage",
        f"place:{PLANT.chiller(17)}",
        "place:cold-1",
        PLANT.trip(2, LOT),
    ]
    assert stays[0]["to"] == spelt(PLANT.slaughtered(2, 17)), "who became a carcass is in the lairage no more"
    assert stays[3]["vehicle"] == "vehicle:truck"
    assert stays[3]["climate"]["temperature"]["max"] == 3.5 + LOT


def test_the_climate_of_a_leg_is_that_of_its_hours(plant: sqlite3.Connection) -> None:
    """In the plant's rooms the hour of the day is the temperature, and its sealed points are five minutes."""
    cold = next(stay for stay in trace.trace(plant, CARCASS)["stays"] if stay["where"] == "place:cold-1")
    assert (cold["from"], cold["to"]) == (
        spelt(BEGIN + 3 * DAY + 8 * HOUR + 60),
        spelt(BEGIN + 3 * DAY + 12 * HOUR),
    )
    climate = cold["climate"]["temperature"]
    assert (climate["min"], climate["max"], climate["limit"]) == (8.5, 12.5, 24.0)
    assert climate["count"] == 11 * 30 + 3 * 360
    assert climate["mean"] == pytest.approx((330 * 9 + 360 * (10 + 11 + 12)) / 1410, abs=1e-3)


def test_a_lot_leads_to_all_its_animals_and_no_other(plant: sqlite3.Connection) -> None:
    facts = trace.trace(plant, PLANT.lot(2, LOT))
    numbers = [number for number in range(PLANT.per_day) if PLANT.lot_of(number) == LOT]
    assert {animal["code"] for animal in facts["animals"]} == {PLANT.tag(2, n) for n in numbers}
    assert links_of(facts["back"]) == {(PLANT.certificate(2, LOT), "covers", PLANT.lot(2, LOT))}
    receivers = {step["target"] for step in facts["forward"] if step["relation"] == "delivered"}
    assert receivers == {f"receiver:market-{LOT}"}


def test_a_trip_leads_back_to_all_that_was_on_it(plant: sqlite3.Connection) -> None:
    facts = trace.trace(plant, PLANT.trip(2, LOT))
    numbers = [number for number in range(PLANT.per_day) if PLANT.lot_of(number) == LOT]
    assert {animal["code"] for animal in facts["animals"]} == {PLANT.tag(2, n) for n in numbers}


def test_neighbours_on_the_line(plant: sqlite3.Connection) -> None:
    around = trace.trace(plant, TAG, around=2)["around"]
    assert around["before"][0]["codes"] == [PLANT.carcass(2, 15), PLANT.tag(2, 15)]
    before = [position["codes"][0] for position in around["before"]]
    after = [position["codes"][0] for position in around["after"]]
    assert before == [PLANT.carcass(2, 15), PLANT.carcass(2, 16)]
    assert after == [PLANT.carcass(2, 18), PLANT.carcass(2, 19)]
    first = trace.trace(plant, PLANT.carcass(0, 0), around=2)["around"]
    assert (first["before"], len(first["after"])) == ([], 2)


def test_a_room_and_a_hook_are_shown_and_not_walked_through(plant: sqlite3.Connection) -> None:
    facts = trace.trace(plant, "epc-uhf:E2001" + f"{17:019}")
    assert facts["forward"] == facts["back"] == []
    assert len(facts["records"]) == PLANT.days


def test_what_met_a_lot(plant: sqlite3.Connection) -> None:
    """A lot spends its morning with the day's others, its night and its day with those of both days."""
    met = trace.of_lot(plant, PLANT.lot(2, LOT))
    assert met.complete
    own = {n for n in range(PLANT.per_day) if PLANT.lot_of(n) == LOT}
    lairage = {stay.what for stay in met.met if stay.where == "place:lairage"}
    last = max(PLANT.slaughtered(2, n) for n in own)
    assert lairage == {PLANT.tag(2, n) for n in range(PLANT.per_day) if n not in own}
    cold = {stay.what for stay in met.met if stay.where == "place:cold-1"}
    assert cold == {PLANT.carcass(2, n) for n in range(PLANT.per_day) if n not in own}
    chilled = {stay.what for stay in met.met if stay.where.startswith("place:chiller")}
    assert chilled == cold, "yesterday's left at 8, today's own first came in at 8:10"
    assert not [stay for stay in met.met if stay.where.startswith("trip:")]
    assert met.animals[PLANT.carcass(2, 0)] == [PLANT.tag(2, 0)]
    assert last > BEGIN


def test_what_met_a_lot_in_some_hours(plant: sqlite3.Connection) -> None:
    """In the night before it was moved it was in the chillers, and nowhere else."""
    since, until = (Instant((BEGIN + 3 * DAY + hour * HOUR) * NANOSECONDS) for hour in (2, 5))
    met = trace.of_lot(plant, PLANT.lot(2, LOT), since, until)
    assert {stay.where for stay in met.stays} == {f"place:chiller-{number}" for number in (1, 2, 3)}
    assert {stay.what for stay in met.met} == {
        PLANT.carcass(2, n) for n in range(PLANT.per_day) if PLANT.lot_of(n) != LOT
    }
    before = Instant((BEGIN + DAY) * NANOSECONDS)
    assert trace.of_lot(plant, PLANT.lot(2, LOT), Instant(0), before).met == []


def test_what_met_a_county_between_two_days(plant: sqlite3.Connection) -> None:
    since, until = (Instant((BEGIN + day * DAY) * NANOSECONDS) for day in (2, 3))
    met = trace.of_county(plant, "622927", since, until)
    theirs = {PLANT.tag(2, n) for n in range(PLANT.per_day) if PLANT.lot_of(n) % 2 == 1}
    assert set(met.seeds) == theirs
    assert not {stay.what for stay in met.met} & theirs
    others = {PLANT.tag(2, n) for n in range(PLANT.per_day)} - theirs
    assert {stay.what for stay in met.met if stay.where == "place:lairage"} == others
    assert trace.of_county(plant, "110101", since, until).met == []


async def journalled(box: Box, *told: Index, said: dict[str, Any] | None = None) -> None:
    async with box.journal() as journal:
        for index in told:
            body = {"id": index.id, "revision": index.revision, **(said or {})}
            kind = "storage" if index.place else "slaughter"
            journal.record(kind, box.at, orjson.dumps(body), index)
        await journal.flush()


async def test_a_cycle_ends(box: Box) -> None:
    ring = [f"lot:{number}" for number in range(4)]
    links = [
        Link(a, relation, b, START)
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)
        for relation in ("became", "of")
    ]
    await journalled(box, Index("r", 1, START, START, links=tuple(links)))
    with closing(open_reader(box.path)) as reader:
        facts = trace.trace(reader, "lot:0")
    assert facts["complete"]
    assert len(links_of(facts["back"])) == len(links_of(facts["forward"])) == 8


async def test_a_hook_that_carried_the_next_leads_to_no_other_carcass(box: Box) -> None:
    links = [Link("carcass:1", "hung", "epc-uhf:H", START), Link("epc-uhf:H", "carried", "carcass:2", START)]
    await journalled(box, Index("r", 1, START, START, links=tuple(links)))
    with closing(open_reader(box.path)) as reader:
        assert links_of(trace.trace(reader, "carcass:1")["forward"]) == {links[0][:3]}
        assert links_of(trace.trace(reader, "carcass:2")["back"]) == {links[1][:3]}
        assert links_of(trace.trace(reader, "epc-uhf:H")["forward"]) == {links[1][:3]}


async def test_a_bound_that_was_met_is_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = [Link(f"lot:{n}", "became", f"lot:{n + 1}", START) for n in range(40)]
    wide = [Link("lot:wide", "became", f"carcass:{n}", START) for n in range(40)]
    await journalled(box, Index("r", 1, START, START, links=(*chain, *wide)))
    with closing(open_reader(box.path)) as reader:
        deep = trace.trace(reader, "lot:0")
        assert (deep["complete"], len(deep["forward"])) == (False, walking.MOST_DEPTH + 1)
        assert trace.trace(reader, "lot:wide")["complete"]
        for bound, most in (("MOST_NODES", 30), ("LINKS_OF_ONE", 0.01)):
            with monkeypatch.context() as tight:
                tight.setattr(walking, bound, most)
                assert not trace.trace(reader, "lot:wide")["complete"]


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.sampled_from(["became", "of", "packed"]), st.integers(0, 6)),
        max_size=20,
    )
)
def test_a_walk_reaches_what_the_links_reach(edges: list[tuple[int, str, int]]) -> None:
    """Against the plainest closure that there is."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE links (source TEXT, relation TEXT, target TEXT, at INTEGER)")
        named = {(f"lot:{a}", relation, f"lot:{b}") for a, relation, b in edges}
        connection.executemany("INSERT INTO links VALUES (?, ?, ?, 0)", list(named))
        turned = {(b, a) if relation == "of" else (a, b) for a, relation, b in named}
        reached = {"lot:0"}
        while more := {b for a, b in turned if a in reached} - reached:
            reached |= more
        assert walking.walk(connection, ["lot:0"], "forward").nodes.keys() == reached
        assert all("lot:0" in walking.walk(connection, [node], "back").nodes for node in reached)


async def test_a_code_of_two_schemes_means_either(box: Box) -> None:
    nodes = ("lot:77", "carcass:77", "text:778")
    await journalled(box, Index("r", 1, START, START, nodes=nodes))
    with closing(open_reader(box.path)) as reader:
        assert trace.among(reader, "77") == ["carcass:77", "lot:77"]
        assert trace.among(reader, "lot:77") == ["lot:77"]


async def test_gaps_and_what_no_record_tells(box: Box) -> None:
    gap = {"from": rfc3339(at(0.2)), "to": rfc3339(at(0.4))}
    climate = {"temperature": {"count": 9, "min": 1.0, "max": 3.0, "mean": 2.0, "gaps": [gap]}}
    climate["humidity"] = {"count": 0}
    room = Index("r", 1, at(0), at(1), place="cold-1")
    await journalled(box, room, said={"climate": climate})
    with closing(open_reader(box.path)) as reader:
        there = Stay("carcass:1", "place:cold-1", at(0), FOREVER)
        after = Stay("carcass:1", "place:cold-1", at(0.5), at(0.9))
        elsewhere = Stay("carcass:1", "place:cold-2", at(0), FOREVER)
        known = Climates(reader, [there, after, elsewhere])
        assert known.of(there)["temperature"] == {"count": 9, "min": 1.0, "max": 3.0, "mean": 2.0, "gaps": 1}
        assert known.of(there)["humidity"] == {"count": 0, "gaps": 0}
        assert known.of(after)["temperature"]["gaps"] == 0
        assert known.of(elsewhere) == {}


async def test_where_the_room_has_no_records_the_carcass_tells(box: Box) -> None:
    climate = {"temperature": {"count": 9, "min": 1.0, "max": 3.0, "mean": 2.0}}
    links = (Link("carcass:1", "entered", "place:chiller-1", at(1)),)
    await journalled(box, Index("r", 1, at(0), at(9), links=links), said={"climate": climate})
    with closing(open_reader(box.path)) as reader:
        [stay] = trace.trace(reader, "carcass:1")["stays"]
    assert stay["climate"]["temperature"]["max"] == 3.0


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The journals of a plant that has worked for some days, and for four times as many."""
    folder = tmp_path_factory.mktemp("grown")
    for days in (10, 40):
        write(PLANT._replace(days=days), folder / f"{days}.db")
    return [folder / "10.db", folder / "40.db"]


@pytest.mark.parametrize(
    "code",
    [
        TAG,
        CARCASS,
        PLANT.lot(2, LOT),
        PLANT.certificate(2, LOT),
        PLANT.trip(2, LOT),
        "place:cold-1",
        "receiver:market-1",
        f"epc-uhf:E2001{17:019}",
    ],
)
def test_a_trace_costs_the_same_however_many_years_the_journal_has(
    grown: list[Path], monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """In steps of SQLite's machine, which no other program on this computer makes more of."""
    monkeypatch.setattr(walking, "MOST_OF_CARRIER", 5)
    monkeypatch.setattr("edge.trace.answer.MOST_RECORDS", 5)
    few, many = (
        steps_of(path, lambda journal: trace.trace(journal, trace.among(journal, code)[0], around=3))
        for path in grown
    )
    assert many < 1.1 * few


@pytest.mark.parametrize("seed", [CARCASS, PLANT.lot(2, LOT), PLANT.certificate(2, LOT)])
def test_who_met_whom_costs_the_same_too(grown: list[Path], seed: str) -> None:
    few, many = (steps_of(path, lambda journal: trace.of_lot(journal, seed)) for path in grown)
    assert many < 1.1 * few


def test_a_countys_day_costs_the_same_too(grown: list[Path]) -> None:
    day = [Instant((BEGIN + days * DAY) * NANOSECONDS) for days in (2, 3)]
    few, many = (steps_of(path, lambda journal: trace.of_county(journal, "622927", *day)) for path in grown)
    assert many < 1.1 * few


def test_a_county_is_told_page_by_page(plant: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    since, until = (Instant((BEGIN + day * DAY) * NANOSECONDS) for day in (0, PLANT.days))
    whole = trace.of_county(plant, "622927", since, until)
    assert (whole.complete, whole.rest) == (True, None)
    monkeypatch.setattr(meetings, "MOST_SEEDS", 10)
    pages = [trace.of_county(plant, "622927", since, until)]
    while (rest := pages[-1].rest) is not None:
        assert not pages[-1].complete
        pages.append(trace.of_county(plant, "622927", rest, until))
    assert len(pages) > PLANT.days
    assert {seed for page in pages for seed in page.seeds} == set(whole.seeds)
    assert {stay for page in pages for stay in page.stays} == set(whole.stays)
    assert {stay for page in pages for stay in page.met} >= set(whole.met)


def test_of_a_room_the_newest_is_told(plant: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MOST_OF_CARRIER", PLANT.per_day)
    facts = trace.trace(plant, "place:cold-1")
    assert not facts["complete"]
    last = {PLANT.carcass(PLANT.days - 1, number) for number in range(PLANT.per_day)}
    assert {step["source"] for step in facts["back"] if step["relation"] == "entered"} == last
    assert {animal["code"] for animal in facts["animals"]} == {
        PLANT.tag(PLANT.days - 1, number) for number in range(PLANT.per_day)
    }


async def test_what_left_a_truck_or_a_room_unseen_to_enter_was_there_too(box: Box) -> None:
    links = [
        Link("carcass:1", "entered", "place:a", at(0)),
        Link("carcass:1", "left", "place:a", at(9)),
        Link("carcass:2", "left", "place:a", at(5)),
    ]
    await journalled(box, Index("r", 1, START, START, links=tuple(links)))
    with closing(open_reader(box.path)) as reader:
        assert trace.of_lot(reader, "carcass:1").met == [Stay("carcass:2", "place:a", at(5), at(5))]


def steps_of(path: Path, ask: Callable[[sqlite3.Connection], object]) -> int:
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with closing(open_reader(path)) as connection:
        connection.set_progress_handler(step, 1)
        ask(connection)
    return steps
