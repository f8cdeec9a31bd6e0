"""UHFReader18, UHFReader288 and their many names (Chafon, RRU, UR, AsReader): UHF readers, to four antennas
or eight.

57600 baud, 8N1, or TCP. A frame has no start byte; its length counts what follows::

    0       1        2        3       4 …    n-2, n-1
    length  address  command  status  data   CRC-16/MCRF4XX, low byte first

* in the mode that talks by itself (active, real time), command EE::

    status 00    antennas │ length │ EPC │ RSSI              a tag
    status 28    …                                           a heartbeat: nothing in the field

* asked for an inventory, command 01::

    status 01-04 antennas │ n │ n times: length │ EPC │ RSSI  the tags, in as many frames as it takes
    status 26    …                                            statistics
    status FB                                                 no tag
    status F8    …                                            an antenna is broken off

Bit 0 of ``antennas`` is antenna 1. Bit 7 of a length says that the last 12 of its bytes are the tag's TID
(FastID). A UHFReader18 proper has one antenna, and its inventory says neither antenna nor RSSI. Every other
status tells that the reader did not do what it was asked.

Sources: Timereversal/rfidtime transport/packet.go (captures); UHFReader288MP User Manual v1.14;
wabson/chafon-rfid uhfreader18.py and uhfreader288m.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from drivers.contract import Code, Frame, Instant, Reason, Reject, Sighting
from drivers.framing import Headed
from drivers.rfid.uhf import tag

INVENTORY: Final = 0x01
ACTIVE: Final = 0xEE

NO_TAGS: Final = frozenset({0x26, 0x28, 0xFB})
"""Statistics, a heartbeat, an empty field."""

BROKEN_ANTENNA: Final = 0xF8
MOST_TAGS_STATUS: Final = 0x04
"""Up to here a status says that tags follow."""

TID_BYTES: Final = 12
SHORTEST: Final = 6
"""Bytes of a frame without data."""

EVERYBODY: Final = 0xFF
"""The address that every reader answers to."""

SCAN: Final = 2
"""Tenths of a second that an inventory may take; the answer then begins within a port's usual timeout."""

_HEAD = re.compile(rb"[\x05-\xff].[\x01\xee][\x00-\x04\x26\x28\xf8-\xff]", re.DOTALL)


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC: Final = _crc_table()


class Options(BaseModel):
    """One antenna of a UHF reader, or all of them as one device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: int | None = Field(
        None,
        ge=1,
        le=8,
        description="Antenna, 1 to 8; without it the device sees what any antenna sees. · 天线号，缺省为全部",
    )
    ask: bool = Field(
        False,
        description="The reader is in answer mode: ask for the inventory of this antenna, else of antenna 1. "
        "· 应答模式下轮询",
    )


class UhfReader18:
    """A UHF reader: each tag in a frame is a sighting."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ("channel",)
    guesses: ClassVar[Sequence[Mapping[str, Any]]] = ({}, {"ask": True})
    """For a scan: it talks by itself, or is asked."""

    def __init__(self, options: Options) -> None:
        self._channel = options.channel
        self._ask = options.ask

    def quantities(self) -> Sequence[str]:
        return ()

    def questions(self) -> Sequence[bytes]:
        return (inventory(self._channel or 1),) if self._ask else ()

    def splitter(self) -> Headed:
        return Headed(_HEAD, 4, lambda head: head[0] + 1, fault)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Sighting]:
        """Raises Reject: ``not_mine`` for what another antenna saw, ``sentinel`` for a fault that the reader
        tells and for a tag without EPC, ``length`` where the tags do not fill the frame."""
        if len(frame.data) < SHORTEST:
            raise Reject(Reason.LENGTH, "no whole frame")
        command, status, data = frame.data[2], frame.data[3], frame.data[4:-2]
        if status in NO_TAGS:
            return ()
        if status == BROKEN_ANTENNA and data:
            self._check_mine(data[0])
        if status > MOST_TAGS_STATUS:
            raise Reject(Reason.SENTINEL, f"the reader says status {status:02x}: {data.hex(' ')}")
        antennas, tags = _active(data) if command == ACTIVE else _inventory(data)
        self._check_mine(antennas)
        return [Sighting(at, code) for code in tags]

    def _check_mine(self, antennas: int) -> None:
        if self._channel and not antennas >> (self._channel - 1) & 1:
            raise Reject(Reason.NOT_MINE, f"antennas {antennas:08b}")


def inventory(antenna: int) -> bytes:
    """The question for one inventory: Q 4, session 0, no mask, target A."""
    asked = bytes((13, EVERYBODY, INVENTORY, 4, 0, 1, 0, 0, 0, 0, 0x80 + antenna - 1, SCAN))
    return asked + crc_of(asked).to_bytes(2, "little")


def fault(candidate: bytes) -> Reason | None:
    """What is wrong with bytes of the length that their head says; None if they are a frame."""
    return None if crc_of(candidate[:-2]) == int.from_bytes(candidate[-2:], "little") else Reason.CHECKSUM


def crc_of(data: bytes) -> int:
    """CRC-16/MCRF4XX (polynomial 0x1021, reflected, from FFFF): 0x6F91 for ``123456789``."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def _active(data: bytes) -> tuple[int, list[Code]]:
    if not data:
        raise Reject(Reason.LENGTH, "a tag without data")
    return data[0], _tags(data[1:], count=1, rssi_bytes=1)


def _inventory(data: bytes) -> tuple[int, list[Code]]:
    """With antennas and RSSI, or, of a UHFReader18 proper, without: told apart by what fills the frame."""
    if len(data) < 2:
        raise Reject(Reason.LENGTH, f"an inventory without tags: {data.hex(' ')}")
    try:
        return data[0], _tags(data[2:], count=data[1], rssi_bytes=1)
    except Reject as reject:
        try:
            return 1, _tags(data[1:], count=data[0], rssi_bytes=0)
        except Reject:
            raise reject from None


def _tags(data: bytes, count: int, rssi_bytes: int) -> list[Code]:
    found = []
    here = 0
    for _ in range(count):
        if here >= len(data):
            raise Reject(Reason.LENGTH, f"{count} tags do not fit: {data.hex(' ')}")
        length, with_tid = data[here] & 0x7F, data[here] >> 7
        epc_bytes = max(0, length - TID_BYTES) if with_tid else length
        found.append(data[here + 1 : here + 1 + epc_bytes])
        here += 1 + length + rssi_bytes
    if here != len(data):
        raise Reject(Reason.LENGTH, f"{count} tags do not fill the frame: {data.hex(' ')}")
    return [tag(epc) for epc in found]
