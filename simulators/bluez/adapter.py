"""One Bluetooth adapter: its power, who scans with it, and the devices that it has heard.

As in BlueZ 5.7x (``src/adapter.c``, ``src/device.c``, ``src/adv_monitor.c``):

- The first advertisement makes an object of a device. A repeated one changes only what is new in it: RSSI
  alone where nothing else is. Data of another company or service stands *beside* the old, unless the scan
  asked for ``DuplicateData``.
- Where nobody discovers, an advertisement counts only if a registered monitor's pattern is in it; where there
  is neither, nothing is said.
- A device that has not been heard for ``TemporaryTimeout`` is removed.
- With the end of a discovery every device loses its RSSI.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from dbus_fast import Message, Variant

from simulators.bluez.advert import Advert
from simulators.bluez.heard import DEVICE, Heard, first_properties
from simulators.bluez.monitors import MONITORS, Monitors
from simulators.bluez.objects import Objects, Properties, done, refused

ADAPTER = "org.bluez.Adapter1"

TEMPORARY_TIMEOUT_S = 30.0
"""Of BlueZ's main.conf."""


class Adapter:
    """name: ``hci0``. passive: whether it has advertisement monitors (BlueZ runs with ``--experimental``).

    cured: told when a deaf adapter hears again. dropped: told the path of each device whose connection ends
    with the adapter's power, with the adapter or with the device's object.
    """

    def __init__(
        self,
        objects: Objects,
        name: str,
        address: str,
        *,
        stale_s: float,
        passive: bool,
        cured: Callable[[], None],
        dropped: Callable[[str], None],
    ) -> None:
        self.path = f"/org/bluez/{name}"
        self._objects = objects
        self._address = address
        self._stale_s = stale_s
        self._passive = passive
        self._cured = cured
        self._dropped = dropped
        self._deaf: str | None = None
        self._powered = True
        self._filters: dict[str, Mapping[str, Variant]] = {}
        self._sessions: set[str] = set()
        self._devices: dict[str, Heard] = {}
        self._monitors = Monitors(objects, self._scan_ended)
        objects.methods |= {
            (ADAPTER, "SetDiscoveryFilter"): self._set_filter,
            (ADAPTER, "StartDiscovery"): self._start_discovery,
            (ADAPTER, "StopDiscovery"): self._stop_discovery,
            (ADAPTER, "RemoveDevice"): self._remove_device,
        }
        objects.setters[ADAPTER, "Powered"] = self._set_powered
        objects.client_left.append(self._forget_client)

    @property
    def there(self) -> bool:
        """Whether the adapter is on the bus."""
        return self._objects.has(self.path)

    def device_path(self, address: str) -> str:
        """Where a device's object is, or would be."""
        return f"{self.path}/dev_{address.replace(':', '_')}"

    def plug(self) -> None:
        """It appears, powered and idle."""
        if self.there or not self._objects.on_bus:
            return
        self._powered = True
        self.hear_again()
        interfaces = {ADAPTER: self._properties()}
        if self._passive:
            interfaces[MONITORS] = Monitors.properties()
        self._objects.add(self.path, interfaces)

    def unplug(self) -> None:
        """It vanishes, with all its devices and with everybody's scans."""
        if self.there:
            for address in list(self._devices):
                self._remove(address)
            self._objects.remove(self.path)
        self.forget()

    def forget(self) -> None:
        """Knows of no device, no discovery and no monitor any more."""
        self._filters.clear()
        self._sessions.clear()
        self._devices.clear()
        self._monitors.clear()

    def deafen(self, cure: str) -> None:
        """Hears nothing and does not say so, until the cure: a new ``scan``, or ``power`` off and on."""
        self._deaf = cure

    def hear_again(self) -> None:
        """Is not deaf any more."""
        if self._deaf is not None:
            self._deaf = None
            self._cured()

    def hear(self, advert: Advert, rssi: int) -> bool:
        """An advertisement in the air; whether the gateway can have learnt of it. rssi in dBm."""
        if not self.there or not self._powered or self._deaf is not None:
            return False
        monitors = self._monitors.matching(advert)
        if not self._sessions and not monitors:
            return False
        device = self._devices.pop(advert.address, None) or Heard(self.device_path(advert.address))
        changed = device.hear(advert, rssi, active=bool(self._sessions), afresh=self._afresh())
        if not self._objects.has(device.path):
            self._objects.add(device.path, {DEVICE: first_properties(advert, self.path) | changed})
        elif changed:
            self._objects.change(device.path, DEVICE, changed)
        device.at = time.monotonic()
        self._devices[advert.address] = device
        self._monitors.found(device.path, monitors)
        return True

    def sweep(self) -> None:
        """Removes the devices that have not been heard for too long; the first are the longest unheard."""
        before = time.monotonic() - self._stale_s
        for address, device in list(self._devices.items()):
            if device.at >= before:
                return
            if not device.connected:
                self._remove(address)

    def connect(self, path: str, connected: bool) -> None:
        """A device is connected, or not any more."""
        for device in self._devices.values():
            if device.path == path:
                device.connected = connected
                device.at = time.monotonic()

    def _afresh(self) -> bool:
        asked = [self._filters.get(client, {}).get("DuplicateData") for client in self._sessions]
        return any(wanted is not None and wanted.value for wanted in asked)

    def _remove(self, address: str) -> None:
        device = self._devices.pop(address)
        if device.connected:
            self._dropped(device.path)
        self._objects.remove(device.path)
        self._monitors.lost(device.path)

    def _properties(self) -> Properties:
        return {
            "Address": Variant("s", self._address),
            "AddressType": Variant("s", "public"),
            "Name": Variant("s", "gateway"),
            "Alias": Variant("s", "gateway"),
            "Class": Variant("u", 0),
            "Powered": Variant("b", True),
            "Discoverable": Variant("b", False),
            "Pairable": Variant("b", False),
            "Discovering": Variant("b", False),
            "UUIDs": Variant("as", []),
            "Roles": Variant("as", ["central", "peripheral"]),
        }

    def _set_filter(self, call: Message) -> Message:
        if not self._powered:
            return refused(call, "NotReady", "Resource Not Ready")
        self._filters[call.sender or ""] = call.body[0]
        return done(call)

    def _start_discovery(self, call: Message) -> Message:
        if not self._powered:
            return refused(call, "NotReady", "Resource Not Ready")
        client = call.sender or ""
        if client in self._sessions:
            return refused(call, "InProgress", "Operation already in progress")
        if not self._sessions:
            self._objects.change(self.path, ADAPTER, {"Discovering": Variant("b", True)})
        self._sessions.add(client)
        return done(call)

    def _stop_discovery(self, call: Message) -> Message:
        if not self._powered:
            return refused(call, "NotReady", "Resource Not Ready")
        client = call.sender or ""
        if client not in self._sessions:
            return refused(call, "Failed", "No discovery started")
        self._end_session(client)
        return done(call)

    def _remove_device(self, call: Message) -> Message:
        for address, device in self._devices.items():
            if device.path == call.body[0]:
                self._remove(address)
                return done(call)
        return refused(call, "DoesNotExist", "Does Not Exist")

    def _set_powered(self, call: Message, value: Variant) -> Message:
        powered = bool(value.value)
        if powered and not self._powered:
            self.hear_again()
        elif self._powered and not powered:
            self._drop_connections()
            for client in list(self._sessions):
                self._end_session(client)
        self._powered = powered
        self._objects.change(self.path, ADAPTER, {"Powered": Variant("b", powered)})
        return done(call)

    def _end_session(self, client: str) -> None:
        self._sessions.remove(client)
        if self._sessions:
            return
        self._scan_ended()
        self._objects.change(self.path, ADAPTER, {"Discovering": Variant("b", False)})
        for device in self._devices.values():
            if device.lose_rssi():
                self._objects.change(device.path, DEVICE, {}, ("RSSI",))

    def _scan_ended(self) -> None:
        if self._deaf == "scan":
            self.hear_again()

    def _drop_connections(self) -> None:
        for device in [device for device in self._devices.values() if device.connected]:
            self._dropped(device.path)

    def _forget_client(self, client: str) -> None:
        self._filters.pop(client, None)
        if client in self._sessions:
            self._end_session(client)
