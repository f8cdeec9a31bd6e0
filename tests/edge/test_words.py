"""Every state, reason and quantity that people may meet has its word in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import pytest

from drivers.contract import NoAnswer, Quality, Reason
from drivers.modbus import decoder
from edge.alarms import Cause
from edge.clock import ClockState
from edge.messages import LANGS, Lang, _room, word
from edge.quantities import QUANTITIES
from edge.uplinks.mqtt import State

TERMS: Iterable[object] = chain(
    Quality,
    NoAnswer,
    Reason,
    Cause,
    ClockState,
    State,
    QUANTITIES,
    (decoder.SENSOR_FAULT, decoder.FAULT_UNKNOWN, decoder.NOT_A_NUMBER, decoder.OUT_OF_RANGE),
    ("silent", "up", "down", "ok", "full", "failing", "sighting", "fix", True, False),
)


@pytest.mark.parametrize("term", sorted({str(term).lower() for term in TERMS}))
@pytest.mark.parametrize("lang", LANGS)
def test_the_term_has_a_word(lang: Lang, term: str) -> None:
    assert term in _room(lang, "words")


def test_a_term_that_nobody_translated_stands_for_itself() -> None:
    assert word("zh", "chiller-1-air") == "chiller-1-air"
    assert word("zh", 3.4) == "3.4"
