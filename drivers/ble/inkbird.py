"""Inkbird IBS-TH, TH2, P01B and P02B, ITH-11-B, 13-B and 21-B, IAM-T2; meat thermometers iBBQ and xBBQ.

Offsets count from the manufacturer data's first byte, where others have a company id. The low byte comes
first unless said otherwise.

IBS-TH (name ``sps``), IBS-TH2 and P01B (``tps``), nine bytes::

    0, 1             2, 3          4            5, 6            7          8
    T                H             probe        CRC of 0 … 4    battery    …
    s16, 0.01 °C     u16, 0.01 %   0 built in                   %
                                   else plugged in

CRC-16 of Modbus. H is 0 or FFFF in a ``tps`` that has no hygrometer.

IBS-P02B, ITH-11-B, ITH-13-B, ITH-21-B, 18 bytes::

    0 … 5           6, 7            8, 9           10          11 …
    49 24 …         T               H              battery     …
    the address     s16, 0.1 °C     u16, 0.1 %     %

H 0: it has no hygrometer.

IAM-T2, 17 bytes, high byte first::

    0, 1      2     3 … 8           9               10, 11        12, 13       14, 15     16
    54 32     …     the address     bit 1: T is     T             H            CO2        …
                                    in 0.1 °F       s16, 0.1 °C   u16, 0.1 %   u16, ppm

iBBQ, xBBQ with 1, 2, 4 or 6 probes, 12, 14, 18 or 22 bytes::

    0, 1            2, 3      4 … 9           10, 11 …
    00 00, 01 00    00 00     the address     T of each probe
                                              s16, 0.1 °C; FFFF, FFF6: none plugged in

-40 to 100 °C in the room (IBS-P02B: of a pool), -50 to 300 °C in meat. A humidity or battery beyond 100 % is
damage, and nothing in its frame is believed.

Source: ``inkbird-ble`` of Bluetooth-Devices and its captures, those of ``ble_monitor``. FFF6 is taken for
none because ``decoder`` of theengs believes no temperature from FF00 on: a probe at -1.0 °C is then a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, Field

from drivers.ble.advertisement import Advertisement, parse
from drivers.ble.company import the_one, whole
from drivers.ble.measured import BATTERY, CO2, HUMIDITY, Measured
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import Span, hold_address, hold_length
from drivers.contract import Frame, Instant, Reading, Reason, Reject

NAMES: Final = ("sps", "tps")
NO_HYGROMETER: Final = (0x0000, 0xFFFF)
BY_NAME_LENGTH: Final = 9

LOGGER_MAKER: Final = bytes.fromhex("4924")
LOGGER_LENGTH: Final = 18

AIR_MONITOR: Final = bytes.fromhex("5432")
AIR_MONITOR_LENGTH: Final = 17
IN_FAHRENHEIT: Final = 0b10

MEAT_HEADS: Final = (bytes(4), bytes.fromhex("01000000"))
MEAT_LENGTHS: Final = (12, 14, 18, 22)
MEAT_AT: Final = 10
NOT_PLUGGED_IN: Final = (b"\xff\xff", b"\xf6\xff")

ROOM: Final = Measured("temperature", Span(-40.0, 100.0))
MEAT: Final = Measured("temperature", Span(-50.0, 300.0))


class Options(ProbeOptions):
    """The keys of an Inkbird."""

    channel: Annotated[
        int, Field(ge=1, le=6, description="which probe of a meat thermometer, 1 to 6 · 探针号，其余型号为 1")
    ] = 1
    probe: Annotated[
        Literal["built-in", "plugged-in"] | None,
        Field(
            description="which probe of an IBS-TH counts; while the other one speaks, the temperature is a "
            "gap; none: either · 只采用内置或外接探头"
        ),
    ] = None


class Inkbird:
    """An Inkbird: a room sensor, or one probe of a meat thermometer."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ("address", "channel")

    def __init__(self, options: Options) -> None:
        self._address = options.address_bytes
        self._channel = options.channel
        self._probe = options.probe

    def quantities(self) -> Sequence[str]:
        return ("temperature", "humidity", "co2", "battery")

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine`` for another address or probe, ``length``, ``checksum``, ``range`` for a
        damaged frame, ``replay`` where old values are handed out beside the new one."""
        said = parse(frame.data)
        if said.name in NAMES:
            return self._by_name(said, at)
        data = the_one(data for data in whole(said) if _of_a_known_form(data))
        if data[:2] == LOGGER_MAKER:
            return self._logger(data, at)
        if data[:2] == AIR_MONITOR:
            return self._air_monitor(data, at)
        return self._meat(data, at)

    def _by_name(self, said: Advertisement, at: Instant) -> Sequence[Reading]:
        self._check_channels(1)
        data = the_one(whole(said))
        hold_length(data, BY_NAME_LENGTH)
        if _crc_of(data[:5]) != int.from_bytes(data[5:7], "little"):
            raise Reject(Reason.CHECKSUM, data.hex(" "))
        humidity = int.from_bytes(data[2:4], "little")
        readings = [self._temperature(data, at)]
        if said.name == "sps" or humidity not in NO_HYGROMETER:
            readings.append(HUMIDITY.reading(at, humidity / 100))
        return _undamaged([*readings, BATTERY.reading(at, data[7])])

    def _temperature(self, data: bytes, at: Instant) -> Reading:
        other = self._probe is not None and (self._probe == "plugged-in") != bool(data[4])
        return ROOM.reading(at, None if other else _signed(data[:2]) / 100)

    def _logger(self, data: bytes, at: Instant) -> Sequence[Reading]:
        self._check_channels(1)
        hold_address(data[:6], self._address)
        humidity = int.from_bytes(data[8:10], "little")
        readings = [ROOM.reading(at, _signed(data[6:8]) / 10), BATTERY.reading(at, data[10])]
        if humidity:
            readings.append(HUMIDITY.reading(at, humidity / 10))
        return _undamaged(readings)

    def _air_monitor(self, data: bytes, at: Instant) -> Sequence[Reading]:
        self._check_channels(1)
        hold_address(data[3:9], self._address)
        degrees = int.from_bytes(data[10:12], "big", signed=True) / 10
        celsius = round((degrees - 32) * 5 / 9, 2) if data[9] & IN_FAHRENHEIT else degrees
        readings = [
            ROOM.reading(at, celsius),
            HUMIDITY.reading(at, int.from_bytes(data[12:14], "big") / 10),
            CO2.reading(at, int.from_bytes(data[14:16], "big")),
        ]
        return _undamaged(readings)

    def _meat(self, data: bytes, at: Instant) -> Sequence[Reading]:
        hold_address(data[4:MEAT_AT], self._address)
        self._check_channels((len(data) - MEAT_AT) // 2)
        start = MEAT_AT + 2 * (self._channel - 1)
        raw = data[start : start + 2]
        return (MEAT.reading(at, None if raw in NOT_PLUGGED_IN else _signed(raw) / 10),)

    def _check_channels(self, channels: int) -> None:
        if self._channel > channels:
            raise Reject(Reason.NOT_MINE, f"it has {channels} channels, and no {self._channel}")


def _of_a_known_form(data: bytes) -> bool:
    return (
        (data[:2] == LOGGER_MAKER and len(data) == LOGGER_LENGTH)
        or (data[:2] == AIR_MONITOR and len(data) == AIR_MONITOR_LENGTH)
        or (data[:4] in MEAT_HEADS and len(data) in MEAT_LENGTHS)
    )


def _undamaged(readings: Sequence[Reading]) -> Sequence[Reading]:
    for reading in readings:
        if reading.value is None and reading.quantity != "temperature":
            raise Reject(Reason.RANGE, f"{reading.quantity} beyond its range")
    return readings


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _crc_of(data: bytes) -> int:
    """CRC-16 of Modbus."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
