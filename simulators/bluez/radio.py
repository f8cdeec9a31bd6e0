"""A gateway's Bluetooth adapter and the probes that it can hear."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from simulators.bluez.adapter import TEMPORARY_TIMEOUT_S, Adapter
from simulators.bluez.advert import Advert
from simulators.bluez.bus import Bus, missing
from simulators.bluez.gatt import Characteristic, Gatt, Peripheral
from simulators.bluez.objects import Objects
from simulators.bluez.probes import TEMPERATURE_MEASUREMENT, Beacon, Probe, Thermometer, probe
from simulators.bluez.strangers import crowd
from simulators.device import Device, Talking, World
from simulators.faults import OF_THE_PORT, Fault, touched
from simulators.options import Options, ScenarioError

OF_PROBES = frozenset({"silence", "frozen", "sentinel", "damaged", "replayed", "spoofed"})
FORGED = frozenset({"replayed", "spoofed"})

JITTER_S = 0.01
"""The Core Specification's advDelay: up to 10 ms beside each advertising interval."""

FLOOD_TICK_S = 0.01
SWEEP_S = 0.5


class Radio(Device, Talking):
    """Options: ``units`` (the probes), ``adapter`` (hci0), ``address``, ``passive`` (whether BlueZ has
    advertisement monitors), ``stale`` (real time until an unheard device is removed)."""

    can_have: ClassVar[frozenset[str]] = OF_PROBES | (OF_THE_PORT - {"echo"})

    def __init__(self, port: str, options: Options, world: World) -> None:
        super().__init__(port, world)
        self._name = options.one("adapter", str, "hci0")
        address = options.one("address", str, "00:1A:7D:DA:71:13")
        stale_s = options.duration("stale", f"{TEMPORARY_TIMEOUT_S}s")
        passive = options.one("passive", bool, True)
        self._probes = _probes(options.within("units", {}), world)
        options.done()
        self._there = False
        self._switched = asyncio.Event()
        self._flooded = asyncio.Event()
        self._bus = Bus(port, world.folder)
        self._objects = Objects()
        self._gatt = Gatt(self._objects, self._linked)
        self._adapter = Adapter(
            self._objects, self._name, address,
            stale_s=stale_s, passive=passive, cured=self._cured, dropped=self._gatt.drop,
        )  # fmt: skip
        for item in self._probes.values():
            if isinstance(item, Thermometer):
                self._gatt.offer(self._adapter.device_path(item.address), self._peripheral(item))
        self.missing = missing(port)
        self.bus = None if self.missing else self._bus.address

    @property
    def endpoint(self) -> dict[str, str]:
        return {"bluetooth": self._name}

    def plug(self) -> None:
        self._there = True
        self._adapter.plug()

    def unplug(self) -> None:
        self._there = False
        self._adapter.unplug()

    async def open(self) -> None:
        self.plug()
        if self.missing is None:
            await self._settle()

    async def close(self) -> None:
        self._gatt.forget()
        await self._objects.vanish()
        await self._bus.stop()

    def check_unit(self, fault: Fault) -> None:
        hit = list(self._probes.values())
        if fault.unit is not None:
            if fault.unit not in self._probes:
                raise ScenarioError(
                    f"{self.port}: unit {fault.unit} is none of {', '.join(map(str, self._probes))}"
                )
            hit = [self._probes[fault.unit]]
        if fault.name == "sentinel" and not any(item.fails for item in hit):
            raise ScenarioError(f"{self.port}: {hit[0].kind} cannot say that it has no value")
        if fault.name in FORGED and not any(isinstance(item, Beacon) for item in hit):
            raise ScenarioError(f"{self.port}: {hit[0].kind} sends nothing that could be {fault.name}")

    def switch(self, fault: Fault, on: bool) -> None:
        super().switch(fault, on)
        for item in self._probes.values():
            if fault.name in ("sentinel", "frozen"):
                item.forget()
            if fault.name == "silence" and not self._reachable(item.number):
                self._gatt.drop(self._adapter.device_path(item.address))
        if fault.name == "deaf" and on:
            self._adapter.deafen(fault.cure)
        elif fault.name == "deaf":
            self._adapter.hear_again()
        if fault.name == "flood" and on:
            self._flooded.set()
        self._switched.set()

    async def run(self) -> None:
        if self.missing is not None:
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep())
            tasks.create_task(self._sweep())
            tasks.create_task(self._flood())
            for item in self._probes.values():
                tasks.create_task(self._advertise(item))
                if isinstance(item, Thermometer):
                    tasks.create_task(self._notify(item))

    async def _keep(self) -> None:
        """Brings the bus and bluetoothd to where the faults want them."""
        while True:
            await self._settle()
            await self._switched.wait()
            self._switched.clear()

    async def _settle(self) -> None:
        faults = self.faults.of()
        if faults.keys() & {"no_bus", "no_bluez"} or not self._objects.on_bus:
            self._gatt.forget()
            self._adapter.forget()
            await self._objects.vanish()
        if "no_bus" in faults:
            await self._bus.stop()
            return
        await self._bus.start()
        if "no_bluez" not in faults and not self._objects.on_bus:
            await self._objects.appear(self._bus.address)
            if self._there:
                self._adapter.plug()

    async def _sweep(self) -> None:
        while True:
            self._adapter.sweep()
            await asyncio.sleep(SWEEP_S)

    async def _advertise(self, item: Probe) -> None:
        while True:
            if not (isinstance(item, Thermometer) and item.connected):
                self._say(item)
            await asyncio.sleep(item.every_s + self.rng.uniform(0, JITTER_S))

    def _say(self, item: Probe) -> None:
        faults = self.faults.rolled(self.rng, item.number)
        item.measure(faults)
        damaged = isinstance(item, Beacon) and "damaged" in faults
        advert = item.damaged() if isinstance(item, Beacon) and damaged else item.advert()
        heard = "silence" not in faults and self._adapter.hear(advert, item.rssi(self.rng))
        if not isinstance(item, Beacon):
            return
        self.world.truth.write(
            self.port,
            "advert",
            **item.known_as,
            **item.says(),
            repeat=item.repeat,
            delivered=heard and not damaged,
            **touched({name: fault for name, fault in faults.items() if name in OF_PROBES - FORGED}),
        )
        for how, forge in (("replayed", item.replayed), ("spoofed", item.spoofed)):
            if how in faults and (forged := forge()) is not None:
                self._forged(item, how, forged)

    def _forged(self, item: Beacon, how: str, advert: Advert) -> None:
        heard = self._adapter.hear(advert, item.rssi(self.rng))
        self.world.truth.write(self.port, "forged", **item.known_as, how=how, delivered=heard)

    async def _notify(self, item: Thermometer) -> None:
        while True:
            if item.connected:
                faults = self.faults.rolled(self.rng, item.number)
                item.measure(faults)
                self._tell(item, faults)
            await asyncio.sleep(item.measures_s)

    def _tell(self, item: Thermometer, faults: dict[str, Fault]) -> None:
        for uuid, (value, says) in item.values().items():
            told = "silence" not in faults and self._gatt.notify(
                self._adapter.device_path(item.address), uuid, value[:-1] if "damaged" in faults else value
            )
            self.world.truth.write(
                self.port,
                "value",
                **item.known_as,
                characteristic=f"{uuid:04x}",
                **says,
                delivered=told and "damaged" not in faults,
                **touched(faults),
            )

    async def _flood(self) -> None:
        while True:
            await self._flooded.wait()
            self._flooded.clear()
            if (flood := self.faults.of().get("flood")) is not None:
                await self._pour(flood)

    async def _pour(self, flood: Fault) -> None:
        """Until the fault ends, or another flood takes its place."""
        strangers = crowd(flood.strangers, self.rng)
        began, sent, lost = time.monotonic(), 0, 0
        while self.faults.of().get("flood") is flood:
            due = int((time.monotonic() - began) * flood.per_second) - lost
            if self._objects.waiting:
                lost += due - sent  # a real radio's buffers are full sooner
            else:
                for advert, rssi in itertools.islice(strangers, due - sent):
                    self._adapter.hear(advert, rssi)
                sent = due
            await asyncio.sleep(FLOOD_TICK_S)
        self.world.truth.write(self.port, "strangers", adverts=sent)

    def _peripheral(self, item: Thermometer) -> Peripheral:
        def connected(up: bool) -> None:
            item.connected = up
            self.world.truth.write(self.port, "link", **item.known_as, connected=up)

        flags = {TEMPERATURE_MEASUREMENT: ("indicate",)}
        characteristics = tuple(
            Characteristic(uuid, flags.get(uuid, ("read", "notify")), _reading(item, uuid))
            for uuid in item.values()
        )
        return Peripheral(item.service, characteristics, lambda: self._reachable(item.number), connected)

    def _linked(self, path: str, up: bool) -> None:
        self._adapter.connect(path, up)

    def _reachable(self, number: int) -> bool:
        silence = self.faults.of(number).get("silence")
        return silence is None or silence.rate < 1.0

    def _cured(self) -> None:
        """The adapter hears again, by what the gateway did or because the fault was switched off."""
        if (deaf := self.faults.of().get("deaf")) is not None:
            self.faults.switch(deaf, False)
            self.world.truth.write(self.port, "cured", fault="deaf")


def _reading(item: Thermometer, uuid: int) -> Callable[[], bytes]:
    return partial(item.read, uuid)


def _probes(options: Options, world: World) -> dict[int, Probe]:
    probes: dict[int, Probe] = {}
    for key, unit in options.each():
        if not key.isdecimal():
            raise options.error(key, "is no number of a unit")
        probes[int(key)] = probe(int(key), unit, world.rooms)
    return probes
