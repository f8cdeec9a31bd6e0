"""What of a probe's frames is news."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest
from pydantic import BaseModel

from drivers.ble.news import AT_ONCE, News
from drivers.ble.probe import ProbeOptions
from drivers.contract import Frame, Instant, Number, Observation, Reading, Reason, Reject

AT = Instant(1_700_000_000_000_000_000)


class Plain:
    """A frame is the value, one byte; FF is damaged."""

    options: ClassVar[type[BaseModel]] = ProbeOptions
    claims: ClassVar[tuple[str, ...]] = ("address",)

    def __init__(self, options: object = None) -> None:
        pass

    def quantities(self) -> Sequence[str]:
        return ("temperature",)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        if frame.data[-1] == 0xFF:
            raise Reject(Reason.CHECKSUM, "damaged")
        return [Reading(at, "temperature", float(frame.data[-1]))]


class Counted(Plain):
    """The number before the value; 0: none."""

    grows = False

    def number(self, frame: Frame) -> Number | None:
        return Number(frame.data[0], self.grows) if frame.data[0] else None


class Sealed(Counted):
    grows = True


def values(news: News, *frames: str, apart_s: float = 5.0) -> list[float | bool | None]:
    said: list[float | bool | None] = []
    for place, frame in enumerate(frames):
        for item in news.of(Frame(bytes.fromhex(frame)), AT, 1000.0 + place * apart_s):
            assert isinstance(item, Reading)
            said.append(item.value)
    return said


def test_what_has_no_number_is_news_each_time() -> None:
    assert values(News(Plain()), "03", "03", "03") == [3.0, 3.0, 3.0]


def test_what_has_the_number_of_before_is_a_repeat() -> None:
    news = News(Counted())
    assert values(news, "0103", "0103", "0203", "0203", "0103") == [3.0, 3.0, 3.0]
    assert news.repeats == 2


def test_a_frame_without_a_number_among_others_is_news() -> None:
    news = News(Counted())
    assert news.numbered
    assert values(news, "0103", "0004", "0004") == [3.0, 4.0, 4.0]
    assert not news.numbered


def test_a_frame_without_a_number_makes_no_old_one_news() -> None:
    """A blank that anybody can send must not open the door to a recorded frame."""
    news = News(Sealed())
    assert values(news, "0503", "0004") == [3.0, 4.0]
    with pytest.raises(Reject) as refused:
        values(news, "0402")
    assert refused.value.reason is Reason.REPLAY


def test_a_number_that_went_back_is_a_replay() -> None:
    news = News(Sealed())
    assert values(news, "0503", "0604") == [3.0, 4.0]
    for _ in range(2):
        with pytest.raises(Reject) as refused:
            values(news, "0503")
        assert refused.value.reason is Reason.REPLAY
    assert values(news, "0705") == [5.0]


def test_the_number_of_a_frame_that_is_not_believed_counts_for_nothing() -> None:
    """Else anybody could silence a probe with a number far ahead."""
    news = News(Sealed())
    assert values(news, "0503") == [3.0]
    with pytest.raises(Reject) as refused:
        values(news, "80ff")
    assert refused.value.reason is Reason.CHECKSUM
    assert values(news, "0604") == [4.0]


def test_an_address_may_say_so_much_and_no_more() -> None:
    news = News(Plain())
    assert len(values(news, *["03"] * 100, apart_s=0.01)) == AT_ONCE
    assert news.limited == 100 - AT_ONCE


def test_an_address_cannot_be_silenced_by_what_is_not_believed() -> None:
    news = News(Plain())
    for _ in range(100):
        with pytest.raises(Reject):
            values(news, "ff")
    assert values(news, "03") == [3.0]


def test_a_steady_probe_is_never_limited() -> None:
    news = News(Plain())
    assert len(values(news, *["03"] * 100, apart_s=1.0)) == 100
    assert news.limited == 0
