"""config/schema.json is current, knows what the models know, and judges files as the loader does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from pydantic import BaseModel

from drivers.catalogue import DRIVERS
from edge.settings.devices import COMMON_KEYS, DeviceSettings, Port, Thin
from edge.settings.json_schema import text
from edge.settings.later import COMING_DRIVERS
from edge.settings.measures import Duration, Size
from edge.settings.reader import read
from edge.settings.schema import Journal, Keep
from edge.settings.uplinks import Mqtt

CONFIGS = Path(__file__).parents[2] / "configs"
CONFIG = Path(str(files("config")))
SCHEMA: dict[str, Any] = json.loads((CONFIG / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)


def properties(piece: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every key that the schema describes, wherever it stands."""
    if isinstance(piece, dict):
        for name, described in piece.get("properties", {}).items():
            yield f"{path}.{name}", described
        for name, inner in piece.items():
            yield from properties(inner, f"{path}/{name}")
    elif isinstance(piece, list):
        for number, inner in enumerate(piece):
            yield from properties(inner, f"{path}[{number}]")


def complaints(path: Path) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(read(path).data)]


def test_the_file_is_current() -> None:
    assert (CONFIG / "schema.json").read_text(encoding="utf-8") == text(DRIVERS), (
        "run: python -m edge.settings.json_schema > config/schema.json"
    )


def test_the_command_prints_it() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "edge.settings.json_schema"], capture_output=True, check=True, text=True
    )
    assert printed.stdout == text(DRIVERS)


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "path",
    [*sorted((CONFIG / "examples").glob("*.yaml")), *sorted((CONFIGS / "good").glob("*.yaml"))],
    ids=lambda p: p.name,
)
def test_a_file_that_holds_satisfies_it(path: Path) -> None:
    assert complaints(path) == []


MISTAKES = [
    "gatway: {id: dx}",
    "clock: {trust: sytem}",
    "journal: {path: journal.db}",
    "journal: {path: /j.db, commit_every: 2}",
    "ports: {p: {serial: /dev/x, tcp: 'a:1'}}",
    "ports: {P_1: {serial: /dev/x}}",
    "ports: {p: {serial: /dev/x, baud: 960}}",
    "uplinks: {u: {start: now}}",
    "uplinks: {u: {mqtt: {url: 'mqtts://a', password: hunter2}}}",
    "uplinks: {u: {mqtt: {url: 'mqtts://a', password: {env: A, file: /b}}}}",
    "uplinks: {u: {mqtt: {url: 'https://a'}}}",
    "places: {p: {kind: room}}",
    "places: {p: {name: a}}",
    "devices: {d: {driver: modbuss, port: p}}",
    "devices: {d: {driver: modbus, port: p, unit: 0, profile: x}}",
    "devices: {d: {driver: modbus, port: p, profile: x}}",
    "devices: {d: {driver: wl134, port: p, unit: 1}}",
    "devices: {d: {driver: wl134, port: p, evry: 1s}}",
    "devices: {d: {driver: ruuvi, port: p, unit: 1}}",
    "devices: {d: {driver: nmea, port: p, thin: {}}}",
    "devices: {d: {driver: nmea, port: p, thin: {distance: 50}}}",
    "devices: {d: {driver: modbus, port: p, unit: 1, profile: x, adjust: {humidity: {}}}}",
    "devices: {d: {driver: modbus, port: p, unit: 1, profile: x, adjust: {humidity: {points: [[1, 2]]}}}}",
    "alarms: {a: {abve: 1}}",
]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_editors_see_a_mistake(mistake: str) -> None:
    whole = {
        "gateway": {"id": "dx", "operator": {"name": "a"}, "site": {"name": "b"}},
        "journal": {"path": "/j.db"},
    }
    assert VALIDATOR.is_valid(whole)
    assert not VALIDATOR.is_valid(whole | yaml.safe_load(mistake))


def test_every_key_is_described_in_both_languages() -> None:
    described = {**SCHEMA, "$defs": {**SCHEMA["$defs"]}}
    silent = [
        path
        for path, key in properties(described)
        if not (key.get("description") or "$ref" in key) and "/if." not in path
    ]
    assert silent == []
    ours = [
        description
        for _, key in properties(described)
        if " · " in (description := key.get("description", ""))
    ]
    assert all(re.search("[\u4e00-\u9fffA-Z]", description.partition(" · ")[2]) for description in ours)


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_a_drivers_keys_are_no_devices_own(name: str) -> None:
    options = DRIVERS[name].decoder.options.model_fields
    assert not {field.alias or key for key, field in options.items()} & {*COMMON_KEYS, "options"}


def test_a_driver_is_here_or_to_come_and_not_both() -> None:
    assert not set(COMING_DRIVERS) & set(DRIVERS)


@pytest.mark.parametrize("model", [Journal, Keep, Mqtt, Port, DeviceSettings, Thin])
def test_a_default_that_is_shown_is_the_one_that_holds(model: type[BaseModel]) -> None:
    shown = 0
    for field in model.model_fields.values():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and isinstance(written := extra.get("default"), str):
            measure = Size() if field.alias == "max_size" else Duration()
            assert measure.parse(written) == field.default
            shown += 1
    assert shown


def test_dates_are_texts_to_editors_as_to_us() -> None:
    data = read(CONFIGS / "good" / "whole.yaml").data
    assert isinstance(data, dict)
    day = data["devices"]["chiller-1-air"]["instrument"]["due"]
    assert date.fromisoformat(day) == date(2027, 3, 1)
