"""Sliding windows: what a reader repeats is told once, and counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import NANOSECONDS, Code, Instant
from edge import windows
from edge.windows import Closed, Windows

TAG = Code("iso11784", "156000000000001")
OTHER = Code("iso11784", "156000000000002")


def at(seconds: float) -> Instant:
    return Instant(int(seconds * NANOSECONDS))


def play(moments: list[tuple[float, Code]], repeat_s: int = 30) -> tuple[list[float], list[Closed]]:
    """When a sighting was news, and what was closed; time goes on for two windows afterwards."""
    subject = Windows(repeat_s * NANOSECONDS)
    news: list[float] = []
    closed: list[Closed] = []
    for seconds, code in moments:
        closed += subject.close(at(seconds), code)
        if subject.seen(code, at(seconds)):
            news.append(seconds)
    end = moments[-1][0] + 20 * repeat_s
    closed += subject.close(at(end))
    return news, closed


def test_a_tag_in_the_field_is_news_once_and_its_repeats_are_counted() -> None:
    news, closed = play([(0, TAG), (0.1, TAG), (5, TAG), (29, TAG)])
    assert news == [0]
    assert closed == [Closed(TAG, 3, at(29))]


def test_the_window_slides() -> None:
    assert play([(0, TAG), (29, TAG), (58, TAG)])[0] == [0]


def test_a_tag_that_comes_back_after_the_window_is_news_again() -> None:
    assert play([(0, TAG), (30, TAG)])[0] == [0, 30]


def test_a_single_sighting_closes_without_a_word() -> None:
    assert play([(0, TAG)])[1] == []


def test_a_tag_that_never_leaves_is_told_again_after_ten_windows() -> None:
    news, closed = play([(second, TAG) for second in range(0, 400, 10)])
    assert news == [0, 300]
    assert closed[0] == Closed(TAG, 29, at(290))


def test_one_tag_does_not_hold_anothers_window_open() -> None:
    news, closed = play([(0, TAG), (1, OTHER), (20, TAG), (40, OTHER)])
    assert news == [0, 1, 40]
    assert closed == [Closed(TAG, 1, at(20))]


def test_open_windows_are_bounded() -> None:
    subject = Windows(30 * NANOSECONDS)
    for number in range(windows.MOST + 500):
        list(subject.close(at(0)))
        subject.seen(Code("epc-uhf", str(number)), at(0))
    assert len(subject._open) <= windows.MOST + 1


@given(st.lists(st.tuples(st.floats(0, 20), st.sampled_from([TAG, OTHER])), min_size=1, max_size=60))
def test_no_sighting_is_lost_between_news_and_counts(steps: list[tuple[float, Code]]) -> None:
    moments, now = [], 0.0
    for pause, code in steps:
        now += pause
        moments.append((now, code))
    news, closed = play(moments, repeat_s=10)
    assert len(news) + sum(window.times for window in closed) == len(moments)
