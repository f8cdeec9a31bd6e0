"""ELA Innovation, family Blue: tags T, T EN, T PROBE, RHT, MAG, MOV, ANG, DI, PIR and TOUCH.

::

    manufacturer data, company 0757: fields one behind the other, low byte first
        type  value       the low digit of a type is the length of its value
        06    number (6)                     the tag's number; no point
        12    temperature s16, 0.01 °C       -40 to 125
        21    humidity u8, %                 0 to 100; a field 12 follows
        32    count and magnet u16           bit 0: 1 the magnet is there; bits 1 to 15 count
        42    count and motion u16           bit 0: 1 it moves; bits 1 to 15 count the movements
        56    x, y, z s16 each, mg
        62    count and input u16            bit 0: 1 the input is closed
        92    count and presence u16         bit 0: 1 somebody moves
        B2    count and touch u16            bit 0: 1 it is pressed
        F1    battery u8, %                  0 to 100
        F2    battery u16, mV

    service data, tags before version 2 or set so
        2A6E  temperature s16, 0.01 °C       8000 none
        2A6F  humidity u8, %

``open`` is true while the magnet is away from a MAG, or the input of a DI is not closed. The tag sends its
battery in an advertisement of its own. The service data 2A06 of MAG and MOV is not read: sources disagree on
its bytes. Set such a tag to manufacturer data.

Sources: docs.elainnovation.com, frame specifications; reelyactive/advlib-ble-manufacturers
lib/elainnovation.js; custom-components/ble_monitor teltonika.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final, TypeAlias

from pydantic import BaseModel

from drivers.ble.advertisement import Advertisement, parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import GRAVITY, PERCENT, Span, hold_length, missing, within
from drivers.contract import Frame, Instant, Reading, Reason, Reject

COMPANY: Final = 0x0757
TEMPERATURE: Final = 0x2A6E
HUMIDITY: Final = 0x2A6F

_NO_TEMPERATURE: Final = -0x8000

_CELSIUS: Final = Span(-40.0, 125.0)
_VOLT: Final = Span(0.0, 5.0)
_METRE_PER_S2: Final = Span(-16 * GRAVITY, 16 * GRAVITY)
_NUMBER: Final = 0x06

_Field: TypeAlias = Callable[[bytes, Instant], list[Reading]]
"""A field's value and the time in, its readings out."""

QUANTITIES: Final = (
    *("temperature", "humidity", "open", "motion", "movements", "button"),
    *("acceleration_x", "acceleration_y", "acceleration_z", "battery", "battery_voltage"),
)


class Ela:
    """A tag of the family Blue."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._options = options

    def quantities(self) -> Sequence[str]:
        return QUANTITIES

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject, see ``tag``."""
        return tag(parse(frame.data), at)


def tag(said: Advertisement, at: Instant) -> list[Reading]:
    """What a tag says. Raises Reject: ``not_mine`` for what no tag says, ``length``, ``range`` for a field
    that is none of the above."""
    data = said.manufacturer.get(COMPANY)
    if data is not None:
        return [reading for kind, value in _fields(data) for reading in _FIELDS[kind](value, at)]
    served = [(_SERVICES[uuid], value) for uuid, value in said.service.items() if uuid in _SERVICES]
    if not served:
        raise Reject(Reason.NOT_MINE, "neither company 0757 nor service 2A6E or 2A6F")
    return [reading for read, value in served for reading in read(value, at)]


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    if not data:
        raise Reject(Reason.LENGTH, "no field at all")
    at = 0
    while at < len(data):
        kind = data[at]
        if kind not in _FIELDS:
            raise Reject(Reason.RANGE, f"a field of type {kind:02x} is not known: {data.hex(' ')}")
        end = at + 1 + (kind & 0x0F)
        if end > len(data):
            raise Reject(Reason.LENGTH, f"the field {kind:02x} is cut short: {data.hex(' ')}")
        yield kind, data[at + 1 : end]
        at = end


def _temperature(value: bytes, at: Instant) -> list[Reading]:
    hold_length(value, 2)
    hundredths = int.from_bytes(value, "little", signed=True)
    if hundredths == _NO_TEMPERATURE:
        return [missing(at, "temperature")]
    return [within(at, "temperature", hundredths / 100, _CELSIUS)]


def _humidity(value: bytes, at: Instant) -> list[Reading]:
    hold_length(value, 1)
    return [within(at, "humidity", float(value[0]), PERCENT)]


def _open(value: bytes, at: Instant) -> list[Reading]:
    return [Reading(at, "open", not value[0] & 1)]


def _moves(value: bytes, at: Instant) -> list[Reading]:
    count = int.from_bytes(value, "little") >> 1
    return [Reading(at, "motion", bool(value[0] & 1)), Reading(at, "movements", count)]


def _presence(value: bytes, at: Instant) -> list[Reading]:
    return [Reading(at, "motion", bool(value[0] & 1))]


def _touch(value: bytes, at: Instant) -> list[Reading]:
    return [Reading(at, "button", value[0] & 1)]


def _acceleration(value: bytes, at: Instant) -> list[Reading]:
    milli_g = (int.from_bytes(value[place : place + 2], "little", signed=True) for place in (0, 2, 4))
    return [
        within(at, f"acceleration_{axis}", round(each * GRAVITY / 1000, 4), _METRE_PER_S2)
        for axis, each in zip("xyz", milli_g, strict=True)
    ]


def _battery(value: bytes, at: Instant) -> list[Reading]:
    return [within(at, "battery", float(value[0]), PERCENT)]


def _battery_voltage(value: bytes, at: Instant) -> list[Reading]:
    return [within(at, "battery_voltage", int.from_bytes(value, "little") / 1000, _VOLT)]


def _nothing(_: bytes, __: Instant) -> list[Reading]:
    return []


_SERVICES: Final[dict[int, _Field]] = {TEMPERATURE: _temperature, HUMIDITY: _humidity}

_FIELDS: Final[dict[int, _Field]] = {
    _NUMBER: _nothing,
    0x12: _temperature,
    0x21: _humidity,
    0x32: _open,
    0x42: _moves,
    0x56: _acceleration,
    0x62: _open,
    0x92: _presence,
    0xB2: _touch,
    0xF1: _battery,
    0xF2: _battery_voltage,
}
"""By type."""
