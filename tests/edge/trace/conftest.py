"""A plant of a few days."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.journal.database import open_reader
from tests.edge.journal.journal_rig import Box
from tests.plant import Plant, write

PLANT = Plant(days=6, per_day=60)


@pytest.fixture(scope="session")
def plant_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plant") / "journal.db"
    write(PLANT, path)
    return path


@pytest.fixture
def plant(plant_journal: Path) -> Iterator[sqlite3.Connection]:
    """Its journal, to be read."""
    with closing(open_reader(plant_journal)) as connection:
        yield connection


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)
