"""Who was where is kept as the links tell it, whatever is added, corrected, deleted, and is found by when."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Instant
from edge.journal import presence, trail
from edge.journal.migrations import MIGRATIONS, migrate
from edge.journal.presence import FOREVER, Stay
from edge.journal.trail import Index, Link

HOUR = 3600 * NANOSECONDS
DAY = 24 * HOUR
BEGIN = 20_000 * DAY
TAG, CARCASS = "cn-eartag:362292600000123", "carcass:1"


def at(hours: int) -> Instant:
    return Instant(BEGIN + hours * HOUR)


def journal() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, Path("journal.db"))
    return connection


def told(moves: Iterable[tuple[str, Instant]], gone: Instant | None) -> Iterator[tuple[Instant, Instant]]:
    """The plainest way from the moves at one place to stays."""
    since: Instant | None = None
    for relation, moment in sorted(moves, key=lambda move: (move[1], move[0] == "entered")):
        if relation == "left":
            yield (moment if since is None else since), moment
            since = None
        elif since is None:
            since = moment
    if since is not None:
        yield since, gone if gone is not None and gone >= since else FOREVER


def all_told(connection: sqlite3.Connection) -> set[Stay]:
    """Every stay, from the links and arrivals as they stand."""
    moves: defaultdict[tuple[str, str], list[tuple[str, Instant]]] = defaultdict(list)
    gone: dict[str, Instant] = {}
    for source, relation, target, moment in connection.execute(
        "SELECT source, relation, target, at FROM links"
    ):
        if relation == "became":
            gone[source] = min(moment, gone.get(source, FOREVER))
        else:
            moves[source, target].append((relation, moment))
    arrivals = connection.execute(
        "SELECT node, place, records.since FROM nodes JOIN records ON id = record WHERE kind = 'arrival'"
    )
    for node, place, moment in arrivals:
        if place is not None and node.startswith(presence.ANIMALS):
            moves[node, f"place:{place}"].append(("entered", moment))
    return {
        Stay(what, where, *span)
        for (what, where), there in moves.items()
        for span in told(there, gone.get(what))
    }


def kept(connection: sqlite3.Connection) -> list[Stay]:
    return [Stay(*row) for row in connection.execute("SELECT what, place, since, until FROM stays")]


@pytest.mark.parametrize(
    ("moves", "gone", "stays"),
    [
        ([("entered", 1), ("left", 3)], None, [(1, 3)]),
        ([("entered", 1), ("left", 3), ("entered", 5)], None, [(1, 3), (5, None)]),
        ([("entered", 1)], 4, [(1, 4)]),
        ([("entered", 5)], 4, [(5, None)]),
        ([("left", 3)], None, [(3, 3)]),
        ([("left", 3), ("entered", 3)], 3, [(3, 3)]),
        ([("entered", 1), ("entered", 2), ("left", 3)], None, [(1, 3)]),
        ([("left", 3), ("entered", 3)], None, [(3, 3), (3, None)]),
    ],
)
def test_moves_make_stays(
    moves: list[tuple[str, int]], gone: int | None, stays: list[tuple[int, int | None]]
) -> None:
    links = [Link(CARCASS, relation, "place:a", at(hours)) for relation, hours in moves]
    if gone is not None:
        links.append(Link(CARCASS, "became", "sscc:1", at(gone)))
    expected = [
        Stay(CARCASS, "place:a", at(since), FOREVER if until is None else at(until)) for since, until in stays
    ]
    with closing(journal()) as connection:
        trail.add(connection, "slaughter", Index("r", 1, at(0), at(0), links=tuple(links)), 1)
        assert sorted(presence.of(connection, [CARCASS])) == sorted(kept(connection)) == expected


RELATIONS = st.sampled_from(["entered", "left", "became"])
LINKS = st.builds(
    Link,
    st.sampled_from([TAG, CARCASS]),
    RELATIONS,
    st.sampled_from(["place:a", "place:lairage"]),
    st.integers(0, 2_000).map(at) | st.integers(0, 5).map(at),
)
RECORDS = st.tuples(
    st.sampled_from(["arrival", "storage"]),
    st.builds(
        Index,
        st.sampled_from(["r1", "r2", "r3"]),
        st.integers(1, 3),
        st.integers(0, 5).map(at),
        st.just(at(9)),
        st.sampled_from([None, "lairage"]),
        st.sampled_from([(), (TAG,), (TAG, "lot:1")]),
        st.lists(LINKS, max_size=5).map(tuple),
    ),
)


@given(st.lists(RECORDS | st.integers(1, 9), max_size=9), st.integers(-1, 2_100), st.integers(1, 2_000))
def test_stays_follow_the_links(steps: list[Any], since: int, hours: int) -> None:
    """A number among the steps: retention deletes the blocks up to it."""
    with closing(journal()) as connection:
        kinds: dict[str, str] = {}
        for block, step in enumerate(steps, start=1):
            if isinstance(step, int):
                trail.drop(connection, 0, min(step, block))
            else:
                kind, index = step
                trail.add(connection, kinds.setdefault(index.id, kind), index, block)
            stays = all_told(connection)
            assert sorted(kept(connection)) == sorted(stays)
            assert set(presence.of(connection, [TAG, CARCASS])) == stays
        begins, ends = at(since), at(since + hours)
        lost = {TAG: 7 * DAY, CARCASS: 400 * DAY}
        for place in ("place:a", "place:lairage"):
            assert set(presence.during(connection, place, begins, ends, 99)) == {
                stay
                for stay in all_told(connection)
                if stay.where == place
                and stay.since < ends
                and stay.until > begins
                and (stay.until < FOREVER or stay.since >= begins - lost[stay.what])
            }


def test_what_was_never_seen_to_leave_is_missing_after_a_while() -> None:
    links = (Link(CARCASS, "entered", "place:a", at(0)), Link("carcass:2", "entered", "place:a", at(0)))
    left = Link("carcass:2", "left", "place:a", at(500 * 24))
    with closing(journal()) as connection:
        trail.add(connection, "storage", Index("r", 1, at(0), at(0), links=(*links, left)), 1)
        for days, whats in ((399, {CARCASS, "carcass:2"}), (401, {"carcass:2"}), (501, set())):
            there = presence.during(connection, "place:a", at(days * 24), at(days * 24 + 1), 99)
            assert {stay.what for stay in there} == whats


def test_a_journal_from_before_gets_its_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is brought up from the schema that had nodes without times."""
    before = next(number for number, step in enumerate(MIGRATIONS) if step == trail.IN_TIME)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with monkeypatch.context() as old:
        old.setattr("edge.journal.migrations.MIGRATIONS", MIGRATIONS[:before])
        migrate(connection, Path("journal.db"))
    with closing(connection):
        connection.execute("INSERT INTO records VALUES ('r', 'arrival', 1, 'lairage', ?1, ?1, 1)", (at(1),))
        connection.executemany("INSERT INTO nodes VALUES (?, 'r')", [(TAG,), ("lot:1",)])
        connection.execute("INSERT INTO links VALUES (?, 'became', ?, ?, 'r')", (TAG, CARCASS, at(2)))
        migrate(connection, Path("journal.db"))
        assert kept(connection) == [Stay(TAG, "place:lairage", at(1), at(2))]
        assert [found.id for found in trail.about(connection, TAG, 9)] == ["r"]
