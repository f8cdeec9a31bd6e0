"""Other people's conversations on a Modbus line. Pure.

::

    request     unit | function 1-6 | address hi lo | length or value hi lo | CRC lo hi
    answer      unit | function 1-4 | byte count | data… | CRC lo hi
    exception   unit | function + 0x80 | code | CRC lo hi

(Modbus over Serial Line V1.02, 2.5.1.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pymodbus.framer import FramerRTU

from drivers.modbus.adu import EXCEPTION
from drivers.modbus.rtu import CRC_LENGTH, EXCEPTION_LENGTH

REQUEST_LENGTH: Final = 8
AROUND_DATA: Final = 5
READS: Final = range(1, 5)
REQUESTS: Final = range(1, 7)
UNITS: Final = range(1, 248)


def overheard(data: bytes) -> list[int]:
    """The units of the whole frames in what was heard, in order; noise looks like one in 20,000 bytes."""
    return list(dict.fromkeys(data[start] for start in _frames(data)))


def _frames(data: bytes) -> Iterator[int]:
    """Where whole frames begin."""
    here = 0
    while here + EXCEPTION_LENGTH <= len(data):
        length = next((n for n in _lengths(data, here) if _is_whole(data[here : here + n], n)), 0)
        if length:
            yield here
        here += length or 1


def _lengths(data: bytes, start: int) -> Iterator[int]:
    """What a frame that begins here may have."""
    unit, function, count = data[start : start + 3]
    if unit not in UNITS:
        return
    if function in REQUESTS:
        yield REQUEST_LENGTH
    if function in READS and count:
        yield AROUND_DATA + count
    if function ^ EXCEPTION in REQUESTS:
        yield EXCEPTION_LENGTH


def _is_whole(frame: bytes, length: int) -> bool:
    crc = int.from_bytes(frame[-CRC_LENGTH:], "big")
    return len(frame) == length and FramerRTU.check_CRC(frame[:-CRC_LENGTH], crc)
