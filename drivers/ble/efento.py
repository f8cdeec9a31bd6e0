"""Efento loggers, Bluetooth and NB-IoT: one frame up to firmware 5, a frame and its scan response from 6 on.

::

    manufacturer data, company 026C, high byte first
    firmware 5, 24 bytes
        0   1 2       3       4 … 7    8 9     10  11 12 13  14 … 19        20 21       22 23
        02  firmware  status  counter  period      types     3 values, u16  calibrated  check

    firmware 6, advertisement, 22 bytes (24 in early ones), and scan response
        0   1 … 6    7 8       9       …
        03  address  firmware  status  …
        04  type value  type value …  check (2)     value: u16 as in firmware 5, or 3 bytes, zigzag

    status  bit 0: 1 the battery is well, 0 it is low
    type    u16                           3 bytes, zigzag        range
        01  °C, u16 / 100 - 150           °C, 0.1                -150 to 150
        02  %                             %                      0 to 100
        03  pressure, 0.1 hPa             0.1 hPa                300 to 1200
        0F                                light, 0.1 lx          0 to 100,000
        1B                                %, 0.1                 0 to 100
        00, 04 to 26: nothing, or what is no point

An error stands above the range of a u16: 7531 and more for a temperature, 0065 for a humidity, FF00 for a
pressure. The length tells the two kinds of value apart. Of several sensors of one kind, the first is read.
The check covers more than the frame it ends, in a way that is not published, and is not verified. The loggers
must not be set to encrypt: what they then say is refused where a type is none of these.

Source: reelyactive/advlib-ble-manufacturers lib/efento.js.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Final, NamedTuple, TypeAlias

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import PERCENT, Span, hold_address, hold_length, missing, within
from drivers.contract import Frame, Instant, Number, Reading, Reason, Reject

COMPANY: Final = 0x026C

_WHOLE: Final = 0x02
_ADVERTISED: Final = 0x03
_ASKED_FOR: Final = 0x04
_WHOLE_LENGTH: Final = 24
_ADVERTISED_LENGTHS: Final = (22, 24)

_BATTERY_WELL: Final = 0x01
_LAST_TYPE: Final = 0x26
_MOST_SHORT_VALUES: Final = 3


class _Meaning(NamedTuple):
    """value = raw · scale + add. most: the largest raw value that is none of the errors, where there are."""

    quantity: str
    scale: float
    add: float
    span: Span
    most: int | None = None


_CELSIUS: Final = Span(-150.0, 150.0)
_HECTOPASCAL: Final = Span(300.0, 1200.0)

_SHORT: Final = {
    0x01: _Meaning("temperature", 0.01, -150.0, _CELSIUS, 30_000),
    0x02: _Meaning("humidity", 1.0, 0.0, PERCENT, 100),
    0x03: _Meaning("pressure", 0.1, 0.0, _HECTOPASCAL, 0xFEFF),
}
"""Of values u16, by type."""

_LONG: Final = {
    0x01: _Meaning("temperature", 0.1, 0.0, _CELSIUS),
    0x02: _Meaning("humidity", 1.0, 0.0, PERCENT),
    0x03: _Meaning("pressure", 0.1, 0.0, _HECTOPASCAL),
    0x0F: _Meaning("illuminance", 0.1, 0.0, Span(0.0, 100_000.0)),
    0x1B: _Meaning("humidity", 0.1, 0.0, PERCENT),
}
"""Of values of 3 bytes, by type."""

_Values: TypeAlias = Iterable[tuple[int, int]]
"""Type and raw value."""


class Efento:
    """A logger."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._address = options.address_bytes

    def quantities(self) -> Sequence[str]:
        return "temperature", "humidity", "pressure", "illuminance", "battery_low"

    def number(self, frame: Frame) -> Number | None:
        """Of firmware 5: the measurement's, which a reset begins anew."""
        data = _data(frame)
        return Number(int.from_bytes(data[4:8], "big")) if data[0] == _WHOLE else None

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``length``, ``not_mine``, ``range`` for a type that is none."""
        data = _data(frame)
        if data[0] == _WHOLE:
            values = ((data[11 + slot], _u16(data, 14 + 2 * slot)) for slot in range(3))
            return [_battery_low(data[3], at), *_readings(values, _SHORT, at)]
        if data[0] == _ADVERTISED:
            hold_address(data[1:7], self._address)
            return [_battery_low(data[9], at)]
        return list(_asked_for(data[1:-2], at))


def _data(frame: Frame) -> bytes:
    """A frame of a length that its first byte allows."""
    data = parse(frame.data).manufacturer.get(COMPANY, b"")
    if data[:1] not in (bytes([_WHOLE]), bytes([_ADVERTISED]), bytes([_ASKED_FOR])):
        raise Reject(Reason.NOT_MINE, f"no frame of a logger: {data.hex(' ')}")
    if data[0] == _WHOLE:
        hold_length(data, _WHOLE_LENGTH)
    elif data[0] == _ADVERTISED and len(data) not in _ADVERTISED_LENGTHS:
        raise Reject(Reason.LENGTH, f"{len(data)} bytes, not 22 or 24: {data.hex(' ')}")
    return data


def _asked_for(slots: bytes, at: Instant) -> Iterator[Reading]:
    count, over = divmod(len(slots), 3)
    if count and not over and count <= _MOST_SHORT_VALUES:
        return _readings(((slots[3 * slot], _u16(slots, 3 * slot + 1)) for slot in range(count)), _SHORT, at)
    if slots and len(slots) % 4 == 0:
        places = range(0, len(slots), 4)
        return _readings(
            ((slots[place], _zigzag(slots[place + 1 : place + 4])) for place in places), _LONG, at
        )
    raise Reject(Reason.LENGTH, f"{len(slots)} bytes are no values: {slots.hex(' ')}")


def _readings(values: _Values, meanings: dict[int, _Meaning], at: Instant) -> Iterator[Reading]:
    told = set()
    for kind, raw in values:
        if kind > _LAST_TYPE:
            raise Reject(Reason.RANGE, f"a value of type {kind:02x} is not known; is encryption on?")
        meaning = meanings.get(kind)
        if meaning is None or meaning.quantity in told:
            continue
        told.add(meaning.quantity)
        if meaning.most is not None and raw > meaning.most:
            yield missing(at, meaning.quantity)
        else:
            yield within(at, meaning.quantity, round(raw * meaning.scale + meaning.add, 2), meaning.span)


def _battery_low(status: int, at: Instant) -> Reading:
    return Reading(at, "battery_low", not status & _BATTERY_WELL)


def _u16(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")


def _zigzag(value: bytes) -> int:
    """0, -1, 1, -2 … by 0, 1, 2, 3 …"""
    raw = int.from_bytes(value, "big")
    return raw >> 1 ^ -(raw & 1)
