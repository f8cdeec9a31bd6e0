"""A few of the two hundred kills of `make faults`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults.power.kills import killed

KILLS = 5


@pytest.mark.slow
async def test_nothing_is_lost_to_kills(tmp_path: Path, mosquitto: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    found, restarts = await killed(tmp_path, mosquitto, KILLS, seed)
    assert restarts
    assert (found["lost"], found["holes"], found["excess"]) == (0, 0, 0), f"seed {seed}"
