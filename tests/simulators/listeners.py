"""The real bleak, listening to a simulated radio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Unpack

from bleak import BleakScanner
from bleak.args.bluez import BlueZScannerArgs, OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from tests.simulators.peers import ONE_ROOM

CORE, RUUVI, PVVX, CLINICAL = (
    "A4:C1:38:00:11:22",
    "C4:64:E3:00:00:01",
    "A4:C1:38:00:00:03",
    "C0:11:22:33:44:55",
)
KEY = "00112233445566778899aabbccddeeff"
BTHOME, ENVIRONMENT = (f"0000{uuid}-0000-1000-8000-00805f9b34fb" for uuid in ("fcd2", "181a"))
RUUVI_COMPANY = 0x0499

ANYBODY = OrPattern(0, AdvertisementDataType.FLAGS, b"\x06")
"""Pattern of a passive scan: what says in its flags that it can be discovered."""

UNITS: dict[int, dict[str, Any]] = {
    1: {"kind": "bthome", "address": CORE, "key": KEY, "sensor": "chiller.core", "name": "core probe"},
    2: {"kind": "ruuvi-5", "address": RUUVI, "sensor": "chiller"},
    3: {"kind": "pvvx", "address": PVVX, "sensor": "chiller"},
}


def air(*units: int, **options: Any) -> dict[str, Any]:
    """A scenario with these of the ``UNITS``, advertising fast, and further options of the radio."""
    quick = {"every": "30ms", "measures": "200ms"}
    probes = {number: quick | UNITS[number] | options.pop(f"unit_{number}", {}) for number in units}
    return {"rooms": ONE_ROOM, "ports": {"radio": {"device": "radio", "units": probes, **options}}}


class Heard(NamedTuple):
    """One callback of bleak's."""

    address: str
    rssi: int
    name: str | None
    services: dict[str, bytes]
    manufacturer: dict[int, bytes]


class Listener:
    """What a scanner has called back."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    def note(self, device: BLEDevice, data: AdvertisementData) -> None:
        self.heard.append(
            Heard(device.address, data.rssi, data.local_name, data.service_data, data.manufacturer_data)
        )

    def of(self, address: str) -> list[Heard]:
        """What was heard of one device."""
        return [heard for heard in self.heard if heard.address == address]


def scanner(listener: Listener, *, passive: bool = False, **bluez: Unpack[BlueZScannerArgs]) -> BleakScanner:
    """bleak's, active or passive."""
    if passive:
        bluez.setdefault("or_patterns", [ANYBODY])
        return BleakScanner(listener.note, scanning_mode="passive", bluez=bluez)
    return BleakScanner(listener.note, bluez=bluez)


@asynccontextmanager
async def listening(*, passive: bool = False, **bluez: Unpack[BlueZScannerArgs]) -> AsyncIterator[Listener]:
    """A scan while the context lasts."""
    listener = Listener()
    async with scanner(listener, passive=passive, **bluez):
        yield listener
