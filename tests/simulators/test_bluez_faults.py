"""What can go wrong in the air, with the adapter, bluetoothd and the bus, as the real bleak sees it."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from bleak.exc import BleakDBusError, BleakError
from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from simulators.bluez import bus as private_bus
from simulators.bluez.layouts import Sample, bthome_encrypted
from simulators.options import ScenarioError
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


async def set_power(site: Site, on: bool) -> None:
    """As a gateway's recovery does."""
    bus = await MessageBus(bus_address=site.buses["radio"]).connect()
    properties, body = "org.freedesktop.DBus.Properties", ["org.bluez.Adapter1", "Powered", Variant("b", on)]
    await bus.call(Message("org.bluez", "/org/bluez/hci0", properties, "Set", signature="ssv", body=body))
    bus.disconnect()


async def objects(site: Site) -> set[str]:
    """The paths of all that bluetoothd shows."""
    bus = await MessageBus(bus_address=site.buses["radio"]).connect()
    reply = await bus.call(
        Message("org.bluez", "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    )
    bus.disconnect()
    return set(reply.body[0])


async def hears(listener: Listener, address: str = CORE) -> None:
    """Returns once something new of this device is heard."""
    before = len(listener.of(address))
    await until(lambda: len(listener.of(address)) > before + 2)


async def is_deaf(site: Site, listener: Listener) -> None:
    """The probes go on for a while, and nothing of it comes."""
    sent = len(truth(site, "advert"))
    await asyncio.sleep(0.05)  # what was under way
    before = len(listener.heard)
    await until(lambda: len(truth(site, "advert")) > sent + 10)
    assert len(listener.heard) == before


async def test_lost_frames_are_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(3), tmp_path, monkeypatch, seed=3) as site, listening() as listener:
        site.fault("silence", port="radio", unit=3, rate=0.5)
        await until(lambda: len(truth(site, "advert", faults=["silence"])) > 10)
        await until(lambda: len(truth(site, "advert", delivered=True)) > 10)
        assert not truth(site, "advert", faults=["silence"], delivered=True)
        assert len(listener.heard) <= len(truth(site, "advert", delivered=True))


async def test_frozen_it_repeats_its_frame_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(3), tmp_path, monkeypatch) as site, listening() as listener:
        await hears(listener, PVVX)
        site.fault("frozen", port="radio", unit=3)
        await asyncio.sleep(0.05)
        before = len(listener.heard)
        await until(lambda: len(listener.heard) > before + 15)
        assert len({heard.services[ENVIRONMENT] for heard in listener.heard[before:]}) == 1
        assert len({heard.rssi for heard in listener.heard[before:]}) > 2


async def test_a_probe_without_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(2, 3), tmp_path, monkeypatch) as site, listening() as listener:
        site.fault("sentinel", port="radio", unit=2)
        await until(lambda: listener.of(RUUVI)[-1:] and _ruuvi(listener)[1:5].hex() == "8000ffff")
        assert truth(site, "advert", unit=2, temperature=None, delivered=True)
        with pytest.raises(ScenarioError, match="pvvx cannot say"):
            site.fault("sentinel", port="radio", unit=3)


def _ruuvi(listener: Listener) -> bytes:
    return listener.of(RUUVI)[-1].manufacturer[RUUVI_COMPANY]


async def test_a_damaged_frame_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(3), tmp_path, monkeypatch) as site, listening() as listener:
        site.fault("damaged", port="radio", rate=0.5)
        await until(lambda: {14, 15} == {len(heard.services[ENVIRONMENT]) for heard in listener.heard})
        assert truth(site, "advert", faults=["damaged"])
        assert not truth(site, "advert", faults=["damaged"], delivered=True)


async def test_a_replayed_frame_is_an_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(3), tmp_path, monkeypatch) as site, listening() as listener:
        site.fault("replayed", port="radio", unit=3)
        await until(lambda: truth(site, "forged", how="replayed", delivered=True))
        await until(lambda: _goes_back([heard.services[ENVIRONMENT][13] for heard in listener.heard]))


def _goes_back(counters: list[int]) -> bool:
    return any(before > after for before, after in itertools.pairwise(counters))


async def test_a_spoofed_frame_has_the_address_and_values_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1, 3), tmp_path, monkeypatch) as site, listening() as listener:
        site.fault("spoofed", port="radio")
        hot = (15000).to_bytes(2, "little")
        await until(lambda: any(heard.services[ENVIRONMENT][6:8] == hot for heard in listener.of(PVVX)))
        await until(lambda: any(heard.services[BTHOME][0] == 0x40 for heard in listener.of(CORE)))
        await until(lambda: any(_foreign(heard.services[BTHOME]) for heard in listener.of(CORE)))
        assert truth(site, "forged", how="spoofed", address=CORE, delivered=True)
        assert not [fact for fact in truth(site, "advert") if fact["temperature"] == 150.0]


def _foreign(data: bytes) -> bool:
    """Whether it is encrypted under another key."""
    counter = int.from_bytes(data[-8:-4], "little")
    octets = bytes.fromhex(CORE.replace(":", ""))
    forged = bthome_encrypted(bytes(16))(Sample(150.0, 120.0, 90, counter), octets)
    return data == forged.services[0xFCD2]


