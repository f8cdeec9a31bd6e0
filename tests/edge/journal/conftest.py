"""A box of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge.journal.journal_rig import Box


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)
