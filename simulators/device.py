"""What all stand-ins have in common: a port, faults, and the world they stand in."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple

from simulators.climate import Room
from simulators.clock import Clock
from simulators.device_server import DeviceServer
from simulators.faults import Fault, Faults
from simulators.options import ScenarioError
from simulators.truth import Truth
from simulators.wire import Outbox, Pty


class World(NamedTuple):
    """What surrounds the devices of a scenario. folder: where links to serial ports are laid."""

    clock: Clock
    truth: Truth
    rooms: Mapping[str, Room]
    folder: Path
    seed: int


class Device(ABC):
    """One port and the stand-in behind it."""

    can_have: ClassVar[frozenset[str]]
    """Its faults."""

    missing: str | None = None
    """Why the port is absent on this machine, and what to do; None: it is there."""

    bus: str | None = None
    """The address of the D-Bus that the port is on, where it is on one."""

    def __init__(self, port: str, world: World) -> None:
        self.port = port
        self.world = world
        self.faults = Faults()
        self.rng = random.Random(f"{world.seed}:{port}")

    @property
    @abstractmethod
    def endpoint(self) -> dict[str, str]:
        """``{"serial": path}``, ``{"tcp": "host:port"}`` or ``{"bluetooth": "hci0"}``; stays the same over an
        unplugging."""

    @abstractmethod
    def plug(self) -> None:
        """The port appears."""

    @abstractmethod
    def unplug(self) -> None:
        """The port vanishes."""

    async def open(self) -> None:
        """The port appears; returns once a gateway can use it. Raises ScenarioError."""
        self.plug()

    async def close(self) -> None:
        """Leaves nothing open."""
        self.unplug()

    def check(self, fault: Fault) -> None:
        """Raises ScenarioError where this device cannot have it."""
        if fault.name not in self.can_have:
            raise ScenarioError(f"{self.port}: {fault.name} is none of {', '.join(sorted(self.can_have))}")
        self.check_unit(fault)

    def check_unit(self, fault: Fault) -> None:
        """Raises ScenarioError where the unit that the fault names cannot have it."""
        if fault.unit is not None:
            raise ScenarioError(f"{self.port}: has no units, so no unit {fault.unit}")

    def switch(self, fault: Fault, on: bool) -> None:
        """A fault begins or ends."""
        self.check(fault)
        self.faults.switch(fault, on)
        self.world.truth.write(self.port, "fault", on=on, **fault.described())
        if fault.name == "unplug":
            if on:
                self.unplug()
            else:
                self.plug()


class SerialDevice(Device):
    """A device on a serial line. tcp: the line ends in a device server on this TCP port (0: any free one)."""

    def __init__(self, port: str, world: World, tcp: int | None = None) -> None:
        super().__init__(port, world)
        self.wire: Pty | DeviceServer = (
            Pty(world.folder / port, self.heard, self._overrun)
            if tcp is None
            else DeviceServer(port, tcp, self.heard, self.met)
        )
        self.outbox = Outbox(self.wire.write)

    @property
    def endpoint(self) -> dict[str, str]:
        return self.wire.endpoint

    def plug(self) -> None:
        self.wire.plug()

    def unplug(self) -> None:
        self.outbox.cancel()
        self.wire.unplug()

    def heard(self, data: bytes) -> None:
        """What the gateway sends; a device that only talks does not listen."""

    def met(self) -> None:
        """A gateway has connected, over the network; a serial line does not notice."""

    def _overrun(self, count: int) -> None:
        self.world.truth.write(self.port, "overrun", bytes=count)


class Talking(ABC):
    """What does something by itself."""

    @abstractmethod
    async def run(self) -> None:
        """Until cancelled."""


class Talker(SerialDevice, Talking):
    """A device on a serial line that talks by itself."""
