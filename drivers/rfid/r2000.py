"""Readers around the Impinj R2000 (YR900 to YR9010 and their like): UHF readers of one to eight antennas that
must be asked.

115200 baud, 8N1, or TCP::

    0    1        2        3        4 …   n-1
    A0   length   address  command  data  two's complement of the sum of all before
         of what
         follows

    command 74   set the antenna       data: antenna, from 0
                                       answer: 10 done, else an error
    command 89   inventory             data: how often, FF: as short as can be
                                       answers: frequency and antenna │ PC │ EPC │ RSSI    a tag
                                                antenna │ tags a second 2 │ tags 4         the end
                                                error

The antenna stands in the two low bits of the first byte and, of readers with eight, the top bit of the RSSI:
both from 0. Commands 8A and 8B, inventories over several antennas, are answered alike.

Sources: UHF RFID serial interface protocol V2.2 (YR903) and V3.7; hex-in/pyImpinj.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from drivers.contract import Frame, Instant, Reason, Reject, Sighting
from drivers.framing import Headed
from drivers.rfid.uhf import tag_with_pc

START: Final = 0xA0
EVERYBODY: Final = 0xFF
"""The address that every reader answers to."""

SET_ANTENNA: Final = 0x74
INVENTORY: Final = 0x89
INVENTORIES: Final = (INVENTORY, 0x8A, 0x8B)
SHORT: Final = 0xFF

DONE: Final = 0x10
NO_TAG: Final = 0x36
ERROR_BYTES: Final = (1, 2)
"""The error, or the antenna and the error."""

END_BYTES: Final = 7
"""No tag has as many: an EPC is whole words."""

SHORTEST: Final = 5

_HEAD = re.compile(rb"\xa0[\x03-\x48].[\x60-\xbf]", re.DOTALL)
"""A tag's frame is at most 71 bytes long, and commands are 60 to BF."""


class Options(BaseModel):
    """One antenna of the reader, or the one that it is set to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: int | None = Field(
        None,
        ge=1,
        le=8,
        description="Antenna, 1 to 8; without it the reader stays at the antenna it is set to. · 天线号",
    )


class R2000:
    """A UHF reader that is asked again and again: each tag it answers is a sighting."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ("channel",)

    def __init__(self, options: Options) -> None:
        self._channel = options.channel

    def quantities(self) -> Sequence[str]:
        return ()

    def questions(self) -> Sequence[bytes]:
        inventory = framed(EVERYBODY, INVENTORY, SHORT)
        if self._channel is None:
            return (inventory,)
        return (framed(EVERYBODY, SET_ANTENNA, self._channel - 1), inventory)

    def splitter(self) -> Headed:
        return Headed(_HEAD, 4, lambda head: head[1] + 2, fault)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Sighting]:
        """Nothing for a frame that is no tag. Raises Reject: ``not_mine`` for what another antenna saw,
        ``sentinel`` for an error that the reader tells, ``length`` where PC and EPC disagree."""
        if len(frame.data) < SHORTEST or fault(frame.data) is not None:
            raise Reject(Reason.LENGTH, "no whole frame")
        command, data = frame.data[3], frame.data[4:-1]
        if command == SET_ANTENNA and data != bytes((DONE,)):
            raise Reject(Reason.SENTINEL, f"the reader did not change its antenna: {data.hex(' ')}")
        if command not in INVENTORIES or len(data) == END_BYTES:
            return ()
        if len(data) in ERROR_BYTES:
            if data[-1] == NO_TAG:
                return ()
            raise Reject(Reason.SENTINEL, f"the reader says error {data.hex(' ')}")
        return self._tag(data, at)

    def _tag(self, data: bytes, at: Instant) -> Sequence[Sighting]:
        code = tag_with_pc(data[1:-1])
        antenna = 1 + (data[0] & 3) + (data[-1] >> 7) * 4
        if self._channel not in (None, antenna):
            raise Reject(Reason.NOT_MINE, f"antenna {antenna}")
        return (Sighting(at, code),)


def framed(address: int, command: int, *data: int) -> bytes:
    """A question."""
    body = bytes((START, 3 + len(data), address, command, *data))
    return body + bytes((-sum(body) & 0xFF,))


def fault(candidate: bytes) -> Reason | None:
    """What is wrong with bytes of the length that their head says; None if they are a frame."""
    return Reason.CHECKSUM if sum(candidate) & 0xFF else None
