"""The proof of what was exported: whole blocks and the seals that vouch for them, for ``verify``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from drivers.contract import Instant
from edge.evidence.seals import Seal
from edge.export.blocks import Span, pieces
from edge.journal import sealing
from edge.journal.standing import LaneStanding

_EVERYTHING: Final = Span(Instant(-(1 << 63)), Instant((1 << 63) - 1))


class Stretch(NamedTuple):
    """Blocks of a lane that hang between two seals: ``first`` to ``last``. begins: the seal before them.

    begins is None where the journal itself begins.
    """

    lane: LaneStanding
    first: int
    last: int
    begins: Seal | None

    @property
    def is_from_the_beginning(self) -> bool:
        """Whether ``verify`` takes it as a whole lane: from its first block, or from where retention was."""
        return self.begins is None or self.begins.seq <= self.begins.pruned


def around(connection: sqlite3.Connection, lane: LaneStanding, first: int, last: int) -> Stretch | None:
    """The shortest stretch with these blocks, as far as they are sealed; None: none of them is.

    Raises sqlite3.Error.
    """
    end = sealing.at_or_after(connection, lane, last) or sealing.at_or_before(connection, lane, last)
    if end is None or end.seq < first:
        return None
    begins = sealing.at_or_before(connection, lane, first - 1)
    return Stretch(lane, begins.seq + 1 if begins else 1, end.seq, begins)


def lines(connection: sqlite3.Connection, stretch: Stretch) -> Iterator[bytes]:
    """Seal, blocks, seal, blocks … seal: one seal with every piece, so that a change is found near its place.

    Raises sqlite3.Error.
    """
    lane, told = stretch.lane, stretch.first - 1
    if stretch.begins is not None:
        yield stretch.begins.payload
    for piece in pieces(connection, lane, stretch.first, stretch.last, _EVERYTHING):
        yield from (block.body for block in piece)
        seal = sealing.at_or_before(connection, lane, piece[-1].seq)
        if seal is not None and seal.seq > told:
            told = seal.seq
            yield seal.payload
