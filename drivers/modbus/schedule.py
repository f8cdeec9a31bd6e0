"""When which unit is polled.

Each unit and cadence is one *poll*, due on a grid of its own. The poll that has waited longest goes first.
One that is overdue by a whole cadence is dropped, not made up for: two readings a moment apart say nothing
twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from drivers.contacts.watch import Watch
from drivers.contract import Device, Observation, Polled, Request, Watched
from drivers.modbus.counts import Counts
from drivers.modbus.plan import Span, halves, spans
from drivers.modbus.unit import Unit

FIRST_POLLS_WITHIN_S: Final = 2.0
"""The first polls are spread over their cadence, but no further than a technician waits at the display."""

STEPS: Final = 10
"""In so many steps: to wake up for each of many polls would cost more than the polls themselves."""


LOOK_S: Final = 0.5
"""A state is looked at this often whatever its cadence, so that no door opens and closes unseen."""


class Taker(NamedTuple):
    """A device that takes part in a poll. watch: of one with a state; None: whatever it says is told."""

    device: Device
    requests: Sequence[Request]
    watch: Watch | None

    def ask(self) -> None:
        """Its next answer is told in any case."""
        if self.watch is not None:
            self.watch.ask()

    def news(self, seen: Sequence[Observation]) -> Sequence[Observation]:
        """What of an answer is to be told."""
        return seen if self.watch is None else self.watch.news(seen)


class Poll:
    """What is asked of one unit at one cadence, for one or several devices (channels).

    due: its next place on the grid. ready: when it may be asked: when due, later while its unit rests, at
    once if somebody asks. Seconds of the event loop's clock.
    """

    def __init__(self, unit: Unit, every_s: float, devices: Sequence[Device]) -> None:
        self.unit = unit
        self.every_s = every_s
        self.takers = [Taker(device, _polled(device).requests(), _watch(device)) for device in devices]
        requests = [request for taker in self.takers for request in taker.requests]
        self.spans = spans(requests, min(_polled(device).max_read for device in devices))
        cheapest = min(requests, key=attrgetter("length"))
        (self.probe,) = spans([cheapest])
        self.due = 0.0
        self.ready = 0.0

    def go_on(self, former: Poll, kept: Mapping[str, Taker]) -> None:
        """In the place of another of its unit and cadence. kept: the devices that are as they were."""
        self.due, self.ready = former.due, former.ready
        self.takers = [kept.get(taker.device.name, taker) for taker in self.takers]
        if self.takers == former.takers:
            self.spans = former.spans

    def split(self, span: Span) -> list[Span]:
        """From now on this span is read in two."""
        parts = halves(span)
        at = self.spans.index(span)
        self.spans[at : at + 1] = parts
        return parts

    def advance(self, now: float) -> int:
        """To its next place on the grid after ``now``. Returns how many places were passed over."""
        if self.due > now:  # asked for ahead of its time
            return 0
        passed = int((now - self.due) // self.every_s)
        self.due += (passed + 1) * self.every_s
        return passed


def _polled(device: Device) -> Polled:
    if not isinstance(device.decoder, Polled):
        raise TypeError(f"{device.name}: a bus asks, and {type(device.decoder).__name__} cannot be asked")
    return device.decoder


def _cadence_s(device: Device) -> float:
    if device.every_s is None:
        raise ValueError(f"{device.name}: a polled device needs a cadence")
    return device.every_s


def _asked_every_s(device: Device) -> float:
    every_s = _cadence_s(device)
    return min(every_s, LOOK_S) if isinstance(device.decoder, Watched) else every_s


def _watch(device: Device) -> Watch | None:
    decoder = device.decoder
    return Watch(_cadence_s(device), decoder.settle_s) if isinstance(decoder, Watched) else None


def _spread(polls: Sequence[Poll], now: float) -> None:
    for place, poll in enumerate(polls):
        spread_s = min(poll.every_s, FIRST_POLLS_WITHIN_S)
        step = STEPS * place // len(polls)
        poll.due = now + spread_s * step / STEPS
        poll.ready = max(poll.due, poll.unit.rest_until)


class Schedule:
    """All polls of a wire. A look at each (at most 247 units) costs less than keeping them in order."""

    def __init__(
        self, devices: Iterable[Device], counts: Counts, units: Mapping[int, Unit] | None = None
    ) -> None:
        """units: that are known already."""
        self._counts = counts
        self.units: dict[int, Unit] = {}
        known = units or {}
        together: dict[tuple[int, float], list[Device]] = {}
        for device in devices:
            address = _polled(device).requests()[0].unit
            together.setdefault((address, _asked_every_s(device)), []).append(device)
        self.polls = [
            Poll(self.units.setdefault(address, known.get(address) or Unit(address)), every_s, members)
            for (address, every_s), members in together.items()
        ]

    def begin(self, now: float) -> None:
        """Spreads the polls from ``now`` on, and has every state told. A unit that rests goes on resting."""
        _spread(self.polls, now)
        for poll in self.polls:
            for taker in poll.takers:
                taker.ask()

    def rehung(self, devices: Sequence[Device], now: float) -> Schedule:
        """The same wire with these devices. What is the same object goes on, at its own place on the grid;
        the polls of this schedule tell nothing more of the others."""
        same = {id(device) for device in devices}
        for poll in self.polls:
            poll.takers = [taker for taker in poll.takers if id(taker.device) in same]
        kept = {taker.device.name: taker for poll in self.polls for taker in poll.takers}
        former = {(poll.unit.address, poll.every_s): poll for poll in self.polls}
        rehung = Schedule(devices, self._counts, self.units)
        new = []
        for poll in rehung.polls:
            before = former.get((poll.unit.address, poll.every_s))
            if before is None:
                new.append(poll)
            else:
                poll.go_on(before, kept)
        _spread(new, now)
        return rehung

    def first(self) -> Poll:
        """The poll to be asked next, now or later."""
        return min(self.polls, key=attrgetter("ready"))

    def ask(self, device: str, now: float) -> bool:
        """Makes the poll of this device ready now, even if its unit rests. False: there is no such device."""
        for poll in self.polls:
            for taker in poll.takers:
                if taker.device.name == device:
                    poll.ready = now
                    taker.ask()
                    return True
        return False

    def served(self, poll: Poll, now: float) -> None:
        """The poll was begun at ``now``; the places it passed over are lost."""
        passed = poll.advance(now)
        if poll.unit.misses:
            self._counts.rested_polls += passed
        else:
            self._counts.dropped_polls += passed
        poll.ready = max(poll.due, poll.unit.rest_until)

    def lost(self, asked: Poll, now: float) -> list[Poll]:
        """The unit of ``asked`` did not answer at ``now``: which of its polls come to nothing thereby."""
        lost = [poll for poll in self._of(asked.unit) if poll is asked or poll.due <= now]
        for poll in lost:
            self.served(poll, now)
        return lost

    def heed(self, unit: Unit) -> None:
        """The unit's rest has changed."""
        for poll in self._of(unit):
            poll.ready = max(poll.due, unit.rest_until)

    def _of(self, unit: Unit) -> list[Poll]:
        return [poll for poll in self.polls if poll.unit is unit]
