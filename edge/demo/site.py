"""One simulated site: its devices in one process, its gateway in another, both real programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Set
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO, Any, Final

import yaml

from edge import gateway
from edge.control import NoDaemon, ask
from edge.demo.program import READY_S, program
from edge.errors import DidNotStart
from edge.settings import Settings
from edge.settings.devices import KINDS
from edge.settings.reader import read

SITES: Final = ("slaughterhouse", "truck", "coldstore")

CREDENTIALS: Final = {"core-probe-key": "231d39c1d7cc1ab1aee224cd096db932"}
"""What the examples' credentials hold in the demo: the keys of the simulated probes."""


def _example(name: str) -> dict[str, Any]:
    with as_file(files("config") / "examples" / f"{name}.yaml") as example:
        data = read(example).data
    assert isinstance(data, dict)
    return data


def demo_settings(name: str, ports: Mapping[str, Any], broker: Mapping[str, Any], directory: Path) -> Path:
    """The example of this site, written into ``directory``, with its ports led to the simulated ones.

    A port that nothing plays is left out with its devices, and these in the records.
    """
    data = _example(name)
    data["ports"] = {
        port: _led_to(options, ports[port]) for port, options in data["ports"].items() if port in ports
    }
    data["devices"] = {
        role: device for role, device in data["devices"].items() if device["port"] in data["ports"]
    }
    gone = _example(name)["devices"].keys() - data["devices"].keys()
    data["records"] = _without(gone, data.get("records", {}))
    data["journal"] = {"path": str(directory / "journal.db")}
    data["uplinks"] = {"platform": {"mqtt": dict(broker)}}
    data["clock"] = {"trust": "system"}
    path = directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _without(gone: Set[str], piece: Any) -> Any:
    """A piece of the settings without these devices; None where a list of devices has come to nothing."""
    if isinstance(piece, list):
        return [kept for each in piece if (kept := _without(gone, each)) is not None] or None
    if not isinstance(piece, dict):
        return None if piece in gone else piece
    inner = {key: _without(gone, value) for key, value in piece.items()}
    if any(inner[key] is None and isinstance(piece[key], list) for key in piece):
        return None
    return {key: value for key, value in inner.items() if value is not None}


def _led_to(options: Mapping[str, Any], simulated: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in options.items() if key not in KINDS}
    return kept | dict(simulated)


def _log_file(directory: Path) -> IO[bytes]:
    directory.mkdir()
    return (directory / "gateway.log").open("wb")


class Site:
    """A running site."""

    def __init__(self, name: str, settings: Settings, missing: Mapping[str, str]) -> None:
        self.name = name
        self.settings = settings
        self.missing = missing
        """Simulated ports that cannot be played on this machine, and why."""

    @property
    def left_out(self) -> list[str]:
        """Devices of the example that nothing plays."""
        return [role for role in _example(self.name)["devices"] if role not in self.settings.devices]

    async def status(self) -> dict[str, Any] | None:
        """What the gateway says of itself; None while it starts."""
        try:
            answer: dict[str, Any] = await ask(self.settings.journal.path, "status")
        except NoDaemon:
            return None
        return answer


@asynccontextmanager
async def running(name: str, broker: Mapping[str, Any], directory: Path) -> AsyncIterator[Site]:
    """The devices and the gateway of one site, until the context ends."""
    log = await asyncio.to_thread(_log_file, directory)
    async with AsyncExitStack() as stack:
        stack.enter_context(log)
        devices = await stack.enter_async_context(program("simulators", name, "--dir", str(directory)))
        assert devices.stdout is not None
        line = await asyncio.wait_for(devices.stdout.readline(), READY_S)
        if not line:
            raise DidNotStart(f"python -m simulators {name}")
        ready = json.loads(line)
        path = demo_settings(name, ready["ports"], broker, directory)
        settings = gateway.load(path)
        environment = _environment(ready["buses"], directory / "credentials")
        await stack.enter_async_context(
            program("edge", "run", str(path), stderr=log, environment=environment)
        )
        yield Site(name, settings, ready["missing"])


def _environment(buses: Mapping[str, str], credentials: Path) -> dict[str, str]:
    """Where the gateway finds its secrets, and the D-Bus on which its simulated radio hangs."""
    credentials.mkdir(mode=0o700)
    for name, secret in CREDENTIALS.items():
        (credentials / name).write_text(secret, encoding="utf-8")
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
    for address in buses.values():
        environment["DBUS_SYSTEM_BUS_ADDRESS"] = address
    return environment
