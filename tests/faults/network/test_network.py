"""Short versions of the patterns that `make faults` runs in full: nothing lost, nothing out of order."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.faults.network import brokers, lines
from tests.faults.network.cuts import ALL, cuts
from tests.faults.network.part import Pattern
from tests.faults.network.trial import Place

QUICK: tuple[Pattern, ...] = (
    lambda place: lines.down_and_up(place, 1, 1.5, 2),
    lambda place: brokers.few_at_a_time(place, 3),
    lambda place: brokers.forgetful(place, 1),
    brokers.small_packets,
)

PATIENT: tuple[Pattern, ...] = (
    lambda place: lines.acknowledgements_eaten(place, 1),
    lambda place: brokers.frozen(place, 11, 1),
    lambda place: brokers.namesakes(place, 1),
)
"""They wait for the least keepalive that the settings allow, or for pauses to grow."""


async def side_by_side(place: Place, patterns: tuple[Pattern, ...]) -> None:
    """They wait for the most part."""
    places = (Place(place.mosquitto, place.folder / str(number)) for number in range(len(patterns)))
    rows = await asyncio.gather(*(pattern(own) for pattern, own in zip(patterns, places, strict=True)))
    assert [row for row in rows if not row.holds] == []


@pytest.fixture
def place(mosquitto: Path, tmp_path: Path) -> Place:
    return Place(mosquitto, tmp_path)


async def test_everything_arrives_once_it_can(place: Place) -> None:
    await side_by_side(place, QUICK)


@pytest.mark.slow
async def test_everything_arrives_after_a_while(place: Place) -> None:
    await side_by_side(place, PATIENT)


@pytest.mark.slow
async def test_a_cut_after_any_of_the_first_bytes(place: Place) -> None:
    rows = await cuts(place, random.sample(ALL, 20))
    assert [row for row in rows if not row.holds] == []
