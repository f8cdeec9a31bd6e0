"""Every broken file is refused with its place and a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from drivers.catalogue import DRIVERS
from edge.errors import Problem, SettingsError
from edge.settings import load
from tests.edge.settings.broken import ROWS as COMMON
from tests.edge.settings.broken import Broken
from tests.edge.settings.broken_alarms import ALARMS
from tests.edge.settings.broken_goods import GOODS
from tests.edge.settings.broken_transport import TRANSPORT

CONFIGS = Path(__file__).parents[2] / "configs"
WHOLE = (CONFIGS / "good" / "whole.yaml").read_text(encoding="utf-8")
ROWS = [*COMMON, *ALARMS, *GOODS, *TRANSPORT]
MARK = "‸"

A_SECOND = 1.0
"""Within which a technician hears what is wrong (the issue's word); it takes hundredths of one."""


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(SettingsError) as refused:
        load(path, DRIVERS)
    return refused.value.problems


def place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].split("\n")
    return len(before), len(before[-1]) + 1


def broken_text(row: Broken) -> tuple[str, tuple[int, int]]:
    """The file as the row breaks it, and the line and column that must be named."""
    assert WHOLE.count(row.old) == 1, f"{row.old!r} stands {WHOLE.count(row.old)} times in whole.yaml"
    marked = WHOLE.replace(row.old, row.new)
    text = marked.replace(MARK, "")
    if row.at:
        assert text.count(row.at) == 1, f"{row.at!r} stands {text.count(row.at)} times"
        return text, place(text, text.index(row.at))
    assert marked.count(MARK) == 1, "a row has one mark"
    return text, place(marked, marked.index(MARK))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.key}-{number}" for number, row in enumerate(ROWS)])
def test_a_mistake_is_named_with_its_place_and_what_would_be_right(row: Broken, tmp_path: Path) -> None:
    text, (line, column) = broken_text(row)
    path = tmp_path / "tagtrail.yaml"
    path.write_text(text, encoding="utf-8", newline="")

    began = time.process_time()
    found = problems_of(path)
    took = time.process_time() - began

    [problem] = [each for each in found if (each.path, each.key) == (row.path, row.key)]
    assert (problem.file, problem.line, problem.column) == (str(path), line, column)
    assert row.says in problem.sentence("en")
    assert problem.render("en").startswith(f"{path}:{line}:{column}")
    assert problem.sentence("zh") != problem.sentence("en")
    assert len(found) == 1 + row.also, [each.render("en") for each in found]
    assert took < A_SECOND
