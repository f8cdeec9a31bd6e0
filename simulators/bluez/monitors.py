"""Advertisement monitors: how BlueZ lets a client scan passively.

A client registers the path of an object and exports it there afterwards; BlueZ reads its patterns, calls its
``Activate``, and from then on ``DeviceFound`` and ``DeviceLost``.
Source: BlueZ, ``doc/org.bluez.AdvertisementMonitor.rst`` and ``org.bluez.AdvertisementMonitorManager.rst``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from dbus_fast import Message, Variant

from simulators.bluez.advert import Advert, Pattern
from simulators.bluez.objects import Objects, Properties, done, refused

MONITORS = "org.bluez.AdvertisementMonitorManager1"
MONITOR = "org.bluez.AdvertisementMonitor1"

Key: TypeAlias = tuple[str, str]
"""Of a monitor: its client's unique name, its path."""


class Monitors:
    """The monitors of an adapter. idle: called when the last one has gone."""

    def __init__(self, objects: Objects, idle: Callable[[], None]) -> None:
        self._objects = objects
        self._idle = idle
        self._patterns: dict[Key, Sequence[Pattern]] = {}
        self._found: dict[str, set[Key]] = {}
        objects.methods |= {
            (MONITORS, "RegisterMonitor"): self._register,
            (MONITORS, "UnregisterMonitor"): self._unregister,
        }
        objects.client_exported.append(self._activate)
        objects.client_left.append(self._forget)

    @staticmethod
    def properties() -> Properties:
        """Of the adapter's interface for monitors."""
        return {
            "SupportedMonitorTypes": Variant("as", ["or_patterns"]),
            "SupportedFeatures": Variant("as", []),
        }

    def matching(self, advert: Advert) -> list[Key]:
        """Those that report this advertisement."""
        return [key for key, patterns in self._patterns.items() if any(map(advert.matches, patterns))]

    def found(self, path: str, keys: Sequence[Key]) -> None:
        """These monitors see the device, some of them for the first time."""
        known = self._found.setdefault(path, set())
        for key in keys:
            if key not in known:
                known.add(key)
                self._objects.tell(*key, MONITOR, "DeviceFound", "o", path)

    def lost(self, path: str) -> None:
        """The device is gone."""
        for key in self._found.pop(path, ()):
            self._objects.tell(*key, MONITOR, "DeviceLost", "o", path)

    def clear(self) -> None:
        """There are none any more."""
        self._patterns.clear()
        self._found.clear()

    def _register(self, call: Message) -> Message:
        key = (call.sender or "", call.body[0])
        if key in self._patterns:
            return refused(call, "AlreadyExists", "Already Exists")
        self._patterns[key] = ()
        self._objects.watch(key[0])
        return done(call)

    def _activate(self, client: str, path: str, interfaces: Mapping[str, Properties]) -> None:
        if (client, path) in self._patterns and MONITOR in interfaces:
            wanted = interfaces[MONITOR]["Patterns"].value
            self._patterns[client, path] = [
                Pattern(start, type_, bytes(data)) for start, type_, data in wanted
            ]
            self._objects.tell(client, path, MONITOR, "Activate", "")

    def _unregister(self, call: Message) -> Message:
        key = (call.sender or "", call.body[0])
        if key not in self._patterns:
            return refused(call, "DoesNotExist", "Does Not Exist")
        self._drop(key)
        return done(call)

    def _forget(self, client: str) -> None:
        for key in [key for key in self._patterns if key[0] == client]:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        del self._patterns[key]
        for found in self._found.values():
            found.discard(key)
        if not self._patterns:
            self._idle()
