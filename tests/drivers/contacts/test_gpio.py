"""The source for contacts on a chip, played in memory; and that the kernel's binding has what we call."""

from __future__ import annotations

import asyncio
import builtins
import errno
import inspect
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gpiod
import pytest

from drivers.contacts import chip, gpio
from drivers.contacts.chip import Edge, Lines, Wanted, open_lines
from drivers.contacts.gpio import Contacts
from drivers.contract import Device, Instant, Link, LinkDown, Port
from tests.drivers.contacts.test_contact import contact
from tests.drivers.modbus.modbus_line import Heard

PORT = Port("contacts", "gpio", timeout_s=0.3, where="gpiochip0")
BASE = 1_700_000_000_000_000_000
PATIENCE_S = 20.0


def now() -> Instant:
    return Instant(BASE + time.monotonic_ns())


class Chip:
    """A chip in memory; its descriptor is a pipe's, readable as long as edges wait."""

    def __init__(self, *, signals: bool = True, **levels: bool) -> None:
        self.signals = signals
        self.high = {int(line.removeprefix("l")): high for line, high in levels.items()}
        self.wanted: Mapping[int, Wanted] = {}
        self.gone = False
        self.opened = self.closed = 0
        self._edges: list[Edge] = []
        self._read, self._write = os.pipe()

    def __call__(self, chip: str, wanted: Mapping[int, Wanted]) -> Lines:
        assert chip == "gpiochip0"
        self.wanted = wanted
        self.opened += 1
        return self

    def turn(self, line: int, high: bool, age_s: float = 0.0) -> None:
        """An edge, which the gateway hears of only after a while."""
        self.high[line] = high
        self._edges.append(Edge(line, high, time.monotonic_ns() - int(age_s * 1e9)))
        os.write(self._write, b"e")

    def lose_edge(self, line: int, high: bool) -> None:
        self.high[line] = high

    def pull_out(self) -> None:
        self.gone = True
        os.write(self._write, b"e")

    def fileno(self) -> int:
        return self._read

    def edges(self) -> Sequence[Edge]:
        self._there()
        if self._edges:
            os.read(self._read, 4096)
        edges, self._edges = self._edges, []
        return edges

    def levels(self) -> Mapping[int, bool]:
        self._there()
        return dict(self.high)

    def close(self) -> None:
        assert not asyncio.get_running_loop().remove_reader(self._read), "it is still listened to"
        self.closed += 1

    def throw_away(self) -> None:
        os.close(self._read)
        os.close(self._write)

    def _there(self) -> None:
        if self.gone:
            raise LinkDown("gpiochip0 is gone: No such device")


async def no_link() -> Link:
    raise AssertionError("a chip is no wire")


@asynccontextmanager
async def watched(chip: Chip, *devices: Device) -> AsyncIterator[tuple[Contacts, Heard, asyncio.Task[None]]]:
    heard = Heard()
    source = Contacts(PORT, no_link, devices, now, open_lines=chip)
    task = asyncio.create_task(source.run(heard))
    try:
        yield source, heard, task
    finally:
        task.cancel()
        await asyncio.wait([task])
        chip.throw_away()
    assert chip.opened == chip.closed


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


def door(every_s: float = 60, **options: object) -> Device:
    return Device("door", contact(**{"line": 17} | options), every_s)


async def test_a_door_is_told_at_once_and_as_of_its_edge() -> None:
    chip = Chip(l17=False)
    async with watched(chip, door(bias="pull-up", debounce="30ms")) as (source, heard, _):
        await until(lambda: heard.values("door") == [("open", False)])
        chip.turn(17, True, age_s=5.0)
        asked = now()
        await until(lambda: len(heard.values("door")) == 2)
        opened = heard.readings("door")[1]
        assert opened.value is True
        assert abs((asked - opened.at) / 1e9 - 5.0) < 1.0, "the edge was 5 s old"
        assert chip.wanted == {17: Wanted("pull-up", 0.03)}
        assert source.counters()["edges"] == 1
        assert heard.frames[-1][1].data == b"\x01"


