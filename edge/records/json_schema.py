"""``docs/schemas``: what each kind of record is, for those who read them: a JSON Schema each, and an index.

``python -m edge.records.json_schema docs/schemas`` writes the folder anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from edge.records import KINDS
from edge.records.record import BASIC, EXTENDED, Record

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

TITLES: Final = {
    "arrival": "Arrival · 养殖/入场",
    "slaughter": "Slaughter · 屠宰加工",
    "storage": "Storage · 贮存",
    "transport": "Transport · 运输",
    "dispatch": "Dispatch · 销售/出场",
    "inspection": "Inspection · 检验",
    "recall": "Recall · 召回",
    "alarm": "Alarm · 报警",
    "device": "Device · 设备",
    "gateway": "Gateway · 网关",
}

COMMON: Final = {
    "kind": "Which record it is. · 记录类别",
    BASIC: "What must be there. · 基本追溯信息",
    EXTENDED: "What may be there. · 扩展追溯信息",
}
"""What fields are that every kind declares anew."""

_INDEX: Final = """\
<!-- Generated: python -m edge.records.json_schema docs/schemas -->

# Records · 追溯记录

One JSON Schema for each kind of record, generated from the models (`make schema`). A record arrives at
`tagtrail/{gateway}/records/{kind}` as the member `record` of its block; a member without a value is left out.
Times are RFC 3339, UTC. Of one `id` the highest `revision` holds; each is complete.

每种追溯记录一个 JSON Schema，由模型生成（`make schema`）。记录发布在 `tagtrail/{gateway}/records/{kind}`，
位于数据块的 `record` 成员中；没有值的成员省略。时间为 RFC 3339 格式的 UTC 时间。同一 `id` 以最高的 `revision`
为准，每个修订都是完整的。

"""


class _ForReaders(GenerateJsonSchema):
    """Says nothing of Python's None: what has no value is left out of a record."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if described.get("default") is None:
            described.pop("default", None)
        return described

    def field_title_should_be_set(self, _: object) -> bool:
        return False


def json_schema(kind: str, model: type[Record]) -> dict[str, Any]:
    """The schema of one kind of record, as it stands in its block."""
    schema = _untitled(model.model_json_schema(by_alias=True, schema_generator=_ForReaders))
    parts = schema.get("$defs", {})
    for part in (schema, *parts.values()):
        for name, described in part.get("properties", {}).items():
            said = COMMON.get(name) if part is schema else None
            if (
                said is None and "$ref" in described
            ):  # a field that says no more than its part is left without
                said = parts[described["$ref"].rpartition("/")[2]]["description"]
            if said is not None:
                described.setdefault("description", said)
    schema["required"] = sorted({*schema.get("required", ()), "kind"})
    return {"$schema": DIALECT, "$id": f"{kind}.json", "title": TITLES[kind], **schema}


def _untitled(piece: Any) -> Any:
    """Without the classes' names, which mean nothing to people."""
    if isinstance(piece, list):
        return [_untitled(each) for each in piece]
    if isinstance(piece, dict):
        kept = {key: value for key, value in piece.items() if key != "title" or not isinstance(value, str)}
        return {key: _untitled(value) for key, value in kept.items()}
    return piece


def files(kinds: Mapping[str, type[Record]] = KINDS) -> dict[str, str]:
    """The folder: names and texts."""
    schemas = {kind: json_schema(kind, model) for kind, model in kinds.items()}
    texts = {f"{kind}.json": _text(schema) for kind, schema in schemas.items()}
    return {"README.md": _INDEX + "\n".join(_page(kind, schema) for kind, schema in schemas.items())} | texts


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _page(kind: str, schema: Mapping[str, Any]) -> str:
    rows = "\n".join(f"| `{path}` | {en} | {zh} |" for path, en, zh in _fields(schema))
    head = f"## {TITLES[kind]}\n\n[{kind}.json]({kind}.json)\n\n| field | | 字段 |\n| --- | --- | --- |"
    return f"{head}\n{rows}\n"


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The fields of a record, and those of ``basic`` and ``extended`` instead of these two."""
    for name, described in schema["properties"].items():
        if name in {BASIC, EXTENDED}:
            part = schema["$defs"][described["$ref"].rpartition("/")[2]]
            for inner, inner_described in part["properties"].items():
                yield f"{name}.{inner}", *_said(inner_described)
        else:
            yield name, *_said(described)


def _said(described: Mapping[str, Any]) -> tuple[str, str]:
    en, _, zh = described.get("description", "").replace("|", "\\|").partition(" · ")
    return en, zh


def main() -> None:
    """Writes the folder, and takes away what is no longer in it."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    made = files()
    for name, content in made.items():
        (folder / name).write_text(content, encoding="utf-8")
    for stale in {*folder.glob("*.json")} - {folder / name for name in made}:
        stale.unlink()


if __name__ == "__main__":
    main()
