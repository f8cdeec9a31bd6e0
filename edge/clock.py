"""What time it is, and how well we know it (DESIGN §8).

Within a boot an instant is a base plus ``CLOCK_BOOTTIME``, which goes on through suspend and which nobody
sets. The base is the latest of the system clock, the newest journalled instant and the day this version was
written; it moves only when a source that may be believed says that it is wrong, and every move is reported.

Holding blocks back until the time is known, and correcting a boot that never learnt it, come with a later
version; until then a block says by its ``clock`` how its stamps were known.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from drivers.contract import NANOSECONDS, Instant

WRITTEN: Final = Instant(1_795_305_600 * NANOSECONDS)
"""2026-11-22: no time before this version was written can be true."""

LATEST: Final = Instant(WRITTEN + 20 * 365 * 86_400 * NANOSECONDS)
"""No gateway runs this version twenty years on; a date beyond is a week rollover or a damaged sentence."""

TOLERANCE: Final = NANOSECONDS // 2
"""How far the system clock may be from ours before it counts as set: far above what slewing leaves."""

GNSS_AGREEMENTS: Final = 5
"""How many receiver times must agree in a row: one impossible date with a valid checksum has been seen."""

GNSS_SCATTER: Final = 2 * NANOSECONDS
"""Agreeing: sentences leave a receiver up to a second late."""

GNSS_TOLERANCE: Final = 3 * NANOSECONDS
"""A receiver's time moves the base only when it is further off than sentences are late."""


_TIME_ERROR: Final = 5
_TIMEX_BYTES: Final = 208


def ntp_synchronised() -> bool:
    """What the kernel says (adjtimex(2)): false also where asking is forbidden, as under ProtectClock."""
    libc = ctypes.CDLL(None, use_errno=True)
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    state: int = libc.adjtimex(timex)
    return state not in (-1, _TIME_ERROR)


class ClockState(StrEnum):
    """How the time is known."""

    NTP = "ntp"
    GNSS = "gnss"
    SYSTEM = "system"
    UNSYNCED = "unsynced"


class Clock:
    """The gateway's time.

    trust_system: the settings say that the system clock is right. wall, since_boot, synchronised: the
    machine's clocks. ``moved`` is told the shift in nanoseconds and its source whenever the base moves.
    """

    def __init__(
        self,
        *,
        trust_system: bool = False,
        wall: Callable[[], int] = time.time_ns,
        since_boot: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
        synchronised: Callable[[], bool] = ntp_synchronised,
    ) -> None:
        self._wall = wall
        self._since_boot = since_boot
        self._synchronised = synchronised
        self._trust_system = trust_system
        self.moved: Callable[[int, ClockState], None] = lambda _shift, _source: None
        self._base = max(wall(), WRITTEN) - since_boot()
        self._offers: list[int] = []
        self._gnss = False
        self.refused_offers = 0
        self.state = ClockState.UNSYNCED
        self.check()

    def now(self) -> Instant:
        return Instant(self._base + self._since_boot())

    def not_before(self, newest: Instant) -> None:
        """Called once, with the newest journalled instant: no boot begins before the last one ended."""
        self._base = max(self._base, newest - self._since_boot())

    def check(self) -> None:
        """Asks the machine anew whether its clock is right, and follows it if so.

        Called every few seconds.
        """
        if self._synchronised():
            self.state = ClockState.NTP
        elif self._trust_system:
            self.state = ClockState.SYSTEM
        else:
            self.state = ClockState.GNSS if self._gnss else ClockState.UNSYNCED
            return
        wall = self._wall()
        if WRITTEN <= wall <= LATEST:
            self._follow(wall - self._since_boot(), TOLERANCE)

    def offer(self, utc: Instant, at: Instant) -> None:
        """A receiver says that it was ``utc`` at our ``at``. Believed when several in a row agree."""
        if not WRITTEN <= utc <= LATEST:
            self.refused_offers += 1
            self._offers.clear()
            return
        base = self._base + (utc - at)
        if self._offers and abs(base - self._offers[0]) > GNSS_SCATTER:
            self._offers.clear()
        self._offers.append(base)
        if len(self._offers) < GNSS_AGREEMENTS:
            return
        latest = max(self._offers)  # the sentence that was least late
        self._offers.clear()
        self._gnss = True
        if self.state in (ClockState.UNSYNCED, ClockState.GNSS):
            self.state = ClockState.GNSS
            self._follow(latest, GNSS_TOLERANCE)

    def _follow(self, base: int, tolerance: int) -> None:
        shift = base - self._base
        if abs(shift) <= tolerance:
            return
        self._base = base
        self._offers.clear()
        self.moved(shift, self.state)


def boot_id() -> str:
    """What the kernel calls this boot; changes at every start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def machine_id() -> str:
    """What tells this machine from a clone of its card: systemd's machine id, else the host's name."""
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip() or os.uname().nodename
    except OSError:
        return os.uname().nodename
