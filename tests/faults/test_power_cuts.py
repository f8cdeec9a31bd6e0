"""The power is cut at some of the moments at which `make faults` cuts it, others each time."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.power.cuts import Recorded, again, drawn, record, tally
from tests.faults.power.promises import BROKEN
from tests.faults.power.workloads import WORKLOADS, Workload
from tests.faults.seed import AGAIN, SEED

CUTS = 500
DRAWN = 90
"""Of each workload; some come to the same."""

CONTROL_CUTS = 60


def test_what_was_promised_survives() -> None:
    found = {workload.name: _tally(record(workload), DRAWN) for workload in (*WORKLOADS, again(WORKLOADS[0]))}
    broken = {name: +Counter({word: count[word] for word in BROKEN}) for name, count in found.items()}
    assert not any(broken.values()), f"{broken}; {AGAIN}"
    assert sum(count["cuts"] for count in found.values()) >= CUTS, "too few of them differ"


@pytest.mark.parametrize("workload", WORKLOADS[:2], ids=lambda workload: workload.name)
def test_a_journal_that_syncs_less_is_caught(workload: Workload) -> None:
    assert _losses(record(workload, synchronous="NORMAL")) > 0, AGAIN


@pytest.mark.parametrize("workload", WORKLOADS[:2], ids=lambda workload: workload.name)
def test_a_disk_that_lies_is_caught(workload: Workload) -> None:
    assert _losses(record(workload), lies=0.5) > 0, AGAIN


def _losses(recorded: Recorded, lies: float = 0.0) -> int:
    return _tally(recorded, CONTROL_CUTS, lies)["lost"]


def _tally(recorded: Recorded, cuts: int, lies: float = 0.0) -> Counter[str]:
    return tally(recorded, drawn(recorded, cuts, SEED), lies)
