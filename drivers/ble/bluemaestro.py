"""Blue Maestro Tempo Disc, Tempo Disc Maxi and Pebble: temperature, humidity, dew point, pressure.

Manufacturer data of company 0133; offsets count from after it::

    0         1          2, 3       4, 5    6, 7   8, 9   10, 11       12, 13
    version   battery    interval   logs    T      H      D or P       mode      high byte first, tenths
              %          s                  s16    u16    s16    u16

    version 08, 0D   Tempo Disc T       T
            16, 17   Tempo Disc THD     T, H, D
            1B       Tempo Disc THPD    T, H, P

    0         1          2 … 14     15, 16   17, 18   19 … 22
    version   battery    …          T        H        P                          low byte first, hundredths
                                    s16      s16      s32

    version 29, 2A, 2B   Tempo Disc Maxi T, THD, THPD

    0         1, 2       3, 4       5, 6     7        8, 9
    01        …          T          …        H        P                          Pebble, low byte first
                         s16, 0.1            %        hPa

T -40 to 85 °C, H 0 to 100 %, P in hPa, D the dew point in °C. What follows is statistics. There is no value
that means "none", and no checksum. ``logs`` counts what the disc has stored, not what it says.

Source: ``bluemaestro-ble`` of Bluetooth-Devices with its captures, ``ble_monitor``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.measured import BATTERY, HUMIDITY, Measured
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import Span
from drivers.contract import Frame, Instant, Reading, Reason, Reject

COMPANY: Final = 0x0133

TEMPERATURE: Final = Measured("temperature", Span(-40.0, 85.0))
DEW_POINT: Final = Measured("dew_point", Span(-100.0, 85.0))
PRESSURE: Final = Measured("pressure", Span(300.0, 1100.0))


class Field(NamedTuple):
    """A number in the frame: ``raw / divisor`` is in the quantity's unit."""

    means: Measured
    at: int
    size: int
    divisor: int
    read: Callable[[bytes], int]


def _big(raw: bytes) -> int:
    return int.from_bytes(raw, "big", signed=True)


def _big_unsigned(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def _little(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


_BATTERY: Final = Field(BATTERY, 1, 1, 1, _big_unsigned)
_T: Final = Field(TEMPERATURE, 6, 2, 10, _big)
_H: Final = Field(HUMIDITY, 8, 2, 10, _big_unsigned)
_DISC_T: Final = (_BATTERY, _T)
_DISC_THD: Final = (_BATTERY, _T, _H, Field(DEW_POINT, 10, 2, 10, _big))
_DISC_THPD: Final = (_BATTERY, _T, _H, Field(PRESSURE, 10, 2, 10, _big_unsigned))
_MAXI_T: Final = (_BATTERY, Field(TEMPERATURE, 15, 2, 100, _little))
_MAXI_THD: Final = (*_MAXI_T, Field(HUMIDITY, 17, 2, 100, _little))
_MAXI_THPD: Final = (*_MAXI_THD, Field(PRESSURE, 19, 4, 100, _little))
_PEBBLE: Final = (
    Field(TEMPERATURE, 3, 2, 10, _little),
    Field(HUMIDITY, 7, 1, 1, _big_unsigned),
    Field(PRESSURE, 8, 2, 1, _little),
)

VERSIONS: Final[dict[int, Sequence[Field]]] = {
    0x01: _PEBBLE,
    0x08: _DISC_T,
    0x0D: _DISC_T,
    0x16: _DISC_THD,
    0x17: _DISC_THD,
    0x1B: _DISC_THPD,
    0x29: _MAXI_T,
    0x2A: _MAXI_THD,
    0x2B: _MAXI_THPD,
}


class BlueMaestro:
    """A Tempo Disc or a Pebble."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._options = options

    def quantities(self) -> Sequence[str]:
        return ("temperature", "humidity", "dew_point", "pressure", "battery")

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine`` for another company or an unknown version, ``length``."""
        data = parse(frame.data).manufacturer.get(COMPANY)
        if not data:
            raise Reject(Reason.NOT_MINE, "no Blue Maestro")
        fields = VERSIONS.get(data[0])
        if fields is None:
            raise Reject(Reason.NOT_MINE, f"version {data[0]:02x} of Blue Maestro is not known")
        needed = max(field.at + field.size for field in fields)
        if len(data) < needed:
            raise Reject(Reason.LENGTH, f"{len(data)} bytes, version {data[0]:02x} says {needed}")
        return [
            field.means.reading(at, field.read(data[field.at : field.at + field.size]) / field.divisor)
            for field in fields
        ]
