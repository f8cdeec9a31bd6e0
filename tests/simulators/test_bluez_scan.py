"""Scanning a simulated radio with the real bleak."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from bleak import BleakScanner
from bleak.args.bluez import OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.exc import BleakBluetoothNotAvailableError, BleakError
from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from simulators.site import Site
from tests.bluez import on_air
from tests.simulators.listeners import (
    BTHOME,
    CORE,
    ENVIRONMENT,
    PVVX,
    RUUVI,
    RUUVI_COMPANY,
    Listener,
    air,
    listening,
    scanner,
)
from tests.simulators.peers import truth, until

pytestmark = pytest.mark.usefixtures("dbus_daemon")

ADAPTER = "org.bluez.Adapter1"


async def asked(site: Site, member: str, signature: str = "", *body: object) -> Message:
    """The adapter's answer to a method, or of its properties."""
    bus = await MessageBus(bus_address=site.buses["radio"]).connect()
    interface = "org.freedesktop.DBus.Properties" if member in ("Get", "Set") else ADAPTER
    call = Message("org.bluez", "/org/bluez/hci0", interface, member, signature=signature, body=list(body))
    reply = await bus.call(call)
    bus.disconnect()
    await asyncio.sleep(0)
    return reply


async def adapter_is(site: Site, name: str) -> object:
    """One of the adapter's properties."""
    return (await asked(site, "Get", "ss", ADAPTER, name)).body[0].value


@pytest.mark.parametrize("passive", [False, True], ids=["active", "passive"])
async def test_the_real_bleak_hears_every_probe(
    passive: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1, 2, 3), tmp_path, monkeypatch) as site:
        assert site.ports == {"radio": {"bluetooth": "hci0"}}
        async with listening(passive=passive) as listener:
            await until(lambda: {CORE, RUUVI, PVVX} == {heard.address for heard in listener.heard})
            assert listener.of(CORE)[0].name == (None if passive else "core probe")
            assert listener.of(CORE)[0].services[BTHOME][0] == 0x41
            assert len(listener.of(RUUVI)[0].manufacturer[RUUVI_COMPANY]) == 24
            assert len(listener.of(PVVX)[0].services[ENVIRONMENT]) == 15
            assert -90 < listener.of(PVVX)[0].rssi < -40
            assert await adapter_is(site, "Discovering") is not passive
            assert truth(site, "advert", unit=2, delivered=True)
        assert await adapter_is(site, "Discovering") is False


async def test_what_is_heard_is_what_the_truth_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(3), tmp_path, monkeypatch) as site, listening() as listener:
        await until(lambda: len({heard.services[ENVIRONMENT] for heard in listener.of(PVVX)}) >= 4)
        sent = {fact["counter"]: fact for fact in truth(site, "advert", delivered=True)}
        for heard in listener.of(PVVX):
            data = heard.services[ENVIRONMENT]
            fact = sent[data[13]]
            assert int.from_bytes(data[6:8], "little", signed=True) == round(fact["temperature"] * 100)
            assert int.from_bytes(data[8:10], "little") == round(fact["humidity"] * 100)
            assert int.from_bytes(data[10:12], "little") == fact["voltage"]
            assert data[12] == fact["battery"]


async def test_repeats_differ_in_rssi_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = air(1, unit_1={"measures": "1h", "every": "5ms"})
    async with on_air(fixed, tmp_path, monkeypatch) as site, listening() as listener:
        await until(lambda: len(listener.of(CORE)) >= 60)
        assert len({heard.services[BTHOME] for heard in listener.of(CORE)}) == 1
        assert all(one.rssi != after.rssi for one, after in itertools.pairwise(listener.heard))
        assert len({fact["counter"] for fact in truth(site, "advert")}) == 1
        repeats = [fact["repeat"] for fact in truth(site, "advert")]
        assert repeats == list(range(len(repeats)))


