"""What time it is: a base plus the boot clock, moved only by a source that may be believed."""

from __future__ import annotations

from drivers.contract import NANOSECONDS, Instant
from edge.clock import GNSS_AGREEMENTS, LATEST, WRITTEN, Clock, ClockState

DAY = 86_400 * NANOSECONDS
NOON = WRITTEN + DAY // 2


class Machine:
    """A machine whose clocks the test sets."""

    def __init__(self, wall: int = NOON) -> None:
        self.wall = wall
        self.boot = 100 * NANOSECONDS
        self.synchronised = False
        self.moves: list[tuple[float, ClockState]] = []

    def clock(self, *, trust_system: bool = False) -> Clock:
        clock = Clock(
            trust_system=trust_system,
            wall=lambda: self.wall,
            since_boot=lambda: self.boot,
            synchronised=lambda: self.synchronised,
        )
        clock.moved = lambda shift, source: self.moves.append((shift / NANOSECONDS, source))
        return clock

    def passes(self, seconds: float) -> None:
        self.wall += int(seconds * NANOSECONDS)
        self.boot += int(seconds * NANOSECONDS)


def test_a_system_clock_that_somebody_sets_does_not_move_an_unsynchronised_gateway() -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    machine.wall -= DAY
    machine.passes(10)
    clock.check()
    assert clock.now() - before == 10 * NANOSECONDS
    assert clock.state is ClockState.UNSYNCED


def test_a_boot_in_1970_begins_no_earlier_than_this_version() -> None:
    assert Machine(wall=0).clock().now() == WRITTEN


def test_a_boot_begins_no_earlier_than_the_newest_journalled_instant() -> None:
    clock = Machine(wall=0).clock()
    clock.not_before(Instant(NOON))
    assert clock.now() == NOON


def test_ntp_is_followed_and_the_move_is_told() -> None:
    machine = Machine(wall=0)
    clock = machine.clock()
    machine.wall, machine.synchronised = NOON, True
    clock.check()
    assert clock.now() == NOON
    assert machine.moves == [(DAY / 2 / NANOSECONDS, ClockState.NTP)]


def test_slewing_moves_nothing() -> None:
    machine = Machine()
    machine.synchronised = True
    clock = machine.clock()
    machine.wall += NANOSECONDS // 10
    clock.check()
    assert machine.moves == []


def test_a_trusted_system_clock_is_followed_but_not_into_impossible_years() -> None:
    machine = Machine()
    clock = machine.clock(trust_system=True)
    assert clock.state is ClockState.SYSTEM
    machine.wall = LATEST + DAY
    clock.check()
    assert clock.now() == NOON
    machine.wall = NOON + DAY
    clock.check()
    assert clock.now() == NOON + DAY


def offer(clock: Clock, machine: Machine, truth_ahead: int, times: int) -> None:
    for _ in range(times):
        clock.offer(Instant(machine.wall + truth_ahead), clock.now())
        machine.passes(1)


def test_a_receiver_is_believed_when_several_times_in_a_row_agree() -> None:
    machine = Machine()
    clock = machine.clock()
    offer(clock, machine, 40 * DAY, GNSS_AGREEMENTS - 1)
    states = [clock.state]
    offer(clock, machine, 40 * DAY, 1)
    assert [*states, clock.state] == [ClockState.UNSYNCED, ClockState.GNSS]
    assert clock.now() == machine.wall + 40 * DAY


def test_one_impossible_date_among_good_ones_starts_the_count_anew() -> None:
    machine = Machine()
    clock = machine.clock()
    offer(clock, machine, 40 * DAY, GNSS_AGREEMENTS - 1)
    offer(clock, machine, 73 * 365 * DAY, 1)
    offer(clock, machine, 40 * DAY, GNSS_AGREEMENTS - 1)
    assert clock.state is ClockState.UNSYNCED
    assert clock.refused_offers == 1


def test_a_week_rollover_is_refused() -> None:
    machine = Machine()
    clock = machine.clock()
    offer(clock, machine, -1024 * 7 * DAY, 20)
    assert (clock.state, clock.refused_offers) == (ClockState.UNSYNCED, 20)


def test_a_receiver_does_not_overrule_ntp() -> None:
    machine = Machine()
    machine.synchronised = True
    clock = machine.clock()
    offer(clock, machine, DAY, 3 * GNSS_AGREEMENTS)
    assert clock.now() == machine.wall
    assert clock.state is ClockState.NTP


def test_a_receivers_late_sentences_do_not_shake_the_clock() -> None:
    machine = Machine()
    clock = machine.clock()
    offer(clock, machine, 0, GNSS_AGREEMENTS)
    for _ in range(10):
        offer(clock, machine, -NANOSECONDS, GNSS_AGREEMENTS)
    assert machine.moves == []
