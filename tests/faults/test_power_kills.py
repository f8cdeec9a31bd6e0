"""A few of the two hundred kills of `make faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.power.kills import killed
from tests.faults.seed import AGAIN, SEED

KILLS = 5


@pytest.mark.slow
async def test_nothing_is_lost_to_kills(tmp_path: Path, mosquitto: Path) -> None:
    found, restarts = await killed(tmp_path, mosquitto, KILLS, SEED)
    assert restarts
    assert (found["lost"], found["holes"], found["excess"]) == (0, 0, 0), AGAIN
