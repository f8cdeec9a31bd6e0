"""docs/schemas is current, whole, in both languages, and judges records as the models do."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from edge.alarms import Cause
from edge.records import KINDS
from edge.records.json_schema import TITLES, files, json_schema
from edge.records.own import AlarmRecord
from edge.records.record import Record, TradeRecord

CHECKOUT = Path(__file__).parents[3]
SCHEMAS = CHECKOUT / "docs" / "schemas"


def records_of_the_room() -> Iterator[type[Record]]:
    """Every model of edge/records that is a kind of record."""
    for path in sorted((CHECKOUT / "edge" / "records").glob("*.py")):
        module = importlib.import_module(f"edge.records.{path.stem}")
        for _, found in inspect.getmembers(module, inspect.isclass):
            own = found.__module__ == module.__name__
            if own and issubclass(found, Record) and found not in {Record, TradeRecord}:
                yield found


def fields(piece: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, described in piece.get("properties", {}).items():
        yield f"{path}.{name}", described
    for name, part in piece.get("$defs", {}).items():
        yield from fields(part, f"{path}/{name}")


def test_every_kind_is_listed_under_its_own_name() -> None:
    assert set(records_of_the_room()) == set(KINDS.values())
    assert {model.model_fields["kind"].default for model in KINDS.values()} == KINDS.keys()
    assert all(model.model_fields["kind"].default == kind for kind, model in KINDS.items())
    assert KINDS.keys() <= TITLES.keys()


def test_the_folder_is_current() -> None:
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.iterdir()}
    assert on_disk == files(), "run: python -m edge.records.json_schema docs/schemas"


def test_the_command_writes_it_and_takes_away_what_is_stale(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text("{}")
    subprocess.run([sys.executable, "-m", "edge.records.json_schema", tmp_path], check=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == files()


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_is_in_both_languages(kind: str) -> None:
    silent = [
        path
        for path, described in fields(json_schema(kind, KINDS[kind]), kind)
        if not re.fullmatch(r".+\. · .*[\u4e00-\u9fff].*", described.get("description", ""))
    ]
    assert silent == []


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_schema_that_asks_for_the_kind(kind: str) -> None:
    schema = json_schema(kind, KINDS[kind])
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["kind"]["const"] == kind
    assert {"id", "revision", "operator", "from", "kind"} <= set(schema["required"])


def test_a_record_is_judged_as_its_model_judges_it() -> None:
    schema = Draft202012Validator(json.loads((SCHEMAS / "alarm.json").read_text(encoding="utf-8")))
    since = "2026-11-22T03:14:07.000Z"
    alarm = AlarmRecord(
        **{"id": "1", "revision": 1, "operator": "伊东羊业", "from": since},
        **{"cause": Cause.LIMIT, "subject": "chiller-1-air.temperature", "state": "active"},
    )
    body = alarm.body()
    schema.validate(body)
    for broken in ({"state": "over"}, {"revision": 0}, {"kind": "gateway"}, {"colour": "red"}):
        assert not schema.is_valid(body | broken), broken
    del body["kind"]
    assert not schema.is_valid(body)
