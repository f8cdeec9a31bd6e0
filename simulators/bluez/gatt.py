"""Connections: what ``Connect`` shows of a device's services, and the values that it notifies.

Objects of services and characteristics are there while the device is connected. A connection outlives the
client that asked for it, as with BlueZ; its notifications do not.
Source: BlueZ, ``doc/org.bluez.Device.rst``, ``org.bluez.GattService.rst``,
``org.bluez.GattCharacteristic.rst``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from dbus_fast import Message, Variant

from simulators.bluez.heard import DEVICE
from simulators.bluez.objects import Objects, done, refused, short_uuid

SERVICE = "org.bluez.GattService1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"

CONNECT_S = 0.05
"""Until a device that listens has answered."""

NO_ANSWER_S = 1.0
"""Until an attempt to connect is given up; BlueZ takes up to 25 s."""

FIRST_HANDLE = 0x000A


class Characteristic(NamedTuple):
    """uuid: 16 bits. flags: ``read``, ``notify``, ``indicate``. read: its value now."""

    uuid: int
    flags: tuple[str, ...]
    read: Callable[[], bytes]


class Peripheral(NamedTuple):
    """A device that can be connected, with one service.

    reachable: whether it answers at all. connected: told when it is connected, and when not any more.
    """

    service: int
    characteristics: tuple[Characteristic, ...]
    reachable: Callable[[], bool]
    connected: Callable[[bool], None]


@dataclass
class _Link:
    """A connected device. notified: by a characteristic's path, the clients that want its values."""

    peripheral: Peripheral
    service_path: str
    paths: dict[int, str]
    notified: dict[str, set[str]] = field(default_factory=dict)


