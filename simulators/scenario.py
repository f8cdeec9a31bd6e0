"""Scenario files: rooms, ports with their devices, a timeline of faults.

Their format is described in ``scenarios/README.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import yaml

from simulators.barcode_scanner import BarcodeScanner
from simulators.bluez.radio import Radio
from simulators.climate import RoomOptions
from simulators.device import Device, World
from simulators.ear_tags import EarTagReader
from simulators.faults import Fault
from simulators.gpsd import Gpsd
from simulators.modbus.rtu import ModbusRtu
from simulators.modbus.tcp import ModbusTcp
from simulators.options import Options, ScenarioError
from simulators.r2000 import R2000Reader
from simulators.receiver import NmeaReceiver
from simulators.rfid_shop import RfidShopReader
from simulators.scale import Scale
from simulators.tag_lines import LineReader
from simulators.uhf_reader import UhfReader
from simulators.yrm100 import Yrm100Reader

FOLDER = Path(__file__).parent / "scenarios"

DEVICES: dict[str, Callable[[str, Options, World], Device]] = {
    "barcode_scanner": BarcodeScanner,
    "ear_tag_reader": EarTagReader,
    "gpsd": Gpsd,
    "line_reader": LineReader,
    "modbus_rtu": ModbusRtu,
    "modbus_tcp": ModbusTcp,
    "nmea_receiver": NmeaReceiver,
    "r2000_reader": R2000Reader,
    "radio": Radio,
    "rfid_shop_reader": RfidShopReader,
    "scale": Scale,
    "uhf_reader": UhfReader,
    "yrm100_reader": Yrm100Reader,
}
"""By their names in a scenario."""

Raw: TypeAlias = "str | Path | Mapping[str, object]"
"""A built-in scenario's name, a file, or what a file would hold."""


class Event(NamedTuple):
    """A fault of the timeline. at and until in scenario seconds; until: None, it stays."""

    at: float
    until: float | None
    port: str
    fault: Fault


class Part(NamedTuple):
    """A scenario, or one of those that another one includes; prefix: of its ports' names."""

    prefix: str
    rooms: Mapping[str, RoomOptions]
    ports: Mapping[str, Options]
    events: tuple[Event, ...]


def load(raw: Raw) -> tuple[Part, ...]:
    """Raises ScenarioError."""
    where, tree = _tree(raw)
    options = Options(where, tree)
    if "include" not in options:
        return (_part("", options),)
    included = [str(name) for name in options.items("include")]
    options.done()
    return tuple(_part(f"{name}.", Options(*_tree(name))) for name in included)


def built_in() -> list[str]:
    """The names of the scenarios that come along."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def _tree(raw: Raw) -> tuple[str, object]:
    if isinstance(raw, Mapping):
        return "scenario", raw
    path = FOLDER / f"{raw}.yaml" if str(raw) in built_in() else Path(raw)
    try:
        return path.name, yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(built_in())
        raise ScenarioError(f"{path}: {error.strerror}; the built-in scenarios are {known}") from None
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: {error}") from None


def _part(prefix: str, options: Options) -> Part:
    rooms = {name: RoomOptions.read(room) for name, room in options.within("rooms", {}).each()}
    ports: dict[str, Options] = {}
    for name, port in options.within("ports").each():
        if port.one("device", str) not in DEVICES:
            raise port.error("device", f"is none of {', '.join(DEVICES)}")
        ports[prefix + name] = port
    events = [
        _event(prefix, Options(f"{options.where}.faults.{number}", event))
        for number, event in enumerate(options.items("faults"))
    ]
    options.done()
    return Part(prefix, rooms, ports, tuple(events))


def _event(prefix: str, options: Options) -> Event:
    at = options.duration("at", "0s")
    until = at + options.duration("for", "0s") if "for" in options else None
    port = prefix + options.one("port", str)
    return Event(at, until, port, Fault.read(options))
