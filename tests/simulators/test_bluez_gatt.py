"""Connected probes: the real BleakClient against simulated thermometers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError, BleakGATTProtocolError

from simulators.options import ScenarioError
from simulators.site import Site
from tests.bluez import on_air
from tests.simulators.listeners import CLINICAL, air
from tests.simulators.peers import truth, until

pytestmark = pytest.mark.usefixtures("dbus_daemon")

SENSING, CLINIC = "environmental-sensing", "health-thermometer"
TEMPERATURE, HUMIDITY, MEASUREMENT = (
    f"0000{uuid}-0000-1000-8000-00805f9b34fb" for uuid in ("2a6e", "2a6f", "2a1c")
)


def thermometer(kind: str, **options: Any) -> dict[str, Any]:
    scenario = air()
    unit = {"kind": kind, "address": CLINICAL, "every": "30ms", "measures": "50ms", "sensor": "chiller.core"}
    scenario["ports"]["radio"]["units"] = {1: unit | options}
    return scenario


async def found() -> BLEDevice:
    device = await BleakScanner.find_device_by_address(CLINICAL)
    assert device is not None
    return device


Notes = list[bytes]


def noting(notes: Notes) -> Callable[[BleakGATTCharacteristic, bytearray], None]:
    return lambda characteristic, data: notes.append(bytes(data))


def ieee_11073(data: bytes) -> float:
    return float(
        int.from_bytes(data[:3], "little", signed=True) * 10.0 ** int.from_bytes(data[3:], signed=True)
    )


async def test_environmental_sensing_is_read_and_notified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(thermometer(SENSING), tmp_path, monkeypatch) as site:
        temperatures: Notes = []
        humidities: Notes = []
        async with BleakClient(await found()) as client:
            assert [service.uuid[4:8] for service in client.services] == ["181a"]
            at_once = await client.read_gatt_char(TEMPERATURE)
            await client.start_notify(TEMPERATURE, noting(temperatures))
            await client.start_notify(HUMIDITY, noting(humidities))
            await until(lambda: len(temperatures) > 2 and len(humidities) > 2)
            await client.stop_notify(HUMIDITY)
            before = len(humidities)
            await until(lambda: len(truth(site, "value", characteristic="2a6f", delivered=False)) > 3)
            assert len(humidities) == before
        sent = {fact["temperature"] for fact in truth(site, "value", characteristic="2a6e", delivered=True)}
        for data in (*temperatures, bytes(at_once)):
            assert int.from_bytes(data, "little", signed=True) / 100 in sent
        damp = {fact["humidity"] for fact in truth(site, "value", characteristic="2a6f", delivered=True)}
        assert {int.from_bytes(data, "little") / 100 for data in humidities} <= damp
        await until(lambda: truth(site, "link", connected=False))


async def test_a_health_thermometer_indicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(
        thermometer(CLINIC, sensor={"room": "chiller", "offset": -20}), tmp_path, monkeypatch
    ) as site:
        notes: Notes = []
        async with BleakClient(await found()) as client:
            with pytest.raises(BleakGATTProtocolError):
                await client.read_gatt_char(MEASUREMENT)
            await client.start_notify(MEASUREMENT, noting(notes))
            await until(lambda: len(notes) > 3)
            site.fault("sentinel", port="radio", unit=1)
            await until(lambda: notes[-1] == bytes.fromhex("00ffff7f00"))
        values = [note for note in notes if note[1:] != bytes.fromhex("ffff7f00")]
        assert {note[0] for note in notes} == {0}, "in Cel, without a time"
        sent = {fact["temperature"] for fact in truth(site, "value", delivered=True)}
        assert {round(ieee_11073(note[1:]), 1) for note in values} <= sent
        assert all(ieee_11073(note[1:]) < -15 for note in values)


async def test_a_connected_probe_advertises_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(thermometer(SENSING), tmp_path, monkeypatch):
        device = await found()
        async with BleakScanner() as scan, BleakClient(device):
            await asyncio.sleep(0.05)
            before = [data.rssi for _, data in scan.discovered_devices_and_advertisement_data.values()]
            await asyncio.sleep(0.3)
            after = [data.rssi for _, data in scan.discovered_devices_and_advertisement_data.values()]
            assert before == after
        async with BleakScanner() as scan:
            await until(lambda: scan.discovered_devices)


async def test_a_connected_probe_is_not_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = thermometer(SENSING)
    scenario["ports"]["radio"]["stale"] = "200ms"
    async with on_air(scenario, tmp_path, monkeypatch), BleakClient(await found()) as client:
        await asyncio.sleep(1.5)
        assert client.is_connected
        assert len(await client.read_gatt_char(HUMIDITY)) == 2


async def test_out_of_reach_the_connection_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(thermometer(SENSING), tmp_path, monkeypatch) as site:
        device = await found()
        gone = asyncio.Event()
        client = BleakClient(device, disconnected_callback=lambda client: gone.set())
        await client.connect()
        site.fault("silence", port="radio", unit=1)
        await gone.wait()
        assert not client.is_connected
        with pytest.raises(BleakDBusError, match="le-connection-timeout"):
            await BleakClient(device).connect()
        site.fault("silence", port="radio", unit=1, on=False)
        async with BleakClient(await found()) as client:
            assert len(await client.read_gatt_char(HUMIDITY)) == 2


@pytest.mark.parametrize("fault", ["unplug", "no_bluez", "no_bus"])
async def test_with_the_adapter_or_the_bus_the_connection_ends(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(thermometer(SENSING), tmp_path, monkeypatch) as site:
        client = BleakClient(await found())
        await client.connect()
        site.fault(fault, port="radio")
        await until(lambda: truth(site, "link", connected=False))
        site.fault(fault, port="radio", on=False)
        if fault == "no_bluez":  # killed, it told nobody
            with pytest.raises(BleakDBusError):
                await client.disconnect()
        await until(lambda: not client.is_connected)


async def test_a_beacon_cannot_be_connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(3), tmp_path, monkeypatch):
        async with BleakScanner() as scan:
            await until(lambda: scan.discovered_devices)
            beacon = scan.discovered_devices[0]
        with pytest.raises(BleakDBusError, match="le-connection-timeout"):
            await BleakClient(beacon).connect()


async def test_a_thermometer_is_no_beacon(tmp_path: Path) -> None:
    async with Site(thermometer(SENSING), tmp_path) as site:
        with pytest.raises(ScenarioError, match="sends nothing that could be replayed"):
            site.fault("replayed", port="radio", unit=1)