class Gatt:
    """linked: told the path of each device that is connected, or not any more."""

    def __init__(self, objects: Objects, linked: Callable[[str, bool], None]) -> None:
        self._objects = objects
        self._linked = linked
        self._peripherals: dict[str, Peripheral] = {}
        self._links: dict[str, _Link] = {}
        self._waiting: set[asyncio.TimerHandle] = set()
        objects.methods |= {
            (DEVICE, "Connect"): self._connect,
            (DEVICE, "Disconnect"): self._disconnect,
            (CHARACTERISTIC, "ReadValue"): self._read,
            (CHARACTERISTIC, "StartNotify"): self._start_notify,
            (CHARACTERISTIC, "StopNotify"): self._stop_notify,
        }
        objects.client_left.append(self._forget_client)

    def offer(self, path: str, peripheral: Peripheral) -> None:
        """A device at this path can be connected."""
        self._peripherals[path] = peripheral

    def drop(self, path: str) -> None:
        """A connection ends, whoever ended it."""
        link = self._links.pop(path, None)
        if link is None:
            return
        for below in (*reversed(link.paths.values()), link.service_path):
            self._objects.remove(below)
        no = Variant("b", False)
        self._objects.change(path, DEVICE, {"Connected": no, "ServicesResolved": no})
        self._ended(path, link)

    def forget(self) -> None:
        """All connections are gone, and no signal says so."""
        for waiting in self._waiting:
            waiting.cancel()
        self._waiting.clear()
        while self._links:
            self._ended(*self._links.popitem())

    def notify(self, path: str, uuid: int, value: bytes) -> bool:
        """A value of a characteristic; whether some client is told."""
        link = self._links.get(path)
        if link is None or not link.notified.get(link.paths[uuid]):
            return False
        self._objects.change(link.paths[uuid], CHARACTERISTIC, {"Value": Variant("ay", value)})
        return True

    def _ended(self, path: str, link: _Link) -> None:
        self._linked(path, False)
        link.peripheral.connected(False)

    def _connect(self, call: Message) -> Message | None:
        path = call.path or ""
        peripheral = self._peripherals.get(path)
        if path in self._links:
            return refused(call, "AlreadyConnected", "Already Connected")
        if peripheral is None or not peripheral.reachable():
            self._later(NO_ANSWER_S, lambda: refused(call, "Failed", "le-connection-timeout"))
        else:
            self._later(CONNECT_S, lambda: self._connected(call, path, peripheral))
        return None

    def _later(self, after_s: float, answer: Callable[[], Message]) -> None:
        def due() -> None:
            self._waiting.discard(timer)
            self._objects.send(answer())

        timer = asyncio.get_running_loop().call_later(after_s, due)
        self._waiting.add(timer)

    def _connected(self, call: Message, path: str, peripheral: Peripheral) -> Message:
        if not self._objects.has(path):
            return refused(call, "Failed", "le-connection-abort-by-remote")
        if path in self._links:
            return done(call)
        yes = Variant("b", True)
        self._objects.change(path, DEVICE, {"Connected": yes})
        self._links[path] = self._resolve(path, peripheral)
        self._objects.change(path, DEVICE, {"ServicesResolved": yes})
        self._linked(path, True)
        peripheral.connected(True)
        return done(call)

    def _resolve(self, path: str, peripheral: Peripheral) -> _Link:
        service = f"{path}/service{FIRST_HANDLE:04x}"
        self._objects.add(service, {SERVICE: {
            "UUID": Variant("s", short_uuid(peripheral.service)),
            "Device": Variant("o", path),
            "Primary": Variant("b", True),
            "Includes": Variant("ao", []),
        }})  # fmt: skip
        link = _Link(peripheral, service, {})
        for number, characteristic in enumerate(peripheral.characteristics):
            at = f"{service}/char{FIRST_HANDLE + 1 + 3 * number:04x}"
            link.paths[characteristic.uuid] = at
            self._objects.add(at, {CHARACTERISTIC: {
                "UUID": Variant("s", short_uuid(characteristic.uuid)),
                "Service": Variant("o", service),
                "Value": Variant("ay", b""),
                "Notifying": Variant("b", False),
                "Flags": Variant("as", list(characteristic.flags)),
                "MTU": Variant("q", 23),
            }})  # fmt: skip
        return link

    def _disconnect(self, call: Message) -> Message:
        if call.path not in self._links:
            return refused(call, "NotConnected", "Not Connected")
        self.drop(call.path)
        return done(call)

    def _read(self, call: Message) -> Message:
        _, characteristic = self._at(call.path or "")
        if "read" not in characteristic.flags:
            return refused(call, "NotPermitted", "Read not permitted")
        value = characteristic.read()
        self._objects.change(call.path or "", CHARACTERISTIC, {"Value": Variant("ay", value)})
        return done(call, "ay", value)

    def _start_notify(self, call: Message) -> Message:
        link, characteristic = self._at(call.path or "")
        if not {"notify", "indicate"} & set(characteristic.flags):
            return refused(call, "NotSupported", "Operation is not supported")
        clients = link.notified.setdefault(call.path or "", set())
        if call.sender in clients:
            return refused(call, "InProgress", "Already notifying")
        clients.add(call.sender or "")
        self._objects.change(call.path or "", CHARACTERISTIC, {"Notifying": Variant("b", True)})
        return done(call)

    def _stop_notify(self, call: Message) -> Message:
        link, _ = self._at(call.path or "")
        if call.sender not in link.notified.get(call.path or "", ()):
            return refused(call, "Failed", "No notify session started")
        self._quiet(link, call.path or "", call.sender or "")
        return done(call)

    def _quiet(self, link: _Link, path: str, client: str) -> None:
        link.notified[path].discard(client)
        if not link.notified[path]:
            self._objects.change(path, CHARACTERISTIC, {"Notifying": Variant("b", False)})

    def _forget_client(self, client: str) -> None:
        for link in self._links.values():
            for path, clients in link.notified.items():
                if client in clients:
                    self._quiet(link, path, client)

    def _at(self, path: str) -> tuple[_Link, Characteristic]:
        """The link and the characteristic at a path that is on the bus."""
        link = next(link for link in self._links.values() if path.startswith(link.service_path))
        uuid = next(uuid for uuid, at in link.paths.items() if at == path)
        return link, next(item for item in link.peripheral.characteristics if item.uuid == uuid)
