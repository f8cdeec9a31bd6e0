"""The page of a driver."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from pydantic import BaseModel

from drivers.contract import Driver, Fix
from edge.quantities import QUANTITIES
from edge.settings.device_pages.markdown import from_docstring, page, table
from edge.settings.device_pages.parts import both, keys_table, quantities
from edge.settings.device_pages.snippets import ports_for, role, snippet
from edge.settings.devices import COMMON_KEYS
from edge.settings.json_schema import Schema
from edge.settings.measures import within
from edge.settings.profiles import Profiles

EXAMPLE_PROFILE: Final = "xy-md02"
"""On the page of modbus itself."""

_NAMED: Final = re.compile(r"`(\w+\.py)`")
"""A module beside the driver's own, as its docstring names it."""


class Described:
    """A driver, and what its module, its options and the catalogue say of it."""

    def __init__(self, name: str, driver: Driver, schema: Schema, profiles: Profiles) -> None:
        self.name = name
        self.driver = driver
        self.schema = schema
        self.doc = _docstring(driver.decoder.__module__)
        self.source = driver.decoder.__module__.replace(".", "/") + ".py"
        keys = device_keys(name, schema)
        self.own = {key: said for key, said in keys["properties"].items() if key not in COMMON_KEYS}
        self.required = [key for key in keys["required"] if key in self.own]
        self.example = _whole_example(driver.decoder.options) or {
            key: _example(key, self.own[key]) for key in self.required
        }
        context = {"profiles": profiles, "duration": within}
        options = driver.decoder.options.model_validate(self.example, context=context)
        self.quantities = driver.decoder(options).quantities()

    @property
    def lead(self) -> str:
        """What kind of device it speaks to: the docstring's first paragraph."""
        return self.linked(self.doc.partition("\n\n")[0])

    @property
    def ports(self) -> str:
        """The kinds it can hang on."""
        return ", ".join(both(kind) for kind in sorted(self.driver.sources))

    @property
    def cadence(self) -> str:
        """How often it observes."""
        every_s = self.driver.every_s
        return both("when_it_likes") if every_s is None else both("each", every=f"{every_s:g}s")

    @property
    def says(self) -> str:
        """What it observes, with units."""
        if "profile" in self.own:
            return both("by_profile", link="README.md")
        if "points" in self.own:
            return both("by_points")
        if "lat" in self.quantities:
            return f"{both('position')}: {quantities(field for field in Fix._fields if field in QUANTITIES)}"
        return quantities(self.quantities) or both("codes")

    @property
    def wire(self) -> list[str]:
        """How it speaks: the rest of the docstring, and those of the modules beside it that it names."""
        package = self.driver.decoder.__module__.rpartition(".")[0]
        parts = [self.linked(self.doc.partition("\n\n")[2])]
        for name in _NAMED.findall(from_docstring(self.doc)):
            parts += [f"### {name}", self.linked(_docstring(f"{package}.{name.removesuffix('.py')}"))]
        return parts

    def linked(self, doc: str) -> str:
        """Markdown; the modules that the docstring names are links."""
        folder = self.source.rpartition("/")[0]
        return _NAMED.sub(rf"[\1](../../{folder}/\1)", from_docstring(doc))


def driver_page(each: Described) -> str:
    """What a technician needs to connect it, then how it speaks."""
    facts = [
        (both("on"), each.ports),
        (both("cadence"), each.cadence),
        (both("says"), each.says),
        (both("source"), f"[{each.source}](../../{each.source})"),
    ]
    no_keys = both("no_own_keys", link="README.md")
    ports = ports_for(each.driver, each.doc)
    return page(
        f"# {each.name}",
        each.lead,
        table(("", ""), facts),
        f"## {both('own_keys')}",
        keys_table(each.own, each.required, each.schema) if each.own else no_keys,
        f"## {both('wire')}",
        *each.wire,
        f"## {both('paste')}",
        snippet(each.name, each.driver, ports, role(each.quantities), each.example),
    )


def _docstring(module: str) -> str:
    return (import_module(module).__doc__ or "").strip()


def device_keys(driver: str, schema: Schema) -> Schema:
    """What config/schema.json says of a device with this driver: the common keys and its own."""
    for case in schema["$defs"]["DeviceSettings"]["allOf"]:
        if driver in case["if"]["properties"]["driver"]["enum"]:
            keys: Schema = case["then"]
            return keys
    raise KeyError(driver)


def _whole_example(options: type[BaseModel]) -> dict[str, object]:
    """Of keys that belong together, where the model gives one."""
    extra = options.model_config.get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    return dict(examples[0]) if isinstance(examples, list) and isinstance(examples[0], dict) else {}


def _example(key: str, said: Mapping[str, Any]) -> object:
    """A value for a key that must be there."""
    offered = [*said.get("examples", []), *said.get("enum", []), *filter(None, [said.get("minimum")])]
    if key != "profile" and not offered:
        raise ValueError(f"the page needs a value for {key}: give its Field examples=[...]")
    return EXAMPLE_PROFILE if key == "profile" else offered[0]
