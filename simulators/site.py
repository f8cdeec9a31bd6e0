"""A scenario that runs: its devices plugged in, its clock started, its truth written."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from simulators.climate import Room
from simulators.clock import Clock
from simulators.device import Device, Talking, World
from simulators.faults import Fault
from simulators.options import Options, ScenarioError
from simulators.scenario import DEVICES, Event, Part, Raw, load
from simulators.truth import Truth

TRUTH = "truth.jsonl"

DOORS_S = 0.1
"""How often the doors are looked at for the truth, in real time."""


class Site:
    """An asynchronous context in which the devices of a scenario stand ready.

    scenario: a built-in name, a YAML file, or a mapping of the same shape. folder: where the links to serial
    ports are laid, and ``truth.jsonl`` unless ``truth`` is False. speed: how many times faster than real the
    world runs. seed: the same seed plays the same animals, doors and noise.
    """

    def __init__(
        self, scenario: Raw, folder: str | Path, *, truth: bool = True, speed: float = 1.0, seed: int = 0
    ) -> None:
        """Raises ScenarioError where the scenario cannot be played."""
        parts = load(scenario)
        self._folder = Path(folder).absolute()
        self._clock = Clock(speed)
        self._truth = Truth(self._folder / TRUTH if truth else None)
        self._seed = seed
        self._devices: dict[str, Device] = {}
        self._rooms: dict[str, Room] = {}
        for part in parts:
            self._build(part)
        self._events = [event for part in parts for event in part.events]
        for event in self._events:
            self._device(event.port).check(event.fault)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ports(self) -> dict[str, dict[str, str]]:
        """Where each port is: ``{"serial": path}``, ``{"tcp": "host:port"}`` or ``{"bluetooth": "hci0"}``.

        Those that are ``missing`` are not among them.
        """
        return {name: device.endpoint for name, device in self._devices.items() if device.missing is None}

    @property
    def missing(self) -> dict[str, str]:
        """Ports that this machine cannot play, and for each a sentence that says why and what to do."""
        return {name: device.missing for name, device in self._devices.items() if device.missing is not None}

    @property
    def buses(self) -> dict[str, str]:
        """By port with a Bluetooth adapter: what a gateway's ``DBUS_SYSTEM_BUS_ADDRESS`` must say."""
        return {name: device.bus for name, device in self._devices.items() if device.bus is not None}

    @property
    def truth(self) -> Path | None:
        """The file of what truly happened."""
        return self._truth.path

    def fault(self, fault: str, *, port: str, on: bool = True, **options: object) -> None:
        """Switches one of ``simulators.faults.FAULTS``.

        options: ``unit`` for one unit of a bus alone, and those of the fault. Raises ScenarioError.
        """
        self.command({"fault": fault, "port": port, "on": on, **options})

    def command(self, command: object) -> None:
        """The same as one mapping, such as a line of JSON gives. Raises ScenarioError."""
        options = Options("command", command)
        on = options.one("on", bool, True)
        self._device(options.one("port", str)).switch(Fault.read(options), on)

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def run(self) -> None:
        """Until cancelled; raises what a device's own task raised."""
        await asyncio.gather(*self._tasks)
        await asyncio.Event().wait()

    async def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._truth.open()
        self._clock.start()
        for device in self._devices.values():
            await device.open()
        plays = [device.run() for device in self._devices.values() if isinstance(device, Talking)]
        plays += [self._play(event) for event in self._events]
        if self._truth.kept:
            plays.append(self._note_doors())
        self._tasks = [asyncio.create_task(play) for play in plays]

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        for device in self._devices.values():
            await device.close()
        self._truth.close()
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _play(self, event: Event) -> None:
        await self._clock.sleep(event.at)
        self._device(event.port).switch(event.fault, True)
        if event.until is not None:
            await self._clock.sleep(event.until - event.at)
            self._device(event.port).switch(event.fault, False)

    async def _note_doors(self) -> None:
        stood = dict.fromkeys(self._rooms, False)
        while True:
            for name, room in self._rooms.items():
                stands = bool(room.look("door"))
                if stands != stood[name]:
                    stood[name] = stands
                    self._truth.write(name, "door", open=stands)
            await asyncio.sleep(DOORS_S)

    def _build(self, part: Part) -> None:
        rooms: Mapping[str, Room] = {
            name: Room(options, self._clock.seconds, random.Random(f"{self._seed}:{part.prefix}{name}"))
            for name, options in part.rooms.items()
        }
        self._rooms |= {part.prefix + name: room for name, room in rooms.items()}
        world = World(self._clock, self._truth, rooms, self._folder, self._seed)
        for name, options in part.ports.items():
            self._devices[name] = DEVICES[options.one("device", str)](name, options, world)

    def _device(self, port: str) -> Device:
        if port not in self._devices:
            raise ScenarioError(f"port {port} is none of {', '.join(self._devices)}")
        return self._devices[port]
