"""What is typed behind `tagtrail enter`, before anybody is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from edge import typed
from edge.messages import LANGS, text

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
"""Half past seven in the morning of the 22nd at the site."""


def test_words_become_values_and_lists() -> None:
    words = ["vehicle=truck", "names=马师傅", "names=李师傅", "by=调度", "reason=a=b"]
    assert typed.request("crew", words, ZONE, NOW) == {
        "fact": "crew",
        "values": {"vehicle": "truck", "names": ["马师傅", "李师傅"]},
        "by": "调度",
        "reason": "a=b",
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("06:20", "2026-11-22T06:20:00+08:00"),
        ("06:20:15", "2026-11-22T06:20:15+08:00"),
        ("2026-11-21 22:00", "2026-11-21T22:00:00+08:00"),
        ("2026-11-21T22:00:00Z", "2026-11-21T22:00:00+00:00"),
    ],
)
def test_times_are_those_of_the_clock_on_the_wall(written: str, meant: str) -> None:
    assert typed.moment(written, ZONE, NOW) == meant


@pytest.mark.parametrize(
    ("fact", "words", "key"),
    [
        ("weather", [], "unknown_kind"),
        ("recall", ["subject"], "no_equals"),
        ("recall", ["=lot:A"], "no_equals"),
        ("recall", ["action=recalled", "action=stopped"], "typed_twice"),
        ("recall", ["at=half past six"], "no_time"),
        ("recall", ["at=25:00"], "no_time"),
    ],
)
def test_what_is_mistyped_is_said_in_both_languages(fact: str, words: list[str], key: str) -> None:
    with pytest.raises(typed.Mistyped) as mistyped:
        typed.request(fact, words, ZONE, NOW)
    assert mistyped.value.key == key
    assert all(text(lang, f"facts.{key}", **mistyped.value.values) for lang in LANGS)
