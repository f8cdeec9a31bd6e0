"""YRM100, M100, QM100, JRD-4035: small UHF modules that must be asked.

115200 baud, 8N1::

    0    1     2        3, 4        5 …   n-2                     n-1
    BB   type  command  length of   data  sum of bytes 1 to n-3   7E
                        data            modulo 256

    type 00, command 22   the question for one inventory
    type 02, command 22   RSSI │ PC │ EPC │ CRC-16 of PC and EPC    a tag
    type 01, command FF   15: no tag; else an error

The tag's own CRC goes with it (CRC-16 of ISO 18000-6C: polynomial 0x1021 from FFFF, complemented, high byte
first), so that a wrong EPC needs two checksums to be right by accident.

Source: the vendor's manual of the M100 module, and its example of a tag, whose two checksums hold.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import BaseModel

from drivers.contract import Frame, Instant, NoOptions, Reason, Reject, Sighting
from drivers.framing import Headed
from drivers.rfid.uhf import tag_with_pc

START: Final = 0xBB
END: Final = 0x7E
AROUND_DATA: Final = 7

ONE_INVENTORY: Final = bytes.fromhex("bb00220000227e")
TAG: Final = b"\x02\x22"
ERROR: Final = b"\x01\xff"
NO_TAG: Final = b"\x15"

_HEAD = re.compile(rb"\xbb[\x00-\x02].\x00[\x00-\x50]", re.DOTALL)
"""A tag's data are at most 67 bytes."""


class Yrm100:
    """A UHF module that is asked again and again: each tag it answers is a sighting."""

    options: ClassVar[type[BaseModel]] = NoOptions
    claims: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: NoOptions) -> None: ...

    def quantities(self) -> Sequence[str]:
        return ()

    def questions(self) -> Sequence[bytes]:
        return (ONE_INVENTORY,)

    def splitter(self) -> Headed:
        return Headed(_HEAD, 5, lambda head: head[4] + AROUND_DATA, fault)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Sighting]:
        """Nothing for a frame that is no tag. Raises Reject: ``sentinel`` for an error that the module tells,
        ``checksum`` where the tag's own CRC does not fit, ``length`` where PC and EPC disagree."""
        if fault(frame.data) is not None:
            raise Reject(Reason.LENGTH, "no whole frame")
        kind, data = frame.data[1:3], frame.data[5:-2]
        if kind == ERROR and data[:1] != NO_TAG:
            raise Reject(Reason.SENTINEL, f"the module says error {data.hex(' ')}")
        if kind != TAG:
            return ()
        pc_and_epc, crc = data[1:-2], int.from_bytes(data[-2:], "big")
        if crc_hqx(pc_and_epc, 0xFFFF) ^ 0xFFFF != crc:
            raise Reject(Reason.CHECKSUM, f"the tag's own CRC: {data.hex(' ')}")
        return (Sighting(at, tag_with_pc(pc_and_epc)),)


def fault(candidate: bytes) -> Reason | None:
    """What is wrong with bytes of the length that their head says; None if they are a frame."""
    if len(candidate) < AROUND_DATA or candidate[0] != START or candidate[-1] != END:
        return Reason.LENGTH
    return None if sum(candidate[1:-2]) & 0xFF == candidate[-2] else Reason.CHECKSUM
