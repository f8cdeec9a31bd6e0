"""What the journal keeps and the uplinks send: blocks, in lanes.

A block's bytes are encoded once: kept, sent and (later) sealed as they are (DESIGN §1.2). A telemetry block::

    {"v":1,"gateway":…,"journal":…,"lane":"telemetry","seq":…,"boot":…,"clock":…,"observations":[entry,…]}

and a block of the records lane, which carries one record::

    {"v":1,"gateway":…,"journal":…,"lane":"records","seq":…,"boot":…,"clock":…,"record":{…}}
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import NamedTuple, Protocol

from drivers.contract import Instant

MAX_OBSERVATIONS = 500
"""In one telemetry block (DESIGN §6)."""

MAX_BYTES = 32 * 1024
"""Of one telemetry block (DESIGN §6)."""


class Lane(StrEnum):
    """An ordered stream of blocks; records are delivered first."""

    RECORDS = "records"
    TELEMETRY = "telemetry"


class Entry(NamedTuple):
    """What one device said at one instant, encoded: one element of a telemetry block.

    observations: how many it holds. values: the good numbers as (point, value), for the rollups.
    urgent: it must not wait for the next group commit (a sighting).
    """

    at: Instant
    body: bytes
    observations: int
    values: tuple[tuple[str, float], ...] = ()
    urgent: bool = False


class Block(NamedTuple):
    """A committed block. kind: ``telemetry``, or the record's kind. observations: how many; 0 in a record."""

    journal: str
    lane: Lane
    seq: int
    kind: str
    observations: int
    body: bytes


class Owed(NamedTuple):
    """What an uplink has still to deliver of a journal's lane: the blocks after ``cursor`` up to ``head``."""

    journal: str
    lane: Lane
    cursor: int
    head: int


class Outbox(Protocol):
    """What an uplink sees of the journal."""

    def subscribe(self) -> asyncio.Event:
        """An event that is set after every commit of blocks; the uplink clears it before it looks."""

    async def owed(self, uplink: str) -> list[Owed]:
        """Unfinished lanes of every journal in the file: oldest journal first, in it records first."""

    async def read(self, journal: str, lane: Lane, after: int, most_bytes: int = 1 << 20) -> list[Block]:
        """The blocks after ``after``, in order: at least one if there is one, about ``most_bytes``."""

    async def acknowledge(self, uplink: str, journal: str, lane: Lane, seq: int) -> None:
        """Moves the cursor up to ``seq``; it is on disk when this returns. Never moves back."""

    async def quarantine(self, uplink: str, block: Block, why: str) -> None:
        """Sets a block aside that the far side will never take; the cursor may then pass it."""
