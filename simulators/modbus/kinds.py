"""The register layouts of real units, and one to describe in the scenario.

================== ======== =================================================================== ==============
kind               function registers (zero-based; x0.1)                                        error value
================== ======== =================================================================== ==============
xy-md02            4        1 temperature, 2 humidity; holding 0x0101-0x0104 its settings        none: silence
wb-msw-v3          4        0 temperature, 1 humidity; 4 and 5 the same x0.01                    0x7FFF, FFFF
comet-t3311        3        0x30 temperature, 0x31 humidity (the manual counts from 1)           not published
sokol-m            3        3 temperature x0.01, 5 humidity x1                                   not published
vaisala-hmp        3        0 humidity, 2 temperature, float32, low word first                   quiet NaN
r4dcb08            3        0-7 temperatures, 8-15 corrections, 0xFE unit, 0xFF baud code        0x8000
pt100-8            3        0-7 temperatures                                                     0xFFFF
danfoss-ekc-202d   3        2575 air, 2529 S3, 2530 S4, 2531 thermostat, 2577 alarm, 1010 S5,    error flags
                            1035 defrost, 2540 alarm, 2001 DI1 (door), 2555 DI2, 2545 setpoint,  2540, 19999,
                            2509 compressor, 2511 defrost relay                                  20001-20003
danfoss-erc-211    3        2529 air, 1010 S5, 99 setpoint, all x0.01; 2509 compressor           not published
eliwell-idplus-9xx 3        295 air, 16416 setpoint; bits: 32886.5 defrost, 32891.5 alarm        0x8000 and
                                                                                                 bit 32876.1
carel-ir33         4        403 air; holding 404 setpoint; discrete 18 defrost, 7 compressor     discrete 3
contacts           2, 1     discrete inputs from 0, and the same as coils: 8 or more                none
registers          1-4      as the scenario says                                                 as it says
================== ======== =================================================================== ==============

Sources: wirenboard/wb-mqtt-serial templates config-xy-md0x, config-wp3066adam, config-danfoss-ekc-202d,
config-danfoss-erc-211-wb-ref, config-eliwell-idplus-9xx, config-carel-ir33, config-sokol-m and those of the
WB-MSW; acpiccolo/R4DCB08-Temperature-Collector ``src/protocol.rs``; Comet manual IE-SNC-T33(4)11+T73(4)10-07,
p. 8; Vaisala user guide M212022EN-F, table 75 and p. 109.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulators.climate import Room
from simulators.modbus.controllers import ekc_202d, erc_211, idplus_9xx, ir33
from simulators.modbus.registers import (
    COILS,
    DISCRETE_INPUTS,
    HOLDING_REGISTERS,
    INPUT_REGISTERS,
    TYPES,
    Point,
    Source,
)
from simulators.modbus.sensors import HUNDREDTH, TENTH, Kind, constant
from simulators.options import Options
from simulators.sensors import Sensor, sensor

CHANNELS = 8


def _climate(*layout: Point) -> Callable[[Options, Mapping[str, Room], int], Kind]:
    """A probe with these points; ``sensor`` says where it hangs."""

    def read(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
        probe = sensor(options, "sensor", options.raw("sensor"), rooms)
        damp = Sensor(probe.room, "humidity")
        return Kind(
            [
                point._replace(source=(damp if point.name.startswith("humidity") else probe).read)
                for point in layout
            ]
        )

    return read


_WB_MSW_V3 = _climate(
    Point(INPUT_REGISTERS, 0, "temperature", None, TENTH, error=(0x7FFF,)),
    Point(INPUT_REGISTERS, 1, "humidity", None, TENTH, "u16", error=(0xFFFF,)),
    Point(INPUT_REGISTERS, 4, "temperature_fine", None, HUNDREDTH, error=(0x7FFF,)),
    Point(INPUT_REGISTERS, 5, "humidity_fine", None, HUNDREDTH, "u16", error=(0xFFFF,)),
)
_COMET_T3311 = _climate(
    Point(HOLDING_REGISTERS, 0x30, "temperature", None, TENTH),
    Point(HOLDING_REGISTERS, 0x31, "humidity", None, TENTH),
)
_SOKOL_M = _climate(
    Point(HOLDING_REGISTERS, 3, "temperature", None, HUNDREDTH),
    Point(HOLDING_REGISTERS, 5, "humidity", None, type="u16"),
)
_VAISALA_HMP = _climate(
    Point(HOLDING_REGISTERS, 0, "humidity", None, type="float32", little=True, error=(0, 0x7FC0)),
    Point(HOLDING_REGISTERS, 2, "temperature", None, type="float32", little=True, error=(0, 0x7FC0)),
)


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
        Point(HOLDING_REGISTERS, address, f"setting.{address}", constant(value), type="u16")
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


def _contacts(options: Options, rooms: Mapping[str, Room], unit: int) -> Kind:
    """A module of inputs; ``null`` in the scenario is an input with nothing connected: 0."""
    wired = options.items("inputs")
    sensors = [
        None if raw is None else sensor(options, f"inputs.{at}", raw, rooms) for at, raw in enumerate(wired)
    ]
    sensors += [None] * (CHANNELS - len(sensors))
    return Kind(
        [
            Point(bank, at, f"{name}.{at}", None if wire is None else wire.read, channel=at + 1)
            for bank, name in ((DISCRETE_INPUTS, "input"), (COILS, "coil"))
            for at, wire in enumerate(sensors)
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
        constant(float(options.one("value", float)))
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
    "wb-msw-v3": _WB_MSW_V3,
    "comet-t3311": _COMET_T3311,
    "sokol-m": _SOKOL_M,
    "vaisala-hmp": _VAISALA_HMP,
    "r4dcb08": _r4dcb08,
    "pt100-8": _pt100_8,
    "danfoss-ekc-202d": ekc_202d,
    "danfoss-erc-211": erc_211,
    "eliwell-idplus-9xx": idplus_9xx,
    "carel-ir33": ir33,
    "contacts": _contacts,
    "registers": _registers,
}
"""By their names in a scenario; each reads its own options and is told its unit number."""
