"""Lines of a settings file, ready to paste, that bring one device into service."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import yaml

from drivers.contract import Driver
from drivers.modbus.bus import Bus
from drivers.modbus.profile import Factory
from edge.settings.device_pages.parts import both

_SERIAL: Final = "/dev/serial/by-id/usb-FTDI_FT232R_A10K1234-if00-port0"
_KEYBOARD: Final = "/dev/input/by-id/usb-Honeywell_1450g-event-kbd"
_HOST: Final = "192.168.1.50"
_MODBUS_PORT: Final = 502
_SERVER_PORT: Final = 4001
"""Of a device server's first line, as most of them leave the factory."""

_PARITY: Final = {"N": "none", "E": "even", "O": "odd"}
_BAUD: Final = re.compile(r"\b(\d+)(?: to \d+)? baud\b")
_TCP_PORT: Final = re.compile(r"\bport (\d+)\b")


class Role(NamedTuple):
    """What such a device is usually there for: the name and kind of its place, and its own name."""

    place: str
    kind: str
    device: str


def role(quantities: Sequence[str]) -> Role:
    """By what it measures."""
    if not quantities:
        return Role("station-1", "station", "station-1-reader")
    if "lat" in quantities:
        return Role("truck-1", "vehicle", "truck-1-position")
    if "mass" in quantities and "temperature" not in quantities:
        return Role("station-1", "station", "station-1-scale")
    return Role("cold-room-1", "cold-room", "cold-room-1-probe")


def snippet(name: str, driver: Driver, ports: Sequence[str], stands: Role, own: Mapping[str, object]) -> str:
    """The sections ports, places and devices in a code block.

    ports: of ``ports_for``. own: the driver's keys.
    """
    every = {} if driver.every_s is None else {"every": f"{driver.every_s:g}s"}
    keys = {"driver": name, "port": "port-1", **own, **every, "place": stands.place}
    first, *others = ports
    return "\n".join(
        [
            "```yaml",
            "ports:",
            f"  {first}",
            *(f"  # {other}" for other in others),
            "places:",
            f"  {stands.place}: {{kind: {stands.kind}}}",
            "devices:",
            f"  {stands.device}: {_flow(keys)}",
            "```",
        ]
    )


def _flow(keys: Mapping[str, object]) -> str:
    """In one line."""
    dumped: str = yaml.safe_dump(dict(keys), default_flow_style=True, sort_keys=False, width=math.inf)
    return dumped.strip()


def ports_for(driver: Driver, doc: str, factory: Factory | None = None) -> list[str]:
    """The ways to reach it, best first, at the speed and port that ``doc`` tells or the factory set."""
    if "gpio" in driver.sources:
        return ["port-1: {gpio: gpiochip0}"]
    told = _BAUD.search(doc)
    baud = told[1] if told else "9600"
    framed = ""
    if factory is not None:
        baud, framing = factory.serial.split()
        framed = _framed(*framing)
    served = _TCP_PORT.search(doc)
    ways = []
    if "serial" in driver.sources:
        ways.append(f"port-1: {{serial: {_SERIAL}, baud: {baud}{framed}}}")
    if driver.sources.get("tcp") is Bus:
        ways.append(_tcp(_SERVER_PORT, f", framing: rtu, baud: {baud}") + _remark("or_device_server"))
        ways.append(_tcp(_MODBUS_PORT) + _remark("or_modbus_tcp"))
    elif "tcp" in driver.sources:
        ways.append(_tcp(int(served[1]) if served else _SERVER_PORT) + _remark("or_network"))
    if "bluetooth" in driver.sources:
        ways.append("port-1: {bluetooth: hci0}")
    if "input" in driver.sources:
        ways.append(f"port-1: {{input: {_KEYBOARD}}}" + _remark("or_keyboard"))
    return ways


def _tcp(port: int, more: str = "") -> str:
    return f'port-1: {{tcp: "{_HOST}:{port}"{more}}}'


def _remark(key: str) -> str:
    return f"  # {both(key)}"


def _framed(data_bits: str, parity: str, stop_bits: str) -> str:
    """What of ``8N1`` is not the default."""
    keys = {"data_bits": data_bits, "parity": _PARITY[parity], "stop_bits": stop_bits}
    usual = {"data_bits": "8", "parity": "none", "stop_bits": "1"}
    return "".join(f", {key}: {value}" for key, value in keys.items() if value != usual[key])
