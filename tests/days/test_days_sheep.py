"""A sheep line with its chiller: every animal, hook, weight and temperature, held to what truly happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simulators.days import sheep
from simulators.days.tape import Day
from tests.days.playback import (
    Playback,
    dark,
    final,
    killed,
    of,
    programme,
    revisions,
    seconds,
)
from tests.days.sites import SHEEP_LINE

BEGINS = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
A_SECOND = 1.0
CORE_RESOLUTION_C = 0.1
AIR_RESOLUTION_C = 0.005
SCALE_STEP_KG = 0.05
CORING_S = 75.0
"""So long a carcass hangs before the probe."""

LINE = sheep.Line(
    lots=(
        sheep.Lot("6200000001", 24),
        sheep.Lot("6200000002", 20, "622927"),
        sheep.Lot("6200000003", 16, "622921"),
    ),
    hooks=70,
    chilling=9 * 3600.0,
    missed_stunning=frozenset({7}),
    missed_binding=frozenset({13}),
    missed_scale=frozenset({22}),
    again=frozenset({4}),
    swapped=frozenset({30}),
)


@pytest.fixture(scope="module")
def day() -> Day:
    day = Day(BEGINS)
    sheep.play(day, LINE)
    return day


@pytest.fixture(scope="module")
def records(day: Day, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    playback = Playback(SHEEP_LINE, BEGINS, tmp_path_factory.mktemp("sheep"))
    records = playback.play(programme(day))
    assert playback.failures == playback.refused == {}
    return records


class Fate(NamedTuple):
    """What truly happened to an animal, by what; and how often it was cored."""

    tag: str
    happened: Mapping[str, Mapping[str, Any]]
    cored: Sequence[Mapping[str, Any]]

    def read(self, what: str) -> bool:
        return bool(self.happened[what]["read"])

    def at(self, what: str) -> str:
        return str(self.happened[what]["t"])


@pytest.fixture(scope="module")
def fates(day: Day) -> list[Fate]:
    """In the order of the line."""
    fates = []
    for line in of(day.truth, "stunned"):
        tag = line["animal"]
        about = [each for each in day.truth if each.get("animal") == tag and each["what"] != "misread"]
        once: dict[str, Mapping[str, Any]] = {each["what"]: each for each in about if each["what"] != "cored"}
        fates.append(Fate(f"cn-eartag:{tag}", once, [each for each in about if each["what"] == "cored"]))
    return fates


@pytest.fixture(scope="module")
def carcasses(fates: list[Fate], records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Their records, each for its fate: by the hook, which none of them shares with another."""
    told = final(records, "slaughter")
    by_hook = {
        each["value"]: record for record in told for each in record["subjects"] if each["role"] == "hook"
    }
    assert len(told) == len(by_hook) == len(fates)
    return [by_hook[fate.happened["hung"]["hook"]] for fate in fates]


def near(told: str, truth: str) -> bool:
    return abs(seconds(told) - seconds(truth)) <= A_SECOND


