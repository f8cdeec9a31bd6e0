"""Govee contacts and buttons H5121 to H5126 and H5130.

Company EF88, 24 bytes::

    0, 1    2 … 5      6 … 21    22, 23
    …       counter    sealed    CRC of 6 … 21

CRC-16 (polynomial 1021 from 1D0F, high byte first). AES-128 (ECB); key, sealed and opened bytes are each
turned from the last to the first, and the key is the counter with twelve zeros: it hides and proves nothing.
Opened::

    0     1     2        3     4          5
    01    …     model    …     battery    state
                               %

    model 02   H5123 door            state 1 closed, 2 open
          03   H5121 motion          state 1 somebody moves
          08   H5122 button          state, from 0, which button was pressed: it is the channel
          0A   H5125 six buttons
          0B   H5126 two buttons
          0D   H5130 pressure        state bit 4: its button was pressed
          09   H5124 vibration       the battery alone

Source: the captures of ``govee-ble`` of Bluetooth-Devices; they show how it is sealed and what the CRC is.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Mapping, Sequence
from typing import Final

from drivers.ble.measured import BATTERY
from drivers.ble.readings import hold_length, missing
from drivers.contract import Instant, Number, Reading, Reason, Reject

COMPANY: Final = 0xEF88
LENGTH: Final = 24
CRC_START: Final = 0x1D0F

DOOR: Final = 0x02
MOTION: Final = 0x03
BUTTONS: Final = {0x08: 1, 0x0A: 6, 0x0B: 2}
"""How many a model has."""

VIBRATION: Final = 0x09
PRESSURE: Final = 0x0D
CLOSED: Final = 1
OPEN: Final = 2
ITS_BUTTON: Final = 0x10
PRESSED_ONCE: Final = 1


def number(data: bytes) -> Number:
    """Raises Reject(LENGTH)."""
    hold_length(data, LENGTH)
    return Number(int.from_bytes(data[2:6], "big"))


def decode(data: bytes, at: Instant) -> Mapping[int, Sequence[Reading]]:
    """By button; of others, channel 1. Raises Reject: ``length``, ``checksum``, ``not_mine`` for an unknown
    model, ``range`` for a button that the model does not have."""
    hold_length(data, LENGTH)
    if crc_hqx(data[6:22], CRC_START) != int.from_bytes(data[22:], "big"):
        raise Reject(Reason.CHECKSUM, data.hex(" "))
    opened = _opened(data)
    model, state = opened[2], opened[5]
    battery = BATTERY.reading(at, opened[4])
    if model == DOOR:
        return {1: [battery, _door(state, at)]}
    if model == MOTION:
        return {1: [battery, Reading(at, "motion", state == 1)]}
    if model == VIBRATION or (model == PRESSURE and not state & ITS_BUTTON):
        return {1: [battery]}
    if model == PRESSURE:
        return {1: [battery, Reading(at, "button", PRESSED_ONCE)]}
    if model not in BUTTONS:
        raise Reject(Reason.NOT_MINE, f"model {model:02x} of Govee is not known")
    if state >= BUTTONS[model]:
        raise Reject(Reason.RANGE, f"button {state + 1} of {BUTTONS[model]}")
    return {state + 1: [battery, Reading(at, "button", PRESSED_ONCE)]}


def _opened(data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415 - only for devices that seal
        Cipher,
        algorithms,
        modes,
    )

    key = bytes(12) + data[5:1:-1]
    opener = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - the maker's choice
    return (opener.update(data[21:5:-1]) + opener.finalize())[::-1]


def _door(state: int, at: Instant) -> Reading:
    if state not in (CLOSED, OPEN):
        return missing(at, "open", "out_of_range")
    return Reading(at, "open", state == OPEN)
