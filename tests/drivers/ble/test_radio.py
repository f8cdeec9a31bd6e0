"""The radio against a BlueZ that is played on a bus of its own, by the real bleak."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest
from bleak import BleakClient, BleakScanner
from bleak.args.bluez import OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.exc import BleakError
from pydantic import BaseModel

from drivers.ble import connection, news, recovery, scan
from drivers.ble.advertisement import parse
from drivers.ble.environmental_sensing import EnvironmentalSensing
from drivers.ble.health_thermometer import HealthThermometer
from drivers.ble.probe import ProbeOptions
from drivers.ble.radio import Radio
from drivers.contract import (
    Decoder,
    Device,
    Frame,
    Instant,
    Link,
    LinkDown,
    Number,
    Observation,
    Port,
    Reading,
    Reason,
    Reject,
)
from edge.supervisor import Health, supervise
from simulators.bluez.bus import missing
from tests.bluez import on_air
from tests.simulators.peers import ONE_ROOM, truth, until
from tests.simulators.test_bluez_faults import set_power

pytestmark = pytest.mark.skipif(missing("radio") is not None, reason=missing("radio") or "")

CORE, PANTRY, ROOM, CLINICAL = (
    "A4:C1:38:00:00:01",
    "A4:C1:38:00:00:02",
    "C0:11:22:33:44:55",
    "C0:11:22:33:44:66",
)
ENVIRONMENT, GOVEE = 0x181A, 0xEC88


class Numbering:
    """pvvx, as far as this test needs it: temperature at 6, counter at 13."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)
    grows = False

    def __init__(self, options: object = None) -> None:
        pass

    def quantities(self) -> Sequence[str]:
        return ("temperature",)

    def number(self, frame: Frame) -> Number | None:
        data = parse(frame.data).service.get(ENVIRONMENT)
        return Number(data[13], self.grows) if data else None

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        data = parse(frame.data).service.get(ENVIRONMENT)
        if data is None:
            raise Reject(Reason.NOT_MINE, "no 181A")
        return [Reading(at, "temperature", int.from_bytes(data[6:8], "little", signed=True) / 100)]


class Growing(Numbering):
    grows = True


class Unnumbered:
    """Govee H5075: value 1 to 4."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: object = None) -> None:
        pass

    def quantities(self) -> Sequence[str]:
        return ("temperature",)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        data = parse(frame.data).manufacturer.get(GOVEE)
        if data is None:
            raise Reject(Reason.NOT_MINE, "no EC88")
        return [Reading(at, "temperature", int.from_bytes(data[1:4], "big") // 1000 / 10)]


class Ears:
    """What the radio says."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Reading]] = []
        self.refused: Counter[tuple[str, str]] = Counter()

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None:
        self.said += [(device, item) for item in observations if isinstance(item, Reading)]

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        self.refused[device, reject.reason] += 1

    def of(self, device: str) -> list[Reading]:
        return [item for name, item in self.said if name == device]

    async def hear(self, device: str, times: int = 2) -> None:
        """So many readings more."""
        enough = len(self.of(device)) + times
        await until(lambda: len(self.of(device)) >= enough)


UNITS: dict[int, dict[str, Any]] = {
    1: {"kind": "pvvx", "address": CORE},
    2: {"kind": "govee-h5075", "address": PANTRY},
    3: {"kind": "environmental-sensing", "address": ROOM},
    4: {"kind": "health-thermometer", "address": CLINICAL},
}
DEVICES: dict[int, tuple[str, Decoder, str]] = {
    1: ("core", Numbering(), CORE),
    2: ("pantry", Unnumbered(), PANTRY),
    3: ("room", EnvironmentalSensing(ProbeOptions(address=ROOM)), ROOM),
    4: ("clinical", HealthThermometer(ProbeOptions(address=CLINICAL)), CLINICAL),
}


def air(*units: int, every: str = "30ms", measures: str = "200ms", **options: Any) -> dict[str, Any]:
    quick = {"every": every, "measures": measures, "sensor": "chiller"}
    probes = {number: quick | UNITS[number] for number in units}
    return {"rooms": ONE_ROOM, "ports": {"radio": {"device": "radio", "units": probes, **options}}}


async def no_wire() -> Link:
    raise LinkDown("a radio is no wire")


def radio(*units: int, **decoders: Decoder) -> Radio:
    port = Port("radio", "bluetooth", 0.3, where="hci0")
    devices = [
        Device(name, decoders.get(name, decoder), None, address)
        for name, decoder, address in (DEVICES[unit] for unit in units)
    ]
    return Radio(port, no_wire, devices, lambda: Instant(time.time_ns()))


