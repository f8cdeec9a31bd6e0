"""What can be true of an observation, and of a frame that bears a checksum: written down a second time, apart
from the code that is tested."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from operator import xor
from typing import Final

from drivers.contract import Code, Fix, Instant, Observation, Quality, Reading, Sighting
from edge import bounds, entries
from edge.quantities import QUANTITIES

LONGEST_CODE: Final = 128

_BREAKS: Final = str.maketrans(dict.fromkeys("\t\r\n\x04\x1c\x1d\x1e\x1f", " "))
"""A text, which is no identifier, may have several lines, and the parts of ISO/IEC 15434."""


def check(observations: object, at: Instant) -> None:
    """Raises AssertionError where one of them is none."""
    assert isinstance(observations, list | tuple), observations
    for item in observations:
        match item:
            case Reading():
                _check_reading(item)
            case Sighting():
                _check_code(item.code)
            case Fix():
                _check_fix(item)
            case _:
                raise AssertionError(f"{item!r} is no observation")
        assert item.at == at, "it is told as of when it was heard"
    said: list[Observation] = list(observations)
    checked = [bounds.checked(item) if isinstance(item, Reading) else item for item in said]
    assert list(entries.encode("probe", checked, {})) or not said, "it can be written down"


def _check_reading(item: Reading) -> None:
    quantity = QUANTITIES[item.quantity]
    assert (item.value is None) == (item.quality is Quality.MISSING), item
    assert bool(item.reason) == (item.quality is not Quality.GOOD), item
    if not quantity.unit:
        assert item.value is None or isinstance(item.value, bool), item
        return
    assert item.value is None or (isinstance(item.value, int | float) and not isinstance(item.value, bool)), (
        item
    )
    kept = bounds.checked(item).value
    if kept is not None:
        assert math.isfinite(kept), item
        assert quantity.low is None or kept >= quantity.low, item
        assert quantity.high is None or kept <= quantity.high, item


def _check_code(code: Code) -> None:
    assert code.scheme, code
    assert code.scheme.isascii(), code
    assert 0 < len(code.value) <= LONGEST_CODE, code
    printed = code.value.translate(_BREAKS) if code.scheme == "text" else code.value
    assert printed.isprintable(), code
    assert code.value == code.value.strip(), code


def _check_fix(item: Fix) -> None:
    for name, value in (("lat", item.lat), ("lon", item.lon), *item._asdict().items()):
        if name in ("at", "utc") or value is None:
            continue
        quantity = QUANTITIES[name]
        assert math.isfinite(value), item
        assert quantity.low is None or value >= quantity.low, (name, item)
        assert quantity.high is None or value <= quantity.high, (name, item)
    assert item.utc is None or 0 < item.utc < 2**63, item


def crc(data: bytes, polynomial: int, register: int) -> int:
    """A reflected CRC of 16 bits, bit by bit."""
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (polynomial if register & 1 else 0)
    return register


def _xor(data: bytes) -> int:
    return reduce(xor, data, 0)


def _wl134(frame: bytes) -> bool:
    return frame[27] == _xor(frame[1:27]) and frame[28] == frame[27] ^ 0xFF


def _nmea(epoch: bytes) -> bool:
    lines = [line for line in epoch.replace(b"\r", b"\n").split(b"\n") if line]
    parted = [line.removeprefix(b"$").partition(b"*") for line in lines]
    return all(int(told[:2], 16) == _xor(said) for said, _, told in parted)


HOLDS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "wl134": _wl134,
    "uhf_reader18": lambda frame: crc(frame[:-2], 0x8408, 0xFFFF) == int.from_bytes(frame[-2:], "little"),
    "yrm100": lambda frame: sum(frame[1:-2]) % 256 == frame[-2],
    "r2000": lambda frame: sum(frame) % 256 == 0,
    "rfid_shop": lambda frame: _xor(frame[:-2]) == frame[-2],
    "nmea": _nmea,
}
"""By driver, whether the checksum of a frame that says something holds."""
