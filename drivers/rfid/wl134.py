"""WL-134, WL-134A, R134: 134.2 kHz readers of ISO 11784/11785 ear tags, FDX-B and HDX.

9600 baud, 8N1 (the data sheet says 8N2). The reader sends one frame of 30 bytes for each reading of a tag::

    0    1 … 10       11 … 14     15     16       17 … 20   21 … 26   27    28    29
    02   national id  country     data   animal   reserved  reserved  XOR   ~XOR  03 FDX-B
         10 hex       4 hex       block                                           07 HDX
         last first   last first  0|1    0|1

XOR is over bytes 1 to 26; byte 28 is its complement. Both numbers are hexadecimal text with the *least*
significant digit first: ``171A9253A3`` reads 0x3A3529A171, which is 250000023921.

A parser that insists on 03 loses every HDX tag. The animal flag is not a reason to refuse: cheap tags sold
for animals leave it 0, and the number identifies the tag all the same.

Sources: esphome/components/wl_134/wl_134.cpp; Makuna/Rfid134 src/Rfid134.h, issue #10 for the end byte 07.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from drivers.contract import Frame, Instant, NoOptions, Reason, Reject, Sighting
from drivers.framing import FixedLength, xor_of
from drivers.rfid.iso11784 import animal

START = b"\x02"
LENGTH = 30
ENDS = (0x03, 0x07)
"""FDX-B, HDX."""

_FIELDS = re.compile(rb"\x02([0-9A-Fa-f]{10})([0-9A-Fa-f]{4})[01]{2}.{13}", re.DOTALL)


class Wl134:
    """An ear-tag reader: each frame is the sighting of an ISO 11784 code."""

    options: ClassVar[type[BaseModel]] = NoOptions
    claims: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: NoOptions) -> None: ...

    def quantities(self) -> Sequence[str]:
        return ()

    def splitter(self) -> FixedLength:
        return FixedLength(START, LENGTH, fault)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Sighting]:
        """Raises Reject: ``range`` for digits that are none or a number out of ISO's bounds, ``sentinel``
        for a tag that was never programmed."""
        fields = _FIELDS.fullmatch(frame.data)
        if fields is None:
            raise Reject(Reason.RANGE, f"digits or flags that are none: {frame.data[1:17]!r}")
        national, country = (int(digits[::-1], 16) for digits in fields.groups())
        return (Sighting(at, animal(country, national)),)


def fault(candidate: bytes) -> Reason | None:
    """What is wrong with 30 bytes that begin with 02; None if they are a frame."""
    if candidate[29] not in ENDS:
        return Reason.LENGTH
    checksum = xor_of(candidate[1:27])
    if candidate[27] != checksum or candidate[28] != checksum ^ 0xFF:
        return Reason.CHECKSUM
    return None
