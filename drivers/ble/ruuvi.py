"""RuuviTag, RuuviTag Pro and Ruuvi Air: formats 3 (RAWv1), 5 (RAWv2), 6 and E1, and the web links 2 and 4.

Manufacturer data of company 0499, high byte first; "none" of a number is all ones, of a signed one the
smallest::

    3    0    1         2            3          4 … 5     6 … 7  8 … 9  10 … 11  12 … 13
         03   humidity  temperature  fraction   pressure  accel. x      y        z        battery
              0.5 %     sign, 7 bit  0.01 Cel   +500 hPa  0.001 g                0.001 V

    5    0    1 … 2        3 … 4     5 … 6     7 … 12        13 … 14          15         16 … 17   18 … 23
         05   temperature  humidity  pressure  acceleration  battery, power   movements  sequence  address
              0.005 Cel    0.0025 %  +500 hPa  x y z 0.001 g 11 bit, 5 bit
                                                             +1.6 V 0.001
    6    0    1 … 2        3 … 4     5 … 6     7 … 8   9 … 10   11   12   13     14  15        16     17 … 19
         06   temperature  humidity  pressure  PM2.5   CO2 ppm  VOC  NOx  light  -   sequence  flags  address
                                                                          log.                        last 3
    E1   0    1 … 2        3 … 4     5 … 6     7 … 14  15 … 16  17   18   19 … 21  22 … 24  25 … 27  34 … 39
         E1   temperature  humidity  pressure  PM      CO2 ppm  VOC  NOx  0.01 lx  -        sequence address

Pressure counts from 500 hPa in 0.01 hPa. The temperature of format 3 is a sign and a magnitude, that of the
others a two's complement. The light of format 6 is (65536 ^ (n / 254)) - 1 lx. Formats 6 and E1 say the same
measurement under the same number, of which 6 has the last byte. VOC, NOx and dust are no quantities of ours.

Formats 2 and 4 are bytes 0 to 5 of format 3 without the fraction, as base64 in a link, in the service data of
UUID FEAA: ``10 power 03 "ruu.vi/#"`` and eight characters; format 4 adds a ninth, the tag's own.

A RuuviTag measures -40 … 85 Cel, 0 … 100 %, 300 … 1100 hPa, 16 g each way; Ruuvi Air up to 40000 ppm.

Sources: docs.ruuvi.com data formats 2, 3, 4, 5, 6 and E1 with their test vectors; ble_monitor ruuvitag.py.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import GRAVITY, PERCENT, Span, hold_address, hold_length, missing, within
from drivers.contract import Frame, Instant, Number, Reading, Reason, Reject

COMPANY: Final = 0x0499
EDDYSTONE: Final = 0xFEAA
LINK: Final = b"\x03ruu.vi/#"
LINK_CHARACTERS: Final = 8
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
RAW_V1: Final = 3
RAW_V2: Final = 5
AIR: Final = 6
AIR_EXTENDED: Final = 0xE1
LINKS: Final = (2, 4)

_METRE_PER_S2: Final = Span(-16 * GRAVITY, 16 * GRAVITY)

SPANS: Final = {
    "temperature": Span(-40.0, 85.0),
    "humidity": PERCENT,
    "pressure": Span(300.0, 1100.0),
    "acceleration_x": _METRE_PER_S2,
    "acceleration_y": _METRE_PER_S2,
    "acceleration_z": _METRE_PER_S2,
    "battery_voltage": Span(0.0, 3.7),
    "movements": Span(0, 254),
    "co2": Span(0.0, 40_000.0),
    "illuminance": Span(0.0, 144_284.0),
}
"""What the sensors measure."""

_DIGITS: Final = 8
"""Behind the point; takes back what a binary factor adds."""


class Field(NamedTuple):
    """A number in the frame. size: in bytes. spare_bits: at its low end, not its own."""

    quantity: str
    start: int
    size: int
    factor: float
    base: float = 0.0
    signed: bool = False
    spare_bits: int = 0


class Layout(NamedTuple):
    """sequence, address: where the measurement number and the address stand, if they do."""

    length: int
    fields: tuple[Field, ...]
    sequence: slice = slice(0)
    address: slice = slice(0)


def _acceleration(start: int) -> tuple[Field, ...]:
    factor = GRAVITY / 1000
    return tuple(
        Field(f"acceleration_{axis}", start + 2 * index, 2, factor, signed=True)
        for index, axis in enumerate("xyz")
    )


_OLD_CLIMATE: Final = (Field("humidity", 1, 1, 0.5), Field("pressure", 4, 2, 0.01, base=500.0))
_CLIMATE: Final = (
    Field("temperature", 1, 2, 0.005, signed=True),
    Field("humidity", 3, 2, 0.0025),
    Field("pressure", 5, 2, 0.01, base=500.0),
)

LAYOUTS: Final = {
    2: Layout(6, _OLD_CLIMATE),
    4: Layout(6, _OLD_CLIMATE),
    RAW_V1: Layout(14, (*_OLD_CLIMATE, *_acceleration(6), Field("battery_voltage", 12, 2, 0.001))),
    RAW_V2: Layout(
        24,
        (
            *_CLIMATE,
            *_acceleration(7),
            Field("battery_voltage", 13, 2, 0.001, base=1.6, spare_bits=5),
            Field("movements", 15, 1, 1),
        ),
        sequence=slice(16, 18),
        address=slice(18, 24),
    ),
    AIR: Layout(20, (*_CLIMATE, Field("co2", 9, 2, 1)), sequence=slice(15, 16), address=slice(17, 20)),
    AIR_EXTENDED: Layout(
        40,
        (*_CLIMATE, Field("co2", 15, 2, 1), Field("illuminance", 19, 3, 0.01)),
        sequence=slice(27, 28),
        address=slice(34, 40),
    ),
}

NO_SEQUENCE: Final = b"\xff\xff"
"""Of format 5; in the others every value is a number."""


class Ruuvi:
    """A sensor of Ruuvi, whatever format its firmware speaks."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._address = options.address_bytes

    def quantities(self) -> Sequence[str]:
        return tuple(SPANS)

    def number(self, frame: Frame) -> Number | None:
        """The measurement number of formats 5, 6 and E1."""
        data = self._measurement(frame)
        sequence = data[LAYOUTS[data[0]].sequence]
        return Number(int.from_bytes(sequence, "big")) if sequence and sequence != NO_SEQUENCE else None

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine``, ``length``, ``range`` for an unknown format or a broken link."""
        data = self._measurement(frame)
        values = {field.quantity: _value(field, data) for field in LAYOUTS[data[0]].fields}
        if data[0] in (*LINKS, RAW_V1):
            values["temperature"] = _signed_magnitude(data)
        if data[0] == AIR:
            values["illuminance"] = _logarithmic(data[13])
        return [
            missing(at, quantity) if value is None else within(at, quantity, value, SPANS[quantity])
            for quantity, value in values.items()
        ]

    def _measurement(self, frame: Frame) -> bytes:
        """The bytes of one format, by their right length and under the device's own address."""
        said = parse(frame.data)
        data = said.manufacturer.get(COMPANY)
        if data is None:
            data = _linked(said.service.get(EDDYSTONE, b""))
        layout = LAYOUTS.get(data[0]) if data else None
        if layout is None:
            raise Reject(Reason.RANGE, f"no format of Ruuvi that is known: {data[:1].hex()}")
        hold_length(data, layout.length)
        named = data[layout.address]
        if named.strip(b"\xff"):
            hold_address(named, self._address[-len(named) :])
        return data


