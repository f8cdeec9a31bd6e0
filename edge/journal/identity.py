"""Whose journal a file holds: a new id where the machine or the gateway is another one (DESIGN §6)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from drivers.contract import Instant
from edge.evidence.keys import SigningKey
from edge.instant import ulid
from edge.journal.block import Lane
from edge.journal.database import transaction
from edge.journal.standing import standing


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
    """The journal before this one in the same file, and the last seq of each of its lanes."""

    journal: str
    records: int
    telemetry: int

    def reaching(self, records: int, telemetry: int) -> Predecessor:
        """Where the file that held it was damaged: what is known to have been there."""
        return Predecessor(self.journal, records, telemetry)


def establish(
    connection: sqlite3.Connection, identity: Identity, now: Instant
) -> tuple[str, Predecessor | None]:
    """The id under which to write, and the journal before it, if any. Raises sqlite3.Error."""
    row = connection.execute(
        "SELECT id, gateway, machine, predecessor FROM journals ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return _make(connection, identity, now, predecessor=None), None
    journal, gateway, machine, before = row
    if (gateway, machine) != (identity.gateway, identity.machine) or not _is_chained(connection, journal):
        journal, before = _make(connection, identity, now, predecessor=journal), journal
    return journal, _predecessor(connection, before) if before else None


def succeed(connection: sqlite3.Connection, identity: Identity, now: Instant) -> None:
    """A new journal after those that the file holds, whoever made them. Raises sqlite3.Error."""
    row = connection.execute("SELECT id FROM journals ORDER BY number DESC LIMIT 1").fetchone()
    _make(connection, identity, now, predecessor=row[0] if row else None)


def _make(connection: sqlite3.Connection, identity: Identity, now: Instant, predecessor: str | None) -> str:
    """A journal with its lanes; every uplink of the old one starts at their beginning."""
    journal = ulid(now)
    with transaction(connection):
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


def _predecessor(connection: sqlite3.Connection, journal: str) -> Predecessor:
    now = standing(connection)
    return Predecessor(journal, now.lane(journal, Lane.RECORDS).head, now.lane(journal, Lane.TELEMETRY).head)
