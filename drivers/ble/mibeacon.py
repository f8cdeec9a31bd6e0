"""The objects of a MiBeacon frame, after its head: id (2), length (1), data; all low byte first.

::

    climate  1004 temperature s16 0.1 Cel       1006 humidity u16 0.1 %       100D both, in this order
             4801, 4C01 temperature, float      4808, 4C08 humidity, float    4802, 4C02 humidity, u8
             000A of a body, s16 0.01 Cel       1005 kettle: switch, u8 Cel
             1007 illuminance u24 lx            4805 illuminance, float
    battery  100A, 4803, 4C03, 5003, 5403 %     2000 at byte 4                4A01, 4E01, 5601 1 low
    opening  0007 door: 0 open, 1 closed, 2 left open, 3 knocked at (closed), 4 forced, 5 stuck (closed)
             1019 0 open, 1 closed, 2 left open     4804, 4A12 1 open, 2 closed     4A0F, 4A1A 1 open
    motion   0003 1                             000F, 4A08 (with float lx) now
             1017, 101B u32, 4818 u16: seconds without; up to 30 still count as motion, as in the maker's app
    button   1001 which, value, press: 0 once, 1 twice, 2 long
             4A0C, 4E0C, 560C once              4A0D, 4E0D, 560D twice        4A0E, 4E0E, 560E long

Ids from 4000 on are those of one model's specification, yet no two known models use one for different things;
where a model means something else by an id, ``OF_A_MODEL`` says so. Which of several buttons was pressed is
not kept. An object that is not here has a length and is passed over; one with less data than it needs is
refused. Up to two bytes behind the last object are none (MMC-W505 has two).

Sources: iot.mi.com object definition; Bluetooth-Devices/xiaomi-ble parser.py; ble_monitor xiaomi.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from struct import Struct
from typing import Final, TypeAlias

from drivers.contract import Reason, Reject

Reads: TypeAlias = Callable[[bytes], float | None]
"""A value out of an object's data; None: it says nothing of this quantity."""

OBJECT_HEAD: Final = 3
"""Bytes of id and length."""

IDLE_S: Final = 30
"""Seconds without motion that still count as motion."""

ONCE, TWICE, LONG = 1, 2, 4

_FLOAT: Final = Struct("<f")


def number(size: int, factor: float = 1.0, start: int = 0, *, signed: bool = False) -> Reads:
    """An integer, low byte first."""

    def read(data: bytes) -> float:
        raw = _part(data, start, size)
        return round(int.from_bytes(raw, "little", signed=signed) * factor, 2)

    return read


def whole_percent(data: bytes) -> float:
    """Of tenths; its sensor has no finer steps, and what it sends as tenths is noise."""
    return int.from_bytes(_part(data, 0, 2), "little") // 10


def real(data: bytes) -> float:
    """A 32-bit float; hundredths, since a float holds no tenth exactly."""
    (value,) = _FLOAT.unpack(_part(data, 0, 4))
    return round(float(value), 2)


def state(meanings: Mapping[int, float], start: int = 0) -> Reads:
    """One byte, each value of which has a meaning or none."""
    return lambda data: meanings.get(_part(data, start, 1)[0])


def always(value: float) -> Reads:
    """That the object is there says it; its data is something else."""
    return lambda _: value


def seconds_without(size: int) -> Reads:
    """Whether there is motion."""
    return lambda data: int.from_bytes(_part(data, 0, size), "little") <= IDLE_S


def _part(data: bytes, start: int, size: int) -> bytes:
    part = data[start : start + size]
    if len(part) < size:
        raise Reject(Reason.LENGTH, f"an object of {len(data)} bytes has none at {start + len(part)}")
    return part


_BATTERY: Final = {"battery": number(1)}
_BATTERY_LOW: Final = {"battery_low": state({0: False, 1: True})}
_OPENING: Final = {"open": state({1: True, 2: False})}
_FORCED_OPEN: Final = {"open": state({1: True})}
_CLICK: Final = {"button": always(ONCE)}
_DOUBLE_CLICK: Final = {"button": always(TWICE)}
_LONG_PRESS: Final = {"button": always(LONG)}

