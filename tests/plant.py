"""The journal of a plant after years of work, written straight into the tables: what a trace has to search.

Every day brings ``per_day`` sheep in lots of a fifth of the day, each lot under its certificate, two counties
in turn. A sheep comes to the lairage at 6, is slaughtered from 8 on, every 36 s, chills in one of three
chillers until 8 the next day, lies in the cold room until noon, and leaves on a truck with its lot.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from drivers.contract import NANOSECONDS, Instant
from edge.instant import rfc3339
from edge.journal import presence
from edge.journal.database import open_writer
from edge.journal.migrations import SEQ_BITS

BEGIN: Final = 1_732_233_600
"""2024-11-22T00:00:00Z, in seconds."""

DAY: Final = 86_400
HOUR: Final = 3600
LOTS: Final = 5
CHILLERS: Final = ("chiller-1", "chiller-2", "chiller-3")
COUNTIES: Final = ("622926", "622927")
EVERY_S: Final = 36

_JOURNAL: Final = """
INSERT INTO journals (id, gateway, machine, made) VALUES ('01PLANT', 'plant', 'another box', 0);
INSERT INTO lanes (journal, lane) VALUES (1, 'records'), (1, 'telemetry');
"""
"""Of another box and without a chain: a gateway that opens the file begins its own journal in it."""

_TEMPORARY: Final = """
PRAGMA synchronous = OFF;
CREATE TEMP TABLE met (node TEXT, since INTEGER, record TEXT);
CREATE TEMP TABLE linked (source TEXT, relation TEXT, target TEXT, at INTEGER, record TEXT);
CREATE TEMP TABLE told AS SELECT * FROM records WHERE false;
"""

_SORTED: Final = f"""
BEGIN;
INSERT INTO records SELECT * FROM told ORDER BY id;
INSERT OR IGNORE INTO links SELECT * FROM linked ORDER BY source, relation, target, at;
INSERT OR IGNORE INTO nodes SELECT * FROM met ORDER BY 1, 2, 3;
{presence.FILL}
COMMIT;
"""


class Told(NamedTuple):
    """A record: times in s, links as (source, relation, target, at)."""

    kind: str
    key: str
    place: str
    since: int
    until: int
    links: tuple[tuple[str, str, str, int], ...] = ()
    nodes: tuple[str, ...] = ()
    said: dict[str, Any] = {}  # noqa: RUF012 - never changed

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.kind}\n{self.key}".encode()).hexdigest()[:32]


class Plant(NamedTuple):
    """What it did is computed from the numbers of day and animal."""

    days: int
    per_day: int = 500

    def tag(self, day: int, number: int) -> str:
        county = COUNTIES[self.lot_of(number) % 2]
        return f"cn-eartag:3{county}{day * self.per_day + number:08}"

    def carcass(self, day: int, number: int) -> str:
        return f"carcass:{day:04}{number:05}"

    def lot_of(self, number: int) -> int:
        return number * LOTS // self.per_day

    def lot(self, day: int, lot: int) -> str:
        return f"lot:L{day:04}-{lot}"

    def certificate(self, day: int, lot: int) -> str:
        return f"certificate:62{day:06}{lot}"

    def trip(self, day: int, lot: int) -> str:
        return f"trip:{self._trip(day, lot).id}"

    def chiller(self, number: int) -> str:
        return CHILLERS[number % len(CHILLERS)]

    def slaughtered(self, day: int, number: int) -> int:
        return BEGIN + day * DAY + 8 * HOUR + number * EVERY_S * 500 // self.per_day

    def records(self) -> Iterator[Told]:
        for day in range(self.days):
            for number in range(self.per_day):
                yield from self._animal(day, number)
            for hour in range(24):
                yield from (self._room(place, day, hour) for place in (*CHILLERS, "cold-1"))
            yield from (self._loaded(day, lot) for lot in range(LOTS))

    def _animal(self, day: int, number: int) -> Iterator[Told]:
        tag, carcass, lot = self.tag(day, number), self.carcass(day, number), self.lot_of(number)
        came, slain = BEGIN + day * DAY + 6 * HOUR, self.slaughtered(day, number)
        chilled = BEGIN + (day + 1) * DAY + 8 * HOUR
        chiller = f"place:{self.chiller(number)}"
        yield Told(
            *("arrival", tag, "lairage", came, came),
            (
                (tag, "of", self.lot(day, lot), came),
                (self.certificate(day, lot), "covers", self.lot(day, lot), came),
            ),
        )
        yield Told(
            *("slaughter", carcass, "line-1", slain, chilled),
            (
                (tag, "became", carcass, slain),
                (carcass, "entered", chiller, slain + 600),
                (carcass, "left", chiller, chilled),
            ),
            (f"epc-uhf:E2001{number:019}",),
        )
        for relation, at in (("entered", chilled + 60), ("left", chilled + 4 * HOUR)):
            moved = (carcass, relation, "place:cold-1", at)
            yield Told("storage", f"{relation} {carcass}", "cold-1", at, at, (moved,))

    def _room(self, place: str, day: int, hour: int) -> Told:
        since = BEGIN + day * DAY + hour * HOUR
        series = [
            {
                "t": _spelt(since + five * 300),
                "min": 0.5 + hour,
                "max": 1.5 + hour,
                "mean": 1.0 + hour,
                "n": 30,
            }
            for five in range(12)
        ]
        warm = {"count": 360, "min": 0.5 + hour, "max": 1.5 + hour, "mean": 1.0 + hour, "beyond_s": 0.0}
        climate = {"temperature": {**warm, "limit": 24.0, "series": series}}
        return Told("storage", f"{place} {since}", place, since, since + HOUR, said={"climate": climate})

    def _trip(self, day: int, lot: int) -> Told:
        since = BEGIN + (day + 1) * DAY + 12 * HOUR + lot * 60
        air = {"count": 1000, "min": 1.0, "max": 3.5 + lot, "mean": 2.0, "beyond_s": 60.0 * lot, "limit": 4.0}
        climate = {"temperature": air}
        return Told("transport", f"{day}-{lot}", "truck", since, since + 3 * HOUR, said={"climate": climate})

    def _loaded(self, day: int, lot: int) -> Told:
        trip = self._trip(day, lot)
        node = f"trip:{trip.id}"
        goods = [self.carcass(day, n) for n in range(self.per_day) if self.lot_of(n) == lot]
        links = (
            ("vehicle:truck", "made", node, trip.since),
            (node, "delivered", f"receiver:market-{lot}", trip.until),
            *((each, "loaded", node, trip.since) for each in goods),
        )
        return trip._replace(links=links)


def _spelt(seconds: int) -> str:
    return rfc3339(Instant(seconds * NANOSECONDS))


def write(plant: Plant, path: Path) -> None:
    """Into a new journal's file."""
    with closing(open_writer(path, 1 << 40)) as connection:
        connection.executescript(_JOURNAL)
        connection.executescript(_TEMPORARY)
        connection.execute("PRAGMA cache_size = -65536")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("BEGIN")
        for batch in _batches(plant.records()):
            _insert(connection, batch)
        connection.execute("COMMIT")
        connection.executescript(_SORTED)
        for _, sql in indexes:
            connection.execute(sql)


