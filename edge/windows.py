"""Sliding windows of repeated sightings: a reader repeats a tag many times a second, the journal does not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

from drivers.contract import Code, Instant
from edge.restamping import Restamping

LONGEST: Final = 10
"""A window closes at the latest after this many times ``repeat``, even if the code is still in the field."""

MOST: Final = 20_000
"""Open windows of one device; beyond, the one unseen for longest is closed early."""


class Closed(NamedTuple):
    """A window that ended with repeats: seen ``times`` after the first, the last of them at ``last``."""

    code: Code
    times: int
    last: Instant


class _Window:
    __slots__ = ("count", "first", "last")

    def __init__(self, first: Instant) -> None:
        self.first = self.last = first
        self.count = 0


class Windows:
    """The open windows of one device; pure: time comes in with each call.

    repeat_ns: how long a code stays known.
    """

    def __init__(self, repeat_ns: int) -> None:
        self._repeat = repeat_ns
        self._open: OrderedDict[Code, _Window] = OrderedDict()  # the one unseen for longest first

    def seen(self, code: Code, at: Instant) -> bool:
        """Whether this sighting opens a window, and so is news.

        ``close`` comes before it, at the same time.
        """
        window = self._open.get(code)
        if window is None:
            self._open[code] = _Window(at)
            return True
        window.count += 1
        window.last = at
        self._open.move_to_end(code)
        return False

    def close(self, at: Instant, seen: Code | None = None) -> Iterator[Closed]:
        """Ends what has run out by ``at``; of a code in the field for too long, when it is ``seen`` again."""
        while self._open:
            code, window = next(iter(self._open.items()))
            if at - window.last < self._repeat and len(self._open) <= MOST:
                break
            yield from self._end(code)
        stays = self._open.get(seen) if seen is not None else None
        if seen is not None and stays is not None and at - stays.first >= LONGEST * self._repeat:
            yield from self._end(seen)

    def restamp(self, again: Restamping) -> None:
        """The time has become known."""
        for window in self._open.values():
            window.first, window.last = again.instant(window.first), again.instant(window.last)

    def end(self) -> Iterator[Closed]:
        """Ends them all."""
        for code in list(self._open):
            yield from self._end(code)

    def _end(self, code: Code) -> Iterator[Closed]:
        window = self._open.pop(code)
        if window.count:
            yield Closed(code, window.count, window.last)
