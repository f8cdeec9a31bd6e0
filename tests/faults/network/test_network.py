"""Short versions of the patterns that `make faults` runs in full: nothing lost, nothing out of order."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faults.network import brokers, lines
from tests.faults.network.cuts import ALL, cuts
from tests.faults.network.trial import Place
from tests.faults.table import Row


@pytest.fixture
def place(mosquitto: Path, tmp_path: Path) -> Place:
    return Place(mosquitto, tmp_path)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(lambda place: lines.down_and_up(place, 1, 1.5, 2), id="down and up"),
        pytest.param(brokers.small_packets, id="maximum packet size"),
        pytest.param(lambda place: brokers.few_at_a_time(place, 3), id="Receive Maximum"),
        pytest.param(lambda place: brokers.forgetful(place, 1), id="broker forgets"),
    ],
)
async def test_everything_arrives_once_it_can(
    place: Place, pattern: Callable[[Place], Awaitable[Row]]
) -> None:
    row = await pattern(place)
    assert row.holds, row


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(lambda place: lines.acknowledgements_eaten(place, 1), id="PUBACKs eaten"),
        pytest.param(lambda place: brokers.frozen(place, 11, 1), id="broker frozen"),
        pytest.param(lambda place: brokers.namesakes(place, 5), id="two boxes, one client id"),
        pytest.param(lambda place: lines.slow(place, 15, 100), id="2,000 bytes/s, 800 ms"),
    ],
)
async def test_everything_arrives_after_a_while(
    place: Place, pattern: Callable[[Place], Awaitable[Row]]
) -> None:
    row = await pattern(place)
    assert row.holds, row


async def test_a_cut_after_any_of_the_first_bytes(place: Place) -> None:
    for row in await cuts(place, random.sample(ALL, 20)):
        assert row.holds, row