@asynccontextmanager
async def listening(source: Radio) -> AsyncIterator[Ears]:
    ears = Ears()
    running = asyncio.create_task(source.run(ears))
    try:
        yield ears
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def supervised(source: Radio) -> AsyncIterator[tuple[Ears, Health]]:
    ears, health = Ears(), Health("port radio")
    running = asyncio.create_task(supervise(health, lambda: source.run(ears)))
    try:
        yield ears, health
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    assert health.crashes == 0


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A radio that loses patience sooner than one on a wall."""
    monkeypatch.setattr(recovery, "LEAST_S", 2.0)
    monkeypatch.setattr(recovery, "UNKNOWN_S", 2.0)


async def test_a_probe_is_heard_as_it_measures_and_not_as_it_repeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        source = radio(1)
        async with listening(source) as ears:
            await ears.hear("core", 5)
            measured = [fact["temperature"] for fact in truth(site, "advert", repeat=0)]
        counters = source.counters()
        assert [item.value for item in ears.of("core")] == measured[-len(ears.said) :]
        assert counters["passive"] == 1
        assert counters["unchanged"] > 10
        assert counters["repeats"] == 0


async def test_where_bluez_cannot_listen_passively_it_scans_actively(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1, passive=False), tmp_path, monkeypatch):
        source = radio(1)
        async with listening(source) as ears:
            await ears.hear("core", 3)
            assert source.counters()["passive"] == 0
            assert source.counters()["repeats"] > 5


async def test_what_is_said_again_without_a_number_is_a_reading_within_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A freezer's probe that says the same for hours is not silent."""
    async with on_air(air(2, measures="1h"), tmp_path, monkeypatch):
        source = radio(2)
        async with listening(source) as ears:
            await ears.hear("pantry", 10)
            await until(lambda: source.counters()["limited"] > 10)
            assert source.counters()["passive"] == 0
        assert len({item.value for item in ears.of("pantry")}) == 1
        assert len({item.at for item in ears.of("pantry")}) == len(ears.said) < 15


async def test_several_devices_may_share_an_address_and_each_takes_what_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probes of a meat thermometer; what one of them takes is nobody's refusal."""
    devices = [
        Device("left", Unnumbered(), None, PANTRY),
        Device("other", Numbering(), None, PANTRY),
        Device("right", Unnumbered(), None, PANTRY),
    ]
    port = Port("radio", "bluetooth", 0.3, where="hci0")
    async with on_air(air(2), tmp_path, monkeypatch):
        source = Radio(port, no_wire, devices, lambda: Instant(time.time_ns()))
        async with listening(source) as ears:
            await ears.hear("left", 2)
            await ears.hear("right", 2)
        assert ears.of("other") == []
        assert ears.refused == {}


async def test_once_a_probe_speaks_without_a_number_the_scan_is_active(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(Numbering):
        def number(self, frame: Frame) -> Number | None:
            return None

    async with on_air(air(1), tmp_path, monkeypatch):
        source = radio(1, core=Forgetful())
        async with listening(source) as ears:
            await ears.hear("core", 1)
            assert source.counters()["passive"] == 1
            await until(lambda: source.counters()["passive"] == 0)
            await ears.hear("core", 2)


async def test_what_bluez_remembers_of_a_probe_is_no_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A passive listener is told of the signal's strength alone, with the measurement of before beside it."""
    async with on_air(air(1, measures="1h"), tmp_path, monkeypatch):
        async with listening(radio(1)) as ears:
            await ears.hear("core", 1)
        source = radio(1)
        async with listening(source) as ears:
            await until(lambda: source.counters()["unchanged"] > 10)
        assert ears.said == []


async def test_strangers_are_counted_and_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1, 2), tmp_path, monkeypatch):
        source = radio(1)
        async with listening(source) as ears:
            await ears.hear("core", 3)
            assert source.counters()["adverts"] > source.counters()["ours"]
        assert {name for name, _ in ears.said} == {"core"}
        assert ears.refused == {}


async def test_a_replayed_frame_is_refused_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        async with listening(radio(1, core=Growing())) as ears:
            await ears.hear("core", 3)
            site.fault("replayed", port="radio", unit=1)
            await until(lambda: ears.refused["core", "replay"] > 3)
            await ears.hear("core", 3)
        assert ears.refused.keys() == {("core", "replay")}


@pytest.mark.parametrize(("unit", "device"), [(3, "room"), (4, "clinical")])
async def test_a_connected_probe_says_what_it_measures(
    unit: int, device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(unit), tmp_path, monkeypatch) as site:
        source = radio(unit)
        async with listening(source) as ears:
            await ears.hear(device, 6)
            assert source.counters()["connected"] == 1
            told = {fact["temperature"] for fact in truth(site, "value") if "temperature" in fact}
        said = {item.value for item in ears.of(device) if item.quantity == "temperature"}
        assert said <= told


async def test_a_connection_that_is_lost_comes_back_while_the_others_are_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PAUSE_FIRST_S", 0.2)
    async with on_air(air(1, 3), tmp_path, monkeypatch) as site:
        source = radio(1, 3)
        async with listening(source) as ears:
            await ears.hear("room")
            site.fault("silence", port="radio", unit=3)
            await until(lambda: source.counters()["lost"] == 1)
            await ears.hear("core", 5)
            site.fault("silence", port="radio", unit=3, on=False)
            await ears.hear("room")
            assert source.counters()["restarts"] == 0


