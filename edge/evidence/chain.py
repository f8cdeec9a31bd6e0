"""The hash chain of a lane: each block's hash covers its bytes and every block before it (DESIGN §9)::

hash(0) = SHA-256("tagtrail chain 1" LF journal LF lane LF)
hash(n) = SHA-256(hash(n - 1) ‖ the bytes of the block with seq n)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from edge.journal.block import Lane

_OPENING: Final = re.compile(
    rb'\{"v":1,"gateway":"[a-z0-9-]*","journal":"([0-9A-Z]*)","lane":"(records|telemetry)",'
    rb'"seq":([1-9][0-9]{0,12}),"boot":"'
)


class Claim(NamedTuple):
    """Which block a block says that it is."""

    journal: str
    lane: Lane
    seq: int


def genesis(journal: str, lane: Lane) -> bytes:
    """What the first block of a lane is chained to."""
    return sha256(f"tagtrail chain 1\n{journal}\n{lane}\n".encode()).digest()


def link(previous: bytes, body: bytes) -> bytes:
    """The hash of the block with these bytes that follows the one with the hash ``previous``."""
    return sha256(previous + body).digest()


def claims(content: bytes) -> Iterator[Claim]:
    """Of every block that begins somewhere in these bytes."""
    for found in _OPENING.finditer(content):
        journal, lane, seq = found.groups()
        yield Claim(journal.decode(), Lane(lane.decode()), int(seq))


def claim(body: bytes) -> Claim | None:
    """What the block's first bytes say; None: it is no block."""
    found = _OPENING.match(body)
    if found is None:
        return None
    journal, lane, seq = found.groups()
    return Claim(journal.decode(), Lane(lane.decode()), int(seq))
