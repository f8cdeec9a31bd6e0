"""SwitchBot Meter, Meter Plus, Meter Pro, Outdoor Meter, Hub 2 and Contact Sensor.

Service data FD3D (0D00 of old firmware), which only an active scan hears::

    0            1        2            3            4            5
    model        state    battery      tenths       °C           humidity
    bits 6-0              bits 6-0 %   bits 3-0     bits 6-0     bits 6-0 %
    bit 7 sealed                                    bit 7 above 0

    model 54 T, 69 i   Meter, Meter Plus       the six bytes
          34 4, 35 5   Meter Pro, with CO2     the first three; the rest as below
          77 w         Outdoor Meter           the first three; the rest as below
          76 v         Hub 2                   model and state; the rest as below
          64 d         Contact Sensor          the first three; state bit 6: somebody moves;
                                               byte 3 bit 1: open, bit 2: open for long

A letter of the other case is the same model while it is being paired.

Manufacturer data 0969 carry the address, and beside the service data of a model without its own::

    0 … 5      6         7     8        9     10          13, 14
    address    number    …     tenths   °C    humidity    CO2 in ppm, high byte first    (Hub 2: 13 to 15)

Without service data ``model`` says what the manufacturer data are; the battery is then not heard of. -40 to
80 °C; a meter that says 0.0 °C, 0 % and battery 0 has not measured yet.

Source: ``pySwitchbot`` of sblibs, its captures and those of ``ble_monitor``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, Field

from drivers.ble.advertisement import Advertisement, parse
from drivers.ble.measured import BATTERY, HUMIDITY, Measured
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import Span, hold_address
from drivers.contract import Frame, Instant, Reading, Reason, Reject

SERVICES: Final = (0xFD3D, 0x0D00)
COMPANY: Final = 0x0969

METERS: Final = {"t": "meter", "i": "meter", "4": "meter", "5": "meter-co2", "w": "meter", "v": "hub2"}
CONTACT: Final = "d"
"""The letter in the service data."""

CLIMATE_AT: Final = {"meter": 8, "meter-co2": 8, "hub2": 13}
CO2_AT: Final = 13

TEMPERATURE: Final = Measured("temperature", Span(-40.0, 80.0))
CO2: Final = Measured("co2", Span(0.0, 9999.0))


class Options(ProbeOptions):
    """The keys of a SwitchBot."""

    model: Annotated[
        Literal["meter", "meter-co2", "hub2"] | None,
        Field(
            description="what it is, where a passive radio hears no service data: a meter of any kind, one "
            "with CO2, a hub · 型号，仅被动扫描时需要"
        ),
    ] = None


class SwitchBot:
    """A SwitchBot: a meter's climate, or the state of a contact sensor."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: Options) -> None:
        self._address = options.address_bytes
        self._model = options.model

    def quantities(self) -> Sequence[str]:
        return ("temperature", "humidity", "co2", "battery", "open", "motion")

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``not_mine`` for another address or an unknown model, ``length``, ``sentinel`` for a
        meter that has not measured yet."""
        said = parse(frame.data)
        service = next((said.service[uuid] for uuid in SERVICES if said.service.get(uuid)), b"")
        maker = self._maker(said)
        letter = chr(service[0] & 0x7F).lower() if service else ""
        battery = [BATTERY.reading(at, service[2] & 0x7F)] if len(service) > 2 else []
        if letter == CONTACT:
            return battery + _states(service, at)
        model = METERS.get(letter) if letter else self._model
        if model is None or not (service or maker):
            raise Reject(Reason.NOT_MINE, f"model {letter!r}" if letter else "no service data: set `model`")
        return battery + _climate(model, service, maker, at)

    def _maker(self, said: Advertisement) -> bytes:
        """The manufacturer data; empty where there are none."""
        maker = said.manufacturer.get(COMPANY, b"")
        if maker:
            hold_address(maker[:6], self._address)
        return maker


def _climate(model: str, service: bytes, maker: bytes, at: Instant) -> list[Reading]:
    start = CLIMATE_AT[model]
    own = service[3:6] if len(service) >= 6 else maker[start : start + 3]
    if len(own) < 3:
        raise Reject(
            Reason.LENGTH, f"no climate in {len(service)} bytes of service data and {len(maker)} others"
        )
    if not any((*own, *service[2:3])):
        raise Reject(Reason.SENTINEL, "it has not measured yet")
    tenths = (own[1] & 0x7F) * 10 + (own[0] & 0x0F)
    readings = [
        TEMPERATURE.reading(at, (tenths if own[1] & 0x80 else -tenths) / 10),
        HUMIDITY.reading(at, own[2] & 0x7F),
    ]
    if model == "meter-co2" and len(maker) >= CO2_AT + 2:
        readings.append(CO2.reading(at, int.from_bytes(maker[CO2_AT : CO2_AT + 2], "big")))
    return readings


def _states(service: bytes, at: Instant) -> list[Reading]:
    if len(service) < 4:
        raise Reject(Reason.LENGTH, f"{len(service)} bytes of service data, a contact says 4 and more")
    return [
        Reading(at, "open", bool(service[3] & 0b110)),
        Reading(at, "motion", bool(service[1] & 0x40)),
    ]
