"""All the pages, and the one that leads to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from typing import Final

from drivers.contract import Driver
from edge.messages import LANGS, text
from edge.settings.device_pages.drivers import Described, device_keys, driver_page
from edge.settings.device_pages.markdown import page, table
from edge.settings.device_pages.parts import both, keys_table, quantities
from edge.settings.device_pages.profiles import Probe, profile_page, read_probe
from edge.settings.devices import COMMON_KEYS
from edge.settings.json_schema import Schema, json_schema
from edge.settings.later import NOT_YET
from edge.settings.profiles import Profiles

MARK: Final = "<!-- Generated: python -m edge.settings.device_pages docs/devices -->\n\n"
"""How each page begins."""


def pages(drivers: Mapping[str, Driver]) -> dict[str, str]:
    """The text of each page, by its path below docs/devices/."""
    schema = json_schema(drivers)
    with as_file(files("config").joinpath("profiles")) as folder:
        profiles = Profiles(folder)
        described = [Described(name, driver, schema, profiles) for name, driver in sorted(drivers.items())]
        probes = [read_probe(name, folder) for name in sorted(profiles)]
    made = {"README.md": _index(described, probes, schema)}
    made |= {f"{each.name}.md": driver_page(each) for each in described}
    made |= {f"modbus/{probe.name}.md": profile_page(probe, drivers["modbus"]) for probe in probes}
    return {path: MARK + text for path, text in made.items()}


def _index(described: Sequence[Described], probes: Sequence[Probe], schema: Schema) -> str:
    drivers = [(f"[{each.name}]({each.name}.md)", each.lead, each.ports, each.says) for each in described]
    profiles = [
        (f"[{probe.name}](modbus/{probe.name}.md)", probe.title, quantities(probe.profile.points))
        for probe in probes
    ]
    of_device = device_keys(described[0].name, schema)
    common = {key: said for key, said in of_device["properties"].items() if key in COMMON_KEYS}
    required = [key for key in of_device["required"] if key in COMMON_KEYS]
    of_port = schema["$defs"]["Port"]["properties"]
    here = {key: said for key, said in of_port.items() if said.get("x-tagtrail") != NOT_YET}
    return page(
        f"# {both('index')}",
        *(text(lang, "pages.index_lead") for lang in reversed(LANGS)),
        f"## {both('drivers')}",
        table([both(column) for column in ("driver", "device", "on", "says")], drivers),
        f"## {both('profiles')}",
        *(text(lang, "pages.profiles_lead") for lang in reversed(LANGS)),
        table([both(column) for column in ("profile", "device", "says")], profiles),
        f"## {both('device_keys')}",
        keys_table(common, required, schema),
        f"## {both('port_keys')}",
        keys_table(here, [], schema),
    )
