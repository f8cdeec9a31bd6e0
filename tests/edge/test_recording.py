"""Recorders in their place: told in order, remembered with what they derive, harmless when they fail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from drivers.contract import NANOSECONDS, Code, Instant, Observation, Sighting
from edge.alarms import Cause
from edge.instant import parse_rfc3339, rfc3339
from edge.journal.block import Lane
from edge.journal.store import Journal
from edge.recorders.contract import Derived, Fact, Notice, Output, Unfit
from edge.recorders.memory import Memory, Table
from edge.recording import Recording
from edge.records.record import Subject, TradeRecord, record_id
from tests.edge.journal.journal_rig import START, Box, blocks, record_of

TAG = Code("cn-eartag", "362292600000123")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


class Passage(TradeRecord):
    kind: Literal["passage"] = "passage"
    times: int


@dataclass
class Seen:
    times: int


class Counting:
    """Writes a record whenever a tag passes, with how often it has."""

    name = "counting"
    hears = frozenset({"ear-tags"})
    takes = frozenset({"recount"})

    def __init__(self) -> None:
        self.seen = Table("seen", Seen)
        self.memory = Memory(self.seen)

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        assert isinstance(item, Sighting)
        if item.code.scheme != TAG.scheme:
            raise KeyError(item.code.scheme)
        row = self.seen.get(item.code.value) or Seen(0)
        row.times += 1
        self.seen.put(item.code.value, row)
        since = rfc3339(item.at)
        yield Derived(
            Passage(
                id=record_id("dx-yidong-01", "passage", item.code.value, since),
                revision=1,
                operator="伊东羊业",
                since=since,
                place="lairage",
                subjects=[Subject(scheme=item.code.scheme, value=item.code.value)],
                times=row.times,
            )
        )

    def enter(self, fact: Fact) -> Iterable[Output]:
        if fact.values["tag"] not in self.seen:
            raise Unfit("unknown_tag", tag=fact.values["tag"])
        self.seen.drop(fact.values["tag"])
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        if len(self.seen) > 1:
            yield Notice(at, Cause.SILENT, "lairage", {"tags": len(self.seen)})


def sighting(seconds: int = 0, code: Code = TAG) -> Sighting:
    return Sighting(Instant(START + seconds * NANOSECONDS), code)


async def opened(box: Box) -> tuple[Journal, Recording, list[Notice]]:
    journal = await box.open()
    notices: list[Notice] = []
    recording = Recording([Counting()], journal=journal, notice=notices.append)
    recording.load(await journal.remembered())
    journal.remember(recording)
    return journal, recording, notices


async def test_a_recorder_goes_on_after_a_power_cut_where_its_last_record_was_kept(box: Box) -> None:
    journal, recording, _ = await opened(box)
    recording.observe("ear-tags", [sighting(0)])
    recording.observe("ear-tags", [sighting(1)])
    await journal.flush()
    cut = box.after_power_cut(box.path.parent / "cut")
    recording.observe("ear-tags", [sighting(2)])
    await journal.close()

    journal, recording, _ = await opened(cut)
    recording.observe("ear-tags", [sighting(2)])
    await journal.flush()
    assert [record_of(block)["times"] for block in await blocks(journal, Lane.RECORDS)] == [1, 2, 3]
    await journal.close()


async def test_who_takes_anothers_place_has_what_is_on_its_way_to_the_disk(box: Box) -> None:
    journal, recording, _ = await opened(box)
    recording.observe("ear-tags", [sighting(0)])
    (going,) = recording.changed()
    recording.change([Counting()], [])
    assert list(recording.changed()) == [going], "until it is known to be there"
    recording.kept([going])
    assert list(recording.changed()) == []
    recording.observe("ear-tags", [sighting(1)])
    await journal.flush()
    assert [record_of(block)["times"] for block in await blocks(journal, Lane.RECORDS)] == [1, 2]
    await journal.close()


async def test_what_one_that_is_gone_remembers_is_stored_and_found_by_its_successor(box: Box) -> None:
    journal, recording, _ = await opened(box)
    recording.observe("ear-tags", [sighting(0)])
    recording.change([], [])
    recording.observe("ear-tags", [sighting(1)])
    await journal.flush()
    assert recording.lacks([Counting()])
    recording.change([Counting()], await journal.remembered())
    recording.observe("ear-tags", [sighting(2)])
    await journal.flush()
    assert [record_of(block)["times"] for block in await blocks(journal, Lane.RECORDS)] == [1, 2]
    await journal.close()


async def test_what_nobody_wants_costs_nothing_and_a_failing_recorder_harms_nobody(box: Box) -> None:
    journal, recording, notices = await opened(box)
    recording.observe("chiller-1-air", [sighting()])
    recording.observe("ear-tags", [sighting(0, Code("epc", "E2")), sighting(1)])
    recording.observe("ear-tags", [sighting(2, TAG._replace(value="362292600000124"))])
    recording.tick(START)
    await journal.flush()
    assert recording.failures == {"counting": 1}
    defect, told = notices
    assert (defect.cause, defect.subject, defect.detail) == (Cause.DEFECT, "counting", "KeyError: 'epc'")
    assert told.facts == {"tags": 2}
    assert len(await blocks(journal, Lane.RECORDS)) == 2
    await journal.close()


async def test_a_fact_that_nobody_takes_or_that_does_not_fit_is_refused(box: Box) -> None:
    journal, recording, _ = await opened(box)
    fact = Fact(START, START, "recount", {"tag": TAG.value}, "马师傅")
    with pytest.raises(Unfit, match="unknown_fact"):
        recording.enter(fact._replace(kind="weather"))
    with pytest.raises(Unfit, match="unknown_tag"):
        recording.enter(fact)
    recording.observe("ear-tags", [sighting()])
    assert recording.enter(fact) == []
    await journal.flush()
    assert await journal.remembered() == []
    await journal.close()


@pytest.mark.parametrize("text", ["2026-11-22T03:14:07.120Z", "2026-11-22T11:14:07.120+08:00"])
def test_times_are_read_as_they_are_written(text: str) -> None:
    assert rfc3339(parse_rfc3339(text)) == "2026-11-22T03:14:07.120Z"


@pytest.mark.parametrize("text", ["2026-11-22T03:14:07", "yesterday", ""])
def test_a_time_without_an_offset_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(text)


class Room:
    """Takes moves of its own place, and none of another."""

    hears: frozenset[str] = frozenset()
    takes = frozenset({"move"})

    def __init__(self, place: str) -> None:
        self.name = f"room.{place}"
        self.memory = Memory()
        self._place = place

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        return ()

    def tick(self, at: Instant) -> Iterable[Output]:
        return ()

    def enter(self, fact: Fact) -> Iterable[Output]:
        if fact.values["place"] != self._place:
            raise Unfit("no_room", place=fact.values["place"])
        yield Derived(passage(self._place, fact.at))


def passage(place: str, at: Instant, revision: int = 1) -> Passage:
    return Passage(id=place, revision=revision, operator="x", since=rfc3339(at), place=place, times=1)


async def test_a_fact_goes_to_the_one_it_concerns_and_is_refused_if_it_concerns_none(box: Box) -> None:
    async with box.journal() as journal:
        rooms = Recording([Room("chiller-1"), Room("chiller-2")], journal=journal, notice=lambda _: None)
        assert rooms.enter(Fact(START, START, "move", {"place": "chiller-2"}, "马师傅")) == ["chiller-2"]
        with pytest.raises(Unfit, match="no_room"):
            rooms.enter(Fact(START, START, "move", {"place": "chiller-3"}, "马师傅"))
        await journal.flush()
        assert [record_of(block)["place"] for block in await blocks(journal, Lane.RECORDS)] == ["chiller-2"]


class Line(Room):
    """Takes moves too, and leaves to others what is none of its own."""

    def enter(self, fact: Fact) -> Iterable[Output]:
        return ()


async def test_what_one_refuses_and_no_other_records_is_refused(box: Box) -> None:
    async with box.journal() as journal:
        both = Recording([Line("line"), Room("chiller-1")], journal=journal, notice=lambda _: None)
        assert both.enter(Fact(START, START, "move", {"place": "chiller-1"}, "马师傅")) == ["chiller-1"]
        with pytest.raises(Unfit, match="no_room"):
            both.enter(Fact(START, START, "move", {"place": "chiller-3"}, "马师傅"))
        line = Recording([Line("line")], journal=journal, notice=lambda _: None)
        assert line.enter(Fact(START, START, "move", {"place": "chiller-3"}, "马师傅")) == []


async def test_what_was_put_right_stays_right_in_whatever_is_derived(box: Box) -> None:
    def amended(derived: Derived) -> Derived:
        return derived._replace(record=derived.record.model_copy(update={"revision": 7}))

    async with box.journal() as journal:
        rooms = Recording([Room("a")], journal=journal, notice=lambda _: None, amended=amended)
        rooms.enter(Fact(START, START, "move", {"place": "a"}, "马师傅"))
        await journal.flush()
        found = await journal.newest_record("a")
        assert found is not None
        assert found.body["revision"] == 7
