"""The register layouts of real units, and one to describe in the scenario.

================= ======== ==================================================================== ==============
kind              function registers (zero-based; x0.1)                                         error value
================= ======== ==================================================================== ==============
xy-md02           4        1 temperature, 2 humidity; holding 0x0101-0x0104 its settings         none: silence
r4dcb08           3        0-7 temperatures, 8-15 corrections, 0xFE unit, 0xFF baud code         0x8000
pt100-8           3        0-7 temperatures                                                      0xFFFF
danfoss-ekc-202d  3        2575 air, 2529 S3, 2530 S4, 2531 thermostat, 2577 alarm, 1010 S5,     error flags
                           1035 defrost, 2540 alarm, 2001 DI1 (door), 2555 DI2, 2545 setpoint,   2540, 19999,
                           2509 compressor, 2511 defrost relay                                   20001-20003
registers         1-4      as the scenario says                                                  as it says
================= ======== ==================================================================== ==============

Sources: wirenboard/wb-mqtt-serial templates config-xy-md0x, config-wp3066adam, config-danfoss-ekc-202d;
acpiccolo/R4DCB08-Temperature-Collector ``src/protocol.rs``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from simulators.climate import SPOTS, Room
from simulators.modbus.registers import (
    COILS,
    DISCRETE_INPUTS,
    HOLDING_REGISTERS,
    INPUT_REGISTERS,
    TYPES,
    Point,
    Source,
)
from simulators.options import Options

TENTH = 0.1
CHANNELS = 8


class Kind(NamedTuple):
    """What a unit answers with. mute: a failed one says nothing at all."""

    points: Sequence[Point]
    mute: bool = False


class Sensor(NamedTuple):
    """A probe somewhere in a room. offset: what it shows too much, in its unit."""

    room: Room
    spot: str = "air"
    offset: float = 0.0

    def read(self) -> float:
        """What it shows."""
        return self.room.look(self.spot) + self.offset


def sensor(where: Options, key: str, raw: object, rooms: Mapping[str, Room]) -> Sensor:
    """From ``room``, ``room.spot`` or ``{room: …, spot: …, offset: …}``. Raises ScenarioError."""
    if isinstance(raw, str):
        name, _, spot = raw.partition(".")
        raw = {"room": name, "spot": spot or "air"}
    options = Options(f"{where.where}.{key}", raw)
    room, spot = _room(options, rooms), options.one("spot", str, "air")
    if spot not in SPOTS:
        raise options.error("spot", f"{spot} is none of {', '.join(SPOTS)}")
    offset = options.one("offset", float, 0.0)
    options.done()
    return Sensor(room, spot, offset)


def _room(options: Options, rooms: Mapping[str, Room]) -> Room:
    name = options.one("room", str)
    if name not in rooms:
        raise options.error("room", f"{name} is none of the rooms {', '.join(rooms)}")
    return rooms[name]


def _constant(value: float) -> Source:
    return lambda: value


def _xy_md02(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    probe = sensor(options, "sensor", options.raw("sensor"), rooms)
    settings = {0x0101: float(unit), 0x0102: 9600.0, 0x0103: 0.0, 0x0104: 0.0}
    return Kind(
        [
            Point(INPUT_REGISTERS, 1, "temperature", probe.read, TENTH),
            Point(INPUT_REGISTERS, 2, "humidity", Sensor(probe.room, "humidity").read, TENTH, "u16"),
            *_settings(settings),
        ],
        mute=True,
    )


def _settings(values: Mapping[int, float]) -> list[Point]:
    return [
        Point(HOLDING_REGISTERS, address, f"setting.{address}", _constant(value), type="u16")
        for address, value in values.items()
    ]


def _r4dcb08(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    corrections = dict.fromkeys(range(8, 16), 0.0)
    settings = corrections | {0xFD: 0.0, 0xFE: float(unit), 0xFF: 3.0}
    return Kind([*_inputs(options, rooms, 0x8000), *_settings(settings)])


def _pt100_8(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    return Kind(_inputs(options, rooms, 0xFFFF))


def _inputs(options: Options, rooms: Mapping[str, Room], error: int) -> list[Point]:
    """Eight temperatures; ``null`` in the scenario is an input with nothing connected."""
    probes = options.items("sensors")
    if len(probes) > CHANNELS:
        raise options.error("sensors", f"{len(probes)} sensors for {CHANNELS} inputs")
    sources: list[Source | None] = [None] * CHANNELS
    for place, raw in enumerate(probes):
        sources[place] = None if raw is None else sensor(options, f"sensors.{place}", raw, rooms).read
    held = HOLDING_REGISTERS
    return [
        Point(held, at, f"temperature.{at + 1}", source, TENTH, error=(error,), channel=at + 1)
        for at, source in enumerate(sources)
    ]


def _ekc_202d(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    room = _room(options, rooms)
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
            Point(held, 2555, "di2", _constant(0.0), type="u16"),
            *(Point(held, at, name, None, type="u16", channel=1, flag=True) for at, name in flags.items()),
        ]
    )


def _registers(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    """``holding``, ``input``, ``coils``, ``discrete``: address to what stands there."""
    banks = {
        "holding": HOLDING_REGISTERS,
        "input": INPUT_REGISTERS,
        "coils": COILS,
        "discrete": DISCRETE_INPUTS,
    }
    return Kind(
        [
            _described(function, address, described, rooms)
            for bank, function in banks.items()
            for address, described in options.within(bank, {}).each()
        ]
    )


def _described(function: int, address: str, options: Options, rooms: Mapping[str, Room]) -> Point:
    if not address.isdecimal():
        raise options.error("", f"{address} is no register address")
    source = (
        _constant(float(options.one("value", float)))
        if "value" in options
        else sensor(options, "sensor", options.raw("sensor"), rooms).read
    )
    order = options.one("order", str, "big")
    point = Point(
        function=function,
        address=int(address),
        name=options.one("name", str, f"{function}.{address}"),
        source=source,
        scale=options.one("scale", float, 1.0),
        type=options.one("type", str, "s16"),
        little=order == "little",
        channel=options.one("channel", int, None),
    )
    error = options.one("error", int, None)
    if point.type not in TYPES or order not in ("big", "little"):
        raise options.error("type", f"type is one of {', '.join(TYPES)}, order big or little")
    options.done()
    return point if error is None else point._replace(error=_error_words(error, point))


def _error_words(error: int, point: Point) -> tuple[int, ...]:
    words = (error,) if point.length == 1 else (error >> 16, error & 0xFFFF)
    return words[::-1] if point.little else words


KINDS: dict[str, Callable[[Options, Mapping[str, Room], int], Kind]] = {
    "xy-md02": _xy_md02,
    "r4dcb08": _r4dcb08,
    "pt100-8": _pt100_8,
    "danfoss-ekc-202d": _ekc_202d,
    "registers": _registers,
}
"""By their names in a scenario; each reads its own options and is told its unit number."""
