"""Environmental Sensing (0x181A): a connected probe's temperature, humidity and air pressure.

::

    2A6E  temperature, s16, 0.01 Cel, -273.15 … 327.67      8000: not known
    2A6F  humidity, u16, 0.01 %, 0 … 100                    FFFF: not known
    2A6D  pressure, u32, 0.1 Pa

All little-endian. A frame has those that the probe has said together, each as data of a service whose UUID
is the characteristic's. Source: Bluetooth SIG, GATT Specification Supplement (Temperature, Humidity,
Pressure).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from drivers.ble.advertisement import parse
from drivers.ble.probe import ProbeOptions
from drivers.contract import Frame, Instant, Observation, Quality, Reading, Reason, Reject

TEMPERATURE: Final = 0x2A6E
HUMIDITY: Final = 0x2A6F
PRESSURE: Final = 0x2A6D

_NO_TEMPERATURE: Final = -0x8000
_NO_HUMIDITY: Final = 0xFFFF
_COLDEST: Final = -27315
_WETTEST: Final = 10000
_PA_TENTHS_PER_HPA: Final = 1000


class EnvironmentalSensing:
    """Options: ``address``."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)
    characteristics: ClassVar[tuple[int, ...]] = (TEMPERATURE, HUMIDITY, PRESSURE)

    def __init__(self, options: ProbeOptions) -> None:
        pass

    def quantities(self) -> Sequence[str]:
        return ("temperature", "humidity", "pressure")

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        """Raises Reject: NOT_MINE without any of the three, LENGTH, RANGE."""
        values = parse(frame.data).service
        said: list[Reading] = []
        if (data := values.get(TEMPERATURE)) is not None:
            raw = int.from_bytes(_exactly(data, 2), "little", signed=True)
            said.append(_temperature(raw, at))
        if (data := values.get(HUMIDITY)) is not None:
            said.append(_humidity(int.from_bytes(_exactly(data, 2), "little"), at))
        if (data := values.get(PRESSURE)) is not None:
            raw = int.from_bytes(_exactly(data, 4), "little")
            said.append(Reading(at, "pressure", raw / _PA_TENTHS_PER_HPA))
        if not said:
            raise Reject(Reason.NOT_MINE, "none of the characteristics 2A6E, 2A6F, 2A6D")
        return said


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise Reject(Reason.LENGTH, f"{len(data)} bytes where {size} are due")
    return data


def _temperature(raw: int, at: Instant) -> Reading:
    if raw == _NO_TEMPERATURE:
        return Reading(at, "temperature", None, Quality.MISSING, "sensor_fault")
    if raw < _COLDEST:
        raise Reject(Reason.RANGE, f"{raw / 100} Cel is below absolute zero")
    return Reading(at, "temperature", raw / 100)


def _humidity(raw: int, at: Instant) -> Reading:
    if raw == _NO_HUMIDITY:
        return Reading(at, "humidity", None, Quality.MISSING, "sensor_fault")
    if raw > _WETTEST:
        raise Reject(Reason.RANGE, f"humidity of {raw / 100} %")
    return Reading(at, "humidity", raw / 100)
