"""The gateway's clock: the rim of ``timekeeping.py``, where the machine is asked.

Until the time is known what is journalled is held, at most for ``hold``; a battery clock, or a system clock
that the settings trust, holds nothing (DESIGN §8).
"""

from __future__ import annotations

import ctypes
import os
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from drivers.contract import NANOSECONDS, Instant
from edge.timedate import TimeDate
from edge.timekeeping import (
    LATEST,
    WRITTEN,
    Apart,
    ClockState,
    Evidence,
    Receiver,
    Refused,
    Timekeeping,
    Verdict,
)

__all__ = ["LATEST", "WRITTEN", "Clock", "ClockState", "Machine", "Synchronised", "machine_id"]

_TIMEX_BYTES: Final = 208
_TIMEX_MAXERROR: Final = 24
_TIMEX_STATUS: Final = 40
_STA_UNSYNC: Final = 0x40
_MICROSECOND: Final = 1000

_HCTOSYS: Final = Path("/sys/class/rtc/rtc0/hctosys")


class Synchronised(NamedTuple):
    """The system clock is. off: by at most so much from the truth, ns; None: nobody says."""

    off: int | None


class Machine(Protocol):
    """The machine's clocks. Spans and instants in ns."""

    def boot(self) -> str:
        """What tells this boot from every other."""

    def wall(self) -> int:
        """The system clock, which anybody may set."""

    def since_boot(self) -> int:
        """``CLOCK_BOOTTIME``."""

    def ntp(self) -> Synchronised | None:
        """None: the system clock is not known to be synchronised."""

    def battery(self) -> bool:
        """Whether the kernel set the system clock from a battery clock when it started."""


class Linux:
    """See ``Machine``."""

    def __init__(self) -> None:
        self._timedate = TimeDate()

    def boot(self) -> str:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()

    def wall(self) -> int:
        return time.time_ns()

    def since_boot(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def ntp(self) -> Synchronised | None:
        """adjtimex(2), struct timex of a 64-bit kernel; where asking is forbidden, systemd-timedated."""
        timex = ctypes.create_string_buffer(_TIMEX_BYTES)
        if ctypes.CDLL(None, use_errno=True).adjtimex(timex) == -1:
            return Synchronised(None) if self._timedate.synchronised() else None
        (status,) = struct.unpack_from("=i", timex, _TIMEX_STATUS)
        (off_us,) = struct.unpack_from("=q", timex, _TIMEX_MAXERROR)
        return None if status & _STA_UNSYNC else Synchronised(off_us * _MICROSECOND)

    def battery(self) -> bool:
        try:
            return _HCTOSYS.read_text(encoding="ascii").strip() == "1"
        except OSError:
            return False


class Clock:
    """The gateway's time.

    trust_system: the settings say that the system clock is right. set_from: who may set ours, best first.
    hold_s: how long at most blocks wait for the time, from when the gateway first ran in this boot.
    """

    def __init__(
        self,
        *,
        trust_system: bool = False,
        set_from: Sequence[str] = ("ntp", "gnss"),
        hold_s: float = 0.0,
        machine: Machine | None = None,
    ) -> None:
        self._machine = machine or Linux()
        self.boot = self._machine.boot()
        since_boot = self._machine.since_boot()
        wall = self._machine.wall()
        order = [ClockState(source) for source in set_from]
        trusted = [ClockState.SYSTEM] if trust_system else []
        base = (wall if WRITTEN <= wall <= LATEST else WRITTEN) - since_boot
        self._keeping = Timekeeping(base, [*order, *trusted, ClockState.RTC])
        self._receiver = Receiver()
        self._battery = Evidence(ClockState.RTC, wall - since_boot) if self._machine.battery() else None
        self._trust_system = trust_system
        self._hold_ns = int(hold_s * NANOSECONDS)
        self.opened = since_boot
        """On the boot clock: when the gateway first ran in this boot."""

        self.refused: tuple[Refused, ...] = ()
        self.apart: tuple[Apart, ...] = ()
        """What the last check refused, and who disagreed."""

    def now(self) -> Instant:
        return Instant(self._keeping.base + self._machine.since_boot())

    @property
    def base(self) -> int:
        """What it was, by our reckoning, when the boot clock stood at zero."""
        return self._keeping.base

    @property
    def state(self) -> ClockState:
        return self._keeping.state

    @property
    def known(self) -> bool:
        return self.state is not ClockState.UNSYNCED

    @property
    def uncertainty(self) -> int | None:
        """ns; None: unknown."""
        return self._keeping.uncertainty(self._machine.since_boot())

    @property
    def refused_offers(self) -> int:
        """Receiver times that cannot be."""
        return self._receiver.refused

    @property
    def holds(self) -> bool:
        """Whether what is journalled now has to wait for the time."""
        return not self.known and self._machine.since_boot() < self.opened + self._hold_ns

    def not_before(self, newest: Instant) -> None:
        """Called once, with the newest journalled instant: no boot begins before the last one ended."""
        self._keeping.not_before(newest, self._machine.since_boot())

    def resume(self, base: int, opened: int, state: ClockState, uncertainty: int | None) -> None:
        """Called where another process of ours was at work in this boot: its reckoning goes on."""
        self.opened = opened
        self._keeping.resume(base, state, self._machine.since_boot(), uncertainty)

    def check(self) -> Verdict:
        """Asks the machine and the receiver anew, about once a second: only here does the base move."""
        since_boot, wall = self._machine.since_boot(), self._machine.wall()
        evidence = [each for each in (self._receiver.evidence(), self._battery) if each is not None]
        self._battery = None  # it speaks once: from then on our own crystal is as good
        synchronised = self._machine.ntp()
        if synchronised is not None:
            evidence.append(Evidence(ClockState.NTP, wall - since_boot, synchronised.off))
        if self._trust_system:
            evidence.append(Evidence(ClockState.SYSTEM, wall - since_boot))
        verdict = self._keeping.weigh(evidence, since_boot)
        self.refused, self.apart = verdict.refused, verdict.apart
        return verdict

    def offer(self, utc: Instant, at: Instant) -> None:
        """A receiver says that it was ``utc`` at our ``at``."""
        self._receiver.offer(utc, at - self._keeping.base)


def machine_id() -> str:
    """What tells this machine from a clone of its card: systemd's machine id, else the host's name."""
    try:
        return Path("/etc/machine-id").read_text(encoding="ascii").strip() or os.uname().nodename
    except OSError:
        return os.uname().nodename
