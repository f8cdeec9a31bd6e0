"""A whole site: scenarios, ports that come and go, the timeline of faults, and an orderly end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulators.options import ScenarioError
from simulators.scenario import built_in
from simulators.site import Site
from simulators.wire import UNREAD_S
from tests.simulators.peers import ONE_ROOM, Line, line, rtu_client, tcp_client, truth, until, words

EAR: dict[str, Any] = {
    "ports": {"ear": {"device": "ear_tag_reader", "first": 0, "gap": [0, 0], "stay": [0, 0]}}
}
BUS: dict[str, Any] = {
    "rooms": ONE_ROOM,
    "ports": {"bus": {"device": "modbus_rtu", "units": {1: {"kind": "xy-md02", "sensor": "chiller"}}}},
}
OPEN_FILES = Path("/proc/self/fd")
READ_BOTH = bytes.fromhex("010400010002200b")

PORTS = {
    "slaughterhouse": {
        **{"ear": "serial", "hooks": "serial", "rail": "serial"},
        **{"scanner": "serial", "probes": "serial", "panel": "tcp", "radio": "bluetooth"},
    },
    "truck": {"gps": "serial", "body": "serial", "radio": "bluetooth"},
    "coldstore": {"panel": "tcp", "probes": "serial", "radio": "bluetooth"},
}
UNITS = {
    "slaughterhouse": {"probes": {1: 3, 2: 4, 11: 3}, "panel": {1: 3}},
    "truck": {"body": {1: 4, 2: 4}},
    "coldstore": {"panel": {1: 3, 11: 3}, "probes": {1: 4, 2: 4}},
}
"""Units of each port, and the function that reads them."""


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    before = len(list(OPEN_FILES.iterdir()))
    yield
    gc.collect()
    assert len(list(OPEN_FILES.iterdir())) <= before


@pytest.mark.usefixtures("dbus_daemon")
@pytest.mark.parametrize("name", PORTS)
async def test_the_scenarios_have_the_ports_of_the_examples(name: str, tmp_path: Path) -> None:
    async with Site(name, tmp_path) as site:
        assert {port: next(iter(at)) for port, at in site.ports.items()} == PORTS[name]
        assert {path.name for path in tmp_path.iterdir() if path.is_symlink()} == {
            port for port, kind in PORTS[name].items() if kind == "serial"
        }
        for port, units in UNITS[name].items():
            client = tcp_client if PORTS[name][port] == "tcp" else rtu_client
            async with client(site, port) as asking:
                for unit, function in units.items():
                    address = 2575 if unit == 11 else function == 4
                    read = asking.read_input_registers if function == 4 else asking.read_holding_registers
                    assert len(words(await read(int(address), count=1, device_id=unit))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["truth.jsonl"]


@pytest.mark.usefixtures("dbus_daemon")
async def test_every_talker_has_spoken_within_seconds(tmp_path: Path) -> None:
    async with asyncio.timeout(10), Site("all", tmp_path) as site:
        assert set(site.ports) == {f"{name}.{port}" for name, ports in PORTS.items() for port in ports}
        await until(lambda: truth(site, "tag", port="slaughterhouse.ear", delivered=True))
        await until(lambda: truth(site, "tag", port="slaughterhouse.hooks", delivered=True))
        await until(lambda: truth(site, "weight", port="slaughterhouse.rail", delivered=True))
        await until(lambda: truth(site, "scan", port="slaughterhouse.scanner", delivered=True))
        await until(lambda: truth(site, "fix", port="truck.gps", delivered=True))
        await until(lambda: all(truth(site, "advert", port=f"{name}.radio") for name in PORTS))


async def test_the_same_seed_plays_the_same_animals(tmp_path: Path) -> None:
    async def flock(seed: int) -> list[str]:
        async with Site(EAR, tmp_path, seed=seed) as site:
            await until(lambda: len(truth(site, "tag")) >= 5)
            return [fact["code"] for fact in truth(site, "tag")[:5]]

    assert await flock(1) == await flock(1) != await flock(2)


async def test_a_serial_port_is_pulled_out_and_put_back(tmp_path: Path) -> None:
    async with Site(BUS, tmp_path) as site:
        link = Path(site.ports["bus"]["serial"])
        async with line(site, "bus") as wire:
            wire.say(READ_BOTH)
            await wire.hear(9)
            wire.say(READ_BOTH)
            await asyncio.sleep(0.01)
            site.fault("unplug", port="bus")
            await until(lambda: wire.gone)
            assert not link.is_symlink()
            assert truth(site, "reply", delivered=False), "it was under way"
        with pytest.raises(FileNotFoundError):
            Line(str(link))
        site.fault("unplug", port="bus")
        site.fault("unplug", port="bus", on=False)
        async with line(site, "bus") as wire:
            wire.say(READ_BOTH)
            await wire.hear(9)


async def test_tags_that_pass_while_the_reader_is_unplugged_are_lost(tmp_path: Path) -> None:
    async with Site(EAR, tmp_path) as site:
        site.fault("unplug", port="ear")
        before = len(truth(site, "tag", delivered=False))
        await until(lambda: len(truth(site, "tag", delivered=False)) >= before + 3)
        assert not truth(site, "tag", delivered=True)[before + 1 :]
        site.fault("unplug", port="ear", on=False)
        async with line(site, "ear") as wire:
            assert (await wire.hear(30))[0] == 0x02


async def test_what_nobody_reads_is_thrown_away(tmp_path: Path) -> None:
    async with Site(EAR, tmp_path) as site:
        async with asyncio.timeout(UNREAD_S * 4):
            await until(lambda: truth(site, "overrun"))
        assert truth(site, "overrun")[0]["bytes"] % 30 == 0


async def test_a_gateway_may_close_and_open_its_port(tmp_path: Path) -> None:
    async with Site(BUS, tmp_path) as site:
        for _ in range(3):
            async with rtu_client(site, "bus") as client:
                assert len(words(await client.read_input_registers(1, count=2, device_id=1))) == 2


async def test_the_timeline_switches_faults(tmp_path: Path) -> None:
    faults = [
        {"at": "0s", "for": "2min", "fault": "silence", "port": "bus", "unit": 1},
        {"at": "1min", "fault": "late", "port": "bus", "ms": 5},
    ]
    async with Site({**BUS, "faults": faults}, tmp_path, speed=600) as site:
        await until(lambda: len(truth(site, "fault")) == 3)
        switched = [(fact["fault"], fact.get("unit"), fact["on"]) for fact in truth(site, "fault")]
    assert switched == [("silence", 1, True), ("late", None, True), ("silence", 1, False)]


async def test_a_stale_link_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "bus").symlink_to("/dev/pts/nothing")
    async with Site(BUS, tmp_path) as site, line(site, "bus"):
        pass
    (tmp_path / "bus").write_text("precious")
    with pytest.raises(ScenarioError, match="in the way"):
        async with Site(BUS, tmp_path):
            pass
    assert (tmp_path / "bus").read_text() == "precious"


async def test_a_port_number_that_is_taken(tmp_path: Path) -> None:
    panel = {"device": "modbus_tcp", "units": {1: {"kind": "pt100-8"}}}
    async with Site({"ports": {"panel": panel}}, tmp_path / "one") as first:
        number = int(first.ports["panel"]["tcp"].split(":")[1])
        with pytest.raises(ScenarioError, match=f"panel: 127.0.0.1:{number}"):
            async with Site({"ports": {"a": panel, "panel": {**panel, "tcp": number}}}, tmp_path / "two"):
                pass


async def test_without_truth_no_file(tmp_path: Path) -> None:
    async with Site(EAR, tmp_path, truth=False) as site, line(site, "ear") as wire:
        await wire.hear(30)
        assert site.truth is None
        assert [path.name for path in tmp_path.iterdir()] == ["ear"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"port": {}}, r"scenario.port: unknown key"),
        ({"ports": {"x": {"device": "toaster"}}}, "ports.x.device: is none of barcode_scanner"),
        ({"ports": {"x": {}}}, "ports.x: device is missing"),
        ({"ports": {"x": 3}}, "ports.x: expected keys"),
        ({"rooms": {"a": {}}}, "rooms.a: setpoint is missing"),
        ({"rooms": {"a": {"setpoint": "2"}}}, "'2' is no float"),
        ({"rooms": {"a": {"setpoint": 2, "door_every": "2 min"}}}, "no duration such as"),
        ({"faults": [{"fault": "silence", "port": "nowhere"}]}, "port nowhere is none of bus"),
        ({"faults": [{"fault": "silence", "port": "bus", "unit": 9}]}, "unit 9 is none of 1"),
        ({"faults": [{"fault": "silence", "port": "bus", "til": 9}]}, "til: is no option of silence"),
    ],
)
def test_scenarios_that_cannot_be_played(change: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Site({**BUS, **change}, tmp_path)


def test_scenario_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="the built-in scenarios are all, coldstore"):
        Site(tmp_path / "missing.yaml", tmp_path)
    (tmp_path / "broken.yaml").write_text("ports: [")
    with pytest.raises(ScenarioError, match=r"broken\.yaml"):
        Site(tmp_path / "broken.yaml", tmp_path)


async def test_the_example_of_the_manual_plays(tmp_path: Path) -> None:
    manual = Path(__file__).parents[2] / "simulators" / "scenarios" / "README.md"
    example = manual.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    tree = yaml.safe_load(example)
    del tree["ports"]["panel"]["tcp"]
    async with Site(tree, tmp_path) as site, tcp_client(site, "panel") as client:
        assert len(words(await client.read_holding_registers(0, count=3, device_id=50))) == 3
    assert {"slaughterhouse", "truck", "coldstore", "all"} == set(built_in())
