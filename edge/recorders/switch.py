"""How often and how long a state was true over a stretch of time: a door, a defrost.

::

    said      no      yes          no     nothing      yes
              ├────────┼────────────┤      ├────────────┼────
              since    times + 1    on_ns  unknown_ns   times + 1
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.contract import NANOSECONDS, Instant


@dataclass(slots=True)
class Switch:
    """A row of a recorder's memory. Instants and spans in ns.

    since: where the stretch begins. on: the state as it is; None: nobody knows. known: as it was last known;
    from no to yes is once more, whatever was not known in between.
    """

    since: int
    on: bool | None = None
    known: bool | None = None
    upto: int = 0
    times: int = 0
    on_ns: int = 0
    unknown_ns: int = 0
    late: int = 0

    def __post_init__(self) -> None:
        self.upto = self.upto or self.since

    def say(self, at: Instant, on: bool | None) -> None:
        """The state from here on; None: it is missing. From before what was said last it is late."""
        if at < self.upto:
            self.late += 1
            return
        self._pass(at)
        if on and self.known is False:
            self.times += 1
        self.on = on
        self.known = self.known if on is None else on

    def ended(self, until: Instant) -> tuple[int, float, float]:
        """How many times it became true, and the seconds that it was true and that nobody knows."""
        self._pass(until)
        return self.times, round(self.on_ns / NANOSECONDS, 1), round(self.unknown_ns / NANOSECONDS, 1)

    def next(self, at: Instant) -> Switch:
        """Of the stretch that follows at once; what is so goes on."""
        return Switch(at, self.on, self.known)

    def _pass(self, at: int) -> None:
        span = max(at - self.upto, 0)
        if self.on is None:
            self.unknown_ns += span
        elif self.on:
            self.on_ns += span
        self.upto = max(at, self.upto)
