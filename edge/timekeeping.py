"""What time it is, decided: evidence in, a verdict out. Pure; instants and spans in ns (DESIGN §8).

::

    NTP ───┐                      first knowledge, or a better source ──▶ step   (a Move)
    GNSS ──┼─ possible? ─ rank ─▶ the same source, a little off       ──▶ slew   (5 %, never backwards)
    RTC ───┘      │               the same source, far off            ──▶ refused, told
                  └── before the build, twenty years on, before the newest journalled ──▶ refused, told

Within a boot an instant is ``base`` plus the boot clock, which goes on through suspend and which nobody sets.
Once the time is known it stays known for the boot: what a source says later must agree with how much time has
passed.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from enum import StrEnum
from typing import Final, NamedTuple

from drivers.contract import NANOSECONDS, Instant

WRITTEN: Final = Instant(1_795_305_600 * NANOSECONDS)
"""2026-11-22: no time before this version was written can be true."""

LATEST: Final = Instant(WRITTEN + 20 * 365 * 86_400 * NANOSECONDS)
"""No gateway runs this version twenty years on; a date beyond is a week rollover or a damaged sentence."""

MILLISECOND: Final = 1_000_000

STEP: Final = NANOSECONDS
"""A better source that is further off than this is stepped to; nearer, the clock is slewed."""

JUMP: Final = 20 * NANOSECONDS
"""A source that moves by more has jumped. Less does a receiver that first hears of the leap seconds (18)."""

DRIFT: Final = 200 * 1000
"""ns in a second: more than any crystal strays between two words of its source."""

SLEW: Final = 50 * MILLISECOND
"""In a second of the boot clock, at the most: event time goes on, a little slower or faster."""

LATE: Final = NANOSECONDS
"""So late a receiver's sentence may come: a difference that says nothing."""

APART: Final = 3 * NANOSECONDS
"""Two sources this far apart do not both tell the time."""

SILENT: Final = 3600 * NANOSECONDS
"""After so long without a word of the source that is followed, the next best keeps the time."""

GNSS_AGREEMENTS: Final = 5
GNSS_SPAN: Final = 4 * NANOSECONDS
"""So many receiver times, over so long, must agree: one impossible date with a valid checksum has been seen,
and receivers that repeat their last second."""

GNSS_SCATTER: Final = 2 * NANOSECONDS
"""Agreeing: sentences leave a receiver up to a second late."""


class ClockState(StrEnum):
    """How the time is known."""

    NTP = "ntp"
    RTC = "rtc"
    GNSS = "gnss"
    SYSTEM = "system"
    UNSYNCED = "unsynced"


class Evidence(NamedTuple):
    """base: what it was, by this source, when the boot clock stood at zero. uncertainty: None: unknown."""

    source: ClockState
    base: int
    uncertainty: int | None = None


class Move(NamedTuple):
    """The base was stepped from ``base`` by ``shift`` (whole milliseconds, maybe 0) to what ``source`` says.

    was: how the time was known until then.
    """

    was: ClockState
    source: ClockState
    base: int
    shift: int
    uncertainty: int | None


class Doubt(StrEnum):
    """Why a source is not believed."""

    IMPOSSIBLE = "impossible"
    """Before this version was written, or twenty years on: a flat battery, a week rollover."""

    PAST = "past"
    """A battery clock before the newest journalled instant."""

    JUMP = "jump"
    """Further from its last word than time has passed."""


class Refused(NamedTuple):
    """off: how far from our time it is."""

    source: ClockState
    why: Doubt
    off: int


class Apart(NamedTuple):
    """Two sources that disagree: ``other`` is ``off`` from the one that is followed."""

    followed: ClockState
    other: ClockState
    off: int


class Verdict(NamedTuple):
    """What came of the evidence. move: None: no step. fit: the sources that said what can be."""

    move: Move | None = None
    refused: tuple[Refused, ...] = ()
    apart: tuple[Apart, ...] = ()
    fit: frozenset[ClockState] = frozenset()


