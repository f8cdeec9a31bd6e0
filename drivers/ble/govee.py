"""Govee thermometers and hygrometers, meat thermometers, door contacts and buttons (H50xx, H51xx).

Offsets count from after the company id; T and H of two bytes have their low byte first.

company EC88::

    length
    6        00 │ packed (3) │ battery │ 00              H5072, H5075, H5129
    7        00 │ T s16 │ H u16 │ battery │ …            H5074                  0.01 °C, 0.01 %, %
    9        00 │ T s16 │ H u16 │ battery │ …            H5051, H5052, H5071

company 8801::

    9        EC 00 01 01 │ T s16 │ H u16 │ battery       H5179

company 0001, which others use too: its model stands in the name (``GVH5106_4E05``) or under ``model``::

    6        01 01 │ packed (3) │ battery                H5100 to H5105, H5110, H5174, H5177, H5179
    6        01 01 │ packed (4)                          H5106
    8        01 01 │ packed (3) │ battery │ …            H5108
    8        01 01 │ packed (3) │ battery │ 00 │ probe   H5112: bits 7-6, 1 or 2
    8        01 01 │ packed (3) │ CO2 u16 │ fault        H5140: ppm, high byte first; bit 0 of fault
    9        01 01 │ 0 inside, 1 outside │ packed (3) │ battery │ …     H5178: channels 1 and 2

packed, high byte first: the first bit says below zero, the rest is ``T · 1000 + H`` in 0.1 °C and 0.1 %; that
of the H5106 is ``(T · 1000 + H) · 1000 + PM2.5``. Battery: bits 6-0 in %, bit 7: the sensor has failed, and T
and H mean nothing. -40 to 85 °C, which is what the sensors bear; the maker promises -20 to 60. There is no
checksum.

Meat thermometers are drawn in `govee_meat.py`, contacts and buttons, which seal what they say, in
`govee_sealed.py`.

Source: ``govee-ble`` of Bluetooth-Devices and its captures, those of ``ble_monitor``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal, TypeAlias

from pydantic import BaseModel, Field

from drivers.ble import govee_meat, govee_sealed
from drivers.ble.advertisement import Advertisement, parse
from drivers.ble.measured import BATTERY, CO2, HUMIDITY, Measured
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import Span, missing
from drivers.contract import Frame, Instant, Number, Reading, Reason, Reject

Channels: TypeAlias = Mapping[int, Sequence[Reading]]
"""What a frame says, by channel."""

Layout: TypeAlias = Callable[[bytes, Instant], Channels]

GLUED: Final = b"\x4c\x00\x02\x15INTELLI_ROCKS"
"""An iBeacon that some firmware sends in the same structure."""

TEMPERATURE: Final = Measured("temperature", Span(-40.0, 85.0))

FAILED: Final = 0x80
_NAMED: Final = re.compile(r"(?:GVH|GV|Govee_H|B)(5\d{3})")


class Options(ProbeOptions):
    """The keys of a Govee."""

    channel: Annotated[
        int,
        Field(
            ge=1,
            le=6,
            description="which of its probes or buttons, 1 to 6; H5178: 1 inside, 2 outside · 探针或按钮号",
        ),
    ] = 1
    model: Annotated[
        Literal[
            "h5055",
            "h5100",
            "h5101",
            "h5102",
            "h5103",
            "h5104",
            "h5105",
            "h5106",
            "h5108",
            "h5110",
            "h5112",
            "h5140",
            "h5174",
            "h5177",
            "h5179",
        ]
        | None,
        Field(description="its model, where it does not say its name · 型号，仅在设备不广播名称时需要"),
    ] = None


class Govee:
    """A Govee, or one probe or button of it."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ("address", "channel")

    def __init__(self, options: Options) -> None:
        self._address = options.address_bytes
        self._channel = options.channel
        self._model = options.model

    def quantities(self) -> Sequence[str]:
        return ("temperature", "humidity", "co2", "battery", "open", "motion", "button")

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine`` for another probe or address and for an unknown model, ``length``,
        ``range``, and ``checksum`` of what is sealed."""
        channels = self._channels(parse(frame.data), at)
        if self._channel not in channels:
            raise Reject(Reason.NOT_MINE, f"it speaks of {sorted(channels)}, and not of {self._channel}")
        return channels[self._channel]

    def number(self, frame: Frame) -> Number | None:
        """Of what is sealed, its counter."""
        sealed = parse(frame.data).manufacturer.get(govee_sealed.COMPANY, b"")
        return govee_sealed.number(sealed) if sealed else None

    def _channels(self, said: Advertisement, at: Instant) -> Channels:
        entries = {company: data.partition(GLUED)[0] for company, data in said.manufacturer.items()}
        model = self._model or _model_in(said.name)
        if sealed := entries.get(govee_sealed.COMPANY):
            return govee_sealed.decode(sealed, at)
        if meat := govee_meat.with_address(entries, self._address):
            flat = model == "h5055" or govee_meat.H5055_SERVICE in said.services
            return govee_meat.decode_h5055(meat, at) if flat else govee_meat.decode(meat, at)
        for company, data in entries.items():
            layouts = OF_COMPANY.get(company) or (OF_MODEL.get(model, SHARED) if company == 1 else {})
            if len(data) in layouts:
                return layouts[len(data)](data, at)
            if company in OF_COMPANY:
                raise Reject(Reason.LENGTH, f"{len(data)} bytes of company {company:04x}")
        raise Reject(Reason.NOT_MINE, f"no Govee of a known model: {said.name!r}; see `model`")


def _model_in(name: str) -> str:
    named = _NAMED.match(name)
    return f"h{named[1]}" if named else ""


def _packed(packed: bytes, battery: int, at: Instant) -> list[Reading]:
    """Of one number: where the temperature cannot be, the humidity means nothing either."""
    number = int.from_bytes(packed, "big")
    sign = 1 << (8 * len(packed) - 1)
    tenths, permille = divmod(number & ~sign, 1000)
    if battery & FAILED:
        return [TEMPERATURE.reading(at, None), HUMIDITY.reading(at, None)]
    temperature = TEMPERATURE.reading(at, (-tenths if number & sign else tenths) / 10)
    if temperature.value is None:
        return [temperature, missing(at, "humidity", temperature.reason)]
    return [temperature, HUMIDITY.reading(at, permille / 10)]


def _packed_with_battery(packed: bytes, battery: int, at: Instant) -> list[Reading]:
    return [*_packed(packed, battery, at), BATTERY.reading(at, battery & ~FAILED)]


def _hundredths(start: int) -> Layout:
    def layout(data: bytes, at: Instant) -> Channels:
        temperature = int.from_bytes(data[start : start + 2], "little", signed=True)
        humidity = int.from_bytes(data[start + 2 : start + 4], "little")
        return {
            1: (
                TEMPERATURE.reading(at, temperature / 100),
                HUMIDITY.reading(at, humidity / 100),
                BATTERY.reading(at, data[start + 4]),
            )
        }

    return layout


def _packed_at(start: int) -> Layout:
    def layout(data: bytes, at: Instant) -> Channels:
        return {1: _packed_with_battery(data[start : start + 3], data[start + 3], at)}

    return layout


def _h5106(data: bytes, at: Instant) -> Channels:
    number = int.from_bytes(data[2:6], "big")
    without_dust = (number & 0x7FFF_FFFF) // 1000 | (number & 0x8000_0000) >> 8
    return {1: _packed(without_dust.to_bytes(3, "big"), 0, at)}


def _h5112(data: bytes, at: Instant) -> Channels:
    temperature, _, battery = _packed_with_battery(data[2:5], data[5], at)
    return {data[7] >> 6: (temperature, battery)}


def _h5140(data: bytes, at: Instant) -> Channels:
    failed = bool(data[7] & 1)
    co2 = CO2.reading(at, None if failed else int.from_bytes(data[5:7], "big"))
    return {1: (*_packed(data[2:5], FAILED if failed else 0, at), co2)}


def _h5178(data: bytes, at: Instant) -> Channels:
    return {data[2] + 1: _packed_with_battery(data[3:6], data[6], at)}


OF_COMPANY: Final[dict[int, dict[int, Layout]]] = {
    0xEC88: {6: _packed_at(1), 7: _hundredths(1), 9: _hundredths(1)},
    0x8801: {9: _hundredths(4)},
}

SHARED: Final[dict[int, Layout]] = {9: _h5178}
"""Of company 0001, whatever the model."""

_SIX: Final[dict[int, Layout]] = {6: _packed_at(2)}
OF_MODEL: Final[dict[str, dict[int, Layout]]] = {
    **dict.fromkeys(("h5100", "h5101", "h5102", "h5103", "h5104", "h5105"), _SIX),
    **dict.fromkeys(("h5110", "h5174", "h5177", "h5179"), _SIX),
    "h5106": {6: _h5106},
    "h5108": {8: _packed_at(2)},
    "h5112": {8: _h5112},
    "h5140": {8: _h5140},
}
