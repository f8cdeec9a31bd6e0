"""The walls of the house: who may import whom, and how long a module may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
OURS = {"drivers", "edge", "config", "simulators", "tests"}
LONGEST_MODULE = 400

MAY_IMPORT = {
    "drivers": {"drivers"},
    "edge": {"edge", "drivers", "config"},
    "config": {"config"},
    "simulators": {"simulators"},
}
"""Simulators share nothing with what they test: a mistake made on both sides would hide."""

KNOW_THE_CATALOGUE = {
    "edge/gateway.py",
    "edge/settings/json_schema.py",
    "edge/settings/device_pages/__main__.py",
}
"""The composition root, and the generators of config/schema.json and docs/devices/; all others are handed
what they need."""

MODULES = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for folder in MAY_IMPORT
    for path in (CHECKOUT / folder).rglob("*.py")
)


def imported(module: str) -> Iterator[str]:
    """The full names of what a module imports, wherever in it, ``a.b.name`` for ``from a.b import name``."""
    package = module.split("/")[:-1]
    for node in ast.walk(ast.parse((CHECKOUT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def test_there_is_something_to_look_at() -> None:
    assert {"drivers/contract.py", "drivers/catalogue.py"} <= set(MODULES)
    assert "drivers.contract.Reject" in imported("drivers/framing.py")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_stands_below_it(module: str) -> None:
    room = module.split("/", maxsplit=1)[0]
    used = {name.split(".", maxsplit=1)[0] for name in imported(module)} & OURS
    assert used <= MAY_IMPORT[room]


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith("drivers/")])
def test_only_the_composition_root_knows_the_catalogue(module: str) -> None:
    knows = any(name.startswith("drivers.catalogue") for name in imported(module))
    assert not knows or module in KNOW_THE_CATALOGUE


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    assert len((CHECKOUT / module).read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
