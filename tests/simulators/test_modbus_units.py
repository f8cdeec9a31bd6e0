"""Every kind of unit, on the serial bus and over TCP, as pymodbus reads it; and the truth about it."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from simulators.modbus.kinds import KINDS
from simulators.options import ScenarioError
from simulators.site import Site
from tests.simulators.peers import ONE_ROOM, rtu_client, tcp_client, truth, words

FREEZER = {"freezer": {"setpoint": -20.0, "ambient": 10.0, "door_every": 0, "defrost_first": 0}}
"""In its defrost from the start."""

UNITS: dict[int, dict[str, Any]] = {
    1: {"kind": "r4dcb08", "sensors": ["chiller", None, {"room": "freezer", "offset": -1.5}]},
    2: {"kind": "xy-md02", "sensor": "chiller"},
    3: {"kind": "pt100-8", "sensors": ["freezer", "chiller.core"]},
    4: {
        "kind": "registers",
        "holding": {
            0: {"name": "room", "sensor": "chiller", "scale": 0.01},
            10: {"name": "big", "value": 30.56, "type": "float32"},
            12: {"name": "little", "value": 30.56, "type": "float32", "order": "little"},
            20: {"name": "below", "value": -70000, "type": "s32"},
            22: {"name": "above", "value": 3_000_000_000, "type": "u32", "order": "little"},
        },
        "input": {7: {"name": "thrift", "value": 54.6, "scale": 0.1, "type": "u16"}},
        "coils": {0: {"name": "lamp", "value": 1}, 1: {"value": 0}, 2: {"value": 1}},
        "discrete": {5: {"name": "compressor", "sensor": "chiller.compressor"}},
    },
    5: {"kind": "wb-msw-v3", "sensor": "freezer"},
    6: {"kind": "comet-t3311", "sensor": "freezer"},
    7: {"kind": "sokol-m", "sensor": "freezer"},
    8: {"kind": "vaisala-hmp", "sensor": "freezer"},
    11: {"kind": "danfoss-ekc-202d", "room": "freezer"},
    12: {"kind": "danfoss-erc-211", "room": "freezer"},
    13: {"kind": "eliwell-idplus-9xx", "room": "freezer"},
    14: {"kind": "carel-ir33", "room": "freezer"},
}


def scenario(device: str) -> dict[str, Any]:
    return {"rooms": ONE_ROOM | FREEZER, "ports": {"bus": {"device": device, "units": UNITS}}}


Client = AsyncModbusSerialClient | AsyncModbusTcpClient


def signed(word: int) -> int:
    return int(struct.unpack(">h", struct.pack(">H", word))[0])


async def read_every_kind(client: Client) -> None:
    """The layouts of DOMAIN §7: wirenboard's templates and R4DCB08's protocol.rs."""
    collector = words(await client.read_holding_registers(0, count=8, device_id=1))
    assert 0 < signed(collector[0]) < 40
    assert collector[1] == 0x8000, "nothing connected"
    assert -240 < signed(collector[2]) < -150
    assert words(await client.read_holding_registers(0x00FE, count=2, device_id=1)) == [1, 3]

    temperature, humidity = words(await client.read_input_registers(1, count=2, device_id=2))
    assert 0 < temperature < 40
    assert 750 < humidity < 950
    assert words(await client.read_holding_registers(0x0101, count=1, device_id=2)) == [2]

    module = words(await client.read_holding_registers(0, count=8, device_id=3))
    assert -220 < signed(module[0]) < -150
    assert module[2:] == [0xFFFF] * 6

    assert words(await client.read_holding_registers(1035, device_id=11)) == [1], "defrosting"
    assert -220 < signed(words(await client.read_holding_registers(2575, device_id=11))[0]) < -150
    assert signed(words(await client.read_holding_registers(2545, device_id=11))[0]) == -200
    s3_s4_thermostat = words(await client.read_holding_registers(2529, count=3, device_id=11))
    assert len(s3_s4_thermostat) == 3
    for address in (1010, 2577, 2540, 19999, 2001, 2555, 20001, 20002, 20003):
        assert len(words(await client.read_holding_registers(address, device_id=11))) == 1


async def read_climate_probes(client: Client) -> None:
    """A freezer's air and humidity, as each spells them."""
    coarse = words(await client.read_input_registers(0, count=2, device_id=5))
    fine = words(await client.read_input_registers(4, count=2, device_id=5))
    comet = words(await client.read_holding_registers(0x30, count=2, device_id=6))
    sokol = [words(await client.read_holding_registers(at, device_id=7))[0] for at in (3, 5)]
    low_first = words(await client.read_holding_registers(0, count=4, device_id=8))
    humidity, air = struct.unpack(">ff", struct.pack(">4H", *(low_first[n] for n in (1, 0, 3, 2))))
    spelt = [
        (signed(coarse[0]) / 10, coarse[1] / 10),
        (signed(fine[0]) / 100, fine[1] / 100),
        (signed(comet[0]) / 10, comet[1] / 10),
        (signed(sokol[0]) / 100, sokol[1]),
        (air, humidity),
    ]
    assert all(-22 < temperature < -15 and 70 < damp < 95 for temperature, damp in spelt), spelt


