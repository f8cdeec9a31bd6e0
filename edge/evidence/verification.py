"""Whether a lane's blocks are those that were sealed, and if not, where the first break is (DESIGN §9). Pure.

The walk follows the chain from an anchor (the beginning of the journal, or a seal) through every block and
holds it against every seal on the way. Seals that lie beyond the last block, and those that somebody else has
kept (witnessed), tell what is no longer there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from edge.evidence import chain
from edge.evidence.seals import Handover, Seal
from edge.journal.block import Lane

_LINK_BYTES = 32


class Kind(StrEnum):
    """What is wrong. The seqs of its ``Break`` say where."""

    CHANGED = "changed"
    """The bytes of a block, or of one between two seals, are not those that were sealed."""
    MISSING = "missing"
    REORDERED = "reordered"
    REPLAYED = "replayed"
    """A block stands where, or again where, another belongs."""
    INSERTED = "inserted"
    """A second, different block with a seq that was had."""
    CUT = "cut"
    """Seals lie beyond the last block."""
    ROLLED_BACK = "rolled_back"
    """In itself whole, and older than, or other than, what a witnessed seal has seen."""
    FOREIGN_KEY = "foreign_key"
    """Sealed by a key that is not the gateway's, or no longer."""
    FORGED = "forged"
    """A seal that its key did not sign."""
    UNSEALED = "unsealed"
    """No seal vouches for these blocks."""
    MALFORMED = "malformed"
    """Neither a block nor a seal."""


class Break(NamedTuple):
    """What is wrong with the blocks ``first`` to ``last``; MALFORMED counts the lines of a file."""

    kind: Kind
    first: int
    last: int


class LaneFound(NamedTuple):
    """What became of one lane. blocks: how many were seen; start: the seq that the first is chained to.

    head: the last that follows. proven: up to this seq a seal vouches. unproven: blocks before the first seal
    of a captured stream.
    """

    journal: str
    lane: Lane
    start: int
    head: int
    proven: int
    blocks: int
    unproven: int
    broken: Break | None


class Rules(NamedTuple):
    """What is no break. repeats, begins_anywhere: in a captured stream.

    open_tail: lanes whose last blocks may await their seal. every_signature: else those of the first and the
    last seal of each key are checked, since the chain through the others ends in these.
    """

    repeats: bool
    begins_anywhere: bool
    open_tail: frozenset[Lane]
    every_signature: bool


class Trust:
    """The keys of a gateway in the order in which they were handed over; one is known to be its own."""

    def __init__(self, key: str, handovers: Iterable[Handover] = ()) -> None:
        self._rank = {key: 0}
        open_ends = list(handovers)
        while open_ends:
            left = [each for each in open_ends if not self._takes(each)]
            if len(left) == len(open_ends):
                break
            open_ends = left

    def rank(self, key: str) -> int | None:
        """Later keys have higher ranks; None: not a key of this gateway."""
        return self._rank.get(key)

    def _takes(self, handover: Handover) -> bool:
        if handover.old in self._rank:
            self._rank.setdefault(handover.new, self._rank[handover.old] + 1)
        elif handover.new in self._rank:
            self._rank[handover.old] = self._rank[handover.new] - 1
        else:
            return False
        return True


def untrusted(seals: Sequence[Seal], trust: Trust, *, every_signature: bool) -> Break | None:
    """The first of these seals of one lane, in the order of their seqs, that proves nothing."""
    ranks: list[int] = []
    for at, seal in enumerate(seals):
        rank = trust.rank(seal.key)
        if rank is None or (ranks and rank < ranks[-1]):
            return Break(Kind.FOREIGN_KEY, seal.seq, seal.seq)
        ranks.append(rank)
        between = 0 < at < len(seals) - 1 and seals[at - 1].key == seal.key == seals[at + 1].key
        if (every_signature or not between) and not seal.holds:
            return Break(Kind.FORGED, seal.seq, seal.seq)
    return None


