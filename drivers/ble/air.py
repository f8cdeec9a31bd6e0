"""What is in the air: an adapter listens for a while, to everybody."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from drivers.ble.advertisement import Advertisement, spelt
from drivers.ble.bluez import Adapter
from drivers.ble.changes import Changes
from drivers.ble.probe import Heard
from drivers.ble.scan import scanning
from drivers.contract import Frame

MOST_DEVICES: Final = 5_000
MOST_FRAMES: Final = 32
"""Different ones of a device; a tag alternates between two or three."""


async def listen(adapter: str, seconds: float) -> list[Heard]:
    """Everybody that is heard, the strongest first; it is switched on for that. Raises LinkDown."""
    async with Adapter(adapter) as bluez:
        await bluez.switch_on()
        air = _Air(bluez)
        async with scanning(adapter, air.hear, passive=False):
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await bluez.gone()
    return air.heard()


class _Air:
    """Everybody, as bleak tells of them."""

    def __init__(self, bluez: Adapter) -> None:
        self._bluez = bluez
        self._devices: dict[str, _Device] = {}

    def hear(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        known = self._devices.get(device.address)
        if known is None:
            if len(self._devices) == MOST_DEVICES:
                return
            known = _Device(Changes(self._bluez.remembered(device.address)))
            self._devices[device.address] = known
        known.hear(advertisement)

    def heard(self) -> list[Heard]:
        """The strongest first."""
        found = [device.heard(address) for address, device in self._devices.items()]
        return sorted(found, key=lambda each: (-each.rssi_dbm, each.address))


class _Device:
    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._name = ""
        self._rssi_dbm = 0
        self._said: dict[bytes, None] = {}

    def hear(self, advertisement: AdvertisementData) -> None:
        self._name = advertisement.local_name or self._name
        self._rssi_dbm = advertisement.rssi
        said: Advertisement | None = self._changes.said(advertisement.platform_data[1], merged=False)
        if said is not None and len(self._said) < MOST_FRAMES:
            self._said[spelt(said)] = None

    def heard(self, address: str) -> Heard:
        return Heard(address, self._name, self._rssi_dbm, [Frame(data) for data in self._said])
