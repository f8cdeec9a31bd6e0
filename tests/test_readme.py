"""What the READMEs tell a reader to write is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drivers.catalogue import DRIVERS
from edge import gateway
from edge.cli import build

CHECKOUT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.parametrize("name", READMES)
def test_the_settings_shown_hold(name: str, tmp_path: Path) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "site.yaml"
    path.write_text(shown, encoding="utf-8")
    assert gateway.load(path).devices.keys() == {"ear-tags", "chiller-1-air"}


@pytest.mark.parametrize("name", READMES)
def test_every_link_leads_somewhere(name: str) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert targets
    assert [target for target in targets if not (CHECKOUT / target).exists()] == []


def test_both_languages_say_as_much() -> None:
    shapes = []
    for name in READMES:
        lines = (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
        shapes.append([re.match(r"#+|\||```\w*|- |\d\.", line) for line in lines])
    english, chinese = ([shape.group() for shape in each if shape] for each in shapes)
    assert english == chinese


@pytest.mark.parametrize("name", READMES)
def test_every_verb_and_driver_shown_exists(name: str) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    drivers = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert drivers == DRIVERS.keys()
    verbs = set(re.findall(r"`?tagtrail (\w+) my-site", text))
    assert verbs <= build("en").commands.keys()
