"""Damage to a journal at many places, as a part of `make faults`."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.faults.damaging import HOWS, made, places
from tests.faults.table import Budget, Row
from tests.faults.test_damage import check

TITLE: Final = "damaged journals"

PLACES: Final = 200
"""Each in a file of its own, in every way by turns."""


def run(budget: Budget) -> Iterator[Row]:
    """See ``table.Part``. set aside: it was noticed, and what could be saved was carried over.

    broken: something wrong was delivered, something lost and not said, or the gateway did not come up.
    """
    with _quietly():
        told = asyncio.run(made(budget.folder))
        tried: Counter[str] = Counter()
        aside: Counter[str] = Counter()
        broken: Counter[str] = Counter()
        for number, damage in enumerate(places(max(budget.of(PLACES), len(HOWS)), budget.seed)):
            tried[damage.how] += 1
            try:
                aside[damage.how] += asyncio.run(check(budget.folder, told, damage, number))
            except (AssertionError, TimeoutError) as error:
                broken[damage.how] += 1
                yield Row(f"{damage}: {error!r}", 1, {"broken": 1}, holds=False)
        for how, times in tried.items():
            yield Row(how, times, {"set aside": aside[how], "broken": broken[how]}, holds=not broken[how])


@contextmanager
def _quietly() -> Iterator[None]:
    """Every damage is logged."""
    log = logging.getLogger("edge.journal")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
