"""Whatever comes in: a share of ``make fuzz``, and every input that once told of a defect."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import orjson
import pytest
from hypothesis import strategies as st

from drivers.catalogue import DRIVERS
from edge.facts import FACTS
from tests.fuzz import wires, words
from tests.fuzz.target import GROWN_BYTES, Tally, Target, fuzz, grown

TARGETS = [*wires.targets(), *words.targets()]
EXAMPLES = 120
SLOW_EXAMPLES = 6
"""Of a target whose inputs may take longer."""


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    """What is refused is logged; the log of what is logged would count as memory."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_comes_in_harms_nobody(target: Target) -> None:
    tally = Tally()
    fuzz(target, tally, EXAMPLES if target.most_s < 1 else SLOW_EXAMPLES)
    if target.most_s < 1:
        assert grown(target, list(tally.last)) <= GROWN_BYTES


def test_every_driver_and_every_kind_of_fact_is_among_them() -> None:
    assert {f"driver {name}" for name in DRIVERS} <= {target.name for target in TARGETS}
    assert words.SAID.keys() == FACTS.keys()


def _raises(_given: bytes) -> None:
    raise IndexError("a defect")


def _dawdles(_given: bytes) -> None:
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass


@pytest.mark.parametrize(("feed", "error"), [(_raises, IndexError), (_dawdles, AssertionError)])
def test_the_rig_is_awake(feed: Callable[[bytes], None], error: type[Exception]) -> None:
    with pytest.raises(error):
        fuzz(Target("a defect", st.just(b"x"), feed), Tally(), 1)


def test_the_rig_notices_what_is_kept() -> None:
    kept: list[bytes] = []
    target = Target("a leak", st.just(b"x"), lambda given: kept.append(bytes(4096)))
    assert grown(target, [b"x"] * 30) > GROWN_BYTES


FAR = ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1500-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
"""Instants that 64 bits of nanoseconds do not hold: each once ended the journal's work, and the gateway."""


@pytest.mark.parametrize("at", FAR)
@pytest.mark.parametrize("site", words.SITES)
@pytest.mark.parametrize("kind", FACTS)
def test_a_fact_of_a_far_time(kind: str, site: str, at: str) -> None:
    words.enter([(site, {"fact": kind, "values": words.SAID[kind], "by": "x", "at": at, "reason": "y"})])


@pytest.mark.parametrize("at", FAR)
def test_a_hold_list_of_a_far_time(at: str) -> None:
    held = {"code": "cn-eartag:3622926", "reason": "疫区"}
    words.hold(orjson.dumps({"v": 1, "issued": at, "holds": [held]}))
    words.hold(orjson.dumps({"v": 1, "issued": "2026-11-22T03:00:00Z", "holds": [held | {"until": at}]}))
