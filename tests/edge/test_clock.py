"""What time it is: evidence weighed, the base stepped, slewed or kept; in virtual time, against the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contract import NANOSECONDS, Instant
from drivers.gps.utc import utc
from edge import clock as rim
from edge.clock import Clock, ClockState, Linux, Synchronised
from edge.timekeeping import (
    GNSS_AGREEMENTS,
    JUMP,
    LATEST,
    WRITTEN,
    Doubt,
    Move,
    Verdict,
)

SECOND = NANOSECONDS
HOUR = 3600 * SECOND
DAY = 24 * HOUR
TRUTH = WRITTEN + 30 * DAY
"""When the machine of these tests starts."""

WEEKS_1024 = 1024 * 7 * DAY


class FakeMachine:
    """A machine whose clocks the test sets. error: of the system clock; up: the boot clock."""

    def __init__(self, error: int = 0, *, name: str = "boot-1", up: int = 100 * SECOND) -> None:
        self.truth = TRUTH
        self.error = error
        self.up = up
        self.name = name
        self.synchronised: int | None = None
        self.has_battery = False

    def boot(self) -> str:
        return self.name

    def wall(self) -> int:
        return self.truth + self.error

    def since_boot(self) -> int:
        return self.up

    def ntp(self) -> Synchronised | None:
        return None if self.synchronised is None else Synchronised(self.synchronised)

    def battery(self) -> bool:
        return self.has_battery

    def passes(self, seconds: float) -> None:
        self.truth += int(seconds * SECOND)
        self.up += int(seconds * SECOND)


def checked(clock: Clock, machine: FakeMachine, seconds: int = 1) -> list[Verdict]:
    """So many seconds of a gateway's life; event time always goes on but for the steps that are told."""
    verdicts = []
    for _ in range(seconds):
        before = clock.now()
        machine.passes(1)
        verdicts.append(clock.check())
        if verdicts[-1].move is None:
            assert clock.now() > before
    return verdicts


def moves(verdicts: list[Verdict]) -> list[Move]:
    return [verdict.move for verdict in verdicts if verdict.move is not None]


def doubts(verdicts: list[Verdict]) -> set[tuple[str, str]]:
    return {(refused.source, refused.why) for verdict in verdicts for refused in verdict.refused}


def hears(
    clock: Clock, machine: FakeMachine, seconds: int, off: int = 0, *, late: int = SECOND // 2
) -> list[Verdict]:
    """A receiver that is ``off`` the truth says the time each second, and the clock looks at it."""
    verdicts = []
    for _ in range(seconds):
        clock.offer(Instant(machine.truth + off - late), clock.now())
        verdicts += checked(clock, machine)
    return verdicts


BOOTS = {"1970": -TRUTH, "40 days ago": -40 * DAY, "2106": 80 * 365 * DAY, "right": 0, "in a year": 365 * DAY}


@pytest.mark.parametrize("error", BOOTS.values(), ids=list(BOOTS))
def test_a_boot_begins_where_no_time_is_impossible_and_learns_from_ntp(error: int) -> None:
    machine = FakeMachine(error)
    clock = Clock(machine=machine)
    assert WRITTEN <= clock.now() <= LATEST
    checked(clock, machine, 10)
    assert clock.state == "unsynced"
    machine.error, machine.synchronised = 0, SECOND // 100
    (move,) = moves(checked(clock, machine, 10))
    assert move.was is ClockState.UNSYNCED
    assert clock.state == "ntp"
    assert abs(clock.now() - machine.truth) < SECOND // 10


@pytest.mark.parametrize("error", BOOTS.values(), ids=list(BOOTS))
def test_a_boot_learns_from_a_receiver_within_two_seconds(error: int) -> None:
    machine = FakeMachine(error)
    clock = Clock(machine=machine)
    hears(clock, machine, 2 * GNSS_AGREEMENTS)
    assert clock.state == "gnss"
    assert abs(clock.now() - machine.truth) < 2 * SECOND
    assert clock.uncertainty is not None
    assert abs(clock.now() - machine.truth) <= clock.uncertainty


def test_a_boot_begins_no_earlier_than_the_newest_journalled_instant() -> None:
    machine = FakeMachine(-TRUTH)
    clock = Clock(machine=machine)
    clock.not_before(Instant(TRUTH - HOUR))
    assert clock.now() == TRUTH - HOUR


