"""Govee meat thermometers H5181 to H5185, H5198 and H5055.

Their address stands where others have a company id: its fourth and fifth byte, then (offsets from after these
two)::

    0          1 … 5    6              7     8, 9       10, 11    12    13, 14      15, 16
    address,   …        pair           …     T first    alarm     …     T second    alarm     H5182, H5184
    byte 6              bits 5-0       …     T first    alarm                                 H5181, H5183

    0 … 5      6        7     8, 9       10, 11    12, 13    14, 15      16, 17    18, 19
               pair     …     T first    high      low       T second    high      low        H5185, H5198

T u16, high byte first, 0.01 °C. FFFF: none is plugged in. Pair 1: probes 1 and 2, pair 2: 3 and 4.

H5055, low byte first::

    0          1     2          3            4     5, 6       7, 8    9, 10    11    12, 13
    address,   …     battery    bits 7-6     …     T first    high    low      …     T second
    byte 6           %          pair 0 … 2         1 °C

bits 5-0 of byte 3: which of the six probes is plugged in.

0 to 300 °C, as the maker says: they are not for freezers. The alarm limits are not readings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from drivers.ble.measured import BATTERY, Measured
from drivers.ble.readings import Span, hold_length
from drivers.contract import Instant, Reading, Reason, Reject

H5055_SERVICE: Final = 0x5550
H5055_LENGTH: Final = 20

FIRST_AT: Final = 8
SECOND_AT: Final = {17: 13, 20: 14}
ONE_PROBE_LENGTH: Final = 14
PAIR: Final = 0x3F
PAIRS: Final = (1, 2)

UNPLUGGED: Final = 0xFFFF
TEMPERATURE: Final = Measured("temperature", Span(0.0, 300.0))


def with_address(entries: Mapping[int, bytes], address: bytes) -> bytes | None:
    """The data of the entry that begins with the end of the address."""
    data = entries.get(int.from_bytes(address[3:5], "little"), b"")
    return data if data[:1] == address[5:] else None


def decode(data: bytes, at: Instant) -> Mapping[int, Sequence[Reading]]:
    """By probe. Raises Reject: ``length``, ``range`` for a pair that there is not."""
    first = _hundredths(data[FIRST_AT : FIRST_AT + 2], at)
    if len(data) == ONE_PROBE_LENGTH:
        return {1: [first]}
    if len(data) not in SECOND_AT:
        raise Reject(Reason.LENGTH, f"{len(data)} bytes, a meat thermometer says 14, 17 or 20")
    pair = data[6] & PAIR
    if pair not in PAIRS:
        raise Reject(Reason.RANGE, f"pair {pair} of probes")
    second_at = SECOND_AT[len(data)]
    return {2 * pair - 1: [first], 2 * pair: [_hundredths(data[second_at : second_at + 2], at)]}


def decode_h5055(data: bytes, at: Instant) -> Mapping[int, Sequence[Reading]]:
    """By probe. Raises Reject: ``length``, ``range`` for a pair that there is not."""
    hold_length(data, H5055_LENGTH)
    pair, plugged = data[3] >> 6, data[3] & PAIR
    if pair > 2:
        raise Reject(Reason.RANGE, f"pair {pair} of probes")
    battery = BATTERY.reading(at, data[2])
    said = {}
    for probe, start in ((2 * pair + 1, 5), (2 * pair + 2, 12)):
        degrees = int.from_bytes(data[start : start + 2], "little")
        is_plugged = plugged >> (probe - 1) & 1 and degrees != UNPLUGGED
        said[probe] = [TEMPERATURE.reading(at, degrees if is_plugged else None), battery]
    return said


def _hundredths(raw: bytes, at: Instant) -> Reading:
    number = int.from_bytes(raw, "big")
    return TEMPERATURE.reading(at, None if number == UNPLUGGED else number / 100)