class Timekeeping:
    """The base of this boot and how well it is known.

    base: at first the latest of what may be guessed. order: the sources that may set it, best first.
    """

    def __init__(self, base: int, order: Sequence[ClockState]) -> None:
        self.base = base
        self.state = ClockState.UNSYNCED
        self._rank = {source: rank for rank, source in enumerate(order)}
        self._not_before = 0
        self._uncertainty: int | None = None
        self._heard = 0
        self._slewed = 0

    def not_before(self, newest: Instant, since_boot: int) -> None:
        """Called once, with the newest journalled instant: no boot begins before the last one ended."""
        self._not_before = newest
        if self.state is ClockState.UNSYNCED:
            self.base = max(self.base, newest - since_boot)

    def resume(self, base: int, state: ClockState, since_boot: int, uncertainty: int | None) -> None:
        """This boot has been reckoned so before: another process was at work in it."""
        self.base, self.state = base, state
        self._uncertainty, self._heard = uncertainty, since_boot

    def uncertainty(self, since_boot: int) -> int | None:
        """Of ``base`` now; it grows while the source is silent. None: unknown."""
        if self._uncertainty is None or self.state is ClockState.UNSYNCED:
            return None
        return self._uncertainty + self._drift(since_boot)

    def weigh(self, evidence: Sequence[Evidence], since_boot: int) -> Verdict:
        """What the sources say at this moment of the boot clock. Called about once a second."""
        refused: list[Refused] = []
        possible: list[Evidence] = []
        for each in sorted((each for each in evidence if each.source in self._rank), key=self._ranked):
            why = self._doubt(each, since_boot)
            if why is None:
                possible.append(each)
            else:
                refused.append(Refused(each.source, why, each.base - self.base))
        if not possible:
            return Verdict(None, tuple(refused))
        move = self._judge(possible[0], since_boot, refused)
        fit = {each.source for each in possible} - {each.source for each in refused}
        return Verdict(move, tuple(refused), tuple(self._apart(possible, fit)), frozenset(fit))

    def _judge(self, best: Evidence, since_boot: int, refused: list[Refused]) -> Move | None:
        off = best.base - self.base
        if self.state is ClockState.UNSYNCED:
            return self._step(best, since_boot)
        better = self._rank[best.source] < self._rank[self.state]
        if better and abs(off) > STEP:
            return self._step(best, since_boot)
        if not better and best.source is not self.state and since_boot - self._heard < SILENT:
            return None
        if abs(off) > JUMP + self._drift(since_boot):
            refused.append(Refused(best.source, Doubt.JUMP, off))
            return None
        self._follow(best, since_boot)
        return None

    def _step(self, to: Evidence, since_boot: int) -> Move:
        shift = round((to.base - self.base) / MILLISECOND) * MILLISECOND
        move = Move(self.state, to.source, self.base, shift, to.uncertainty)
        self.base += shift
        self._take(to, since_boot)
        self._slewed = since_boot
        return move

    def _follow(self, to: Evidence, since_boot: int) -> None:
        """Slews, by no more than what keeps event time going on."""
        off = to.base - self.base
        most = SLEW * min(since_boot - self._slewed, NANOSECONDS) // NANOSECONDS
        if to.source is not ClockState.GNSS or abs(off) > LATE:
            self.base += max(-most, min(most, off))
        self._slewed = since_boot
        self._take(to, since_boot)

    def _take(self, source: Evidence, since_boot: int) -> None:
        self.state, self._uncertainty, self._heard = source.source, source.uncertainty, since_boot

    def _apart(self, possible: Sequence[Evidence], fit: Set[ClockState]) -> list[Apart]:
        """Whoever is far from the time that is kept; a jump is told as such."""
        return [
            Apart(self.state, each.source, each.base - self.base)
            for each in possible
            if each.source in fit - {self.state}
            and abs(each.base - self.base) > APART + (each.uncertainty or 0)
        ]

    def _doubt(self, evidence: Evidence, since_boot: int) -> Doubt | None:
        now = evidence.base + since_boot
        if not WRITTEN <= now <= LATEST:
            return Doubt.IMPOSSIBLE
        if evidence.source is ClockState.RTC and now < self._not_before:
            return Doubt.PAST
        return None

    def _drift(self, since_boot: int) -> int:
        return (since_boot - self._heard) * DRIFT // NANOSECONDS

    def _ranked(self, evidence: Evidence) -> int:
        return self._rank[evidence.source]


class Receiver:
    """A receiver's times, until several in a row agree with the boot clock and with each other. Pure."""

    def __init__(self) -> None:
        self._offers: list[tuple[int, int]] = []
        self.refused = 0
        """Impossible dates, ever."""

    def offer(self, utc: Instant, since_boot: int) -> None:
        """It says that it was ``utc`` when the boot clock stood so."""
        base = utc - since_boot
        if not WRITTEN <= utc <= LATEST:
            self.refused += 1
        if self._offers and abs(base - self._offers[0][0]) > GNSS_SCATTER:
            self._offers.clear()
        self._offers.append((base, since_boot))

    def evidence(self) -> Evidence | None:
        """What they agree on, once; then the next ones have to agree anew."""
        if len(self._offers) < GNSS_AGREEMENTS or self._offers[-1][1] - self._offers[0][1] < GNSS_SPAN:
            return None
        latest = max(base for base, _ in self._offers)  # the sentence that was least late
        self._offers.clear()
        return Evidence(ClockState.GNSS, latest, GNSS_SCATTER)
