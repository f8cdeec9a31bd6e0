"""What DESIGN §5 describes and this version does not do: known to editors, refused by ``check``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from edge.settings.values import Part

NOT_YET: Final = "not in this version"


@dataclass(frozen=True, slots=True)
class Later:
    """Marks a key whose room is not built: ``Annotated[Alarm, LATER] | None``.

    The JSON schema shows what will stand there; any use is one problem, however much hangs below it.
    """

    def __get_pydantic_core_schema__(self, source: Any, _: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(refuse, metadata={"later": source})

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(TypeAdapter(schema["metadata"]["later"]).core_schema)
        return {"allOf": [described], "x-tagtrail": NOT_YET}


LATER = Later()


def refuse(_: object) -> None:
    """Raises PydanticCustomError, always."""
    raise PydanticCustomError("later", NOT_YET)


class Coming(Part):
    """A mapping that stands only under keys marked LATER; built only for the JSON schema."""

    model_config = ConfigDict(defer_build=True)


COMING_DRIVERS = ("jt808",)
"""Drivers that later versions bring; whoever names one is told so, and not that he mistyped."""
