"""Every driver of the catalogue can be named in a settings file and keeps the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from drivers.catalogue import DRIVERS
from drivers.contract import PortKind

VECTORS = Path(__file__).parents[1] / "vectors"
PORT_KINDS = set(get_args(PortKind))


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_has_captures(name: str) -> None:
    captures = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    assert captures, f"tests/vectors/{name}.json shows no bytes of a {name}"


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_refuses_options_it_does_not_know(name: str) -> None:
    assert DRIVERS[name].decoder.options.model_config.get("extra") == "forbid"


@pytest.mark.parametrize("name", DRIVERS)
def test_a_drivers_options_are_documented(name: str) -> None:
    options = DRIVERS[name].decoder.options
    assert options.__doc__
    for key, described in options.model_json_schema().get("properties", {}).items():
        assert described.get("description"), f"what {key} means, with its unit and range, is not said"


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_claims_options_that_it_has(name: str) -> None:
    decoder = DRIVERS[name].decoder
    assert set(decoder.claims) <= set(decoder.options.model_fields)


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_hangs_on_ports_that_there_are(name: str) -> None:
    assert set() < set(DRIVERS[name].sources) <= PORT_KINDS
    cadence_s = DRIVERS[name].every_s
    assert cadence_s is None or cadence_s > 0
