"""A station on the bus and how far it can be relied on to answer.

A unit that does not answer is asked ever more rarely, and waited for ever so briefly, so that its neighbours
keep
their polls::

    misses         1            2     3     4     5 …                     answers
    asked again    when due     +2 s  +4 s  +8 s  +16 s … every 60 s      at once, as before
    waited for     port's time  as long as it ever took…   port's time
                                       └ suspended: 3 misses and 10 s
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

SUSPENDED_AFTER_MISSES: Final = 3
SUSPENDED_AFTER_S: Final = 10.0
"""Both: a short power cut and a damaged frame or two suspend nobody."""

FIRST_REST_S: Final = 2.0
LONGEST_REST_S: Final = 60.0
JITTER: Final = 0.2
"""Share by which a rest is drawn out, so that units that fell silent together are not asked together."""

BRIEFLY_S: Final = 0.05
BRIEFLY_TIMES: Final = 2.0
"""A silent unit is waited for this many times its slowest answer, and a little more."""

FADE: Final = 0.98
"""How much of the slowest answer is remembered with each answer."""


@dataclass(slots=True, eq=False)
class Unit:
    """Times in seconds of the event loop's clock. misses: in a row. slowest_s: of its answers; 0: none yet.

    suspended: it missed N times and for T seconds.
    """

    address: int
    misses: int = 0
    suspended: bool = False
    silent_since: float = 0.0
    rest_until: float = 0.0
    slowest_s: float = 0.0
    waited_for_fully: bool = True

    def patience_s(self, full_s: float, slowest_neighbour_s: float) -> float:
        """How long to wait for its answer, at most ``full_s``.

        A silent unit that has never answered is measured by the others on the wire. Every now and then it is
        waited for fully, so that one that has become slow is found again.
        """
        slowest_s = self.slowest_s or slowest_neighbour_s
        if self.waited_for_fully or not slowest_s:
            return full_s
        return min(full_s, BRIEFLY_TIMES * slowest_s + BRIEFLY_S)

    def answered_in(self, took_s: float) -> None:
        """It, or a gateway in its place, said something."""
        self.slowest_s = max(took_s, FADE * self.slowest_s)

    def heard(self) -> None:
        """It is there."""
        self.misses = 0
        self.suspended = False
        self.rest_until = 0.0
        self.waited_for_fully = True

    def missed(self, sent_at: float, now: float, too_late_s: float) -> None:
        """It did not answer what was sent at ``sent_at``.

        It is not asked again before ``too_late_s`` have passed since: until then a late answer may come, and
        on a serial line nothing would tell it from the answer to a new request.
        """
        if self.misses == 0:
            self.silent_since = sent_at
        self.misses += 1
        silent_s = now - self.silent_since
        self.suspended = self.misses >= SUSPENDED_AFTER_MISSES and silent_s >= SUSPENDED_AFTER_S
        rest_s = 0.0
        if self.misses > 1:
            rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2.0 ** min(self.misses - 2, 10))
        self.waited_for_fully = rest_s >= LONGEST_REST_S
        rest_s *= random.uniform(1.0, 1.0 + JITTER)
        self.rest_until = sent_at + max(rest_s, too_late_s)