@pytest.mark.parametrize("duplicates", [False, True])
async def test_signals_carry_what_changed_and_nothing_else(duplicates: bool, tmp_path: Path) -> None:
    async with Site(air(1, unit_1={"measures": "300ms"}), tmp_path) as site:
        bus = await MessageBus(bus_address=site.buses["radio"]).connect()
        changes: list[frozenset[str]] = []
        gone: list[str] = []

        def note(message: Message) -> None:
            if message.member == "PropertiesChanged" and message.body[0] == "org.bluez.Device1":
                changes.append(frozenset(message.body[1]))
                gone.extend(message.body[2])

        bus.add_message_handler(note)
        match = Message("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch",
                        signature="s", body=["type='signal',path_namespace='/org/bluez'"])  # fmt: skip
        await bus.call(match)
        adapter = ("org.bluez", "/org/bluez/hci0", ADAPTER)
        wanted = {"DuplicateData": Variant("b", duplicates)}
        await bus.call(Message(*adapter, "SetDiscoveryFilter", signature="a{sv}", body=[wanted]))
        await bus.call(Message(*adapter, "StartDiscovery"))
        await until(lambda: len(changes) > 20)
        assert gone == []
        assert set().union(*changes) == {"RSSI", "ServiceData"}
        with_data = [change for change in changes if "ServiceData" in change]
        if duplicates:
            assert with_data == changes
        else:
            assert changes.count(frozenset({"RSSI"})) > 2 * len(with_data) > 0
        await bus.call(Message(*adapter, "StopDiscovery"))
        assert gone == ["RSSI"]
        bus.disconnect()


async def test_data_of_another_service_stands_beside_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {"unit_2": {"address": CORE}, "unit_3": {"address": CORE}}
    async with on_air(air(1, 2, 3, **both), tmp_path, monkeypatch):
        async with listening() as listener:
            await until(lambda: listener.heard and {BTHOME, ENVIRONMENT} == set(listener.heard[-1].services))
            await until(lambda: RUUVI_COMPANY in listener.heard[-1].manufacturer)
            assert set(listener.heard[-1].services) == {BTHOME, ENVIRONMENT}
        async with listening(filters={"DuplicateData": True}) as listener:
            await until(lambda: any(set(heard.services) == {ENVIRONMENT} for heard in listener.heard))
            await until(lambda: any(set(heard.services) == {BTHOME} for heard in listener.heard))


async def test_who_is_silent_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1, 2, stale="1s"), tmp_path, monkeypatch) as site:
        listener = Listener()
        async with scanner(listener) as scan:
            await until(lambda: {CORE, RUUVI} == scan.discovered_devices_and_advertisement_data.keys())
            site.fault("silence", port="radio", unit=2)
            await until(lambda: {CORE} == scan.discovered_devices_and_advertisement_data.keys())
            site.fault("silence", port="radio", unit=2, on=False)
            await until(lambda: {CORE, RUUVI} == scan.discovered_devices_and_advertisement_data.keys())


async def test_without_a_scan_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        await until(lambda: len(truth(site, "advert")) > 3)
        assert not truth(site, "advert", delivered=True)
        async with listening() as listener:
            await until(lambda: listener.heard)
        before = len(truth(site, "advert", delivered=True))
        await until(lambda: len(truth(site, "advert", delivered=False)) > 8)
        assert len(truth(site, "advert", delivered=True)) == before
        assert len(listener.heard) <= before


async def test_a_passive_scan_hears_only_its_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1, 2), tmp_path, monkeypatch) as site:
        of_ruuvi = OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\x99\x04\x05")
        async with listening(passive=True, or_patterns=[of_ruuvi]) as listener:
            await until(lambda: len(listener.of(RUUVI)) > 5)
            assert not listener.of(CORE)
            assert not truth(site, "advert", unit=1, delivered=True)


async def test_bluez_without_monitors_refuses_a_passive_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1, passive=False), tmp_path, monkeypatch):
        with pytest.raises(BleakError, match="--experimental"):
            async with listening(passive=True):
                pass
        async with listening() as listener:
            await until(lambda: listener.heard)


async def test_discovery_ends_with_the_client_that_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        assert (await asked(site, "StartDiscovery")).error_name is None  # and it leaves the bus at once
        while await adapter_is(site, "Discovering"):
            await asyncio.sleep(0.01)
        refused = await asked(site, "StopDiscovery")
        assert refused.error_name == "org.bluez.Error.Failed"


async def test_power_off_ends_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        async with listening() as listener:
            await until(lambda: listener.heard)
            await asked(site, "Set", "ssv", ADAPTER, "Powered", Variant("b", False))
            assert await adapter_is(site, "Discovering") is False
            assert (await asked(site, "StartDiscovery")).error_name == "org.bluez.Error.NotReady"
            with pytest.raises(BleakBluetoothNotAvailableError):
                await BleakScanner().start()
        await asked(site, "Set", "ssv", ADAPTER, "Powered", Variant("b", True))
        async with listening() as listener:
            await until(lambda: listener.heard)


async def test_another_adapters_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1, adapter="hci1"), tmp_path, monkeypatch) as site:
        assert site.ports == {"radio": {"bluetooth": "hci1"}}
        async with listening(adapter="hci1") as listener:
            await until(lambda: listener.of(CORE))
        with pytest.raises(BleakError, match="hci0"):
            async with listening(adapter="hci0"):
                pass
