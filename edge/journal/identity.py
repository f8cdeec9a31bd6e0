"""Whose journal a file holds, and when it is not continued but followed by a new one (DESIGN §6)."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from drivers.contract import Instant
from edge.evidence.keys import SigningKey
from edge.evidence.seals import Seal
from edge.instant import ulid
from edge.journal import walk
from edge.journal.block import Lane
from edge.journal.database import transaction
from edge.journal.standing import standing

log = logging.getLogger(__name__)


class Reason(StrEnum):
    """Why a journal is not continued; ``journals.ended`` keeps it.

    MACHINE, GATEWAY: another one wrote it. SET_BACK: seals that others have kept are ahead of it.
    UNCHAINED: it is from before there were chains. DAMAGED: what could be saved of it stands in a new file.
    TORN: nobody can say whether the last commit in its log was on disk before the power went.
    """

    MACHINE = "machine"
    GATEWAY = "gateway"
    SET_BACK = "set_back"
    UNCHAINED = "unchained"
    DAMAGED = "damaged"
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes. machine: /etc/machine-id; boot: what the kernel calls this boot.

    operator: named in the records that the journal writes of itself. key: seals its lanes; one that lasts no
    longer than this object where none is given.
    """

    gateway: str
    machine: str
    boot: str
    operator: str = ""
    key: SigningKey = field(default_factory=SigningKey.generate, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The journal before this one in the same file, the last seq of each of its lanes, and why it ended.

    witnessed: of one that was set back, the seal that is ahead of it, as it was published; None: it is not
    known any more.
    """

    journal: str
    records: int
    telemetry: int
    reason: Reason
    witnessed: str | None = None

    def reaching(self, records: int, telemetry: int) -> Predecessor:
        """Where the file that held it was damaged: what is known to have been there."""
        return replace(self, records=records, telemetry=telemetry)


def establish(
    connection: sqlite3.Connection, identity: Identity, now: Instant, witnessed: Sequence[Seal] = ()
) -> tuple[str, Predecessor | None]:
    """The id under which to write, and the journal before it, if any. Raises sqlite3.Error.

    witnessed: seals of this gateway that others have kept. Where one is ahead of the file, the disk was set
    back, and the numbers that would come next have been used before.
    """
    row = connection.execute(
        "SELECT id, gateway, machine, predecessor, ended FROM journals ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return _make(connection, identity, now), None
    journal, gateway, machine, before, reason = row
    ahead = next((seal for seal in witnessed if is_ahead(connection, journal, seal)), None)
    if reason is not None:
        pass
    elif gateway != identity.gateway:
        reason = Reason.GATEWAY
    elif machine != identity.machine:
        reason = Reason.MACHINE
    elif ahead is not None:
        reason = Reason.SET_BACK
    elif not _is_chained(connection, journal):
        reason = Reason.UNCHAINED
    if reason is not None:
        log.warning("journal %s is not continued: %s", journal, reason)
        journal, before = _make(connection, identity, now, journal, reason), journal
    return journal, _predecessor(connection, before, ahead) if before else None


def end(connection: sqlite3.Connection, reason: Reason) -> None:
    """The journal last written is not continued: ``establish`` begins a new one. Raises sqlite3.Error."""
    connection.execute(
        "UPDATE journals SET ended = ? WHERE number = (SELECT max(number) FROM journals)", (reason,)
    )


def is_ahead(connection: sqlite3.Connection, journal: str, seal: Seal) -> bool:
    """Whether the seal knows of blocks that the file does not have, or of others in their place.

    Raises sqlite3.Error.
    """
    if seal.journal != journal:
        known = connection.execute("SELECT 1 FROM journals WHERE id = ?", (seal.journal,)).fetchone()
        return known is None and seal.journal > journal
    lane = standing(connection).lane(journal, seal.lane)
    if seal.seq < lane.pruned:
        return False
    return seal.seq > lane.head or walk.hash_at(connection, lane, seal.seq) != seal.hash


def _make(
    connection: sqlite3.Connection,
    identity: Identity,
    now: Instant,
    predecessor: str | None = None,
    reason: str | None = None,
) -> str:
    """A journal with its lanes; every uplink of the old one starts at their beginning."""
    journal = ulid(now)
    with transaction(connection):
        connection.execute("UPDATE journals SET ended = ? WHERE id = ?", (reason, predecessor))
        number = connection.execute(
            "INSERT INTO journals (id, gateway, machine, made, predecessor) VALUES (?, ?, ?, ?, ?)",
            (journal, identity.gateway, identity.machine, now, predecessor),
        ).lastrowid
        for lane in Lane:
            connection.execute("INSERT INTO lanes (journal, lane) VALUES (?, ?)", (number, lane))
        connection.execute(
            "INSERT INTO cursors (uplink, lane, seq, total)"
            " SELECT DISTINCT uplink, lanes.number, 0, 0 FROM cursors, lanes WHERE lanes.journal = ?",
            (number,),
        )
    return journal


def _is_chained(connection: sqlite3.Connection, journal: str) -> bool:
    """One from before there were chains is not continued: a journal is sealed from its first block."""
    now = standing(connection)
    return all(now.lane(journal, lane).link is not None for lane in Lane)


def _predecessor(connection: sqlite3.Connection, journal: str, ahead: Seal | None) -> Predecessor:
    (reason,) = connection.execute("SELECT ended FROM journals WHERE id = ?", (journal,)).fetchone()
    now = standing(connection)
    return Predecessor(
        journal,
        now.lane(journal, Lane.RECORDS).head,
        now.lane(journal, Lane.TELEMETRY).head,
        Reason(reason),
        ahead.payload.decode() if ahead else None,
    )