@pytest.mark.parametrize("jump", [-HOUR, 1000 * DAY, -DAY, 30 * SECOND], ids=str)
@pytest.mark.parametrize("trusted", [False, True])
def test_a_system_clock_that_jumps_while_running_is_refused_and_told(jump: int, trusted: bool) -> None:
    machine = FakeMachine()
    machine.synchronised = None if trusted else SECOND // 100
    clock = Clock(machine=machine, trust_system=trusted)
    checked(clock, machine, 60)
    source = clock.state
    assert source is (ClockState.SYSTEM if trusted else ClockState.NTP)
    machine.error = jump
    verdicts = checked(clock, machine, 3600)
    assert not moves(verdicts)
    assert doubts(verdicts) == {(source, Doubt.JUMP)}
    assert abs(clock.now() - machine.truth) < SECOND
    machine.error = 0
    assert not checked(clock, machine)[0].refused


def test_what_ntp_slews_is_followed_without_a_step_and_never_backwards() -> None:
    machine = FakeMachine()
    machine.synchronised = SECOND // 100
    clock = Clock(machine=machine)
    checked(clock, machine, 5)
    machine.error = -JUMP + SECOND
    assert not moves(checked(clock, machine, 600))
    assert abs(clock.now() - machine.wall()) < SECOND // 10


def test_a_leap_second_is_no_second_twice() -> None:
    """The kernel repeats the last second of the day; ours goes on, 5 % slower, until they agree again."""
    machine = FakeMachine()
    machine.synchronised = SECOND // 100
    clock = Clock(machine=machine)
    checked(clock, machine, 5)
    machine.error = -SECOND
    assert not moves(checked(clock, machine, 40))
    assert abs(clock.now() - machine.wall()) < SECOND // 10


def test_a_receiver_that_says_60_is_believed_like_any_other_second() -> None:
    machine = FakeMachine(-40 * DAY)
    clock = Clock(machine=machine)
    seconds = [((2026, 12, 31), (23, 59, second)) for second in range(57, 61)]
    seconds += [((2027, 1, 1), (0, 0, second)) for second in range(4)]
    for day, time in seconds:
        clock.offer(utc(day, time, ""), clock.now())
        checked(clock, machine)
    assert clock.state == "gnss"


def test_ntp_that_falls_silent_leaves_the_time_known_and_its_uncertainty_growing() -> None:
    machine = FakeMachine()
    machine.synchronised = SECOND // 100
    clock = Clock(machine=machine)
    checked(clock, machine, 5)
    machine.synchronised = None
    checked(clock, machine, 3600)
    assert clock.state == "ntp"
    assert clock.uncertainty is not None
    assert SECOND // 2 < clock.uncertainty < SECOND


def test_after_an_hour_without_ntp_the_receiver_keeps_the_time() -> None:
    machine = FakeMachine()
    machine.synchronised = SECOND // 100
    clock = Clock(machine=machine)
    checked(clock, machine, 5)
    machine.synchronised = None
    hears(clock, machine, 60)
    assert clock.state == "ntp"
    machine.passes(3600)
    hears(clock, machine, 60)
    assert clock.state == "gnss"


@pytest.mark.parametrize(("order", "right"), [(("ntp", "gnss"), "ntp"), (("gnss", "ntp"), "gnss")])
def test_where_ntp_and_the_receiver_disagree_the_order_decides_and_both_are_told(
    order: tuple[str, str], right: str
) -> None:
    machine = FakeMachine()
    machine.synchronised = SECOND // 100
    machine.error = 0 if right == "ntp" else 2 * HOUR
    clock = Clock(machine=machine, set_from=order)
    verdicts = hears(clock, machine, 60, 0 if right == "gnss" else 2 * HOUR)
    assert clock.state == right
    assert abs(clock.now() - machine.truth) < 2 * SECOND
    told = {(apart.followed, apart.other) for verdict in verdicts for apart in verdict.apart}
    assert (right, "gnss" if right == "ntp" else "ntp") in told


def test_a_source_that_the_settings_do_not_name_sets_nothing() -> None:
    machine = FakeMachine(-40 * DAY)
    clock = Clock(machine=machine, set_from=("ntp",))
    hears(clock, machine, 60)
    assert clock.state == "unsynced"