async def test_a_connected_probe_is_read_when_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(3, measures="1h"), tmp_path, monkeypatch):
        source = radio(3)
        async with listening(source) as ears:
            await ears.hear("room", 2)
            await asyncio.sleep(1.0)
            before = len(ears.said)
            source.ask("room")
            await until(lambda: len(ears.said) == before + 2)


async def test_a_probe_that_is_still_connected_to_nobody_is_connected_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway was killed: BlueZ holds on to the connection, and the probe has no reason to advertise."""
    async with on_air(air(3), tmp_path, monkeypatch):
        device = await BleakScanner.find_device_by_address(ROOM)
        assert device is not None
        killed = BleakClient(device)
        await killed.connect()
        source = radio(3)
        async with listening(source) as ears:
            await ears.hear("room")
            assert source.counters()["restarts"] == 0, "it did not take the radio's recovery"
        await killed.disconnect()


@contextmanager
def faulty(site: Any, fault: str) -> Iterator[None]:
    site.fault(fault, port="radio")
    try:
        yield
    finally:
        site.fault(fault, port="radio", on=False)


@pytest.mark.parametrize(
    ("fault", "why"),
    [("no_bluez", "BlueZ"), ("no_bus", "D-Bus|BlueZ"), ("unplug", "hci0")],
)
async def test_what_went_away_and_returned_is_heard_again(
    fault: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        on_air(air(1, 3), tmp_path, monkeypatch) as site,
        supervised(radio(1, 3)) as (ears, health),
    ):
        await ears.hear("core")
        await ears.hear("room")
        with faulty(site, fault):
            await until(lambda: health.state == "down" and health.restarts > 1)
            assert any(name in health.error for name in why.split("|")), health.error
        await ears.hear("core")
        await ears.hear("room")


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(("cure", "cycles"), [("scan", 0), ("power", 1)])
async def test_a_scan_that_died_silently_is_begun_anew(
    cure: str, cycles: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        source = radio(1)
        async with supervised(source) as (ears, health):
            await ears.hear("core")
            site.fault("deaf", port="radio", cure=cure)
            await until(lambda: truth(site, "cured", fault="deaf"))
            await ears.hear("core")
            assert health.restarts == 0
        counters = source.counters()
        assert (counters["restarts"], counters["power_cycles"]) == (1, cycles)
        assert counters["passive"] == 0, "the one that fell silent was passive"


@pytest.mark.usefixtures("hasty")
async def test_what_a_passive_scan_does_not_hear_an_active_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = OrPattern(0, AdvertisementDataType.FLAGS, b"\x99")
    monkeypatch.setitem(scan.PASSIVE, "or_patterns", [nobody])
    async with on_air(air(1), tmp_path, monkeypatch):
        source = radio(1)
        async with listening(source) as ears:
            await ears.hear("core")
            assert (source.counters()["restarts"], source.counters()["passive"]) == (1, 0)


@pytest.mark.usefixtures("hasty")
async def test_a_radio_that_hears_nothing_at_all_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        site.fault("silence", port="radio")
        async with supervised(radio(1)) as (_, health):
            await until(lambda: health.state == "down")
            assert "hci0 hears nothing" in health.error


async def test_a_scan_that_is_refused_is_tried_after_the_adapter_was_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BlueZ has forgotten to end a scan, and bleak's connection is told that it is in progress."""
    async with on_air(air(1, passive=False), tmp_path, monkeypatch):
        left_behind = BleakScanner(bluez={"adapter": "hci0"})
        await left_behind.start()
        async with supervised(radio(1)) as (ears, health):
            await ears.hear("core")
            assert health.restarts == 1
        with suppress(BleakError):
            await left_behind.stop()


async def test_an_adapter_that_is_off_is_switched_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1), tmp_path, monkeypatch) as site:
        await set_power(site, on=False)
        async with supervised(radio(1)) as (ears, health):
            await ears.hear("core")
            assert health.restarts == 0
            await set_power(site, on=False)
            await until(lambda: "switched the Bluetooth adapter hci0 off" in health.error)
            await ears.hear("core")


async def test_an_adapter_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_air(air(1, adapter="hci1"), tmp_path, monkeypatch):
        with pytest.raises(LinkDown, match="no Bluetooth adapter hci0; there is hci1"):
            await radio(1).run(Ears())


async def test_without_a_bus_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    with pytest.raises(LinkDown, match="systemctl start dbus"):
        await radio(1).run(Ears())


@pytest.mark.parametrize(("units", "times"), [((1,), 200), ((1, 3), 5)], ids=["scan", "connection"])
async def test_nothing_is_left_open_over_many_reopenings(
    units: tuple[int, ...], times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "PER_SECOND", 1000.0)

    async def reopen(source: Radio, times: int) -> tuple[int, int]:
        for _ in range(times):
            async with listening(source) as ears:
                for unit in units:
                    await ears.hear(DEVICES[unit][0], 1)
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())

    async with on_air(air(*units, measures="30ms"), tmp_path, monkeypatch):
        source = radio(*units)
        before = await reopen(source, 3)
        assert await reopen(source, times) == before
