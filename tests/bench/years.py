"""How long a trace takes in the journal of a plant that has worked for two years (tests/plant.py)."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

from edge import trace
from edge.journal.database import open_reader
from tests.plant import Plant, write

__all__ = ["QUICK", "TWO_YEARS", "Plant", "traced"]

TWO_YEARS: Final = Plant(days=730, per_day=500)
QUICK: Final = Plant(days=60, per_day=500)
TRACES: Final = 100


def traced(beneath: Path, plant: Plant) -> dict[str, float]:
    """The slowest trace of a hundred ear tags, and of a hundred lots, in ms; the file anew for each."""
    chosen = Random(20261122)
    with tempfile.TemporaryDirectory(dir=beneath, prefix="years-") as folder:
        path = Path(folder) / "journal.db"
        write(plant, path)
        days = [chosen.randrange(plant.days) for _ in range(TRACES)]
        tags = [plant.tag(day, chosen.randrange(plant.per_day)) for day in days]
        lots = [plant.lot(day, day % 5) for day in days]
        return {"trace_ms": _slowest(path, tags), "trace_lot_ms": _slowest(path, lots)}


def _slowest(path: Path, codes: list[str]) -> float:
    slowest = 0.0
    for code in codes:
        begun = perf_counter()
        with closing(open_reader(path)) as connection:
            [node] = trace.among(connection, code.partition(":")[2])
            facts = trace.trace(connection, node)
        slowest = max(slowest, perf_counter() - begun)
        assert facts["stays"]
    return slowest * 1000
