"""What an observation passes on its way into the journal, as one visible list of steps (``STEPS``).

Here a gap becomes a fact: a device that says nothing, or only that it has nothing to say, is journalled once
as missing when the gap begins, again every quarter of an hour while it lasts, and its alarm stands until it
is back. What ``thin`` leaves out of the journal is shown and counted in the rollups all the same.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from drivers import defects
from drivers.contract import (
    NANOSECONDS,
    Fix,
    Frame,
    Instant,
    Now,
    Observation,
    Quality,
    Reading,
    Reason,
    Reject,
    Sighting,
)
from edge import bounds, entries
from edge.alarms import Alarms, Cause
from edge.calibration import Calibration
from edge.devices import REFUSED_FRAME_BYTES, DeviceState, Intaken, RefusedFrame, state_of
from edge.journal.block import Entry
from edge.restamping import Restamping

log = logging.getLogger(__name__)

GAP_AGAIN: Final = 15 * 60 * NANOSECONDS
"""While a gap lasts it is journalled again at this interval, so that no stretch of telemetry hides it."""


SHOWN_BYTES: Final = 64
"""Of a refused frame, in the log."""


class Store(Protocol):
    """The journal, as the intake sees it."""

    def observe(self, entry: Entry) -> bool:
        """False when there is no room."""

    def roll(self, at: Instant, values: Sequence[tuple[str, float]]) -> None:
        """Counts values by point that stand in no entry."""


class Intake:
    """Where every source's observations arrive (the contract's Emit).

    offer: told a receiver's own time. live: told the newest entry of a device. lost: told what found no room
    in the journal: device, when, how many observations. recorded: told, once it is in the journal, what the
    recorders work on: first sightings, and of readings and fixes what ``STEPS`` leave, gaps included.
    """

    def __init__(
        self,
        devices: Sequence[Intaken],
        *,
        journal: Store,
        now: Now,
        alarms: Alarms,
        offer: Callable[[Instant, Instant], None],
        live: Callable[[str, bytes], None],
        lost: Callable[[str, Instant, int], None],
        recorded: Callable[[str, Sequence[Observation]], None],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._now = now
        self._alarms = alarms
        self._offer = offer
        self._live = live
        self._lost = lost
        self._recorded = recorded
        self._steady = steady
        self.devices = {device.name: state_of(device, steady()) for device in devices}

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None:
        try:
            with defects.refused():
                self._take(self.devices[device], observations, frame)
        except Reject as reject:
            self.refuse(device, reject, frame)

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        """Counts a refused frame; the first of its kind is logged, repeats only at debug.

        A defect of ours is an alarm, which stands until the gateway is started anew.
        """
        state = self.devices[device]
        refused = state.refused
        refused[reject.reason] += 1
        shown = frame.data[:REFUSED_FRAME_BYTES].hex(" ")
        state.refused_frames.append(RefusedFrame(self._now(), reject.reason, str(reject), shown))
        first = refused[reject.reason] == 1
        level, defect = logging.WARNING if first else logging.DEBUG, None
        if reject.reason is Reason.DEFECT:
            level, defect = logging.ERROR if first else logging.DEBUG, reject.__cause__
            self._alarms.raised(Cause.DEFECT, device, reject.detail)
        shown = frame.data[:SHOWN_BYTES].hex(" ")
        log.log(level, "%s: frame refused, %s: %s", device, reject, shown, exc_info=defect)

    async def next(self, device: str) -> tuple[Frame, Sequence[Observation]]:
        """The next frame that this device answers with, and what it says."""
        waiting: asyncio.Future[tuple[Frame, Sequence[Observation]]] = (
            asyncio.get_running_loop().create_future()
        )
        self.devices[device].waiting.append(waiting)
        return await waiting

    def tick(self) -> None:
        """Ends windows and notices silence. Called about once a second."""
        at, steady_s = self._now(), self._steady()
        for state in self.devices.values():
            self._end_windows(state, at)
            if steady_s - state.spoke_s > state.patience_s:
                self._alarms.raised(Cause.SILENT, state.device.name, _why(state))
                self._tell_gap(state, _silence(state, at))

    def change(self, devices: Sequence[Intaken]) -> None:
        """From now on these. What is known of one that is as it was stays; the others begin anew, and what
        their open windows counted is told."""
        former = self.devices
        self.devices = {
            device.name: before
            if (before := former.get(device.name)) is not None and before.device == device
            else state_of(device, self._steady())
            for device in devices
        }
        self._end(state for name, state in former.items() if self.devices.get(name) is not state)

    def restamp(self, again: Restamping) -> None:
        """The time has become known: windows, spacing and gaps go on as if it always had been."""
        for state in self.devices.values():
            state.restamp(again)

    def end(self) -> None:
        """Before the gateway stops: tells what the open windows counted."""
        self._end(self.devices.values())

    def _end(self, states: Iterable[DeviceState]) -> None:
        at = self._now()
        for state in states:
            for closed in state.windows.end():
                self._store(
                    state, entries.again(state.device.name, closed.code, at, closed.times, closed.last)
                )

    def _take(self, state: DeviceState, observations: Sequence[Observation], frame: Frame) -> None:
        """Raises Reject."""
        if state.device.open_air:
            bounds.believable(observations)
        state.observed += len(observations)
        state.frame = frame
        self._offer_time(observations)
        for step in STEPS:
            observations = step(state, observations)
        if observations:
            self._keep(state, observations)

    def _offer_time(self, observations: Sequence[Observation]) -> None:
        for item in observations:
            if isinstance(item, Fix) and item.utc is not None:
                self._offer(item.utc, item.at)

    def _keep(self, state: DeviceState, observations: Sequence[Observation]) -> None:
        if _says_nothing(observations):
            self._tell_gap(state, observations)
            return
        state.spoke_s, state.gap = self._steady(), ()
        if state.cadence is not None:
            state.cadence.heard(state.spoke_s)
        self._alarms.cleared(Cause.SILENT, state.device.name)
        seen = [item for item in observations if isinstance(item, Sighting)]
        for item in seen:
            self._end_windows(state, item.at, item)
        news = [
            item
            for item in observations
            if not isinstance(item, Sighting) or state.windows.seen(item.code, item.at)
        ]
        keep = self._store if state.thinning is None or state.thinning.keeps(news) else self._roll
        for entry in entries.encode(state.device.name, news, state.raw):
            keep(state, entry)
        self._recorded(state.device.name, news)

    def _tell_gap(self, state: DeviceState, missing: Sequence[Observation]) -> None:
        if state.thinning is not None:
            state.thinning.forget()
        gap = tuple((item.quantity, item.reason) for item in missing if isinstance(item, Reading))
        if not gap:
            return
        at = missing[-1].at
        if gap == state.gap and at - state.gap_told < GAP_AGAIN:
            return
        state.gap, state.gap_told = gap, at
        for entry in entries.encode(state.device.name, missing, {}):
            self._store(state, entry)
        self._recorded(state.device.name, missing)

    def _end_windows(self, state: DeviceState, at: Instant, seen: Sighting | None = None) -> None:
        for closed in state.windows.close(at, seen.code if seen else None):
            self._store(state, entries.again(state.device.name, closed.code, at, closed.times, closed.last))

    def _store(self, state: DeviceState, entry: Entry) -> None:
        self._live(state.device.name, entry.body)
        if not self._journal.observe(entry):
            state.refused["journal_full"] += entry.observations
            self._lost(state.device.name, entry.at, entry.observations)
            if state.thinning is not None:
                state.thinning.forget()

    def _roll(self, state: DeviceState, entry: Entry) -> None:
        self._live(state.device.name, entry.body)
        self._journal.roll(entry.at, entry.values)
        state.thinned += entry.observations


def adjusted(state: DeviceState, observations: Sequence[Observation]) -> Sequence[Observation]:
    """Applies the calibration of the settings and keeps the raw value beside it."""
    calibrations = state.device.calibrations
    if not calibrations:
        return observations
    state.raw.clear()
    return [_adjust(item, calibrations, state.raw) for item in observations]


def checked(_state: DeviceState, observations: Sequence[Observation]) -> Sequence[Observation]:
    """Turns numbers that cannot be true into gaps."""
    return [bounds.checked(item) if isinstance(item, Reading) else item for item in observations]


def noted(state: DeviceState, observations: Sequence[Observation]) -> Sequence[Observation]:
    """What people see first, kept or not: the newest values of `status`, the answer to `read`."""
    for item in observations:
        state.newest[item.quantity if isinstance(item, Reading) else type(item).__name__.lower()] = item
    for waiting in state.waiting:
        if not waiting.done():
            waiting.set_result((state.frame, observations))
    state.waiting.clear()
    return observations


def spaced(state: DeviceState, observations: Sequence[Observation]) -> Sequence[Observation]:
    """Keeps one frame an interval of a device that talks by itself.

    Up to a quarter of the interval early counts as in time, so that jitter costs nothing; over time there are
    never more than one for each. A clock that was set back begins anew.
    """
    if not state.device.spaced or state.device.every_s is None or not observations:
        return observations
    at, every = observations[0].at, int(state.device.every_s * NANOSECONDS)
    early, late = every // 4, at - state.due
    if -every - early <= late < -early:
        return ()
    state.due = Instant((state.due if -early <= late < every else at) + every)
    return observations


STEPS: Final[tuple[Callable[[DeviceState, Sequence[Observation]], Sequence[Observation]], ...]] = (
    adjusted,
    checked,
    noted,
    spaced,
)
"""In this order. Gaps, repeats and what is thinned are judged after them, on what they leave."""


def _adjust(item: Observation, calibrations: Mapping[str, Calibration], raw: dict[str, float]) -> Observation:
    if not isinstance(item, Reading) or item.value is None or item.quantity not in calibrations:
        return item
    raw[item.quantity] = item.value
    return item._replace(value=calibrations[item.quantity](item.value))


def _says_nothing(observations: Sequence[Observation]) -> bool:
    return all(isinstance(item, Reading) and item.value is None for item in observations)


def _silence(state: DeviceState, at: Instant) -> list[Observation]:
    """A gap already told keeps its reasons; a device that just stopped talking is missing as ``silent``.

    Of what a family of probes may measure, only what this one has said is missing.
    """
    said = [name for name in state.device.quantities if name in state.newest]
    reasons = dict(state.gap) or dict.fromkeys(said or state.device.quantities, "silent")
    return [Reading(at, name, None, Quality.MISSING, reason) for name, reason in reasons.items()]


def _why(state: DeviceState) -> str:
    return next((reason for _, reason in state.gap), "silent")
