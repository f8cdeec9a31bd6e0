"""Instants as people and messages write them: UTC, RFC 3339, milliseconds."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from functools import lru_cache

from drivers.contract import NANOSECONDS, Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LATEST = Instant(2**63 - 1)
"""2262-04-11T23:47:16Z: the last that 64 bits hold, in a column of the journal as in JSON."""


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def rfc3339(at: Instant) -> str:
    """``2026-11-22T03:14:07.120Z``; what is finer than a millisecond is cut off."""
    seconds, rest = divmod(at, NANOSECONDS)
    return f"{_second(seconds)}.{rest // 1_000_000:03}Z"


def parse_rfc3339(text: str) -> Instant:
    """An instant as ``rfc3339`` writes it, or any other of RFC 3339 with its offset.

    Raises ValueError for any other text, for a time without an offset, and for one that no instant can hold.
    """
    time_of = datetime.fromisoformat(text)
    if time_of.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC: end it with Z or +08:00")
    since = time_of - _EPOCH
    at = Instant((since.days * 86_400 + since.seconds) * NANOSECONDS + since.microseconds * 1000)
    if not 0 <= at <= LATEST:
        raise ValueError(f"{text} is not between 1970 and 2262")
    return at


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(at: Instant) -> str:
    """A new identifier that sorts by ``at``: 48 bits of milliseconds, 80 random bits, Crockford base 32."""
    number = (at // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