async def test_each_edge_is_told_even_if_several_wait() -> None:
    chip = Chip(l17=False, l4=True)
    ignition = Device("ignition", contact(line=4, open="low", quantity="ignition"), 60)
    async with watched(chip, door(), ignition) as (_, heard, _):
        await until(lambda: len(heard.frames) == 2)
        chip.turn(17, True, age_s=3.0)
        chip.turn(4, False, age_s=2.0)
        chip.turn(17, False, age_s=1.0)
        await until(lambda: len(heard.frames) == 5)
        assert [value for _, value in heard.values("door")] == [False, True, False]
        assert heard.values("ignition") == [("ignition", False), ("ignition", True)]


async def test_an_edge_that_was_lost_is_found() -> None:
    chip = Chip(l17=False)
    async with watched(chip, door()) as (_, heard, _):
        await until(lambda: len(heard.frames) == 1)
        chip.lose_edge(17, True)
        await until(lambda: heard.values("door") == [("open", False), ("open", True)])


async def test_an_unchanged_door_is_told_at_its_cadence() -> None:
    chip = Chip(l17=True)
    async with watched(chip, door(every_s=1.0)) as (_, heard, _):
        await until(lambda: len(heard.frames) == 3)
        first, second, _third = heard.readings("door")
        assert (second.at - first.at) / 1e9 >= 1.0


async def test_a_state_that_is_asked_for_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpio, "LOOK_S", 600.0)
    chip = Chip(l17=True)
    async with watched(chip, door()) as (source, heard, _):
        await until(lambda: len(heard.frames) == 1)
        source.ask("door")
        await until(lambda: len(heard.frames) == 2)


async def test_a_chip_without_edges_is_looked_at_and_debounced_here() -> None:
    chip = Chip(signals=False, l17=False)
    async with watched(chip, door(debounce="200ms")) as (source, heard, _):
        await until(lambda: len(heard.frames) == 1)
        chip.lose_edge(17, True)
        await asyncio.sleep(0.06)
        chip.lose_edge(17, False)
        looks = source.counters()["looks"]
        await until(lambda: source.counters()["looks"] > looks + 10)
        assert heard.values("door") == [("open", False)], "it bounced"
        chip.lose_edge(17, True)
        await until(lambda: heard.values("door") == [("open", False), ("open", True)])


async def test_a_chip_that_is_pulled_out_takes_the_link_down_and_is_told_anew_when_back() -> None:
    chip = Chip(l17=False)
    async with watched(chip, door()) as (source, heard, task):
        await until(lambda: len(heard.frames) == 1)
        chip.pull_out()
        with pytest.raises(LinkDown, match="gone"):
            await asyncio.wait_for(asyncio.shield(task), PATIENCE_S)
        assert chip.closed == 1
        source.ask("door")
        chip.gone = False
        again = asyncio.create_task(source.run(heard))
        await until(lambda: len(heard.frames) == 2)
        again.cancel()
        await asyncio.wait([again])


# --- the kernel's binding ----------------------------------------------------------------------------------


def test_without_the_binding_people_hear_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == "gpiod":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LinkDown, match=r"tagtrail\[gpio\]"):
        open_lines("gpiochip0", {1: Wanted("as-is", 0.05)})


def test_a_chip_that_is_not_there_is_named() -> None:
    if Path("/dev/gpiochip250").exists():
        pytest.skip("this machine has that many chips")
    with pytest.raises(LinkDown, match="no /dev/gpiochip250"):
        open_lines("gpiochip250", {1: Wanted("as-is", 0.05)})


REAL_CHIP = gpiod.Chip


class Opened:
    """``gpiod.Chip`` as far as it is used, without a kernel; its calls are held to the real one's."""

    def __init__(self, *refusals: int, used: str = "") -> None:
        self.refusals = list(refusals)
        self.used = used
        self.asked: list[dict[int, gpiod.LineSettings]] = []

    def __call__(self, path: str) -> Opened:
        assert path == "/dev/gpiochip0"
        return self

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None: ...

    def get_info(self) -> SimpleNamespace:
        return SimpleNamespace(num_lines=28)

    def get_line_info(self, line: int) -> SimpleNamespace:
        return SimpleNamespace(used=bool(self.used) and line == 27, consumer=self.used)

    def request_lines(self, **given: Any) -> Request:
        inspect.signature(REAL_CHIP.request_lines).bind(self, **given)
        self.asked.append(given["config"])
        if self.refusals:
            code = self.refusals.pop(0)
            raise OSError(code, os.strerror(code))
        return Request(list(given["config"]))


