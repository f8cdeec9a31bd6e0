"""134K-RW-USB-D1 and its like, of RFID-shop: 134.2 kHz readers of ISO 11784/11785 tags that must be asked.

9600 to 115200 baud, 8N1. Question and answer have one form; BCC is the XOR of all bytes before it::

    0    1          2                3       4 …    n-2   n-1
    02   reader id  command          length  data   BCC   03       A7 01 mode: read a tag
    02   reader id  status, 00: read length  data   BCC   03

A tag comes in the form that the question named, told apart by its length:

* mode 0, 12 bytes of packed decimal digits::

    0 … 5         6, 7         8             8, 9, 10   11
    national id   0 country    data block 4  reserved   animal flag 4, 0
                               bits          20 bits    bits

* mode 1, 16 bytes, the telegram of FDX-B as it came through the air, least significant bit first::

    00000000001 │ 8 bits of the chip, 1 │ … 8 times │ 8 bits of its CRC, 1 │ 2 times │ 8 bits, 1 │ 3 times

* mode 2, 10 bytes: the chip's eight and its CRC, as ``iso11784.py`` draws them.

We ask for mode 2, which bears the tag's own CRC, and understand all three.

Source: 134K-RW-USB-D1 communication protocol (yumpu 49129657).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from drivers.contract import Code, Frame, Instant, NoOptions, Reason, Reject, Sighting
from drivers.framing import Headed, xor_of
from drivers.rfid.iso11784 import CRC_BYTES, ID_BYTES, animal, animal_on_air

ETX: Final = 0x03
READ: Final = 0x00
"""The status of an answer that bears a tag."""

MODE_2: Final = bytes.fromhex("0201a70102a703")

_HEAD = re.compile(rb"\x02..[\x00-\x10]", re.DOTALL)
_AROUND_DATA = 6
_DIGITS = re.compile(r"([0-9]{12})0([0-9]{3})")


class RfidShop:
    """An ear-tag reader that is asked again and again: each tag it answers is the sighting of an ISO 11784
    code. An answer of another status, such as that of an empty field, says nothing."""

    options: ClassVar[type[BaseModel]] = NoOptions
    claims: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: NoOptions) -> None: ...

    def quantities(self) -> Sequence[str]:
        return ()

    def questions(self) -> Sequence[bytes]:
        return (MODE_2,)

    def splitter(self) -> Headed:
        return Headed(_HEAD, 4, lambda head: head[3] + _AROUND_DATA, fault)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Sighting]:
        """Raises Reject: ``length`` for data of no known form, ``checksum`` where the tag's own CRC does not
        fit, ``range`` and ``sentinel`` for numbers that are none."""
        if fault(frame.data) is not None:
            raise Reject(Reason.LENGTH, "no whole answer")
        if frame.data[2] != READ:
            return ()
        return (Sighting(at, _tag(frame.data[4:-2])),)


def fault(candidate: bytes) -> Reason | None:
    """What is wrong with bytes of the length that their head says; None if they are a frame."""
    if len(candidate) < _AROUND_DATA or candidate[0] != 0x02 or candidate[-1] != ETX:
        return Reason.LENGTH
    return None if xor_of(candidate[:-2]) == candidate[-2] else Reason.CHECKSUM


def _tag(data: bytes) -> Code:
    match len(data):
        case 12:
            return _of_digits(data.hex())
        case 10:
            return animal_on_air(data)
        case 16:
            return animal_on_air(_of_telegram(data))
    raise Reject(Reason.LENGTH, f"a tag of {len(data)} bytes: {data.hex(' ')}")


def _of_digits(digits: str) -> Code:
    numbers = _DIGITS.match(digits)
    if numbers is None:
        raise Reject(Reason.RANGE, f"digits that are none: {digits}")
    return animal(country=int(numbers[2]), national=int(numbers[1]))


def _of_telegram(data: bytes) -> bytes:
    """The chip's bytes and its CRC, out of the control bits."""
    bits = int.from_bytes(data, "little")
    groups = [bits >> place for place in range(11, 128, 9)]
    if bits & 0x7FF != 0x400 or not all(group & 0x100 for group in groups):
        raise Reject(Reason.LENGTH, f"no telegram of FDX-B: {data.hex(' ')}")
    return bytes(group & 0xFF for group in groups[: ID_BYTES + CRC_BYTES])