def _linked(service: bytes) -> bytes:
    """The measurement in a web link."""
    frame, link, encoded = service[:1], service[2 : 2 + len(LINK)], service[2 + len(LINK) :]
    if frame != b"\x10" or link != LINK:
        raise Reject(Reason.NOT_MINE, "neither data nor a link of Ruuvi")
    try:
        data = binascii.a2b_base64(encoded[:LINK_CHARACTERS].translate(_URL_SAFE), strict_mode=True)
    except binascii.Error as error:
        raise Reject(Reason.RANGE, f"a link that is no base64: {error}") from None
    if data[:1] and data[0] not in LINKS:
        raise Reject(Reason.RANGE, f"format {data[0]:X} in a link")
    return data


def _value(field: Field, data: bytes) -> float | None:
    raw = int.from_bytes(data[field.start : field.start + field.size], "big", signed=field.signed)
    raw >>= field.spare_bits
    bits = 8 * field.size - field.spare_bits
    none = -(1 << (bits - 1)) if field.signed else (1 << bits) - 1
    return None if raw == none else round(field.base + raw * field.factor, _DIGITS)


def _signed_magnitude(data: bytes) -> float:
    if data[3] > 99:
        raise Reject(Reason.RANGE, f"{data[3]} hundredths of a degree")
    magnitude = (data[2] & 0x7F) + data[3] / 100
    return -magnitude if data[2] & 0x80 else magnitude


def _logarithmic(code: int) -> float | None:
    return None if code == 0xFF else round(float(65536 ** (code / 254)) - 1, 2)