class Request:
    """``gpiod.LineRequest`` likewise."""

    def __init__(self, offsets: list[int]) -> None:
        self.offsets = offsets
        self.fd = 7
        self.broken = False
        self.events: list[gpiod.EdgeEvent] = []

    def wait_edge_events(self, timeout: float) -> bool:
        assert timeout == 0, "it may not block"
        return bool(self.events) or self.broken

    def read_edge_events(self) -> list[gpiod.EdgeEvent]:
        self._there()
        events, self.events = self.events, []
        return events

    def get_values(self) -> list[gpiod.line.Value]:
        self._there()
        return [gpiod.line.Value.ACTIVE for _ in self.offsets]

    def release(self) -> None: ...

    def _there(self) -> None:
        if self.broken:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))


TWO = {17: Wanted("pull-up", 0.05), 27: Wanted("as-is", 0.0)}


def test_lines_are_taken_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened()
    monkeypatch.setattr(gpiod, "Chip", opened)
    lines = open_lines("gpiochip0", TWO)
    (config,) = opened.asked
    door, ignition = config[17], config[27]
    assert (door.bias, ignition.bias) == (gpiod.line.Bias.PULL_UP, gpiod.line.Bias.AS_IS)
    assert door.direction is gpiod.line.Direction.INPUT
    assert door.edge_detection is gpiod.line.Edge.BOTH
    assert door.event_clock is gpiod.line.Clock.MONOTONIC
    assert door.debounce_period.total_seconds() == 0.05
    assert lines.signals
    assert lines.levels() == {17: True, 27: True}
    assert lines.fileno() == 7


def test_edges_are_read_only_where_some_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened()
    monkeypatch.setattr(gpiod, "Chip", opened)
    lines: Any = open_lines("gpiochip0", TWO)
    assert lines.edges() == ()
    rising, falling = (
        kind.value for kind in (gpiod.EdgeEvent.Type.RISING_EDGE, gpiod.EdgeEvent.Type.FALLING_EDGE)
    )
    lines._request.events = [gpiod.EdgeEvent(rising, 5, 17, 1, 1), gpiod.EdgeEvent(falling, 9, 27, 2, 1)]
    assert lines.edges() == [Edge(17, True, 5), Edge(27, False, 9)]
    lines._request.broken = True
    for read in (lines.edges, lines.levels):
        with pytest.raises(LinkDown, match="gpiochip0 is gone"):
            read()


@pytest.mark.parametrize("code", sorted(chip.NO_EDGES))
def test_a_chip_without_interrupts_is_taken_without_edges(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened(code)
    monkeypatch.setattr(gpiod, "Chip", opened)
    assert not open_lines("gpiochip0", TWO).signals
    assert opened.asked[-1][17].edge_detection is gpiod.line.Edge.NONE
    assert opened.asked[-1][17].debounce_period.total_seconds() == 0
    assert opened.asked[-1][17].bias is gpiod.line.Bias.PULL_UP


@pytest.mark.parametrize(
    ("opened", "wanted", "says"),
    [
        (Opened(errno.EBUSY, used="gpio-keys"), TWO, "line 27 of gpiochip0 is held by gpio-keys"),
        (Opened(errno.EBUSY), TWO, "held by another program a moment ago"),
        (Opened(errno.EIO), TWO, "gpiochip0: Input/output error"),
        (Opened(), {28: Wanted("as-is", 0.0)}, "gpiochip0 has lines 0 to 27, and no 28"),
    ],
)
def test_a_line_that_cannot_be_had_says_why(
    opened: Opened, wanted: Mapping[int, Wanted], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpiod, "Chip", opened)
    with pytest.raises(LinkDown, match=says):
        open_lines("gpiochip0", wanted)


def test_the_binding_has_what_is_called() -> None:
    for owner, names in {
        gpiod.Chip: ("get_info", "get_line_info", "request_lines", "__enter__", "__exit__"),
        gpiod.LineRequest: ("fd", "offsets", "wait_edge_events", "read_edge_events", "get_values", "release"),
    }.items():
        for name in names:
            assert hasattr(owner, name), name
    inspect.signature(gpiod.LineRequest.wait_edge_events).bind(None, 0)
    assert {"used", "consumer"} <= set(gpiod.LineInfo.__annotations__)
    assert "num_lines" in gpiod.ChipInfo.__annotations__
