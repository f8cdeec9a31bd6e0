"""The commands that docs/reliability names are there, and the same in both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.faults.__main__ import PARTS

CHECKOUT = Path(__file__).parents[1]
PAGES = ("reliability.md", "reliability.zh-CN.md")


def commands(page: str) -> list[str]:
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"`((?:make|pytest|python -m) [^`]+)`", text)


def missing(command: str) -> str | None:
    """What the command names and is not there."""
    program, *words = shlex.split(command)
    if program == "pytest":
        return next((word for word in words if not (CHECKOUT / word).exists()), None)
    if program == "python":
        module = CHECKOUT / (words[1].replace(".", "/") + ".py")
        return None if module.exists() else words[1]
    target, *rest = words
    if not re.search(rf"^{target}:", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE):
        return target
    arguments = " ".join(rest).removeprefix("ARGS=").split()
    if target == "faults" and arguments and arguments[0] not in PARTS:
        return arguments[0]
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_exists(page: str) -> None:
    named = commands(page)
    assert len(named) > 30
    assert {command: what for command in named if (what := missing(command))} == {}


def test_both_languages_name_the_same_commands() -> None:
    english, chinese = (commands(page) for page in PAGES)
    assert english == chinese


@pytest.mark.parametrize(
    "command",
    ["make fault", "make faults ARGS=weather", "pytest tests/nowhere.py", "python -m tests.faults.nothing"],
)
def test_what_is_not_there_is_noticed(command: str) -> None:
    assert missing(command)
