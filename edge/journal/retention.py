"""What is deleted, when, and in which order (DESIGN §9, §10). Only a lane's prefix ever goes.

By age, each lane after its time. For room, delivered telemetry first, then undelivered telemetry; records
never before their time. Whatever goes before an uplink had it leaves a ``gateway`` record, committed with
the deletion.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from drivers.contract import Instant
from edge.instant import rfc3339
from edge.journal import rollups, trail
from edge.journal.block import Lane
from edge.journal.identity import Identity
from edge.journal.packing import Record
from edge.journal.standing import Cursor, LaneStanding, Standing
from edge.records.own import GatewayRecord
from edge.records.record import record_id

_STEP_BLOCKS = 256
"""Deleted in one transaction at the most, so that a sighting does not wait behind it."""

_END_OF_TIME = (1 << 63) - 1


class Why(StrEnum):
    """Why blocks were deleted."""

    AGE = "age"
    ROOM = "room"


class Doomed(NamedTuple):
    """A block about to be deleted."""

    seq: int
    size: int
    first: Instant
    last: Instant
    observations: int
    total: int


class GivenUp(NamedTuple):
    """Blocks deleted before ``uplink`` had them; None: nobody was there to have them."""

    uplink: str | None
    lane: LaneStanding
    blocks: list[Doomed]

    @property
    def observations(self) -> int:
        return sum(block.observations for block in self.blocks)

    def record(self, identity: Identity, why: Why, at: Instant) -> Record:
        """The gap as a fact: which seqs of which lane, from when to when, how many observations."""
        first, last = self.blocks[0].seq, self.blocks[-1].seq
        since = rfc3339(Instant(min(block.first for block in self.blocks)))
        key = f"gap/{self.lane.journal}/{self.lane.lane}/{first}/{self.uplink}"
        record = GatewayRecord(
            id=record_id(identity.gateway, "gateway", key, since),
            revision=1,
            operator=identity.operator,
            since=since,
            to=rfc3339(Instant(max(block.last for block in self.blocks))),
            event="gap",
            facts={
                "reason": why,
                "uplink": self.uplink,
                "journal": self.lane.journal,
                "lane": self.lane.lane,
                "first_seq": first,
                "last_seq": last,
                "observations": self.observations,
            },
        )
        return Record(record.kind, at, record.encoded())


def for_room(standing: Standing) -> Iterator[tuple[LaneStanding, int]]:
    """The lanes that may give room and the seq up to which, in the order in which they must."""
    telemetry = [lane for lane in standing.lanes if lane.lane is Lane.TELEMETRY and lane.head > lane.pruned]
    for lane in telemetry:
        if standing.uplinks:
            yield lane, min((cursor.seq for cursor in standing.waiting(lane).values()), default=lane.head)
    for lane in telemetry:
        yield lane, lane.head


def doomed(
    connection: sqlite3.Connection,
    lane: LaneStanding,
    upto: int,
    step_bytes: int,
    before: Instant | None = None,
) -> list[Doomed]:
    """The lane's oldest blocks: one step's worth, none past ``upto`` nor with an entry since ``before``."""
    found: list[Doomed] = []
    size = 0
    rows = connection.execute(
        "SELECT key, length(body), first, last, observations, total FROM blocks"
        " WHERE key > ? AND key <= ? ORDER BY key LIMIT ?",
        (lane.key(lane.pruned), lane.key(upto), _STEP_BLOCKS),
    )
    for key, *rest in rows:
        block = Doomed(key - lane.key(0), *rest)
        if size >= step_bytes or (before is not None and block.last >= before):
            break
        found.append(block)
        size += block.size
    return found


def delete(connection: sqlite3.Connection, standing: Standing, lane: LaneStanding, last: Doomed) -> None:
    """Deletes the lane's prefix up to ``last``; cursors still inside it move to its end."""
    connection.execute("DELETE FROM blocks WHERE key BETWEEN ? AND ?", (lane.key(0), lane.key(last.seq)))
    connection.execute(
        "UPDATE lanes SET pruned_seq = ?, pruned_total = ? WHERE number = ?",
        (last.seq, last.total, lane.number),
    )
    connection.execute(
        "UPDATE cursors SET seq = ?1, total = ?2 WHERE lane = ?3 AND seq < ?1",
        (last.seq, last.total, lane.number),
    )
    connection.execute("DELETE FROM quarantine WHERE lane = ? AND seq <= ?", (lane.number, last.seq))
    if lane.lane is Lane.RECORDS:
        trail.drop(connection, lane.key(0), lane.key(last.seq))
    else:
        rollups.trim(connection, _oldest_telemetry(connection, standing))


def given_up(standing: Standing, lane: LaneStanding, blocks: list[Doomed], why: Why) -> list[GivenUp]:
    """What deleting these blocks takes from each uplink that had not yet had them."""
    waiting: dict[str | None, Cursor] = dict(standing.waiting(lane).items())
    if why is Why.ROOM and not standing.uplinks:
        waiting[None] = Cursor(lane.pruned, lane.pruned_total)
    losses = (
        GivenUp(uplink, lane, [block for block in blocks if block.seq > cursor.seq])
        for uplink, cursor in waiting.items()
    )
    return [loss for loss in losses if loss.blocks]


def _oldest_telemetry(connection: sqlite3.Connection, standing: Standing) -> Instant:
    firsts = (
        connection.execute(
            "SELECT first FROM blocks WHERE key BETWEEN ? AND ? ORDER BY key LIMIT 1",
            (lane.key(0), lane.key(lane.head)),
        ).fetchone()
        for lane in standing.lanes
        if lane.lane is Lane.TELEMETRY
    )
    return Instant(min((row[0] for row in firsts if row), default=_END_OF_TIME))
