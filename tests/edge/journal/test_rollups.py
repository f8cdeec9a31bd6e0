"""Rollups: every good reading once, whatever happens in between."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Code, Fix, Instant, Observation, Quality, Reading, Sighting
from edge.entries import encode
from edge.errors import JournalError
from edge.journal import migrations
from edge.journal.block import Entry, Lane
from edge.journal.identity import Identity
from edge.journal.packing import Envelope
from edge.journal.rollups import Rollup, catch_up, values_of
from edge.journal.store import Journal, Rules
from tests.edge.journal.journal_rig import DAY_S, START, Box, blocks

MINUTE = 60_000_000_000
FIRST = Instant(START // MINUTE * MINUTE)
POINT = "chiller-1-air.temperature"


def reading(box: Box, value: float, quality: Quality = Quality.GOOD) -> Entry:
    (entry,) = encode("chiller-1-air", [Reading(box.at, "temperature", value, quality)], {})
    return entry


async def rollups(journal: Journal, days: int = 1) -> list[Rollup]:
    return await journal.rollups(POINT, FIRST, Instant(FIRST + days * DAY_S * 1_000_000_000))


async def test_a_minute_is_written_when_it_is_over(box: Box) -> None:
    async with box.journal() as journal:
        for value in (3.0, 5.0, 4.0):
            journal.observe(reading(box, value))
            await journal.flush()
        assert await rollups(journal) == []
        box.wait(60)
        await journal.flush()
        assert await rollups(journal) == [Rollup(FIRST, 3, 3.0, 5.0, 4.0)]
        assert await journal.rollups("another.point", FIRST, Instant(FIRST + MINUTE)) == []
        assert await journal.rollups(POINT, Instant(FIRST + 1), Instant(FIRST + MINUTE)) == []


async def test_a_minute_is_written_although_nothing_more_is_said(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.commits._IDLE_S", 0.01)
    async with box.journal() as journal:
        journal.observe(reading(box, 3.0))
        await journal.flush()
        box.wait(60)
        running = asyncio.create_task(journal.run())
        while not await rollups(journal):
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_late_reading_joins_a_minute_long_written(box: Box) -> None:
    async with box.journal() as journal:
        late = reading(box, -10.0)
        journal.observe(reading(box, 2.0))
        await journal.flush()
        box.wait(600)
        await journal.flush()
        journal.observe(late)
        await journal.flush()
        box.wait(60)
        await journal.flush()
        assert await rollups(journal) == [Rollup(FIRST, 2, -10.0, 2.0, -4.0)]


async def test_a_crash_neither_loses_nor_doubles(box: Box, tmp_path: Path) -> None:
    async with box.journal() as journal:
        for value in (1.0, 2.0):
            journal.observe(reading(box, value))
            await journal.flush()
        box.wait(60)
        for value in (3.0, 4.0, 5.0):  # the first minute is written, the second only in memory
            journal.observe(reading(box, value))
            await journal.flush()
        for cut in range(2):
            box = box.after_power_cut(tmp_path / f"cut-{cut}")
            again = await box.open()
            box.wait(60)
            await again.flush()
            assert await rollups(again) == [
                Rollup(FIRST, 2, 1.0, 2.0, 1.5),
                Rollup(Instant(FIRST + MINUTE), 3, 3.0, 5.0, 4.0),
            ]
            await again.close()


async def test_closing_writes_what_is_still_in_memory(box: Box) -> None:
    for _ in range(2):
        async with box.journal() as journal:
            journal.observe(reading(box, 1.0))
    async with box.journal() as journal:
        assert await rollups(journal) == [Rollup(FIRST, 2, 1.0, 1.0, 1.0)]


async def test_what_another_machine_left_unwritten_is_counted_too(box: Box, tmp_path: Path) -> None:
    async with box.journal() as journal:
        journal.observe(reading(box, 1.0))
        await journal.flush()
        clone = box.after_power_cut(tmp_path / "clone")
        clone.machine = "box-2"
        for _ in range(2):
            async with clone.journal():
                pass
        async with clone.journal() as there:
            assert await rollups(there) == [Rollup(FIRST, 1, 1.0, 1.0, 1.0)]


async def test_values_without_an_entry_are_counted_in_the_rollups_and_in_no_block(box: Box) -> None:
    async with box.journal() as journal:
        journal.observe(reading(box, 3.0))
        for value in (2.9, 3.05, 3.05):
            journal.roll(box.at, ((POINT, value),))
        journal.roll(box.at, ())
        await journal.flush()
        box.wait(60)
        journal.roll(box.at, ((POINT, 3.0),))
        await journal.flush()
        box.wait(60)
        await journal.flush()
        first, second = await rollups(journal)
        assert first[:4] == (FIRST, 4, 2.9, 3.05)
        assert first.mean == pytest.approx(3.0)
        assert second == Rollup(Instant(FIRST + MINUTE), 1, 3.0, 3.0, 3.0)
        assert [block.observations for block in await blocks(journal, Lane.TELEMETRY)] == [1]


async def test_values_without_an_entry_do_not_wait_for_one(box: Box) -> None:
    async with box.journal(Rules(commit_every_s=0.01)) as journal:
        running = asyncio.create_task(journal.run())
        journal.roll(box.at, ((POINT, 3.0),))
        box.wait(60)
        while not await rollups(journal):
            await asyncio.sleep(0.01)
            journal.roll(box.at, (("another.point", 3.0),))
            box.wait(60)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_crash_costs_the_charts_what_stood_in_no_block_and_doubles_nothing(
    box: Box, tmp_path: Path
) -> None:
    async with box.journal() as journal:
        for value in (1.0, 2.0):
            journal.observe(reading(box, value))
            journal.roll(box.at, ((POINT, value + 0.5),))
            await journal.flush()
        box.wait(60)
        journal.observe(reading(box, 3.0))  # the first minute is written, the second only in memory
        journal.roll(box.at, ((POINT, 9.0),))
        await journal.flush()
        cut = box.after_power_cut(tmp_path / "cut")
        again = await cut.open()
        cut.wait(60)
        await again.flush()
        assert await rollups(again) == [
            Rollup(FIRST, 4, 1.0, 2.5, 1.75),
            Rollup(Instant(FIRST + MINUTE), 1, 3.0, 3.0, 3.0),
        ]
        await again.close()


async def test_closing_writes_what_stands_in_no_block(box: Box) -> None:
    async with box.journal() as journal:
        journal.roll(box.at, ((POINT, 1.0),))
    async with box.journal() as journal:
        assert await rollups(journal) == [Rollup(FIRST, 1, 1.0, 1.0, 1.0)]


async def test_a_commit_that_fails_counts_what_stands_in_no_block_once(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with box.journal() as journal:
        journal.observe(reading(box, 1.0))
        journal.roll(box.at, ((POINT, 2.0),))
        with monkeypatch.context() as broken:
            broken.setattr("edge.journal.writer._INSERT", "INSERT INTO nowhere VALUES (?)")
            with pytest.raises(JournalError):
                await journal.flush()
        await journal.flush()
        box.wait(60)
        await journal.flush()
        assert await rollups(journal) == [Rollup(FIRST, 2, 1.0, 2.0, 1.5)]


async def test_values_that_wait_too_long_for_the_disk_are_counted_as_refused(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.journal.waiting.MOST_ROLLED", 3)
    async with box.journal() as journal:
        for _ in range(5):
            journal.roll(box.at, ((POINT, 1.0), ("d.humidity", 80.0)))
        assert journal.facts()["refused"] == {"rollup_waiting": 4}
        assert journal.observe(reading(box, 1.0))
        await journal.flush()
        journal.roll(box.at, ((POINT, 1.0),))
        assert journal.facts()["refused"] == {"rollup_waiting": 4}
    journal.roll(box.at, ((POINT, 1.0),))
    assert journal.facts()["refused"] == {"rollup_waiting": 4, "rollup_closed": 1}
    async with box.journal() as journal:
        (minute,) = await rollups(journal)
        assert minute.n == 5


async def test_rollups_go_with_the_telemetry_that_could_rebuild_them(box: Box) -> None:
    rules = Rules(keep_telemetry_s=DAY_S)
    for value in (1.0, 2.0, 3.0):
        async with box.journal(rules) as journal:
            journal.observe(reading(box, value))
            await journal.flush()
        box.wait(0.75 * DAY_S)
    async with box.journal(rules) as journal:
        await journal.flush()
        assert [rollup.max for rollup in await rollups(journal, days=10)] == [3.0]


async def test_numbers_that_are_none_do_not_stop_the_journal(box: Box) -> None:
    async with box.journal() as journal:
        for value in (math.nan, math.inf, 1e308, 1e308, 1 << 70):
            journal.observe(Entry(box.at, b'{"t":"2026-11-22T03:14:07.000Z"}', 1, ((POINT, value),)))
        box.wait(60)
        journal.observe(reading(box, 1.0))
        await journal.flush()
        box.wait(60)
        await journal.flush()
        first, second = await rollups(journal)
        assert first == (FIRST, 3, float(1 << 70), 1e308, None)
        assert second.n == 1


async def test_a_chart_of_many_days_is_read_in_pieces(box: Box) -> None:
    async with box.journal() as journal:
        for day in range(4):
            journal.observe(reading(box, float(day)))
            await journal.flush()
            box.wait(DAY_S)
        await journal.flush()
        assert [rollup.mean for rollup in await rollups(journal, days=10)] == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("said", "values"),
    [
        (
            [Reading(START, "temperature", 3.5), Reading(START, "humidity", 80)],
            {"d.temperature": 3.5, "d.humidity": 80},
        ),
        ([Reading(START, "temperature", 99.0, Quality.SUSPECT, "range")], {}),
        ([Reading(START, "temperature", None, Quality.MISSING, "no_answer")], {}),
        ([Reading(START, "open", True)], {}),
        ([Sighting(START, Code("cn-eartag", "3"))], {}),
        ([Fix(START, 35.6, 103.3, speed=14.2, course=81.0)], {"d.speed": 14.2}),
        ([Fix(START, 35.6, 103.3)], {}),
    ],
)
def test_what_counts(said: list[Observation], values: dict[str, float]) -> None:
    (entry,) = encode("d", said, {"temperature": 3.7})
    assert dict(entry.values) == values
    assert dict(values_of(orjson.loads(entry.body))) == values


@given(st.integers(0, 210), st.integers(0, 255))
def test_a_damaged_block_costs_its_rollups_and_no_more(place: int, byte: int) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(migrations.MIGRATIONS[0])
    connection.execute("INSERT INTO lanes (number, journal, lane) VALUES (2, 1, 'telemetry')")
    (entry,) = encode("d", [Reading(START, "temperature", 3.5), Reading(START, "open", True)], {})
    whole = Envelope(Identity("dx", "box-1", "boot-1"), "01K").close(Lane.TELEMETRY, 1, "ntp", entry.body)
    for seq, body in enumerate((whole[:place] + bytes([byte]) + whole[place + 1 :], whole), start=1):
        row = (2 << migrations.SEQ_BITS | seq, body)
        connection.execute("INSERT INTO blocks VALUES (?, 'telemetry', 1, 1, 1, 1, '', '', NULL, ?)", row)
    fold = catch_up(connection)
    fold.write(connection)
    assert fold.through == {2: 2}
    assert connection.execute("SELECT max(n) FROM rollups WHERE point = 'd.temperature'").fetchone()[0] in (
        1,
        2,
    )
    connection.close()


@given(
    st.lists(
        st.builds(
            Reading,
            st.just(START),
            st.sampled_from(["temperature", "humidity", "speed", "battery"]),
            st.one_of(st.none(), st.booleans(), st.integers(-99, 99), st.floats(-1e6, 1e6)),
            st.sampled_from(Quality),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda reading: reading.quantity,
    )
)
def test_a_rebuild_counts_what_intake_counted(said: list[Reading]) -> None:
    (entry,) = encode("d", said, {})
    assert values_of(orjson.loads(entry.body)) == list(entry.values)
