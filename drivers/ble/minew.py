"""Minew S1 and S3 (temperature, humidity), S4 (door) and MTB02 (thermometer), E and V3 frames of "Connect".

::

    service data FFE1            company 0639                              8.8: s16 / 256, high byte first
    S1        A1 01  battery  temperature 8.8  humidity 8.8  address (6)
    info      A1 08  battery  address (6)  name
    S3        A3 03  battery  temperature 8.8  humidity 8.8  address (6)  …              16 bytes
    S3 info   A3 01  version … address (6) at 12 …                                       20
    S4        A4 01  battery  door  tamper  trigger  … address (6) at 7 …                15
    S4 info   A4 00  version … address (6) at 10 …                                       18
    V3 info   CA 00  address (6)  battery …                                              24
    V3        CA 05  version  kind  …  temperature 8.8 at 5  humidity 8.8 at 7  name …   24
    MTB02     CA 1B  version  product (2) … address (6) at 6  mV u16  temperature 8.8 …  24

    battery      u8, 0 to 100 %
    temperature  -40 to 125 °C, what the sensors of these can tell
    humidity     0 to 100 %; a V3 frame whose kind has bit 1 has none
    mV           0 to 5000
    door         1 the magnet is away: ``open``

Addresses stand last byte first. No value means "none". The last bytes of frames A3, A4 and CA sign them in a
way that Minew does not publish; they are not checked. An MTB02 whose version has bit 7 is sealed and refused.

Sources: reelyactive/advlib-ble-manufacturers lib/minew.js; obniz/obniz MINEW_S1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final, NamedTuple, TypeAlias

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import PERCENT, Span, hold_address, hold_length, within
from drivers.contract import Frame, Instant, Reading, Reason, Reject

SERVICE: Final = 0xFFE1
COMPANY: Final = 0x0639

_CELSIUS: Final = Span(-40.0, 125.0)
_VOLT: Final = Span(0.0, 5.0)

_THERMOMETER: Final = b"\xca\x1b"
_SEALED: Final = 0x80
_CLIMATE: Final = b"\xca\x05"
_NO_HUMIDITY: Final = 0x02

_Field: TypeAlias = Callable[[bytes, Instant], Reading]


class _Layout(NamedTuple):
    """length: None where a name of any length ends it. address: where it stands; None: it is not told."""

    length: int | None
    address: int | None
    fields: Sequence[_Field] = ()


class Minew:
    """A beacon with sensors."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._address = options.address_bytes

    def quantities(self) -> Sequence[str]:
        return "temperature", "humidity", "open", "battery", "battery_voltage"

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Nothing for a frame that only tells versions. Raises Reject: ``length``, ``not_mine``, ``range``
        for a sealed frame."""
        said = parse(frame.data)
        layouts, data = _SERVED, said.service.get(SERVICE)
        if data is None:
            layouts, data = _MADE, said.manufacturer.get(COMPANY, b"")
        layout = layouts.get(data[:2])
        if layout is None:
            raise Reject(Reason.NOT_MINE, f"no frame of a sensor: {data.hex(' ')}")
        self._hold(data, layout)
        return [read(data, at) for read in _told(data, layout)]

    def _hold(self, data: bytes, layout: _Layout) -> None:
        if layout.length is not None:
            hold_length(data, layout.length)
        elif len(data) < _SHORTEST_INFO:
            raise Reject(Reason.LENGTH, f"{len(data)} bytes, at least {_SHORTEST_INFO}: {data.hex(' ')}")
        if data.startswith(_THERMOMETER) and data[2] & _SEALED:
            raise Reject(Reason.RANGE, "sealed; switch encryption off on the beacon")
        if layout.address is not None:
            hold_address(data[layout.address : layout.address + 6][::-1], self._address)


_SHORTEST_INFO: Final = 9


def _told(data: bytes, layout: _Layout) -> Sequence[_Field]:
    alone = data.startswith(_CLIMATE) and data[3] & _NO_HUMIDITY
    return layout.fields[:1] if alone else layout.fields


def _fixed(data: bytes, place: int) -> float:
    return int.from_bytes(data[place : place + 2], "big", signed=True) / 256


def _temperature(place: int) -> _Field:
    return lambda data, at: within(at, "temperature", _fixed(data, place), _CELSIUS)


def _humidity(place: int) -> _Field:
    return lambda data, at: within(at, "humidity", _fixed(data, place), PERCENT)


def _battery(place: int) -> _Field:
    return lambda data, at: within(at, "battery", float(data[place]), PERCENT)


def _battery_voltage(place: int) -> _Field:
    def read(data: bytes, at: Instant) -> Reading:
        return within(at, "battery_voltage", int.from_bytes(data[place : place + 2], "big") / 1000, _VOLT)

    return read


def _open(place: int) -> _Field:
    return lambda data, at: Reading(at, "open", data[place] > 0)


_SERVED: Final = {
    b"\xa1\x01": _Layout(13, 7, (_battery(2), _temperature(3), _humidity(5))),
    b"\xa1\x08": _Layout(None, 3, (_battery(2),)),
}
"""In service data, by its first two bytes."""

_MADE: Final = {
    b"\xa3\x01": _Layout(20, 12),
    b"\xa3\x03": _Layout(16, 7, (_battery(2), _temperature(3), _humidity(5))),
    b"\xa4\x00": _Layout(18, 10),
    b"\xa4\x01": _Layout(15, 7, (_battery(2), _open(3))),
    b"\xca\x00": _Layout(24, 2, (_battery(8),)),
    _CLIMATE: _Layout(24, None, (_temperature(5), _humidity(7))),
    _THERMOMETER: _Layout(24, 6, (_battery_voltage(12), _temperature(14))),
}
"""In manufacturer data, by its first two bytes."""