@pytest.mark.parametrize("off", [-WEEKS_1024, 2 * WEEKS_1024, 80 * 365 * DAY], ids=str)
def test_a_week_rollover_and_other_impossible_dates_are_refused_counted_and_told(off: int) -> None:
    machine = FakeMachine()
    clock = Clock(machine=machine)
    verdicts = hears(clock, machine, 20, off)
    assert clock.state == "unsynced"
    assert clock.refused_offers == 20
    assert doubts(verdicts) == {("gnss", Doubt.IMPOSSIBLE)}


def test_one_impossible_date_among_good_ones_starts_the_count_anew() -> None:
    machine = FakeMachine()
    clock = Clock(machine=machine)
    hears(clock, machine, GNSS_AGREEMENTS - 1)
    hears(clock, machine, 1, 73 * 365 * DAY)
    hears(clock, machine, GNSS_AGREEMENTS - 1)
    assert clock.state == "unsynced"


def test_a_receiver_that_repeats_its_last_second_is_not_believed() -> None:
    machine = FakeMachine()
    clock = Clock(machine=machine)
    frozen = Instant(machine.truth)
    for _ in range(60):
        clock.offer(frozen, clock.now())
        checked(clock, machine)
    assert clock.state == "unsynced"


def test_a_receivers_late_sentences_do_not_shake_the_clock() -> None:
    machine = FakeMachine()
    clock = Clock(machine=machine)
    hears(clock, machine, 10, late=0)
    before = clock.base
    for late in (SECOND, SECOND // 2, SECOND):
        assert not moves(hears(clock, machine, 10, late=late))
    assert clock.base == before


def test_a_battery_clock_is_known_at_once_and_holds_nothing() -> None:
    machine = FakeMachine(3 * SECOND)
    machine.has_battery = True
    clock = Clock(machine=machine, hold_s=900)
    assert clock.holds
    clock.check()
    assert (clock.state, clock.holds) == (ClockState.RTC, False)
    machine.error, machine.synchronised = 0, SECOND // 100
    (move,) = moves(checked(clock, machine, 5))
    assert (move.was, move.source, move.shift) == (ClockState.RTC, ClockState.NTP, -3 * SECOND)


@pytest.mark.parametrize(
    ("error", "why"), [(-TRUTH, Doubt.IMPOSSIBLE), (-DAY, Doubt.PAST), (80 * 365 * DAY, Doubt.IMPOSSIBLE)]
)
def test_a_battery_clock_that_cannot_be_right_is_refused(error: int, why: Doubt) -> None:
    machine = FakeMachine(error)
    machine.has_battery = True
    clock = Clock(machine=machine)
    clock.not_before(Instant(TRUTH - HOUR))
    assert doubts(checked(clock, machine)) == {("rtc", why)}
    assert clock.state == "unsynced"


def test_blocks_are_held_until_the_time_is_known_or_has_been_waited_for_long_enough() -> None:
    machine = FakeMachine(-40 * DAY)
    clock = Clock(machine=machine, hold_s=900)
    checked(clock, machine, 899)
    assert clock.holds
    checked(clock, machine, 1)
    assert not clock.holds


def test_another_process_of_the_same_boot_goes_on_where_the_first_was() -> None:
    machine = FakeMachine(-40 * DAY)
    first = Clock(machine=machine, hold_s=900)
    hears(first, machine, 10)
    machine.passes(8 * 86_400)
    again = Clock(machine=machine, hold_s=900)
    again.resume(first.base, first.opened, first.state, first.uncertainty)
    assert again.state == "gnss"
    assert abs(again.now() - machine.truth) < 2 * SECOND
    machine.error, machine.synchronised = 9 * SECOND, SECOND  # 13 ppm in 8 days
    assert not doubts(checked(again, machine, 400))
    assert again.state == "ntp"


def test_the_kernel_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    linux = Linux()
    said = linux.ntp()
    assert said is None or said.off is None or said.off >= 0
    assert abs(linux.since_boot() - linux.since_boot()) < SECOND
    assert linux.boot() == linux.boot()
    for written, battery in (("1\n", True), ("0\n", False)):
        (tmp_path / "hctosys").write_text(written)
        monkeypatch.setattr(rim, "_HCTOSYS", tmp_path / "hctosys")
        assert linux.battery() is battery
    monkeypatch.setattr(rim, "_HCTOSYS", tmp_path / "none")
    assert linux.battery() is False
