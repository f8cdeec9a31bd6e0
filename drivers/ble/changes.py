"""What an advertisement said, told apart from what BlueZ remembers of its device.

BlueZ keeps one set of properties for each device, and signals which of them it has set again; bleak hands out
the whole set. A property that was set again is a new object in bleak's set, one that was not is the same
object as before: with RSSI alone nothing was said, and data of a service are old while only the
manufacturer's were heard. Passively BlueZ also merges: new data of one company stand beside the old of
another, so that there only the entries that differ were said.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from drivers.ble.advertisement import Advertisement, short_uuid

Properties: TypeAlias = Mapping[str, Any]
"""Of ``org.bluez.Device1``, their values unpacked."""

MANUFACTURER: Final = "ManufacturerData"
SERVICE: Final = "ServiceData"

UUIDS_KEPT: Final = 512


class Changes:
    """Of one device. known: what BlueZ remembered of it before the scan began."""

    def __init__(self, known: Properties) -> None:
        self._manufacturer = known.get(MANUFACTURER)
        self._service = known.get(SERVICE)
        self._begun = False

    def said(self, properties: Properties, *, merged: bool) -> Advertisement | None:
        """What is news in these properties; None: nothing. merged: BlueZ listens passively."""
        before = (self._manufacturer, self._service)
        self._manufacturer = properties.get(MANUFACTURER)
        self._service = properties.get(SERVICE)
        manufacturer = self._set_again(before[0], self._manufacturer, merged)
        service = self._set_again(before[1], self._service, merged)
        self._begun = True
        if not manufacturer and not service:
            return None
        return Advertisement(
            properties.get("Name", ""),
            manufacturer,
            {_number(uuid): data for uuid, data in service.items()},
            frozenset(map(_number, properties.get("UUIDs", ()))),
        )

    def _set_again(
        self, before: Mapping[Any, bytes] | None, now: Mapping[Any, bytes] | None, merged: bool
    ) -> Mapping[Any, bytes]:
        if now is None or now is before or (not self._begun and now == before):
            return {}
        if not merged or before is None:
            return now
        return {key: data for key, data in now.items() if before.get(key) != data} or now


@lru_cache(maxsize=UUIDS_KEPT)
def _number(uuid: str) -> int:
    return short_uuid(int(uuid.replace("-", ""), 16))
