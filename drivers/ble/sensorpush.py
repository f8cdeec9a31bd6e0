"""SensorPush HT.w and HTP.xw: temperature and humidity, and pressure.

Advertised under the service EF090000-11D6-42BA-93B8-9DD7EC090AB0. The manufacturer data hold no company id::

    0                 1 …
    model │ page      packed, low byte first
    bits 7-2  1-0

    model 0  HTP.xw   6 bytes      packed = T + 72001 · (H + 40001 · P)
          1  HT.w     4 bytes      packed = T + 66001 · H

    T   -40 °C + 0.0025 °C each    HT.w 0 to 66000, HTP.xw 0 to 72000
    H   0.0025 % each              0 to 40000
    P   30000 Pa + 1 Pa each       0 to 95000

Page 0 alone carries values. All that can be packed is within the instrument's range; more is damage. There
is no value that means "none", and no checksum. Values are rounded to a hundredth, a quarter of the accuracy.

Source: ``sensorpush-ble`` of Bluetooth-Devices, and the captures of ``ble_monitor``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import BaseModel

from drivers.ble.advertisement import Advertisement, parse
from drivers.ble.company import the_one, whole
from drivers.ble.probe import ProbeOptions
from drivers.ble.readings import hold_length
from drivers.contract import Frame, Instant, Reading, Reason, Reject

SERVICE: Final = 0xEF090000_11D6_42BA_93B8_9DD7EC090AB0
NAMES: Final = ("SensorPush HT.w", "SensorPush HTP.xw", "HT.w", "HTP.xw")
PAGE: Final = 0b11


class Packed(NamedTuple):
    """A quantity as it is packed: the value is ``low + step · n``, n from 0 to steps - 1."""

    quantity: str
    low: float
    step: float
    steps: int


MODELS: Final[dict[int, tuple[Packed, ...]]] = {
    0: (
        Packed("temperature", -40.0, 0.0025, 72_001),
        Packed("humidity", 0.0, 0.0025, 40_001),
        Packed("pressure", 300.0, 0.01, 95_001),
    ),
    1: (Packed("temperature", -40.0, 0.0025, 66_001), Packed("humidity", 0.0, 0.0025, 40_001)),
}
LENGTHS: Final = {0: 7, 1: 5}
"""Bytes, the first one among them."""


class SensorPush:
    """A SensorPush: every advertisement of page 0 is a measurement."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: ProbeOptions) -> None:
        self._options = options

    def quantities(self) -> Sequence[str]:
        return ("temperature", "humidity", "pressure")

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Nothing for a page that carries no values. Raises Reject: ``length``, ``range`` where more is
        packed than the model can mean, ``replay`` where old values are handed out beside the new one."""
        said = parse(frame.data)
        if not _is_ours(said):
            raise Reject(Reason.NOT_MINE, "no SensorPush")
        pages = whole(said)
        values = [data for data in pages if not data[0] & PAGE]
        if pages and not values:
            return ()
        data = the_one(values)
        model = data[0] >> 2
        if model not in MODELS:
            raise Reject(Reason.NOT_MINE, f"model {model} of SensorPush is not known")
        hold_length(data, LENGTHS[model])
        return _unpacked(int.from_bytes(data[1:], "little"), MODELS[model], at)


def _is_ours(said: Advertisement) -> bool:
    return SERVICE in said.services or said.name.startswith(NAMES)


def _unpacked(packed: int, model: Sequence[Packed], at: Instant) -> Sequence[Reading]:
    readings = []
    for quantity, low, step, steps in model:
        packed, n = divmod(packed, steps)
        readings.append(Reading(at, quantity, round(low + n * step, 2)))
    if packed:
        raise Reject(Reason.RANGE, f"{packed} times more than the model can mean")
    return readings