class LaneWalk:
    """One lane of one journal, block after block."""

    def __init__(self, journal: str, lane: Lane, seals: Iterable[Seal], rules: Rules) -> None:
        self.journal = journal
        self.lane = lane
        self._rules = rules
        self._seals = sorted(seals, key=lambda seal: seal.seq)
        self._pruned = max((seal.pruned for seal in self._seals), default=0)
        self._sealed: Mapping[int, bytes] = {seal.seq: seal.hash for seal in self._seals}
        self._start: int | None = None
        self._head = 0
        self._link = b""
        self._links = bytearray()
        self._proven = 0
        self._blocks = 0
        self._unproven = 0
        self._pending: tuple[int, int] | None = None
        self.broken: Break | None = None

    def block(self, seq: int, body: bytes, kept: bytes | None = None) -> None:
        """The next block. kept: the hash that the journal keeps beside it."""
        self._blocks += 1
        if self.broken is not None:
            self._look_for_what_is_missing(seq, body)
            return
        claim = chain.claim(body)
        if claim is None:
            self._break(Kind.CHANGED, seq)
        elif claim != (self.journal, self.lane, seq):
            self._break(Kind.REPLAYED, seq)
            self._pending = (claim.seq, seq) if claim[:2] == (self.journal, self.lane) else None
        elif self._start is not None or self._begin(seq):
            self._follow(seq, body, kept)

    def end(self, trust: Trust, witnessed: Iterable[Seal] = ()) -> LaneFound:
        """All blocks have been seen. witnessed: seals of this lane that somebody else has kept."""
        if self._start is None:
            self._begin_without_blocks()
        self._note(untrusted(self._seals, trust, every_signature=self._rules.every_signature))
        self._note(self._tail())
        for seal in sorted(witnessed, key=lambda seal: seal.seq):
            self._note(self._against(seal, trust))
        start = self._start or 0
        return LaneFound(
            self.journal,
            self.lane,
            start,
            self._head,
            self._proven,
            self._blocks,
            self._unproven,
            self.broken,
        )

    def _begin(self, seq: int) -> bool:
        """Finds what the first block is chained to; False: nothing yet."""
        if seq == 1:
            self._anchor(0, chain.genesis(self.journal, self.lane))
        elif seq - 1 in self._sealed and (self._rules.begins_anywhere or seq - 1 <= self._pruned):
            self._anchor(seq - 1, self._sealed[seq - 1])
        elif not self._rules.begins_anywhere:
            self._break(Kind.MISSING if self._seals else Kind.UNSEALED, 1, seq - 1)
        else:
            self._unproven += 1
            if seq in self._sealed:
                self._anchor(seq, self._sealed[seq])
        return self._start is not None and self._start < seq

    def _begin_without_blocks(self) -> None:
        """All blocks are gone, or none was written; or a stream was captured between two seals."""
        if not self._blocks and self._seals:
            newest = self._seals[-1]
            self._anchor(newest.seq, newest.hash)

    def _anchor(self, seq: int, link: bytes) -> None:
        self._start = self._head = self._proven = seq
        self._link = link
        sealed = self._sealed.get(seq, link)
        if sealed != link:
            self._break(Kind.FORGED, seq)

    def _follow(self, seq: int, body: bytes, kept: bytes | None) -> None:
        if seq != self._head + 1:
            self._out_of_turn(seq, body)
            return
        self._link = chain.link(self._link, body)
        sealed = self._sealed.get(seq)
        if kept is not None and kept != self._link:
            self._break(Kind.CHANGED, seq)
        elif sealed is not None and sealed != self._link:
            self._break(Kind.CHANGED, self._proven + 1, seq)
        else:
            self._head = seq
            self._links += self._link
            if sealed is not None:
                self._proven = seq

    def _out_of_turn(self, seq: int, body: bytes) -> None:
        assert self._start is not None
        if seq > self._head:
            self._break(Kind.MISSING, self._head + 1, seq - 1)
        elif seq <= self._start:
            if not self._rules.repeats:
                self._break(Kind.REPLAYED, seq)
        elif chain.link(self._hash_at(seq - 1), body) != self._hash_at(seq):
            self._break(Kind.INSERTED, seq)
        elif not self._rules.repeats:
            self._break(Kind.REPLAYED, seq)

    def _hash_at(self, seq: int) -> bytes:
        """Of a block walked over, or of the anchor."""
        assert self._start is not None
        at = (seq - self._start - 1) * _LINK_BYTES
        if at >= 0:
            return bytes(self._links[at : at + _LINK_BYTES])
        return self._sealed.get(self._start) or chain.genesis(self.journal, self.lane)

    def _look_for_what_is_missing(self, seq: int, body: bytes) -> None:
        """What was missed may come late; what stands in another's place may have changed places."""
        assert self.broken is not None
        if self.broken.kind is Kind.MISSING and self.broken.first <= seq <= self.broken.last:
            self.broken = Break(Kind.REORDERED, self.broken.first, self.broken.last + 1)
        elif self._pending is not None and self._pending[0] == seq:
            claim = chain.claim(body)
            if claim is not None and claim.seq == self._pending[1]:
                self.broken = Break(Kind.REORDERED, *sorted(self._pending))

    def _tail(self) -> Break | None:
        newest = self._seals[-1].seq if self._seals else None
        if newest is None:
            return Break(Kind.UNSEALED, (self._start or 0) + 1, self._head) if self._blocks else None
        if newest > self._head:
            return Break(Kind.CUT, self._head + 1, newest)
        if self._proven < self._head and self.lane not in self._rules.open_tail:
            return Break(Kind.UNSEALED, self._proven + 1, self._head)
        return None

    def _against(self, seal: Seal, trust: Trust) -> Break | None:
        """What a witnessed seal says of this lane."""
        wrong = untrusted([seal], trust, every_signature=True)
        if wrong is None and not self._blocks and not self._seals:
            return Break(Kind.MISSING, 1, seal.seq)
        if wrong is not None or self._start is None or seal.seq < self._start:
            return wrong
        if seal.seq > self._head:
            whole = bool(self._seals) and self._proven == self._head
            return Break(Kind.ROLLED_BACK if whole else Kind.CUT, self._head + 1, seal.seq)
        if self._hash_at(seal.seq) != seal.hash:
            return Break(Kind.ROLLED_BACK, seal.seq, seal.seq)
        return None

    def _break(self, kind: Kind, first: int, last: int | None = None) -> None:
        self.broken = Break(kind, first, first if last is None else last)

    def _note(self, found: Break | None) -> None:
        """The first break is the one that counts; a key that is not the gateway's proves nothing at all."""
        if found is not None and (self.broken is None or found.kind in {Kind.FOREIGN_KEY, Kind.FORGED}):
            self.broken = found
