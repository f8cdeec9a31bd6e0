"""A line whose speed nobody knows: which one is found, how long it is waited, and that nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from drivers.catalogue import DRIVERS
from drivers.contract import Link
from drivers.hearing import ASKED_SPEEDS, SPEEDS, Hearing, Setting, ask, hear, made_of
from drivers.links.serial import open_serial
from drivers.recognition import candidates
from simulators.site import Site
from tests.drivers.hearing import captures, sent
from tests.drivers.modbus.modbus_line import MemoryLink, crc, in_jumping_time, registers_reply

TRIED: Final = list(candidates(DRIVERS))
WL134: Final = sent(captures("wl134")[0])
GARBLED: Final = b"\x80\xf8\x00\xe6\x78"


class Line:
    """A device of this speed says something every ``every_s``; at another speed it comes garbled."""

    def __init__(self, baud: int, said: bytes, every_s: float = 0.5) -> None:
        self._baud = baud
        self._said = said
        self._every_s = every_s
        self.opened: list[int] = []
        self.links: list[MemoryLink] = []

    async def open(self, baud: int) -> Link:
        link = MemoryLink(lambda _: ())
        loop = asyncio.get_running_loop()
        for turn in range(1, 100):
            loop.call_later(turn * self._every_s, link.arrive, self._said if baud == self._baud else GARBLED)
        self.opened.append(baud)
        self.links.append(link)
        return link


def heard(line: Line, wait_s: float = 10.0) -> tuple[Hearing, float]:
    async def scene() -> tuple[Hearing, float]:
        hearing = await hear(line.open, TRIED, wait_s)
        return hearing, asyncio.get_running_loop().time()

    return in_jumping_time(scene)


@pytest.mark.parametrize("baud", SPEEDS)
def test_a_reader_is_known_at_its_own_speed(baud: int) -> None:
    line = Line(baud, WL134)
    hearing, _ = heard(line)
    assert hearing.setting == Setting(baud)
    assert [made.candidate.driver for made in hearing.understood] == ["wl134"]
    assert line.opened == list(SPEEDS[: SPEEDS.index(baud) + 1])
    assert all(link.closed and not link.written for link in line.links)


def test_silence_at_one_speed_is_silence_at_all() -> None:
    line = Line(9600, WL134, every_s=60)
    hearing, took_s = heard(line, wait_s=10)
    assert (hearing.data, hearing.understood, line.opened) == (b"", (), [9600])
    assert took_s == pytest.approx(10)


class Once(Line):
    """It says one thing, at the first speed it is opened with."""

    def __init__(self) -> None:
        super().__init__(0, b"", every_s=1e6)

    async def open(self, baud: int) -> Link:
        link = await super().open(baud)
        if len(self.links) == 1:
            asyncio.get_running_loop().call_later(1, self.links[0].arrive, GARBLED)
        return link


def test_a_reader_that_spoke_once_is_shown_with_the_speeds_it_was_listened_to_at() -> None:
    hearing, _ = heard(Once(), wait_s=10)
    assert (hearing.data, list(hearing.speeds)) == (GARBLED, list(SPEEDS[:2]))


def test_what_nobody_knows_is_shown_as_it_first_came() -> None:
    line = Line(0, b"")
    hearing, _ = heard(line)
    assert line.opened == list(hearing.speeds) == list(SPEEDS)
    assert hearing.setting == Setting(SPEEDS[0])
    assert hearing.data.startswith(GARBLED)
    assert not hearing.understood


def test_a_line_that_babbles_eats_no_memory() -> None:
    hearing, _ = heard(Line(9600, b"\xff" * 4096, every_s=0.01))
    assert len(hearing.data) <= 20 * 1024


def test_seven_bits_are_told_from_eight() -> None:
    line = b"ST,+00123.45  kg\r\n"
    hearing = made_of(bytes(byte | (byte.bit_count() % 2) << 7 for byte in line), 2400, TRIED)
    assert hearing.setting == Setting(2400, "even", 7)
    assert [made.candidate.options for made in hearing.understood] == [{"format": "and"}]


def test_others_who_talk_modbus_are_known() -> None:
    conversation = crc(bytes.fromhex("050300000002")) + registers_reply(5, 3, [21, 300])
    hearing, _ = heard(Line(19200, conversation))
    assert (hearing.setting, list(hearing.bus)) == (Setting(19200), [5])


TAGS: Final[dict[str, Any]] = {"first": "10ms", "gap": ["10ms", "20ms"], "stay": ["1s", "2s"]}


def asked(folder: Path, device: str, options: Iterable[tuple[str, Any]] = ()) -> Site:
    return Site({"ports": {"reader": {"device": device, **TAGS, **dict(options)}}}, folder, truth=False)


@pytest.mark.parametrize(
    ("device", "driver"),
    [("rfid_shop_reader", "rfid_shop"), ("yrm100_reader", "yrm100"), ("r2000_reader", "r2000")],
)
async def test_a_reader_that_must_be_asked_answers_its_own_question(
    device: str, driver: str, tmp_path: Path
) -> None:
    async with asked(tmp_path, device) as site:
        hearing = await ask(partial(open_serial, site.ports["reader"]["serial"]), TRIED)
    assert hearing is not None
    assert hearing.setting == Setting(ASKED_SPEEDS[0]), "a pseudo-terminal has no speed"
    assert [made.candidate.driver for made in hearing.understood] == [driver]


def test_nobody_answers_a_question() -> None:
    line = Line(9600, b"", every_s=1e6)

    async def scene() -> Hearing | None:
        return await ask(line.open, TRIED)

    assert in_jumping_time(scene) is None
    assert line.opened == list(ASKED_SPEEDS)
    assert all(link.closed and link.written for link in line.links)
