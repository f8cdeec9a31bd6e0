"""The real sqlite3 on a file system that loses what was not synced, lies, fails, or is full."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.faults.power.cuts import Recorded, drawn, tally
from tests.faults.power.disk import Name, Said, SyncFailed, SyncNames
from tests.faults.power.mounted import why_not
from tests.faults.power.playing import broken_off, played
from tests.faults.power.promises import BROKEN
from tests.faults.power.workloads import WORKLOADS
from tests.faults.seed import AGAIN, SEED

CUTS = 60
STEADY, _, FIRST_START = WORKLOADS[:3]

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")


def test_what_was_promised_survives() -> None:
    recorded = played(FIRST_START)
    assert any(isinstance(operation, SyncNames) for operation in recorded.operations)
    assert any(isinstance(operation, Name) for operation in recorded.operations)
    expect_all_kept(recorded)


def test_a_journal_that_syncs_less_is_caught() -> None:
    assert _tally(played(STEADY, synchronous="NORMAL"))["lost"] > 0, AGAIN


def test_a_disk_that_lies_is_caught() -> None:
    assert _tally(broken_off(STEADY, "lie", after=5))["lost"] > 0, AGAIN


@pytest.mark.parametrize("fault", ["cut", "full"])
def test_it_goes_wrong_in_the_middle(fault: str) -> None:
    expect_all_kept(broken_off(STEADY, fault, after=random.Random(SEED).randrange(1, 30)))


def test_what_failed_to_sync_never_counts_as_stored() -> None:
    recorded = broken_off(STEADY, "sync", after=5)
    failed = [isinstance(operation, SyncFailed) for operation in recorded.operations]
    assert any(failed)
    later = recorded.operations[failed.index(True) :]
    assert not any(isinstance(operation, Said) for operation in later), "it said something all the same"
    expect_all_kept(recorded)


def expect_all_kept(recorded: Recorded) -> None:
    found = _tally(recorded)
    assert found["cuts"] > CUTS // 2, "too few of them differ"
    assert not +Counter({word: found[word] for word in BROKEN}), AGAIN


def _tally(recorded: Recorded) -> Counter[str]:
    return tally(recorded, drawn(recorded, CUTS, SEED))
