"""Qingping (青萍, ClearGrass): thermometers, hygrometers and air monitors in their own format.

Service data of UUID FDCD::

    0        1       2 … 7                   8 …
    control  model   address, last byte      object object ...
                     first

    object   id (1)  length (1)  data, low byte first
             01      4           temperature s16 0.1 Cel, humidity u16 0.1 %
             02      1           battery %
             07      2           pressure u16 0.1 hPa
             08      4           motion 0|1, illuminance u24 lx
             09      4           illuminance u32 lx
             0F      1           packet number: another one is news
             13      2           CO2 u16 ppm

What else there is (light 11, dust 12 …) has a length and is passed over. The air monitor CGDN1 (models 0E and
24) names the address of its wireless LAN, which tells nothing of its radio; all others must name their own.
No value means "none"; the sensors (Sensirion SHT3x, SHT4x) measure -40 … 125 Cel; CO2 up
to 10000 ppm.

Source: ble_monitor ble_parser/qingping.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import PERCENT, Span, hold_address, within
from drivers.contract import Frame, Instant, Number, Reading, Reason, Reject

UUID: Final = 0xFDCD
HEAD: Final = 8
CGDN1: Final = (0x0E, 0x24)
MOTION: Final = (0x08, 4)
"""Its id and length."""

PACKET_NUMBER: Final = 0x0F

SPANS: Final = {
    "temperature": Span(-40.0, 125.0),
    "humidity": PERCENT,
    "battery": PERCENT,
    "pressure": Span(300.0, 1250.0),
    "illuminance": Span(0.0, 200_000.0),
    "co2": Span(0.0, 10_000.0),
}
"""What the sensors measure."""


class Part(NamedTuple):
    """A number in an object."""

    quantity: str
    start: int
    end: int
    factor: float = 1.0
    signed: bool = False


OBJECTS: Final = {
    (0x01, 4): (Part("temperature", 0, 2, 0.1, signed=True), Part("humidity", 2, 4, 0.1)),
    (0x02, 1): (Part("battery", 0, 1),),
    (0x07, 2): (Part("pressure", 0, 2, 0.1),),
    MOTION: (Part("illuminance", 1, 4),),
    (0x09, 4): (Part("illuminance", 0, 4),),
    (0x13, 2): (Part("co2", 0, 2),),
}


class Qingping:
    """A sensor of Qingping."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._address = options.address_bytes

    def quantities(self) -> Sequence[str]:
        return (*SPANS, "motion")

    def number(self, frame: Frame) -> Number | None:
        """The packet number, of those that have one."""
        return next(
            (Number(data[0]) for kind, data in self._objects(frame) if kind == PACKET_NUMBER and data), None
        )

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine``, ``length``."""
        readings: dict[str, Reading] = {}
        for kind, data in self._objects(frame):
            if (kind, len(data)) == MOTION:
                readings["motion"] = Reading(at, "motion", bool(data[0]))
            for part in OBJECTS.get((kind, len(data)), ()):
                raw = int.from_bytes(data[part.start : part.end], "little", signed=part.signed)
                value = round(raw * part.factor, 1)
                readings[part.quantity] = within(at, part.quantity, value, SPANS[part.quantity])
        return tuple(readings.values())

    def _objects(self, frame: Frame) -> Sequence[tuple[int, bytes]]:
        data = parse(frame.data).service.get(UUID)
        if data is None:
            raise Reject(Reason.NOT_MINE, "no data of Qingping")
        if len(data) < HEAD:
            raise Reject(Reason.LENGTH, f"{len(data)} bytes, the head alone has {HEAD}")
        if data[1] not in CGDN1:
            hold_address(data[2:HEAD][::-1], self._address)
        return list(_objects(data[HEAD:]))


def _objects(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(body):
        end = at + 2 + body[at + 1] if at + 1 < len(body) else len(body) + 1
        if end > len(body):
            raise Reject(Reason.LENGTH, f"the object at byte {HEAD + at} is cut short")
        yield body[at], body[at + 2 : end]
        at = end
