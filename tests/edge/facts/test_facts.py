"""Facts are read as they are typed, and refused with what would be right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Instant
from edge.facts import FACTS, read_fact
from edge.messages import LANGS, sentence
from edge.recorders.contract import Unfit

NOW = Instant(1_795_317_247 * NANOSECONDS)
TAG = "cn-eartag:362292600000123"
VERDICT = {"subject": TAG, "stage": "ante_mortem", "result": "passed"}


def test_a_verdict_is_read_with_who_and_when() -> None:
    fact = read_fact("verdict", VERDICT, by=" 王兽医 ", entered=NOW)
    assert (fact.by, fact.at, fact.entered, fact.via) == ("王兽医", NOW, NOW, "person")
    assert fact.values == VERDICT


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("weather", {}, {}, "unknown_kind"),
    ("verdict", VERDICT, {"by": " "}, "nobody"),
    ("verdict", VERDICT, {"at": Instant(NOW + 3600 * NANOSECONDS)}, "to_come"),
    ("verdict", {**VERDICT, "result": "good"}, {}, "unfit"),
    ("verdict", {**VERDICT, "subject": "362292600000123"}, {}, "unfit"),
    ("verdict", {**VERDICT, "mood": "fine"}, {}, "unfit"),
    ("disposal", {"subject": TAG, "method": "焚烧", "mass_kg": -1}, {}, "unfit"),
    ("correct", {"record": "a", "field": "basic.x", "value": 1}, {}, "no_reason"),
]


@pytest.mark.parametrize(("kind", "values", "said", "key"), REFUSED)
def test_what_does_not_hold_is_refused_in_both_languages(
    kind: str, values: dict[str, Any], said: dict[str, Any], key: str
) -> None:
    with pytest.raises(Unfit) as refused:
        read_fact(kind, values, **{"by": "王兽医", "entered": NOW, **said})
    assert refused.value.key == key
    told = {sentence(lang, f"facts.{key}", refused.value.values) for lang in LANGS}
    assert len(told) == len(LANGS)
    assert not any("settings." in each for each in told)


@pytest.mark.parametrize("kind", FACTS)
def test_every_field_is_said_in_english_and_chinese(kind: str) -> None:
    said = [FACTS[kind].__doc__, *(field.description for field in FACTS[kind].model_fields.values())]
    assert all(each and " · " in each for each in said)


@given(st.sampled_from(sorted(FACTS)), st.dictionaries(st.text(max_size=9), st.text(max_size=20), max_size=4))
def test_whatever_is_typed_is_a_fact_or_refused(kind: str, values: dict[str, str]) -> None:
    try:
        fact = read_fact(kind, values, by="x", entered=NOW, reason="y")
    except Unfit:
        return
    assert fact.kind == kind
