"""What several of the pages show: texts in both languages, quantities with units, tables of keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

from pydantic import TypeAdapter

from edge.messages import LANGS, text, word
from edge.quantities import QUANTITIES
from edge.settings.device_pages.markdown import code, table
from edge.settings.json_schema import Schema
from edge.settings.measures import Duration

Properties: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Keys of the settings file, and what config/schema.json says of each."""

_TYPES: Final = {"integer": "whole_number", "number": "number", "string": "text"}
_DURATION: Final = TypeAdapter(Annotated[float, Duration()]).json_schema()["pattern"]


def both(key: str, **values: object) -> str:
    """A text of the room ``pages`` in English and Chinese."""
    return " · ".join(text(lang, f"pages.{key}", **values) for lang in reversed(LANGS))


def quantity(name: str) -> str:
    """As people and as programs call it."""
    return f"{code(name)} {word('zh', name)}"


def unit(name: str) -> str:
    """Of a quantity, as UCUM spells it; empty for a state."""
    return QUANTITIES[name].unit


def quantities(names: Iterable[str]) -> str:
    """What a device measures, each with its unit."""
    return ", ".join(f"{quantity(name)} ({unit(name)})" if unit(name) else quantity(name) for name in names)


def keys_table(keys: Properties, required: Sequence[str], schema: Schema) -> str:
    """What each key may say. schema: the whole, where keys refer to other parts of it."""
    head = [both(column) for column in ("key", "values", "default", "meaning")]
    rows = [
        (
            code(key),
            ", ".join(_values(each, schema) for each in said.get("anyOf", [said])),
            both("required") if key in required else _default(said),
            str(said["description"]),
        )
        for key, said in keys.items()
    ]
    return table(head, rows)


def _default(said: Mapping[str, Any]) -> str:
    default = said.get("default")
    return "" if default is None else code(str(default).lower() if isinstance(default, bool) else default)


def _values(said: Mapping[str, Any], schema: Schema) -> str:
    if "enum" in said or "const" in said:
        return ", ".join(code(value) for value in said.get("enum", [said.get("const")]))
    if said.get("type") == "boolean":
        return "`true`, `false`"
    if "$ref" in said or said.get("type") == "object":
        return code(_mapping(said, schema))
    if "minimum" in said and "maximum" in said:
        return f"{said['minimum']} … {said['maximum']}"
    if said.get("pattern") == _DURATION:
        return both("duration")
    return both(_TYPES[said["type"]])


def _mapping(said: Mapping[str, Any], schema: Schema) -> str:
    """The keys of a mapping, as ``{a, b}``."""
    part = schema["$defs"][said["$ref"].removeprefix("#/$defs/")] if "$ref" in said else said
    inner = [*part.get("properties", {})]
    if isinstance(each := part.get("additionalProperties"), dict):
        inner.append(f"…: {_mapping(each, schema)}")
    inner += [f"…: {_mapping(each, schema)}" for each in part.get("patternProperties", {}).values()]
    return f"{{{', '.join(inner)}}}"