def _batches(records: Iterable[Told], size: int = 5_000) -> Iterator[list[tuple[int, Told]]]:
    batch: list[tuple[int, Told]] = []
    for numbered in enumerate(records, start=1):
        batch.append(numbered)
        if len(batch) == size:
            yield batch
            batch = []
    yield batch


def _insert(connection: sqlite3.Connection, batch: list[tuple[int, Told]]) -> None:
    told, linked, met, blocks = [], [], [], []
    for seq, record in batch:
        key, name = 1 << SEQ_BITS | seq, record.id
        since, until = record.since * NANOSECONDS, record.until * NANOSECONDS
        told.append((name, record.kind, 1, record.place, since, until, key))
        linked += [(*ends, at * NANOSECONDS, name) for *ends, at in record.links]
        nodes = {*record.nodes, *(end for source, _, target, _ in record.links for end in (source, target))}
        met += [(node, since, name) for node in nodes]
        said = {"id": name, "kind": record.kind, "revision": 1, "place": record.place, **record.said}
        body = orjson.dumps({"v": 1, "lane": "records", "seq": seq, "record": said})
        blocks.append((key, record.kind, since, until, 0, 0, "boot", "ntp", None, body))
    connection.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?)", told)
    connection.executemany("INSERT INTO linked VALUES (?, ?, ?, ?, ?)", linked)
    connection.executemany("INSERT INTO met VALUES (?, ?, ?)", met)
    connection.executemany("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", blocks)
