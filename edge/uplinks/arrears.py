"""What an uplink still owes, read ahead from the journal in pieces."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from edge.journal.block import Block, Lane, Outbox, Owed
from edge.uplinks.window import LaneId

READ_BYTES: Final = 512 * 1024
"""At a time: one window of the largest blocks."""


@dataclass(slots=True)
class Arrear:
    """What is owed of one lane. read: how far it has been read. head: where it ended when last looked at."""

    lane_id: LaneId
    read: int
    head: int
    blocks: deque[Block] = field(default_factory=deque)

    @property
    def is_unread(self) -> bool:
        """Whether there is more, and nothing of it in memory."""
        return not self.blocks and self.read < self.head

    @property
    def is_over(self) -> bool:
        """Whether everything known of has been taken."""
        return not self.blocks and self.read >= self.head


class Arrears:
    """The unfinished lanes, in the order in which they are to be delivered (``Outbox.owed``)."""

    def __init__(self, outbox: Outbox, uplink: str) -> None:
        self._outbox = outbox
        self._uplink = uplink
        self._lanes: dict[LaneId, Arrear] = {}
        self._heads: dict[LaneId, int] | None = None

    @property
    def unsent(self) -> int:
        """Blocks that have not been taken yet, when last looked at."""
        return sum(len(arrear.blocks) + arrear.head - arrear.read for arrear in self._lanes.values())

    @property
    def lanes(self) -> list[Arrear]:
        return list(self._lanes.values())

    def restart(self) -> None:
        """The uplink comes back: all that is owed by now is a backlog."""
        self._heads = None

    async def look(self) -> int:
        """Asks the journal what is owed. Returns how many telemetry blocks are new since the last look."""
        owed = await self._outbox.owed(self._uplink)
        self._lanes = {arrear.lane_id: arrear for arrear in map(self._arrear, owed)}
        return self._fresh(owed)

    async def read(self, arrear: Arrear) -> None:
        """Reads the next piece of a lane into memory."""
        blocks = await self._outbox.read(*arrear.lane_id, arrear.read, READ_BYTES)
        arrear.blocks.extend(blocks)
        arrear.read = blocks[-1].seq if blocks else arrear.head

    def _arrear(self, owed: Owed) -> Arrear:
        lane_id = LaneId(owed.journal, owed.lane)
        known = self._lanes.get(lane_id)
        if known is None:
            return Arrear(lane_id, read=owed.cursor, head=owed.head)
        known.head = owed.head
        return known

    def _fresh(self, owed: list[Owed]) -> int:
        heads = self._heads
        self._heads = (heads or {}) | {LaneId(item.journal, item.lane): item.head for item in owed}
        if heads is None:
            return 0
        return sum(
            item.head - heads.get(LaneId(item.journal, item.lane), item.cursor)
            for item in owed
            if item.lane is Lane.TELEMETRY
        )
