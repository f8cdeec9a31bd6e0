"""Xiaomi thermometers (LYWSD03MMC and its kin) with the firmware of ATC1441 or of pvvx.

Service data of UUID 181A; the two are told apart by their length::

    ATC1441, high byte first     0 … 5     6 … 7         8          9         10 … 11   12
    13 bytes                     address   temperature   humidity   battery   battery   counter
                                           s16 0.1 Cel   %          %         mV

    pvvx "custom", low byte      0 … 5     6 … 7         8 … 9      10 … 11   12        13       14
    first, 15 bytes              address   temperature   humidity   battery   battery   counter  flags
                                 (last     s16 0.01 Cel  0.01 %     mV        %
                                 first)

No value means "none". A sensor that either firmware knows measures -55 … 125 Cel. The flags are levels of
pins to which mostly nothing is soldered: bit 0, the magnet switch, is therefore no reading.

pvvx's own sealed forms (8 and 11 bytes) are refused: their counter has one byte, so that a frame of
yesterday could be played again. Set the firmware to BTHome, which seals properly, and use the driver bthome.

Sources: atc1441/ATC_MiThermometer README; pvvx/ATC_MiThermometer README; ble_monitor atc.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import PERCENT, Span, hold_address, within
from drivers.contract import Frame, Instant, Number, Reading, Reason, Reject

UUID: Final = 0x181A
SEALED: Final = (8, 11)
ATC1441: Final = Struct(">6shBBHB")
PVVX: Final = Struct("<6shHHBBB")

SPANS: Final = {
    "temperature": Span(-55.0, 125.0),
    "humidity": PERCENT,
    "battery": PERCENT,
    "battery_voltage": Span(0.0, 5.0),
}
"""What a thermometer can mean, in the order in which ``Said`` has them."""


class Said(NamedTuple):
    """address: as it is written. values: as SPANS."""

    address: bytes
    values: tuple[float, float, float, float]
    counter: int


class Atc:
    """A thermometer with either firmware."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._address = options.address_bytes

    def quantities(self) -> Sequence[str]:
        return tuple(SPANS)

    def number(self, frame: Frame) -> Number:
        return Number(self._said(frame).counter)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine``, ``length`` for another layout and for a sealed one."""
        said = zip(SPANS.items(), self._said(frame).values, strict=True)
        return [within(at, quantity, value, span) for (quantity, span), value in said]

    def _said(self, frame: Frame) -> Said:
        data = parse(frame.data).service.get(UUID)
        if data is None:
            raise Reject(Reason.NOT_MINE, "no data of a thermometer")
        said = _parts(data)
        hold_address(said.address, self._address)
        return said


def _parts(data: bytes) -> Said:
    if len(data) == ATC1441.size:
        address, temperature, humidity, battery, millivolts, counter = ATC1441.unpack(data)
        return Said(address, (temperature / 10, humidity, battery, millivolts / 1000), counter)
    if len(data) == PVVX.size:
        reverse, temperature, humidity, millivolts, battery, counter, _flags = PVVX.unpack(data)
        values = (temperature / 100, humidity / 100, battery, millivolts / 1000)
        return Said(reverse[::-1], values, counter)
    if len(data) in SEALED:
        raise Reject(Reason.LENGTH, "sealed in pvvx's own way; set its firmware to BTHome (driver: bthome)")
    raise Reject(Reason.LENGTH, f"{len(data)} bytes, ATC1441 has {ATC1441.size} and pvvx {PVVX.size}")