@pytest.mark.parametrize("passive", [False, True], ids=["active", "passive"])
async def test_a_deaf_scan_hears_again_when_begun_anew(
    passive: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        async with listening(passive=passive) as listener:
            await hears(listener)
            site.fault("deaf", port="radio")
            await is_deaf(site, listener)
            assert not truth(site, "cured")
        async with listening(passive=passive) as listener:
            await hears(listener)
            assert truth(site, "cured", fault="deaf")


async def test_a_deaf_scan_that_only_power_cures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        async with listening() as listener:
            await hears(listener)
            site.fault("deaf", port="radio", cure="power")
            await is_deaf(site, listener)
        async with listening() as listener:
            await is_deaf(site, listener)
            assert not truth(site, "cured")
        await set_power(site, False)
        await set_power(site, True)
        assert truth(site, "cured", fault="deaf")
        async with listening() as listener:
            await hears(listener)


async def test_a_deaf_adapter_may_come_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site, listening() as listener:
        site.fault("deaf", port="radio")
        await is_deaf(site, listener)
        site.fault("deaf", port="radio", on=False)
        await hears(listener)
        assert not truth(site, "cured")


async def test_the_adapter_is_pulled_out_and_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        scan = scanner(Listener())
        await scan.start()
        await until(lambda: scan.discovered_devices)
        site.fault("unplug", port="radio")
        await until(lambda: not scan.discovered_devices)
        with pytest.raises(BleakError):
            await scan.stop()
        with pytest.raises(BleakError, match="No Bluetooth adapters"):
            await scanner(Listener()).start()
        site.fault("unplug", port="radio", on=False)
        bluez = await get_global_bluez_manager()
        await until(lambda: bluez._adapters)
        async with listening() as listener:
            await hears(listener)


async def test_bluetoothd_is_started_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        listener = Listener()
        scan = scanner(listener)
        await scan.start()
        await hears(listener)
        site.fault("no_bluez", port="radio")
        await is_deaf(site, listener)
        with pytest.raises(BleakDBusError, match="ServiceUnknown"):
            await scan.stop()
        site.fault("no_bluez", port="radio", on=False)
        await is_deaf(site, listener)  # nobody has asked the new one to discover
        assert await objects(site) == {"/org/bluez/hci0"}
        async with listening() as listener:
            await hears(listener)


async def test_the_bus_goes_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        listener = Listener()
        scan = scanner(listener)
        await scan.start()
        await hears(listener)
        bluez = await get_global_bluez_manager()
        site.fault("no_bus", port="radio")
        await until(lambda: bluez._bus is not None and not bluez._bus.connected)
        assert not scan.discovered_devices
        with pytest.raises(FileNotFoundError):
            await scanner(listener).start()
        site.fault("no_bus", port="radio", on=False)
        await until(Path(site.buses["radio"].removeprefix("unix:path=")).exists)
        async with listening() as listener:
            await hears(listener)


async def test_many_restarts_leave_one_bluetoothd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        for fault in ("no_bluez", "no_bus", "unplug", "no_bus", "no_bluez"):
            site.fault(fault, port="radio")
            await asyncio.sleep(0.02)
            site.fault(fault, port="radio", on=False)
            await asyncio.sleep(0.02)
        await until(Path(site.buses["radio"].removeprefix("unix:path=")).exists)
        async with listening() as listener:
            await hears(listener)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"fault": "noise"}, "noise is none of"),
        ({"fault": "silence", "unit": 9}, "unit 9 is none of 1, 2"),
        ({"fault": "deaf", "unit": 1}, "a fault of the whole port"),
        ({"fault": "deaf", "cure": "prayer"}, "prayer is none of scan, power"),
        ({"fault": "deaf", "rate": 0.5}, "rate: is no option of deaf"),
        ({"fault": "flood", "strangers": 0}, "there can be 1 to"),
        ({"fault": "flood", "per_second": 0}, "once a second at least"),
    ],
)
async def test_faults_that_cannot_be(fault: dict[str, object], complaint: str, tmp_path: Path) -> None:
    async with Site(air(1, 2), tmp_path) as site:
        with pytest.raises(ScenarioError, match=complaint):
            site.command({"port": "radio", **fault})


@pytest.mark.parametrize(
    ("unit", "complaint"),
    [
        ({"kind": "toaster"}, "toaster is none of bthome, ruuvi-5"),
        ({"kind": "pvvx", "address": "A4:C1:38"}, "no address such as"),
        ({"kind": "pvvx", "address": CORE, "sensor": "attic"}, "attic is none of the rooms"),
        ({"kind": "pvvx", "address": CORE, "sensor": "chiller", "key": "00" * 16}, "only a bthome's"),
        ({"kind": "bthome", "address": CORE, "sensor": "chiller", "key": "00"}, "32 hexadecimal digits"),
        ({"kind": "pvvx", "address": CORE, "sensor": "chiller", "colour": 1}, "unknown key"),
    ],
)
def test_probes_that_cannot_be(unit: dict[str, object], complaint: str, tmp_path: Path) -> None:
    scenario = air()
    scenario["ports"]["radio"]["units"] = {1: unit}
    with pytest.raises(ScenarioError, match=complaint):
        Site(scenario, tmp_path)


async def test_without_a_dbus_daemon_the_rest_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_bus, "PROGRAM", "no-such-dbus-daemon")
    scenario = air(1)
    scenario["ports"]["ear"] = {"device": "ear_tag_reader", "first": 0}
    scenario["faults"] = [{"fault": "deaf", "port": "radio"}]
    async with Site(scenario, tmp_path) as site:
        assert set(site.ports) == {"ear"}
        assert site.buses == {}
        assert set(site.missing) == {"radio"}
        assert "apt-get install dbus" in site.missing["radio"]
        site.fault("unplug", port="radio")
        site.fault("unplug", port="radio", on=False)
        await until(lambda: truth(site, "tag"))
        assert not truth(site, "advert")


async def test_a_folder_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="too long for a socket"):
        async with Site(air(1), tmp_path / ("x" * 120)):
            pass


async def test_a_folder_with_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path / "1号 ~<&>", monkeypatch), listening() as listener:
        await hears(listener)
