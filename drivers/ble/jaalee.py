"""Jaalee JHT: temperature and humidity, in two advertisements that say the same.

::

    service data F525, high byte first
        0        1 … 6           7 8          9 10
        battery  address,        temperature  humidity
        u8, %    last byte first u16          u16

    iBeacon, manufacturer data, company 004C
        0   1   2 … 17                            18 19        20 21     22     23
        02  15  EBEFD08370A247C89837E7B5634DF525  temperature  humidity  power  battery

    temperature = 175 · u16 / 65535 - 45    -40 to 125 °C, what its sensor can tell
    humidity = 100 · u16 / 65535            0 to 100 %
    battery                                 0 to 100 %

No value means "none". The iBeacon tells no address; the radio's own must do.

Source: custom-components/ble_monitor jaalee.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import PERCENT, Span, hold_address, hold_length, within
from drivers.contract import Frame, Instant, Reading, Reason, Reject

SERVICE: Final = 0xF525
APPLE: Final = 0x004C
IBEACON: Final = bytes.fromhex("0215 ebefd08370a247c89837e7b5634df525")
"""An iBeacon's two bytes and the UUID of every JHT."""

_CELSIUS: Final = Span(-40.0, 125.0)
_FULL: Final = 0xFFFF


class Jaalee:
    """A JHT."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._address = options.address_bytes

    def quantities(self) -> Sequence[str]:
        return "temperature", "humidity", "battery"

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``length``, ``not_mine``."""
        said = parse(frame.data)
        data = said.service.get(SERVICE)
        if data is not None:
            hold_length(data, 11)
            hold_address(data[6:0:-1], self._address)
            return _readings(data[7:11], data[0], at)
        beacon = said.manufacturer.get(APPLE, b"")
        if not beacon.startswith(IBEACON):
            raise Reject(Reason.NOT_MINE, "neither service F525 nor a JHT's iBeacon")
        hold_length(beacon, 24)
        return _readings(beacon[18:22], beacon[23], at)


def _readings(climate: bytes, battery: int, at: Instant) -> list[Reading]:
    temperature, humidity = (int.from_bytes(climate[place : place + 2], "big") / _FULL for place in (0, 2))
    return [
        within(at, "temperature", round(175 * temperature - 45, 2), _CELSIUS),
        within(at, "humidity", round(100 * humidity, 2), PERCENT),
        within(at, "battery", float(battery), PERCENT),
    ]
