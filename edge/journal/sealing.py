"""The seals that the journal keeps: of each lane the newest of every minute, and where retention stopped.

A seal is signed in the transaction that makes the head, so that no power cut comes between. Kept is what it
says beyond its lane; the line that is published is made from it again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Final

from drivers.contract import Instant
from edge.evidence.keys import SigningKey
from edge.evidence.seals import Seal
from edge.instant import rfc3339
from edge.journal.block import Lane
from edge.journal.standing import SEQ_MASK, LaneStanding, Standing

_MINUTE_NS: Final = 60_000_000_000

_SELECT: Final = (
    "SELECT seals.key, pruned, seals.hash, seals.at, signer, signature, gateway, id, lane FROM seals"
    " JOIN lanes ON lanes.number = seals.key >> 40 JOIN journals ON journals.number = lanes.journal"
    " WHERE seals.key BETWEEN ? AND ? ORDER BY seals.key"
)


class Sealing:
    """Signs heads, and knows the newest seals; for the thread that writes.

    ``newest`` and ``last`` alone are read by others; each is replaced whole once a transaction is on disk.
    """

    def __init__(self, connection: sqlite3.Connection, journal: str, key: SigningKey) -> None:
        row = connection.execute("SELECT signer FROM seals ORDER BY at DESC LIMIT 1").fetchone()
        self.before: str | None = row[0] if row else None
        """The public key of the newest seal before this start; None: there was none."""

        self.newest: Mapping[Lane, Seal] = {}
        """Of the journal now written."""

        self.last: Mapping[int, Seal] = {}
        """Of the older journals in the file, by number of the lane."""

        self._fresh: dict[Lane, Seal] = {}
        self._connection = connection
        self._journal = journal
        self._key = key

    def begin(self) -> None:
        """A transaction begins; what one that failed had signed is forgotten."""
        self._fresh = {}

    def lags(self, lane: LaneStanding) -> bool:
        """Whether the lane has grown since its newest seal."""
        return lane.lane not in self.newest or self.newest[lane.lane].seq < lane.head

    def sign(self, lane: LaneStanding, seq: int, link: bytes, at: Instant, pruned: int | None = None) -> Seal:
        """Signs the hash ``link`` as the lane's at ``seq``. Of one minute and one key the newest is kept.

        pruned: up to where the lane will be gone once this is committed, if not where it is.
        """
        gone = lane.pruned if pruned is None else pruned
        gateway = self._connection.execute(
            "SELECT gateway FROM journals WHERE id = ?", (lane.journal,)
        ).fetchone()[0]
        unsigned = Seal(gateway, lane.journal, lane.lane, seq, gone, link, rfc3339(at), self._key.public)
        seal = unsigned.signed_by(self._key)
        self._connection.execute(
            "DELETE FROM seals WHERE key = (SELECT max(key) FROM seals WHERE key > ?1 AND key < ?2)"
            " AND at / ?3 = ?4 AND signer = ?5",
            (lane.key(lane.pruned), lane.key(seq), _MINUTE_NS, at // _MINUTE_NS, seal.key),
        )
        self._connection.execute(
            "INSERT OR REPLACE INTO seals VALUES (?, ?, ?, ?, ?, ?)",
            (lane.key(seq), gone, link, at, seal.key, seal.signature),
        )
        if lane.journal == self._journal and (
            lane.lane not in self.newest or seq >= self.newest[lane.lane].seq
        ):
            self._fresh[lane.lane] = seal
        return seal

    def sign_heads(self, standing: Standing, at: Instant) -> None:
        """Signs every head of the file that is not sealed, and those now written with the key of now."""
        last: dict[int, Seal] = {}
        for lane in standing.lanes:
            newest = next(_seals(self._connection, lane, " DESC LIMIT 1"), None)
            mine = lane.journal == self._journal
            if lane.link is None:
                continue
            if newest is None or newest.seq < lane.head or (mine and newest.key != self._key.public):
                newest = self.sign(lane, lane.head, lane.link, at)
            if mine:
                self._fresh[lane.lane] = newest
            else:
                last[lane.number] = newest
        self.last = last

    def anchor(self, lane: LaneStanding, seq: int, at: Instant) -> None:
        """Signs the block with that seq, up to which the lane is about to go; what was sealed before goes."""
        (link,) = self._connection.execute(
            "SELECT hash FROM blocks WHERE key = ?", (lane.key(seq),)
        ).fetchone()
        if link is not None:
            self.sign(lane, seq, link, at, pruned=seq)
            self._connection.execute(
                "DELETE FROM seals WHERE key >= ? AND key < ?", (lane.key(0), lane.key(seq))
            )

    def settle(self) -> None:
        """What was signed since is on disk."""
        self.newest = {**self.newest, **self._fresh}


def kept(connection: sqlite3.Connection, lane: LaneStanding) -> list[Seal]:
    """The seals of a lane, oldest first."""
    return list(_seals(connection, lane))


def at_or_before(connection: sqlite3.Connection, lane: LaneStanding, seq: int) -> Seal | None:
    """The newest seal of a lane whose seq is no greater."""
    return next(_seals(connection, lane, " DESC LIMIT 1", last=seq), None)


def at_or_after(connection: sqlite3.Connection, lane: LaneStanding, seq: int) -> Seal | None:
    """The oldest seal of a lane whose seq is no less."""
    return next(_seals(connection, lane, " LIMIT 1", first=seq), None)


def _seals(
    connection: sqlite3.Connection,
    lane: LaneStanding,
    which: str = "",
    first: int = 0,
    last: int = SEQ_MASK,
) -> Iterator[Seal]:
    rows = connection.execute(_SELECT + which, (lane.key(first), lane.key(last)))
    for key, pruned, link, at, signer, signature, gateway, journal, name in rows:
        t = rfc3339(Instant(at))
        yield Seal(gateway, journal, Lane(name), key & SEQ_MASK, pruned, link, t, signer, signature)
