"""What was said is told from what BlueZ remembers."""

from __future__ import annotations

from typing import Any

from drivers.ble.advertisement import Advertisement
from drivers.ble.changes import Changes

ENVIRONMENT = "0000181a-0000-1000-8000-00805f9b34fb"


class BlueZ:
    """A device as bleak hands it out: a property that is set again is a new object in the set."""

    def __init__(self) -> None:
        self.properties: dict[str, Any] = {"Address": "A4:C1:38:00:00:03", "RSSI": -60, "UUIDs": []}

    def sets(self, **properties: Any) -> dict[str, Any]:
        self.properties.update(properties)
        return self.properties.copy()


def maker(said: dict[int, bytes]) -> Advertisement:
    return Advertisement("", said, {}, frozenset())


def test_a_signal_strength_alone_says_nothing() -> None:
    bluez, changes = BlueZ(), Changes({})
    assert changes.said(bluez.sets(ManufacturerData={1: b"a"}), merged=False) == maker({1: b"a"})
    assert changes.said(bluez.sets(RSSI=-61), merged=False) is None
    assert changes.said(bluez.sets(Connected=True), merged=False) is None


def test_what_is_said_again_is_said() -> None:
    """An active scan is told of it: BlueZ sets the property anew."""
    bluez, changes = BlueZ(), Changes({})
    for _ in range(3):
        assert changes.said(bluez.sets(ManufacturerData={1: b"a"}), merged=False) == maker({1: b"a"})


def test_an_active_scan_says_all_that_was_said_together() -> None:
    bluez, changes = BlueZ(), Changes({})
    changes.said(bluez.sets(ManufacturerData={1: b"a", 2: b"b"}), merged=False)
    both = {1: b"a", 2: b"c"}
    assert changes.said(bluez.sets(ManufacturerData=both), merged=False) == maker(both)


def test_of_merged_data_only_the_new_was_said() -> None:
    bluez, changes = BlueZ(), Changes({})
    changes.said(bluez.sets(ManufacturerData={1: b"a"}), merged=True)
    assert changes.said(bluez.sets(ManufacturerData={1: b"a", 2: b"b"}), merged=True) == maker({2: b"b"})
    assert changes.said(bluez.sets(ManufacturerData={1: b"c", 2: b"b"}), merged=True) == maker({1: b"c"})


def test_old_data_of_a_service_are_not_said_with_the_makers() -> None:
    bluez, changes = BlueZ(), Changes({})
    first = changes.said(bluez.sets(ServiceData={ENVIRONMENT: b"s"}), merged=False)
    assert first == Advertisement("", {}, {0x181A: b"s"}, frozenset())
    assert changes.said(bluez.sets(ManufacturerData={1: b"a"}), merged=False) == maker({1: b"a"})


def test_what_bluez_remembered_from_before_the_scan_is_not_said() -> None:
    bluez = BlueZ()
    remembered = bluez.sets(ManufacturerData={1: b"old"}, ServiceData={ENVIRONMENT: b"old"})
    changes = Changes({**remembered, "ManufacturerData": {1: b"old"}, "ServiceData": {ENVIRONMENT: b"old"}})
    assert changes.said(bluez.sets(RSSI=-50), merged=False) is None
    assert changes.said(bluez.sets(ManufacturerData={1: b"old"}), merged=False) == maker({1: b"old"})


def test_a_device_that_bluez_had_forgotten_says_all_anew() -> None:
    changes = Changes({})
    for _ in range(2):
        assert changes.said(BlueZ().sets(ManufacturerData={1: b"a"}), merged=True) == maker({1: b"a"})


def test_its_name_and_its_services_are_said_with_the_data() -> None:
    bluez, changes = BlueZ(), Changes({})
    said = changes.said(bluez.sets(Name="sps", UUIDs=[ENVIRONMENT], ManufacturerData={1: b"a"}), merged=False)
    assert said == Advertisement("sps", {1: b"a"}, {}, frozenset({0x181A}))
