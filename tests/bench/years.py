"""How long a trace takes in the journal of a plant that has worked for two years (tests/plant.py)."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, Final, TypeAlias

from drivers.contract import NANOSECONDS, Instant
from edge import trace
from edge.journal.database import open_reader
from tests.plant import BEGIN, CHILLERS, COUNTIES, DAY, LOTS, Plant, write

__all__ = ["QUICK", "TWO_YEARS", "Plant", "traced"]

TWO_YEARS: Final = Plant(days=730, per_day=500)
QUICK: Final = Plant(days=60, per_day=500)
TRACES: Final = 20
TRIES: Final = 3
"""Of each question; the quickest counts: a neighbour's work is not ours."""

Ask: TypeAlias = Callable[[sqlite3.Connection], dict[str, Any]]


def traced(beneath: Path, plant: Plant) -> dict[str, float]:
    """The slowest answer to each kind of question, in ms of this process; the file anew for each."""
    with tempfile.TemporaryDirectory(dir=beneath, prefix="years-") as folder:
        path = Path(folder) / "journal.db"
        write(plant, path)
        return {kind: max(_took_ms(path, ask) for ask in asks) for kind, asks in _questions(plant).items()}


def _questions(plant: Plant) -> dict[str, Iterable[Ask]]:
    """By metric."""
    chosen = Random(20261122)
    places = [(chosen.randrange(plant.days), chosen.randrange(plant.per_day)) for _ in range(TRACES)]
    tags = [plant.tag(day, number) for day, number in places]
    carcasses = [plant.carcass(day, number) for day, number in places]
    lots = [plant.lot(day, number % LOTS) for day, number in places]
    codes = {
        "trace_tag_ms": tags,
        "trace_carcass_ms": carcasses,
        "trace_lot_ms": lots,
        "trace_certificate_ms": [plant.certificate(day, number % LOTS) for day, number in places],
        "trace_room_ms": [f"place:{room}" for room in (*CHILLERS, "cold-1")],
        "trace_trip_ms": [plant.trip(day, number % LOTS) for day, number in places],
        "trace_vehicle_ms": ["vehicle:truck"],
        "trace_receiver_ms": [f"receiver:market-{lot}" for lot in range(LOTS)],
        "trace_hook_ms": [f"epc-uhf:E2001{number:019}" for _, number in places],
    }
    days = [(day, min(day + 2, plant.days)) for day, _ in places]
    return {
        **{kind: [partial(_code, code) for code in asked] for kind, asked in codes.items()},
        "met_lot_ms": [partial(_lot, code) for code in (*lots, *carcasses, *tags)],
        "met_county_ms": [partial(_county, county, days) for days in days for county in COUNTIES],
        "met_county_years_ms": [partial(_county, county, (0, plant.days)) for county in COUNTIES],
    }


def _code(code: str, connection: sqlite3.Connection) -> dict[str, Any]:
    [node] = trace.among(connection, code.partition(":")[2])
    facts = trace.trace(connection, node, around=3)
    assert facts["records"]
    return facts


def _lot(node: str, connection: sqlite3.Connection) -> dict[str, Any]:
    facts = trace.of_lot(connection, node).facts()
    assert facts["met"]
    return facts


def _county(county: str, days: tuple[int, int], connection: sqlite3.Connection) -> dict[str, Any]:
    since, until = (Instant((BEGIN + day * DAY) * NANOSECONDS) for day in days)
    facts = trace.of_county(connection, county, since, until).facts()
    assert facts["met"]
    return facts


def _took_ms(path: Path, ask: Ask) -> float:
    tries = []
    for _ in range(TRIES):
        begun = process_time()
        with closing(open_reader(path)) as connection:
            ask(connection)
        tries.append(process_time() - begun)
    return min(tries) * 1000
