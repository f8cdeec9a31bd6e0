"""What to do about a radio from which nothing is heard any more, step by step."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from drivers.cadence import Cadence

MISSED: Final = 3
"""All probes together are silent when this many arrivals are missing ..."""

LEAST_S: Final = 12.0
"""... and for at least this long: a probe is back well within a minute, whichever step it takes."""

MOST_S: Final = 1800.0
"""No silence is waited for longer than this."""

UNKNOWN_S: Final = 20.0
"""The same where nothing was heard yet."""


class Step(StrEnum):
    """Each disturbs more than the one before."""

    RESTART = "restart the scan"
    POWER = "switch the adapter off and on"
    GIVE_UP = "report the radio as down"


_AFTER: Final = {Step.RESTART: Step.POWER, Step.POWER: Step.GIVE_UP, Step.GIVE_UP: Step.RESTART}


class Ladder:
    """One step for each silence in a row; after the last from the first again, with twice the patience.

    rounds: how often patience was doubled since a probe was heard.
    """

    def __init__(self) -> None:
        self._cadence = Cadence()
        self._since_s = 0.0
        self._next = Step.RESTART
        self.rounds = 0

    @property
    def patience_s(self) -> float:
        """The silence after which a step is due, in seconds."""
        every_s = self._cadence.every_s
        silence_s = UNKNOWN_S if every_s is None else max(LEAST_S, MISSED * every_s)
        return min(silence_s * (1 << self.rounds), MOST_S)

    @property
    def begun(self) -> bool:
        """Whether a step was taken since a probe was heard."""
        return self.rounds > 0 or self._next is not Step.RESTART

    def heard(self, at_s: float) -> None:
        """One of the probes, at a time on a clock that nobody sets."""
        self._cadence.heard(at_s)
        self._since_s = at_s
        self._next, self.rounds = Step.RESTART, 0

    def begin(self, at_s: float) -> None:
        """Silence counts from here: the radio is listening again."""
        self._since_s = at_s

    def step(self, at_s: float, *, alive: bool) -> Step | None:
        """What is due; None: nothing. alive: others are heard, so that only the scan can be at fault."""
        if at_s - self._since_s < self.patience_s:
            return None
        due = Step.RESTART if alive else self._next
        if alive or due is Step.GIVE_UP:
            self.rounds += 1
        self._next = Step.RESTART if alive else _AFTER[due]
        self._since_s = at_s
        return due
