"""What BlueZ knows of a device that it has heard."""

from __future__ import annotations

from collections.abc import Mapping

from dbus_fast import Variant

from simulators.bluez.advert import GENERAL_LE_ONLY, Advert
from simulators.bluez.objects import Properties, short_uuid

DEVICE = "org.bluez.Device1"
NO = Variant("b", False)


class Heard:
    """A device. path: of its object."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.at = 0.0
        """When it was last heard, by the monotonic clock."""

        self.connected = False
        self._rssi: int | None = None
        self._name: str | None = None
        self._manufacturer: dict[int, bytes] = {}
        self._services: dict[int, bytes] = {}
        self._uuids: list[int] = []

    def hear(self, advert: Advert, rssi: int, *, active: bool, afresh: bool) -> Properties:
        """What an advertisement changes.

        active: the scan asks for the name too. afresh: it replaces what was known (``DuplicateData``).
        """
        changed: Properties = {}
        if rssi != self._rssi:
            self._rssi = rssi
            changed["RSSI"] = Variant("n", rssi, verify=False)
        if active and advert.name is not None and advert.name != self._name:
            self._name = advert.name
            changed |= {"Name": Variant("s", advert.name), "Alias": Variant("s", advert.name)}
        if advert.manufacturer and (afresh or not advert.manufacturer.items() <= self._manufacturer.items()):
            self._manufacturer = ({} if afresh else self._manufacturer) | dict(advert.manufacturer)
            changed["ManufacturerData"] = _manufacturer_data(self._manufacturer)
        if advert.services and (afresh or not advert.services.items() <= self._services.items()):
            self._services = ({} if afresh else self._services) | dict(advert.services)
            changed["ServiceData"] = _service_data(self._services)
        if new := [uuid for uuid in advert.uuids if uuid not in self._uuids]:
            self._uuids += new
            changed["UUIDs"] = Variant("as", [short_uuid(uuid) for uuid in self._uuids])
        return changed

    def lose_rssi(self) -> bool:
        """Whether it had one."""
        had, self._rssi = self._rssi is not None, None
        return had


def first_properties(advert: Advert, adapter: str) -> Properties:
    """Those of a new device that its first advertisement's data do not overwrite."""
    flags = ("Paired", "Bonded", "Trusted", "Blocked", "LegacyPairing", "Connected", "ServicesResolved")
    return {
        "Address": Variant("s", advert.address),
        "AddressType": Variant("s", "random" if advert.random else "public"),
        "Alias": Variant("s", advert.address.replace(":", "-")),
        "Adapter": Variant("o", adapter),
        "UUIDs": Variant("as", []),
        "AdvertisingFlags": Variant("ay", bytes((GENERAL_LE_ONLY,))),
        **dict.fromkeys(flags, NO),
    }


def _manufacturer_data(by_company: Mapping[int, bytes]) -> Variant:
    data = {company: Variant("ay", data, verify=False) for company, data in by_company.items()}
    return Variant("a{qv}", data, verify=False)


def _service_data(by_service: Mapping[int, bytes]) -> Variant:
    data = {short_uuid(uuid): Variant("ay", data, verify=False) for uuid, data in by_service.items()}
    return Variant("a{sv}", data, verify=False)
