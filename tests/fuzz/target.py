"""What is fuzzed, and what must hold of it whatever it is given.

* No exception escapes but those of the contract.
* No wrong value: see ``truth.py``.
* No input takes more than ``MOST_S`` of the processor.
* Fed the same again, it keeps no more memory than before.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import process_time
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

MOST_S: Final = 0.05
"""Of processor time, for one input."""

AGAIN: Final = 5
"""So often an input is given another chance: a busy machine slows down all that runs on it."""

KEPT: Final = 30
"""Inputs that are fed again, twice, while memory is counted."""

GROWN_BYTES: Final = 64 * 1024
"""What the second time may leave behind: interned strings, a cache that fills up."""


@dataclass(frozen=True)
class Target:
    """name: ``driver wl134``. inputs: what it is given. feed: takes one input, raises where something does
    not hold. most_s: of the processor. anew: makes it forget what it rightly remembers."""

    name: str
    inputs: st.SearchStrategy[Any]
    feed: Callable[[Any], object]
    most_s: float = MOST_S
    anew: Callable[[], object] = list


@dataclass
class Tally:
    """Of one target."""

    cases: int = 0
    worst_s: float = 0.0
    last: deque[Any] = field(default_factory=lambda: deque(maxlen=KEPT))

    def feed(self, target: Target, given_to_it: Any) -> None:
        """Raises AssertionError where the input takes too long, and what ``feed`` raises."""
        self.cases += 1
        self.last.append(given_to_it)
        took_s = took(target, given_to_it)
        for _ in range(AGAIN):
            if took_s <= target.most_s:
                break
            took_s = min(took_s, took(target, given_to_it))
        self.worst_s = max(self.worst_s, took_s)
        assert took_s <= target.most_s, f"{took_s * 1000:.0f} ms"


def took(target: Target, given_to_it: Any) -> float:
    """Seconds of the processor."""
    begun = process_time()
    target.feed(given_to_it)
    return process_time() - begun


def fuzz(target: Target, tally: Tally, examples: int, number: int | None = None) -> None:
    """So many inputs. number: draws these again."""

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def whatever(given_to_it: Any) -> None:
        tally.feed(target, given_to_it)

    if number is not None:
        whatever = seed(number)(whatever)
    whatever()


def grown(target: Target, inputs: Sequence[Any]) -> int:
    """Bytes that are held after the second time that were not after the first."""

    def held() -> int:
        for each in inputs:
            target.feed(each)
        target.anew()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        first = held()
        return held() - first
    finally:
        tracemalloc.stop()
