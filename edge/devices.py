"""A device as the intake knows it: what the settings say of it, and what it has said."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from drivers.cadence import Cadence
from drivers.contract import NANOSECONDS, Frame, Instant, Observation
from edge.calibration import Calibration
from edge.restamping import Restamping
from edge.thinning import Thin, Thinning
from edge.windows import Windows

PATIENCE_POLLS: Final = 3
"""A device with a cadence is silent when it has missed this many times ..."""

PATIENCE_LEAST_S: Final = 10.0
"""... and for at least this long: a bus that is opened anew is back sooner."""

PATIENCE_LEARNT_S: Final = 30.0
"""... for this long where the cadence was learnt: a door of steel and a trolley of meat may stand before a
radio for a while."""

PATIENCE_UNKNOWN_S: Final = 300.0
"""Until it is learnt, this is silence."""


class Intaken(NamedTuple):
    """What the intake knows of a device from the settings.

    quantities: what it measures, for a gap before it has ever spoken. every_s: its cadence; None: it talks
    when it likes, and silence means nothing, unless it ``learns`` its cadence from what is heard. spaced: it
    talks by itself, so that ``every_s`` spaces it out. calibrations: by quantity. thin: what need not be
    journalled; None: all of it is. open_air: anybody may have sent what is heard of it, so that an impossible
    value discredits the whole frame.
    """

    name: str
    quantities: Sequence[str]
    every_s: float | None
    spaced: bool
    calibrations: Mapping[str, Calibration]
    repeat_s: float
    thin: Thin | None = None
    learns: bool = False
    open_air: bool = False


START: Final = Instant(0)
"""Before everything."""


class RefusedFrame(NamedTuple):
    """A frame that a decoder refused. frame: hexadecimal, of a long one its beginning."""

    t: Instant
    reason: str
    detail: str
    frame: str


REFUSED_FRAMES: Final = 8
"""Kept of each device for `diagnose`."""

REFUSED_FRAME_BYTES: Final = 256


NOTHING: Final = Frame(b"")
"""Of a device that has not spoken."""


@dataclass(slots=True)
class DeviceState:
    """What the intake remembers of a device, and what `status` shows of it.

    cadence: learnt; None: it is given, or silence means nothing. spoke_s: when it last said something, on the
    steady clock (which nobody sets), at first the start. thinned: observations that were shown and counted,
    and not journalled.
    """

    device: Intaken
    windows: Windows
    cadence: Cadence | None
    spoke_s: float
    thinning: Thinning | None
    newest: dict[str, Observation] = field(default_factory=dict)
    raw: dict[str, float] = field(default_factory=dict)
    frame: Frame = NOTHING
    due: Instant = START
    gap: tuple[tuple[str, str], ...] = ()
    gap_told: Instant = START
    observed: int = 0
    thinned: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refused_frames: deque[RefusedFrame] = field(default_factory=lambda: deque(maxlen=REFUSED_FRAMES))
    waiting: list[asyncio.Future[tuple[Frame, Sequence[Observation]]]] = field(default_factory=list)

    def restamp(self, again: Restamping) -> None:
        """The time has become known."""
        self.windows.restamp(again)
        if self.thinning is not None:
            self.thinning.restamp(again)
        self.newest = {name: item._replace(at=again.instant(item.at)) for name, item in self.newest.items()}
        self.due, self.gap_told = again.instant(self.due), again.instant(self.gap_told)

    @property
    def every_s(self) -> float | None:
        """Its cadence, given or learnt; None: not known."""
        return self.device.every_s if self.cadence is None else self.cadence.every_s

    @property
    def patience_s(self) -> float:
        """After so many seconds of silence it is missing; infinite where silence means nothing."""
        every_s = self.every_s
        if every_s is not None:
            least_s = PATIENCE_LEAST_S if self.cadence is None else PATIENCE_LEARNT_S
            return max(PATIENCE_POLLS * every_s, least_s)
        return math.inf if self.cadence is None else PATIENCE_UNKNOWN_S


def state_of(device: Intaken, now_s: float) -> DeviceState:
    """Of a device that has not spoken; ``now_s`` on the steady clock."""
    windows = Windows(int(device.repeat_s * NANOSECONDS))
    thinning = Thinning(device.thin) if device.thin is not None else None
    cadence = Cadence() if device.learns and device.every_s is None else None
    return DeviceState(device, windows, cadence, now_s, thinning)
