"""The steps by which a silent radio is brought back."""

from __future__ import annotations

from drivers.ble.recovery import LEAST_S, MOST_S, UNKNOWN_S, Ladder, Step


def steps(ladder: Ladder, from_s: int, to_s: int, *, alive: bool = False) -> list[tuple[int, Step]]:
    """What is due, second by second."""
    due = ((at_s, ladder.step(at_s, alive=alive)) for at_s in range(from_s, to_s))
    return [(at_s, step) for at_s, step in due if step is not None]


def heard(every_s: float, times: int) -> Ladder:
    """A ladder whose probes have been heard until 0."""
    ladder = Ladder()
    for number in range(times, -1, -1):
        ladder.heard(-number * every_s)
    return ladder


def test_one_step_after_the_other_then_from_the_first_with_more_patience() -> None:
    found = steps(heard(1.0, 20), 0, 90)
    assert found == [
        (12, Step.RESTART), (24, Step.POWER), (36, Step.GIVE_UP),
        (60, Step.RESTART), (84, Step.POWER),
    ]  # fmt: skip
    assert found[1][0] < 60 - LEAST_S, "a probe is back within a minute, whichever of the steps it takes"


def test_slow_probes_are_waited_for() -> None:
    assert steps(heard(60.0, 20), 0, 400) == [(180, Step.RESTART), (360, Step.POWER)]


def test_where_nothing_was_heard_yet_it_is_waited_for_a_while() -> None:
    ladder = Ladder()
    ladder.begin(0.0)
    assert steps(ladder, 0, 50) == [(int(UNKNOWN_S), Step.RESTART), (int(2 * UNKNOWN_S), Step.POWER)]


def test_where_strangers_are_heard_the_adapter_stays_on() -> None:
    found = steps(heard(1.0, 20), 0, 200, alive=True)
    assert found == [(12, Step.RESTART), (36, Step.RESTART), (84, Step.RESTART), (180, Step.RESTART)]


def test_a_probe_that_is_heard_begins_it_all_anew() -> None:
    ladder = heard(1.0, 40)
    assert steps(ladder, 0, 40) != []
    ladder.heard(40.0)
    assert steps(ladder, 41, 60) == [(52, Step.RESTART)]


def test_patience_has_an_end() -> None:
    ladder = heard(1.0, 20)
    steps(ladder, 0, 40_000)
    assert ladder.patience_s == MOST_S
