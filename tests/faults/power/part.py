"""Power cuts and kills, as a part of `make faults`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.faults.power.cuts import Recorded, again, drawn, record, tally
from tests.faults.power.disk import Kept
from tests.faults.power.mounted import why_not
from tests.faults.power.playing import broken_off, played
from tests.faults.power.promises import BROKEN
from tests.faults.power.workloads import WORKLOADS
from tests.faults.table import Budget, Row

TITLE: Final = "power cuts"

CUTS: Final = 20_000
"""Different ones at the least."""

_TORN: Final = 5
"""Every operation of every workload is cut in every way, and so many times more with other sectors kept."""

_CONTROL_CUTS: Final = 200
"""Of each workload with each control."""

_MOUNTED_CUTS: Final = 300
"""Of each workload with the real sqlite3."""

_FAULTS: Final = ("cut", "full", "sync")

_LIES: Final = 0.5


def run(budget: Budget) -> Iterator[Row]:
    """See ``table.Part``."""
    with _quietly():
        yield from _promises(budget)
        yield from _mounted(budget)
        yield _control("synchronous=NORMAL", budget, [record(each, "NORMAL") for each in WORKLOADS])
        yield _control("a disk that lies", budget, [record(each) for each in WORKLOADS], _LIES)


def _promises(budget: Budget) -> Iterator[Row]:
    total = 0
    for workload in (*WORKLOADS, again(WORKLOADS[0])):
        recorded = record(workload)
        cuts = budget.of(len(recorded.moments) * (len(Kept) + _TORN))
        found = tally(recorded, drawn(recorded, cuts, budget.seed))
        total += found["cuts"]
        yield _row(workload.name, found, holds=not any(found[word] for word in BROKEN))
    yield Row("all of them", total, {}, holds=total >= budget.of(CUTS))


def _mounted(budget: Budget) -> Iterator[Row]:
    """The real sqlite3 on a file system of ours; where there can be none, the row says so."""
    lack = why_not()
    if lack is not None:
        yield Row(f"on FUSE: {lack}", 0, {}, holds=True)
        return
    broken = {f"{fault} in their midst": broken_off(WORKLOADS[0], fault, after=7) for fault in _FAULTS}
    whole = {workload.name: played(workload) for workload in WORKLOADS}
    for name, recorded in (whole | broken).items():
        found = tally(recorded, drawn(recorded, budget.of(_MOUNTED_CUTS), budget.seed))
        yield _row(f"on FUSE: {name}", found, holds=not any(found[word] for word in BROKEN))
    yield _control("synchronous=NORMAL, on FUSE", budget, [played(WORKLOADS[0], synchronous="NORMAL")])
    yield _control("a disk that lies, on FUSE", budget, [broken_off(WORKLOADS[0], "lie", after=7)])


def _control(name: str, budget: Budget, recordings: list[Recorded], lies: float = 0.0) -> Row:
    """Where losses are there to be found, it has to find them."""
    found: Counter[str] = Counter()
    for recorded in recordings:
        found += tally(recorded, drawn(recorded, budget.of(_CONTROL_CUTS), budget.seed), lies)
    return _row(f"control: {name}", found, holds=found["lost"] > 0)


def _row(name: str, found: Counter[str], *, holds: bool) -> Row:
    return Row(name, found["cuts"], {word: found[word] for word in BROKEN}, holds)


@contextmanager
def _quietly() -> Iterator[None]:
    """Thousands of journals that were cut have thousands of things to say."""
    log = logging.getLogger("edge.journal")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