async def read_controllers(client: Client) -> None:
    """A freezer in its defrost, as each spells it."""
    erc = [words(await client.read_holding_registers(at, device_id=12))[0] for at in (2529, 99, 1010)]
    assert -2200 < signed(erc[0]) < -1500
    assert signed(erc[1]) == -2000
    states = [words(await client.read_holding_registers(at, device_id=13)) for at in (32876, 32886)]
    assert states == [[0], [0x20]], "no fault, defrosting"
    assert signed(words(await client.read_holding_registers(16416, device_id=13))[0]) == -200
    assert -220 < signed(words(await client.read_holding_registers(295, device_id=13))[0]) < -150
    assert -220 < signed(words(await client.read_input_registers(403, device_id=14))[0]) < -150
    bits = [(await client.read_discrete_inputs(at, device_id=14)).bits[0] for at in (3, 18)]
    assert bits == [False, True], "no fault, defrosting"


async def read_described_registers(client: Client) -> None:
    floats = words(await client.read_holding_registers(10, count=4, device_id=4))
    assert floats == [0x41F4, 0x7AE1, 0x7AE1, 0x41F4], "Vaisala's 30.56, in both orders"
    integers = words(await client.read_holding_registers(20, count=4, device_id=4))
    assert struct.unpack(">i", struct.pack(">HH", *integers[:2]))[0] == -70000
    assert struct.unpack(">I", struct.pack(">HH", *integers[:1:-1]))[0] == 3_000_000_000
    assert words(await client.read_input_registers(7, device_id=4)) == [546]
    coils = await client.read_coils(0, count=3, device_id=4)
    assert coils.bits[:3] == [True, False, True]
    running = await client.read_discrete_inputs(5, count=1, device_id=4)
    assert running.bits[0] is True


async def refuse(client: Client) -> None:
    """Exceptions by their codes."""
    beyond = await client.read_holding_registers(2575, count=2, device_id=11)
    between = await client.read_holding_registers(6, count=3, device_id=3)
    no_inputs = await client.read_input_registers(0, count=1, device_id=3)
    no_writes = await client.write_register(0, 1, device_id=3)
    too_many = await client.read_coils(0, count=1999, device_id=4)
    replies = (beyond, between, no_inputs, no_writes, too_many)
    assert [reply.exception_code for reply in replies] == [2, 2, 1, 1, 2]


async def test_over_tcp(tmp_path: Path) -> None:
    async with Site(scenario("modbus_tcp"), tmp_path) as site, tcp_client(site, "bus") as client:
        await read_every_kind(client)
        await read_climate_probes(client)
        await read_controllers(client)
        await read_described_registers(client)
        await refuse(client)


async def test_on_the_serial_bus(tmp_path: Path) -> None:
    async with Site(scenario("modbus_rtu"), tmp_path) as site, rtu_client(site, "bus") as client:
        await read_every_kind(client)
        await read_described_registers(client)
        await refuse(client)


