"""The site that is measured: Modbus TCP units, and the files that tell simulators and gateway about them."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import yaml

UNITS: Final = 50
GATEWAY: Final = "bench"
HOST: Final = "127.0.0.1"

QUANTITIES: Final = (
    "temperature",
    "humidity",
    "temperature_defrost",
    "dew_point",
    "setpoint",
    "speed",
    "course",
    "altitude",
    "satellites",
    "hdop",
)
"""What an imagined instrument holds in consecutive registers; that there is no such thing costs nothing."""


class Load(NamedTuple):
    """How much is asked of the gateway. readings: of one unit, in one request. every_s: how often."""

    name: str
    readings: int
    every_s: float

    @property
    def per_second(self) -> float:
        return UNITS * self.readings / self.every_s


SLOW: Final = Load("100/s", readings=2, every_s=1.0)
FAST: Final = Load("1,000/s", readings=10, every_s=0.5)
SATURATED: Final = Load("saturation", readings=10, every_s=0.01)
IDLE: Final = Load("idle", readings=2, every_s=86_400.0)


TAG: Final = {"tags": ["E20010000000000000000042"], "first": 0, "stay": ["24h", "24h"], "repeat": "19ms"}
"""Sent a little more than fifty times a second: a timer comes up to a millisecond late."""


def free_ports(count: int) -> list[int]:
    """TCP ports that nobody listens on."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [int(taken.getsockname()[1]) for taken in sockets]
    for taken in sockets:
        taken.close()
    return ports


def units_of(ports: Sequence[int]) -> dict[int, range]:
    """Which units stand behind which TCP port: all of them, evenly spread."""
    each = UNITS // len(ports)
    return {port: range(1, each + 1) for port in ports}


def write_scenario(path: Path, ports: Sequence[int], reader: int) -> None:
    """The stand-ins: every unit holds ten registers, behind each of ``ports``; a tag that stays before the
    UHF reader behind ``reader``."""
    holding = {address: {"value": 2.0 + address / 10, "scale": 0.1} for address in range(len(QUANTITIES))}
    units = {f"1-{UNITS}": {"kind": "registers", "holding": holding}}
    devices: dict[str, object] = {
        f"panel-{port}": {"device": "modbus_tcp", "tcp": port, "units": units} for port in ports
    }
    devices["reader"] = {"device": "uhf_reader", "tcp": reader, **TAG}
    path.write_text(yaml.safe_dump({"ports": devices}), encoding="utf-8")


def write_settings(folder: Path, load: Load, ports: Sequence[int], broker: int) -> Path:
    """The gateway's file, and its profile beside it. The journal in this folder is the gateway's memory."""
    points = {
        name: {"address": address, "type": "s16", "scale": 0.1}
        for address, name in enumerate(QUANTITIES[: load.readings])
    }
    profile = {"documented_as": "the benchmark's simulator", "function": 3, "points": points}
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / f"bench-{load.readings}.yaml").write_text(
        yaml.safe_dump(profile), encoding="utf-8"
    )
    devices = {
        f"probe-{port}-{unit}": {
            "driver": "modbus",
            "port": f"panel-{port}",
            "unit": unit,
            "profile": f"bench-{load.readings}",
            "every": f"{round(load.every_s * 1000)}ms",
        }
        for port, units in units_of(ports).items()
        for unit in units
    }
    return _write(folder, broker, {f"panel-{port}": port for port in ports}, devices)


def write_reader_settings(folder: Path, reader: int, broker: int) -> Path:
    """The same for a gateway that only listens to the UHF reader."""
    return _write(
        folder, broker, {"reader": reader}, {"reader": {"driver": "uhf_reader18", "port": "reader"}}
    )


def _write(
    folder: Path, broker: int, ports: Mapping[str, int], devices: Mapping[str, Mapping[str, object]]
) -> Path:
    settings = {
        "gateway": {"id": GATEWAY, "operator": {"name": "bench"}, "site": {"name": "bench"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder.resolve() / "journal.db")},
        "uplinks": {"platform": {"mqtt": {"url": f"mqtt://{HOST}:{broker}"}}},
        "ports": {name: {"tcp": f"{HOST}:{port}"} for name, port in ports.items()},
        "devices": devices,
    }
    path = folder / "tagtrail.yaml"
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
