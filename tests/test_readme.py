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
PAGES = ("reliability", "technician", "operator", "integrator")
PAIRS = (READMES, *((f"docs/{page}.md", f"docs/{page}.zh-CN.md") for page in PAGES))
EVERY_PAGE = [name for pair in PAIRS for name in pair]


@pytest.mark.parametrize("name", READMES)
def test_the_settings_shown_hold(name: str, tmp_path: Path) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "site.yaml"
    path.write_text(shown, encoding="utf-8")
    assert gateway.load(path).devices.keys() == {"ear-tags", "chiller-1-air"}


def anchors(page: Path) -> set[str]:
    """Where a link with # may lead, as GitHub names the headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_every_link_leads_somewhere(name: str) -> None:
    page = CHECKOUT / name
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8"))
    assert links
    targets = [(page.parent / target if target else page, anchor) for target, anchor in links]
    assert [str(target) for target, _ in targets if not target.exists()] == []
    assert [anchor for target, anchor in targets if anchor and anchor not in anchors(target)] == []


def test_every_page_written_by_hand_is_among_them() -> None:
    assert {f"docs/{page.name}" for page in (CHECKOUT / "docs").glob("*.md")} <= set(EVERY_PAGE)


@pytest.mark.parametrize("pair", PAIRS)
def test_both_languages_say_as_much(pair: tuple[str, str]) -> None:
    shapes = []
    for name in pair:
        lines = (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
        shapes.append([re.match(r"#+|\||```\w*|- |\d\.|\*\*\d", line) for line in lines])
    english, chinese = ([shape.group() for shape in each if shape] for each in shapes)
    assert english == chinese


@pytest.mark.parametrize("name", READMES)
def test_every_verb_and_driver_shown_exists(name: str) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    drivers = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert drivers == DRIVERS.keys()
    verbs = set(re.findall(r"`?tagtrail (\w+) my-site", text))
    assert verbs <= build("en").commands.keys()