async def test_a_failed_sensor_is_said_as_each_kind_says_it(tmp_path: Path) -> None:
    async with Site(scenario("modbus_tcp"), tmp_path) as site, tcp_client(site, "bus") as client:
        site.fault("sentinel", port="bus")
        assert words(await client.read_input_registers(0, count=2, device_id=5)) == [0x7FFF, 0xFFFF]
        assert words(await client.read_holding_registers(0, count=4, device_id=8)) == [0, 0x7FC0] * 2
        assert words(await client.read_holding_registers(295, device_id=13)) == [0x8000]
        assert words(await client.read_holding_registers(32876, device_id=13)) == [2]
        assert (await client.read_discrete_inputs(3, device_id=14)).bits[0] is True


async def test_the_truth_is_what_was_read(tmp_path: Path) -> None:
    async with Site(scenario("modbus_rtu"), tmp_path) as site, rtu_client(site, "bus") as client:
        collector = words(await client.read_holding_registers(0, count=8, device_id=1))
        climate = words(await client.read_input_registers(1, count=2, device_id=2))
        await client.read_holding_registers(900, device_id=11)
        replies = truth(site, "reply", delivered=True)
    assert [(fact["unit"], fact["function"], fact["address"]) for fact in replies] == [
        (1, 3, 0),
        (2, 4, 1),
        (11, 3, 900),
    ]
    assert replies[0]["words"] == collector
    assert replies[0]["values"]["temperature.2"] is None
    assert math.isclose(replies[0]["values"]["temperature.3"], signed(collector[2]) / 10)
    assert replies[1]["values"] == {"temperature": climate[0] / 10, "humidity": climate[1] / 10}
    assert replies[2]["exception"] == 2
    assert all(fact["asked"] <= fact["t"] and fact["faults"] == [] for fact in replies)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"contacts"}))
async def test_a_world_that_runs_faster_moves_every_kind(kind: str, tmp_path: Path) -> None:
    units = {1: next(unit for unit in UNITS.values() if unit["kind"] == kind)}
    site_of = {"rooms": ONE_ROOM | FREEZER, "ports": {"bus": {"device": "modbus_tcp", "units": units}}}
    by_input = ("xy-md02", "wb-msw-v3", "carel-ir33")
    function = "read_input_registers" if kind in by_input else "read_holding_registers"
    address = {
        "danfoss-ekc-202d": 2575,
        "danfoss-erc-211": 2529,
        "eliwell-idplus-9xx": 295,
        "carel-ir33": 403,
        "comet-t3311": 0x30,
        "sokol-m": 3,
        "xy-md02": 1,
    }.get(kind, 0)
    async with Site(site_of, tmp_path, speed=3600) as site, tcp_client(site, "bus") as client:
        seen: set[int] = set()
        while len(seen) < 3:
            seen.update(words(await getattr(client, function)(address, count=1, device_id=1)))


@pytest.mark.parametrize(
    ("units", "complaint"),
    [
        ({1: {"kind": "xy-md03", "sensor": "chiller"}}, "xy-md03 is none of xy-md02"),
        ({1: {"kind": "xy-md02", "sensor": "lounge"}}, "lounge is none of the rooms chiller"),
        ({1: {"kind": "xy-md02", "sensor": "chiller.cellar"}}, "cellar is none of air"),
        ({1: {"kind": "xy-md02"}}, "sensor"),
        ({1: {"kind": "pt100-8", "sensors": [None] * 9}}, "9 sensors for 8 inputs"),
        ({0: {"kind": "pt100-8"}}, "unit 0 is not in 1-247"),
        ({248: {"kind": "pt100-8"}}, "unit 248"),
        ({"1-x": {"kind": "pt100-8"}}, "no range"),
        ({"1-3": {"kind": "pt100-8"}, 2: {"kind": "pt100-8"}}, "stands here twice"),
        ({1: {"kind": "registers", "holding": {"x": {"value": 1}}}}, "no register address"),
        ({1: {"kind": "registers", "holding": {0: {"value": 1, "type": "s8"}}}}, "type is one of"),
        ({1: {"kind": "pt100-8", "sensor": "chiller"}}, "sensor: unknown key"),
    ],
)
@pytest.mark.parametrize("device", ["modbus_rtu", "modbus_tcp"])
def test_units_that_cannot_be(device: str, units: dict[Any, Any], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Site({"rooms": ONE_ROOM, "ports": {"bus": {"device": device, "units": units}}}, tmp_path)
