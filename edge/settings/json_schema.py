"""``config/schema.json``: the YAML file as editors understand it, from the models and the drivers' options.

``python -m edge.settings.json_schema`` prints it. A device's keys depend on its driver::

    device = common keys + the options of the driver that ``driver:`` names
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from drivers.contract import Driver
from edge.settings.coming import ComingOptions
from edge.settings.devices import DeviceSettings
from edge.settings.later import COMING_DRIVERS, NOT_YET
from edge.settings.schema import Settings

Schema: TypeAlias = dict[str, Any]

_HEAD: Final = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$comment": "Generated: python -m edge.settings.json_schema",
    "title": "Tagtrail",
}


class _ForEditors(GenerateJsonSchema):
    """Says nothing of Python's None: a key that is not wanted is left out of the file."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if isinstance(described.get("default"), dict | None):
            described.pop("default", None)
        return described

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        described = super().dict_schema(schema)
        return described | ({"additionalProperties": False} if "patternProperties" in described else {})

    def field_title_should_be_set(self, _: object) -> bool:
        return False


def json_schema(drivers: Mapping[str, Driver]) -> Schema:
    """The schema of a settings file for these drivers, JSON Schema draft 7."""
    models: list[type[BaseModel]] = [Settings, DeviceSettings, ComingOptions]
    models += [driver.decoder.options for driver in drivers.values()]
    refs, everything = models_json_schema(
        [(model, "validation") for model in models], schema_generator=_ForEditors
    )
    described: dict[type[BaseModel], Schema] = {model: refs[model, "validation"] for model in models}
    parts: dict[str, Schema] = _referring(everything["$defs"])

    def part(model: type[BaseModel]) -> Schema:
        return parts[described[model]["$ref"].removeprefix("#/$defs/")]

    coming = [name for name in COMING_DRIVERS if name not in drivers]
    cases = [([name], part(driver.decoder.options)) for name, driver in drivers.items()]
    device = _device(part(DeviceSettings), [*cases, (coming, part(ComingOptions) | {"x-tagtrail": NOT_YET})])
    parts[described[DeviceSettings]["$ref"].removeprefix("#/$defs/")] = device
    root = part(Settings)
    used = _reachable(root, parts)
    whole: Schema = _untitled(root | {"$defs": {name: parts[name] for name in sorted(used)}})
    return _HEAD | whole


def _device(common: Schema, cases: Sequence[tuple[list[str], Schema]]) -> Schema:
    """The drivers, and for each what a device may say: the common keys and its own."""
    said = []
    for names, own in cases:
        keys = {
            **common,
            **{key: value for key, value in own.items() if key.startswith("x-") or key == "oneOf"},
            "properties": common["properties"] | own.get("properties", {}),
            "required": [*common["required"], *own.get("required", [])],
        }
        said.append({"if": {"properties": {"driver": {"enum": names}}, "required": ["driver"]}, "then": keys})
    driver = common["properties"]["driver"] | {"enum": [name for names, _ in cases for name in names]}
    return {
        "description": common["description"],
        "type": "object",
        "properties": {"driver": driver},
        "required": ["driver"],
        "allOf": said,
    }


def _referring(piece: Any) -> Any:
    """With a reference wherever a driver's options leave a definition to us (``x-defined``)."""
    if isinstance(piece, list):
        return [_referring(each) for each in piece]
    if not isinstance(piece, dict):
        return piece
    kept = {key: _referring(value) for key, value in piece.items() if key != "x-defined"}
    if "x-defined" in piece:
        del kept["type"]
        kept["$ref"] = f"#/$defs/{piece['x-defined']}"
    return kept


def _reachable(root: Schema, parts: Mapping[str, Schema]) -> set[str]:
    found: set[str] = set()
    waiting: list[Any] = [root]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, dict):
            name = str(piece.get("$ref", "")).removeprefix("#/$defs/")
            if name in parts and name not in found:
                found.add(name)
                waiting.append(parts[name])
            waiting.extend(piece.values())
        elif isinstance(piece, list):
            waiting.extend(piece)
    return found


def _untitled(piece: Any) -> Any:
    """Without the classes' names, which mean nothing to people."""
    if isinstance(piece, list):
        return [_untitled(each) for each in piece]
    if isinstance(piece, dict):
        kept = {key: value for key, value in piece.items() if key != "title" or not isinstance(value, str)}
        return {key: _untitled(value) for key, value in kept.items()}
    return piece


def text(drivers: Mapping[str, Driver]) -> str:
    """The file's content."""
    return json.dumps(json_schema(drivers), ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Prints the schema for the drivers that there are."""
    from drivers.catalogue import DRIVERS  # noqa: PLC0415 - composition: only this command knows the drivers

    sys.stdout.write(text(DRIVERS))


if __name__ == "__main__":
    main()
