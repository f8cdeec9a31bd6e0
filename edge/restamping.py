"""Stamps that were given before the time was known, put right: in what is held, never in what is sealed.

A boot's own stamps lie between its first instant, as it was reckoned, and the moment of the correction, so
that they can be told from dates that people and certificates say. Pure.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from drivers.contract import NANOSECONDS, Instant
from edge.instant import parse_rfc3339, rfc3339

AHEAD: Final = 3600 * NANOSECONDS
"""A recorder's own deadlines lie at most so far ahead."""

_STAMP: Final = re.compile(
    rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"'  # as rfc3339 writes it
    rb"|(?<=[\[:,])(\d{19})(?=[\],}])"  # ns since 1970, from 2001 to 2262
)


class Restamping(NamedTuple):
    """Every stamp in ``since`` ≤ t ≤ ``until`` is later by ``shift``; all in ns, shift in whole ms."""

    since: int
    until: int
    shift: int

    def instant(self, at: int) -> Instant:
        return Instant(at + self.shift if self.since <= at <= self.until else at)

    def json(self, body: bytes) -> bytes:
        """Of a JSON text without spaces: RFC 3339 in UTC with milliseconds, and ns since 1970."""
        return _STAMP.sub(self._again, body) if self.shift else body

    def _again(self, found: re.Match[bytes]) -> bytes:
        written, counted = found.groups()
        if counted is not None:
            return b"%d" % self.instant(int(counted))
        try:
            at = parse_rfc3339(written.decode())
        except ValueError:
            return found[0]
        if not self.since // 1_000_000 <= at // 1_000_000 <= self.until // 1_000_000:
            return found[0]
        return b'"%b"' % rfc3339(Instant(at + self.shift)).encode()


def of_boot(base: int, until: int, shift: int) -> Restamping:
    """Of a boot that was reckoned to begin at ``base``. until: its newest stamp, with deadlines behind it."""
    return Restamping(base, until + AHEAD, shift)