OBJECTS: Final[Mapping[int, Mapping[str, Reads]]] = {
    0x0003: {"motion": state({0: False, 1: True})},
    0x0007: {"open": state({0: True, 1: False, 2: True, 3: False, 4: True, 5: False})},
    0x000A: {"temperature": number(2, 0.01, signed=True)},
    0x000F: {"motion": always(True)},
    0x1001: {"button": state({0: ONCE, 1: TWICE, 2: LONG}, start=2)},
    0x1004: {"temperature": number(2, 0.1, signed=True)},
    0x1005: {"temperature": number(1, start=1)},
    0x1006: {"humidity": number(2, 0.1)},
    0x1007: {"illuminance": number(3)},
    0x100A: _BATTERY,
    0x100D: {"temperature": number(2, 0.1, signed=True), "humidity": number(2, 0.1, start=2)},
    0x1017: {"motion": seconds_without(4)},
    0x1019: {"open": state({0: True, 1: False, 2: True})},
    0x101B: {"motion": seconds_without(4)},
    0x2000: {"battery": number(1, start=4)},
    0x4801: {"temperature": real},
    0x4802: {"humidity": number(1)},
    0x4803: _BATTERY,
    0x4804: _OPENING,
    0x4805: {"illuminance": real},
    0x4808: {"humidity": real},
    0x4818: {"motion": seconds_without(2)},
    0x4A01: _BATTERY_LOW,
    0x4A08: {"motion": always(True), "illuminance": real},
    0x4A0C: _CLICK,
    0x4A0D: _DOUBLE_CLICK,
    0x4A0E: _LONG_PRESS,
    0x4A0F: _FORCED_OPEN,
    0x4A12: _OPENING,
    0x4A1A: _FORCED_OPEN,
    0x4C01: {"temperature": real},
    0x4C02: {"humidity": number(1)},
    0x4C03: _BATTERY,
    0x4C08: {"humidity": real},
    0x4E01: _BATTERY_LOW,
    0x4E0C: _CLICK,
    0x4E0D: _DOUBLE_CLICK,
    0x4E0E: _LONG_PRESS,
    0x5003: _BATTERY,
    0x5403: _BATTERY,
    0x5601: _BATTERY_LOW,
    0x560C: _CLICK,
    0x560D: _DOUBLE_CLICK,
    0x560E: _LONG_PRESS,
}

_LIGHT_OR_DARK: Final[Mapping[str, Reads]] = {}
"""100 and 1, which are no lx."""

_K9B: Final = {"button": state({0: ONCE, 1: LONG, 2: TWICE}, start=2)}

OF_A_MODEL: Final[Mapping[tuple[int, int], Mapping[str, Reads]]] = {
    (0x07F6, 0x1007): _LIGHT_OR_DARK,  # MJYD02YL
    (0x098B, 0x1007): _LIGHT_OR_DARK,  # MCCGQ02HL
    (0x0A83, 0x000F): {"motion": always(True), "illuminance": number(3)},  # CGPR1
    (0x055B, 0x1006): {"humidity": whole_percent},  # LYWSD03MMC
    (0x0387, 0x1006): {"humidity": whole_percent},  # MHO-C401
    (0x0DFD, 0x1001): _K9B,  # K9B with three buttons
    (0x1568, 0x1001): _K9B,  # one
    (0x1569, 0x1001): _K9B,  # two
    (0x1C10, 0x4E0C): {"button": state({1: ONCE, 8: LONG, 15: TWICE})},  # K9BB
}
"""By model and id."""

QUANTITIES: Final = tuple(dict.fromkeys(quantity for parts in OBJECTS.values() for quantity in parts))


def objects(model: int, body: bytes) -> Iterator[tuple[str, float]]:
    """Each quantity and its value. Raises Reject(LENGTH) where an object is cut short."""
    at = 0
    while (start := at + OBJECT_HEAD) <= len(body):
        end = start + body[at + 2]
        if end > len(body):
            raise Reject(Reason.LENGTH, f"the object at byte {at} ends {end - len(body)} bytes too late")
        kind = int.from_bytes(body[at : at + 2], "little")
        for quantity, read in OF_A_MODEL.get((model, kind), OBJECTS.get(kind, {})).items():
            value = read(body[start:end])
            if value is not None:
                yield quantity, value
        at = end