def step(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [each for each in record["extended"]["process"] if each["step"] == name]


def test_the_misreads_are_there(day: Day) -> None:
    assert {line["how"] for line in of(day.truth, "misread")} == {"missed", "duplicate", "swapped"}


def test_each_animal_arrives_once_in_its_lot_under_its_certificate(
    day: Day, records: list[dict[str, Any]]
) -> None:
    told = final(records, "arrival")
    animals = {each["basic"]["animal"]: each for each in told if each["basic"].get("animal")}
    true = list(of(day.truth, "arrived"))
    assert animals.keys() == {f"cn-eartag:{line['animal']}" for line in true}
    for line in true:
        record = animals[f"cn-eartag:{line['animal']}"]
        assert near(record["basic"]["arrived_at"], line["t"])
        assert record["basic"]["certificate"] == line["certificate"]
        assert record["extended"]["county"] == line["animal"][1:7]
        assert record["extended"]["doubts"] == []
    lots = {
        each["basic"]["certificate"]: each["extended"]["animals"]
        for each in told
        if not each["basic"].get("animal")
    }
    assert lots == {line["certificate"]: line["animals"] for line in of(day.truth, "lot")}


def test_each_animal_becomes_one_carcass_on_its_own_hook(
    fates: list[Fate], carcasses: list[dict[str, Any]]
) -> None:
    for fate, record in zip(fates, carcasses, strict=True):
        basic, extended = record["basic"], record["extended"]
        if fate.read("stunned"):
            assert basic["animal"] == fate.tag
            assert near(basic["slaughtered_at"], fate.at("stunned"))
            assert extended["certificate"] == fate.happened["arrived"]["certificate"]
        else:
            assert "animal" not in basic
            assert near(basic["slaughtered_at"], fate.at("hung")), "the first that was seen of it"
            assert extended["doubts"] == ["unread"]
        if fate.read("hung"):
            assert near(step(record, "bound")[0]["at"], fate.at("hung"))
        else:
            assert not step(record, "bound"), "its hook is known from the stations behind"
        assert extended["positions"] == 0


def test_each_carcass_has_its_own_weight(fates: list[Fate], carcasses: list[dict[str, Any]]) -> None:
    for fate, record in zip(fates, carcasses, strict=True):
        weight = record["extended"].get("hot_weight_kg")
        if fate.read("weighed"):
            assert weight == pytest.approx(fate.happened["weighed"]["net"], abs=SCALE_STEP_KG / 2)
        else:
            assert weight is None, "nobody knows whose it was"


def test_the_cores_that_were_measured_are_told_and_no_others(
    fates: list[Fate], carcasses: list[dict[str, Any]]
) -> None:
    """Before the chiller they are warmer than the air around the probe, behind it cooler."""
    assert sum(len(fate.cored) for fate in fates) == 12
    for fate, record in zip(fates, carcasses, strict=True):
        told = step(record, "cored")
        assert len(told) == len(fate.cored)
        for measured, true in zip(told, fate.cored, strict=True):
            assert measured["temperature"] == pytest.approx(true["temperature"], abs=CORE_RESOLUTION_C)
            assert true["t"] < measured["at"] <= true["settled_at"]
        chilled = record["extended"]["chilled"]
        cold = [each for each in told if each["temperature"] <= 7.0]
        assert chilled.get("at") == (cold[0]["at"] if cold else None)


def test_each_carcass_hung_in_the_chiller_and_in_its_climate(
    day: Day, fates: list[Fate], carcasses: list[dict[str, Any]]
) -> None:
    for fate, record in zip(fates, carcasses, strict=True):
        (stay,) = record["extended"]["rooms"]
        assert stay["place"] == "chiller-1"
        assert near(stay["from"], fate.at("entered"))
        assert near(stay["to"], fate.at("left"))
        climate = record["climate"]["temperature"]
        felt = [
            line["temperature"]
            for line in of(day.truth, "air")
            if fate.at("entered") <= line["t"] < fate.at("left")
        ]
        assert climate["mean"] == pytest.approx(sum(felt) / len(felt), abs=2 * AIR_RESOLUTION_C)
        assert climate["min"] == pytest.approx(min(felt), abs=AIR_RESOLUTION_C)
        assert climate["max"] == pytest.approx(max(felt), abs=AIR_RESOLUTION_C)
        assert climate["gaps"] == []
        assert record["extended"]["chilled"]["continuous"] is True


def test_nothing_else_is_told(records: list[dict[str, Any]]) -> None:
    assert {record["kind"] for record in records} == {"arrival", "slaughter"}


def test_killed_at_any_moment_while_the_world_waits(
    day: Day, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert revisions(killed(SHEEP_LINE, BEGINS, programme(day), tmp_path)) == revisions(records)


def test_a_hook_that_comes_round_carries_the_next_one(tmp_path: Path) -> None:
    """Eighty animals on sixty hooks, which are free again within twelve minutes."""
    day = Day(BEGINS)
    sheep.play(day, sheep.Line((sheep.Lot("6200000001", 80),), hooks=60, chilling=100.0, core_every=100))
    records = Playback(SHEEP_LINE, BEGINS, tmp_path).play(programme(day))
    assert pairs(records) == true_pairs(day)
    assert not final(records, "alarm")


@pytest.mark.slow
def test_two_hours_of_the_line_and_their_night_in_the_chiller(tmp_path: Path) -> None:
    day = Day(BEGINS)
    sheep.play(day, sheep.Line((sheep.Lot("6200000001", 300), sheep.Lot("6200000002", 300)), hooks=620))
    records = Playback(SHEEP_LINE, BEGINS, tmp_path).play(programme(day))
    assert pairs(records) == true_pairs(day)
    assert not final(records, "alarm")


def pairs(records: list[dict[str, Any]]) -> set[tuple[str, str, float]]:
    """Which animal on which hook, and its weight, as it is told."""
    return {
        (record["basic"]["animal"], hook["value"], record["extended"]["hot_weight_kg"])
        for record in final(records, "slaughter")
        for hook in record["subjects"]
        if hook["role"] == "hook"
    }


def true_pairs(day: Day) -> set[tuple[str, str, float]]:
    """And as it was."""
    return {(f"cn-eartag:{line['animal']}", line["hook"], line["net"]) for line in of(day.truth, "weighed")}


def test_killed_while_the_line_runs_on_only_those_who_passed_meanwhile_are_missing(
    day: Day, fates: list[Fate], carcasses: list[dict[str, Any]], tmp_path: Path
) -> None:
    items = programme(day)
    cut_at, dark_s = LINE.stunning_at + 360.0, 180.0
    records = Playback(SHEEP_LINE, BEGINS, tmp_path, [dark(items, cut_at, dark_s)]).play(items)
    told = {
        hook["value"]: record
        for record in final(records, "slaughter")
        for hook in record["subjects"]
        if hook["role"] == "hook"
    }
    lost_from, lost_to = BEGINS.timestamp() + cut_at, BEGINS.timestamp() + cut_at + dark_s
    untouched = 0
    for fate, whole in zip(fates, carcasses, strict=True):
        record = told.get(fate.happened["hung"]["hook"])
        passed = [*fate.happened.values(), *fate.cored]
        if any(lost_from - CORING_S <= seconds(each["t"]) <= lost_to for each in passed):
            assert record is None or record["basic"].get("animal") in (None, whole["basic"].get("animal"))
            continue
        untouched += 1
        assert record is not None
        told_of, true = dict(record["basic"]), dict(whole["basic"])
        assert told_of.pop("carcass")[:6] == true.pop("carcass")[:6], "numbers behind the gap are lower"
        assert told_of == true
        for name in ("hot_weight_kg", "process", "rooms", "lot", "certificate"):
            assert record["extended"].get(name) == whole["extended"].get(name)
    assert 10 < untouched < len(fates)
