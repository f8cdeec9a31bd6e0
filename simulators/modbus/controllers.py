"""Refrigeration controllers, each with the whole of a room: air, evaporator, setpoint, defrost, alarm."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.climate import Room
from simulators.modbus.registers import DISCRETE_INPUTS, HOLDING_REGISTERS, INPUT_REGISTERS, Point
from simulators.modbus.sensors import HUNDREDTH, TENTH, Kind, constant
from simulators.options import Options
from simulators.sensors import Sensor, room_of


def ekc_202d(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    """Danfoss EKC 202D."""
    room = room_of(options, rooms)
    held = HOLDING_REGISTERS
    temperatures = {
        2575: ("temperature", "air"),
        2529: ("s3", "air"),
        2530: ("s4", "supply"),
        1010: ("s5", "evaporator"),
        2531: ("thermostat", "air"),
        2577: ("alarm_temperature", "air"),
    }
    shown = [
        Point(held, at, name, Sensor(room, spot).read, TENTH, channel=1)
        for at, (name, spot) in temperatures.items()
    ]
    states = {
        1035: ("defrost", "defrost"),
        2001: ("di1", "door"),
        2509: ("compressor", "compressor"),
        2511: ("defrost_relay", "defrost"),
    }
    flags = {19999: "error", 20001: "error_s3", 20002: "error_s4", 20003: "error_s5"}
    return Kind(
        [
            *shown,
            Point(held, 2545, "setpoint", Sensor(room, "setpoint").read, TENTH),
            *(
                Point(held, at, name, Sensor(room, spot).read, type="u16")
                for at, (name, spot) in states.items()
            ),
            Point(held, 2540, "alarm", Sensor(room, "alarm").read, type="u16", channel=1, flag=True),
            Point(held, 2555, "di2", constant(0.0), type="u16"),
            *(Point(held, at, name, None, type="u16", channel=1, flag=True) for at, name in flags.items()),
        ]
    )


def erc_211(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    """Danfoss ERC 211."""
    room = room_of(options, rooms)
    spots = {2529: ("temperature", "air"), 1010: ("s5", "evaporator"), 99: ("setpoint", "setpoint")}
    held = HOLDING_REGISTERS
    return Kind(
        [
            *(
                Point(held, at, name, Sensor(room, spot).read, HUNDREDTH)
                for at, (name, spot) in spots.items()
            ),
            Point(held, 2509, "compressor", Sensor(room, "compressor").read, type="u16"),
        ]
    )


def idplus_9xx(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    """Eliwell IDPlus."""
    room = room_of(options, rooms)
    held = HOLDING_REGISTERS
    return Kind(
        [
            Point(held, 295, "temperature", Sensor(room).read, TENTH, error=(0x8000,), channel=1),
            Point(held, 16416, "setpoint", Sensor(room, "setpoint").read, TENTH),
            _as_bit(1, Point(held, 32876, "fault", None, channel=1, flag=True)),
            _as_bit(5, Point(held, 32886, "defrost", Sensor(room, "defrost").read)),
            _as_bit(5, Point(held, 32891, "alarm", Sensor(room, "alarm").read)),
        ]
    )


def _as_bit(bit: int, state: Point) -> Point:
    """A state of 0 or 1 in this bit of its word."""
    return state._replace(type="u16", scale=2.0**-bit)


def ir33(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    """Carel IR33."""
    room = room_of(options, rooms)
    inputs = DISCRETE_INPUTS
    return Kind(
        [
            Point(INPUT_REGISTERS, 403, "temperature", Sensor(room).read, TENTH, channel=1),
            Point(HOLDING_REGISTERS, 404, "setpoint", Sensor(room, "setpoint").read, TENTH),
            Point(inputs, 3, "fault", None, channel=1, flag=True),
            Point(inputs, 7, "compressor", Sensor(room, "compressor").read),
            Point(inputs, 18, "defrost", Sensor(room, "defrost").read),
        ]
    )
