"""One simulated site: its devices in one process, its gateway in another, both real programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
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
from edge.settings.reader import read

SITES: Final = ("slaughterhouse", "truck", "coldstore")


def _example(name: str) -> dict[str, Any]:
    with as_file(files("config") / "examples" / f"{name}.yaml") as example:
        data = read(example).data
    assert isinstance(data, dict)
    return data


def demo_settings(name: str, ports: Mapping[str, Any], broker: Mapping[str, Any], directory: Path) -> Path:
    """The example of this site, written into ``directory``, with its ports led to the simulated ones.

    A port that nothing plays is left out with its devices.
    """
    data = _example(name)
    data["ports"] = {
        port: _led_to(options, ports[port]) for port, options in data["ports"].items() if port in ports
    }
    data["devices"] = {
        role: device for role, device in data["devices"].items() if device["port"] in data["ports"]
    }
    data["journal"] = {"path": str(directory / "journal.db")}
    data["uplinks"] = {"platform": {"mqtt": dict(broker)}}
    data["clock"] = {"trust": "system"}
    path = directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _led_to(options: Mapping[str, Any], simulated: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key not in ("serial", "tcp", "input")} | dict(
        simulated
    )


def _log_file(directory: Path) -> IO[bytes]:
    directory.mkdir()
    return (directory / "gateway.log").open("wb")


class Site:
    """A running site."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.settings = settings

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
        path = demo_settings(name, json.loads(line)["ports"], broker, directory)
        settings = gateway.load(path)
        await stack.enter_async_context(program("edge", "run", str(path), stderr=log))
        yield Site(name, settings)
