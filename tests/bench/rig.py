"""What stands around a measurement: simulated devices, a real mosquitto, a consumer, the program measured."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from .consumer import Consumer, consuming
from .processes import MEASURED_CORE, OTHER_CORES, Running, listening, python, running
from .site import HOST, UNITS, Load, free_ports, write_reader_settings, write_scenario, write_settings

LANES = 5
"""TCP connections at saturation: while one answer is on its way the others keep the gateway busy."""


class Rig(NamedTuple):
    """One round's surroundings. port: all units behind it. lanes: the same units behind several. reader: the
    UHF reader's port."""

    folder: Path
    port: int
    lanes: list[int]
    reader: int
    broker_port: int

    def ports(self, load: Load) -> list[int]:
        return self.lanes if load.name == "saturation" else [self.port]

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def broker(self) -> AbstractAsyncContextManager[Running]:
        """A real mosquitto that keeps nothing on disk."""
        settings = self.folder / "mosquitto.conf"
        settings.write_text(
            f"listener {self.broker_port} {HOST}\nallow_anonymous true\npersistence false\n"
            "max_queued_messages 0\n"
        )
        return running("mosquitto", ["mosquitto", "-c", str(settings)], self.folder, OTHER_CORES)

    def gateway(self, load: Load) -> AbstractAsyncContextManager[Running]:
        return self._gateway(write_settings(self.folder, load, self.ports(load), self.broker_port))

    def gateway_of_the_reader(self) -> AbstractAsyncContextManager[Running]:
        return self._gateway(write_reader_settings(self.folder, self.reader, self.broker_port))

    def _gateway(self, settings: Path) -> AbstractAsyncContextManager[Running]:
        return running("gateway", python("-m", "edge", "run", str(settings)), self.folder, MEASURED_CORE)

    def bare(self, load: Load) -> AbstractAsyncContextManager[Running]:
        ports = [str(port) for port in self.ports(load)]
        every_s = 0.0 if load.name == "saturation" else load.every_s
        options = {"broker": self.broker_port, "units": UNITS, "readings": load.readings, "every": every_s}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return running("bare", python("-m", "tests.bench.bare", *words, *ports), self.folder, MEASURED_CORE)

    @asynccontextmanager
    async def far_side(self) -> AsyncIterator[Consumer]:
        """A fresh broker, and somebody who listens to it."""
        async with self.broker() as broker:
            await listening(self.broker_port, broker)
            async with consuming(self.broker_port) as consumer:
                yield consumer


@asynccontextmanager
async def rig(beneath: Path) -> AsyncIterator[Rig]:
    """The simulated devices, and a folder on the disk that ``beneath`` is on."""
    beneath.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beneath, prefix="bench-") as name:
        folder = Path(name)
        port, reader, broker_port, *lanes = free_ports(3 + LANES)
        scenario = folder / "scenario.yaml"
        write_scenario(scenario, [port, *lanes], reader)
        command = python("-m", "simulators", str(scenario))
        async with running("simulators", command, folder, OTHER_CORES) as simulators:
            for each in (port, reader, *lanes):
                await listening(each, simulators)
            yield Rig(folder, port, lanes, reader, broker_port)
