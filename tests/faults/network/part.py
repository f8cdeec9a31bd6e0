"""Bad networks and bad brokers, as a part of `make faults`: a real gateway, a real mosquitto."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from tests.faults.network import brokers, lines
from tests.faults.network.cuts import ALL, cuts
from tests.faults.network.trial import Place
from tests.faults.table import Budget, Row

TITLE: Final = "networks"

AT_A_TIME: Final = 6
"""Patterns side by side: they wait for the most part."""

Pattern: TypeAlias = Callable[[Place], Awaitable[Row]]


def patterns(budget: Budget) -> list[Pattern]:
    """Each pattern, as often as it is promised."""
    of = budget.of
    return [
        lambda place: lines.down_and_up(place, 5, 5, of(5)),
        lambda place: lines.down_and_up(place, 10, 10, of(3)),
        lambda place: lines.down_and_up(place, 30, 30, of(2)),
        lambda place: lines.acknowledgements_eaten(place, of(5)),
        lambda place: lines.half_open(place, of(5)),
        lambda place: lines.silent(place, of(60)),
        lambda place: lines.one_byte_at_a_time(place, of(60)),
        lambda place: lines.slow(place, 20 + of(100), 50),
        lambda place: lines.slow(place, 20 + of(100), 200),
        lambda place: brokers.frozen(place, 30, of(3)),
        lambda place: brokers.forbidding(place, of(30)),
        lambda place: brokers.barring(place, of(30)),
        lambda place: brokers.few_at_a_time(place, 1),
        lambda place: brokers.few_at_a_time(place, 3),
        brokers.small_packets,
        lambda place: brokers.forgetful(place, of(5)),
        lambda place: brokers.namesakes(place, of(120)),
    ]


def run(budget: Budget) -> Iterator[Row]:
    """See ``table.Part``."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if program is None:
        raise SystemExit("no mosquitto on this machine: apt-get install mosquitto")
    logging.getLogger("edge").setLevel(logging.ERROR)
    yield from asyncio.run(_together(Path(program), budget))
    chosen = random.Random(budget.seed).sample(ALL, budget.of(len(ALL)))
    yield from asyncio.run(cuts(Place(Path(program), budget.folder / "cuts"), chosen))


async def _together(program: Path, budget: Budget) -> list[Row]:
    room = asyncio.Semaphore(AT_A_TIME)

    async def tried(number: int, pattern: Pattern) -> Row:
        async with room:
            return await pattern(Place(program, budget.folder / f"pattern-{number}"))

    return await asyncio.gather(*(tried(*each) for each in enumerate(patterns(budget))))
