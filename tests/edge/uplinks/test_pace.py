"""Pauses and rates, on a clock that the test turns."""

from __future__ import annotations

import pytest

from edge.uplinks.pace import PAUSE_FIRST_S, PAUSE_MOST_S, Backoff, CatchUp

BLOCK = 32 * 1024


def test_pauses_double_are_jittered_and_end_at_the_cap() -> None:
    backoff = Backoff()
    pauses = [backoff.pause_s() for _ in range(12)]
    full = [min(PAUSE_MOST_S, PAUSE_FIRST_S * 2**attempt) for attempt in range(12)]
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, full, strict=True))
    assert len(set(pauses[6:])) > 1, "a fleet does not come back as one"


def test_after_a_success_the_pause_is_short_again() -> None:
    backoff = Backoff()
    for _ in range(8):
        backoff.pause_s()
    backoff.reset()
    assert backoff.pause_s() <= PAUSE_FIRST_S


def drained(catch_up: CatchUp, *, seconds: int) -> int:
    """How many bytes pass in so many seconds, looked at a hundred times a second."""
    passed = 0
    for step in range(seconds * 100):
        now_s = step / 100
        while catch_up.wait_s(now_s) == 0:
            catch_up.spend(BLOCK, now_s)
            passed += BLOCK
    return passed


@pytest.mark.parametrize("rate", [10_000.0, 200_000.0, 5_000_000.0])
def test_a_backlog_drains_at_the_rate(rate: float) -> None:
    assert drained(CatchUp(rate), seconds=60) == pytest.approx(61 * rate, rel=0.1)


def test_the_wait_is_over_when_it_says_so() -> None:
    catch_up = CatchUp(1000.0)
    catch_up.spend(BLOCK, 0.0)
    wait_s = catch_up.wait_s(0.0)
    assert wait_s > 30
    assert catch_up.wait_s(wait_s - 0.1) > 0
    assert catch_up.wait_s(wait_s) == pytest.approx(0, abs=1e-6)


def test_for_each_fresh_block_one_passes_free() -> None:
    catch_up = CatchUp(1000.0)
    catch_up.spend(BLOCK, 0.0)
    catch_up.fresh(2)
    for _ in range(2):
        assert catch_up.wait_s(0.0) == 0
        catch_up.spend(BLOCK, 0.0)
    assert catch_up.wait_s(0.0) > 0


def test_without_a_rate_nothing_waits() -> None:
    catch_up = CatchUp(None)
    for _ in range(1000):
        catch_up.spend(BLOCK, 0.0)
    assert catch_up.wait_s(0.0) == 0
