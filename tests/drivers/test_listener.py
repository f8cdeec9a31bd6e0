"""The listener between a wire and the edge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import pytest
from pydantic import BaseModel

from drivers.contract import (
    Code,
    Decoder,
    Device,
    Frame,
    Instant,
    Link,
    LinkDown,
    NoOptions,
    Observation,
    Port,
    Reason,
    Reject,
    Sighting,
)
from drivers.framing import Lines
from drivers.links.replay import ReplayLink, open_replay
from drivers.listener import Listener
from drivers.rfid.uhf_reader18 import Options as UhfOptions
from drivers.rfid.uhf_reader18 import UhfReader18, crc_of, inventory
from drivers.rfid.wl134 import Wl134

PORT = Port("ear", "serial", timeout_s=0.3)
GOOD = bytes.fromhex("02313731413932353341333438333030313030303030303030303007f803")
HDX = bytes.fromhex("02353343314344464432304133333030313030303030303030303003fc07")
DAMAGED = GOOD[:5] + b"0" + GOOD[6:]
BLANK = bytes.fromhex("02303030303030303030303030303030313030303030303030303001fe03")


class Edge:
    """What arrived at the edge."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Instant, str]] = []
        self.refused: list[tuple[str, Reason, bytes]] = []

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None:
        assert observations
        for item in observations:
            assert isinstance(item, Sighting)
            assert frame.data
            self.seen.append((device, item.at, item.code.value))

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        self.refused.append((device, reject.reason, frame.data))


class Ticks:
    """A clock that goes on by one each time it is looked at."""

    def __init__(self) -> None:
        self.at = 0

    def __call__(self) -> Instant:
        self.at += 1
        return Instant(self.at)


class Antenna:
    """One antenna of a reader that says ``$antenna code``, or ``$0`` for a reader that is broken."""

    options: ClassVar[type[BaseModel]] = BaseModel
    claims: ClassVar[tuple[str, ...]] = ("channel",)

    def __init__(self, options: str) -> None:
        self._number = options

    def quantities(self) -> Sequence[str]:
        return ()

    def splitter(self) -> Lines:
        return Lines(b"$", 20)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        antenna, _, code = frame.data.decode()[1:].partition(" ")
        if antenna == "0":
            raise Reject(Reason.SENTINEL)
        if antenna != self._number:
            raise Reject(Reason.NOT_MINE)
        return [Sighting(at, Code("epc", code))] if code else []


async def listen(capture: bytes, chunk: int, **decoders: Decoder) -> tuple[Edge, Listener]:
    edge = Edge()

    async def open_capture() -> Link:
        return await open_replay(capture, chunk)

    devices = [Device(name, decoder, None) for name, decoder in decoders.items()]
    listener = Listener(PORT, open_capture, devices, Ticks())
    with pytest.raises(LinkDown, match="the end of the capture"):
        await listener.run(edge)
    return edge, listener


async def test_tags_are_seen_in_order_at_the_moment_they_are_read() -> None:
    edge, listener = await listen(GOOD + HDX + b"~~" + GOOD, 30, tags=Wl134(NoOptions()))
    assert edge.seen == [
        ("tags", 1, "900250000023921"),
        ("tags", 2, "826012345678901"),
        ("tags", 4, "900250000023921"),
    ]
    assert edge.refused == [("tags", Reason.LENGTH, b"")]
    assert listener.counters() == {"bytes": 92, "frames": 3, "rejects": 1}


async def test_what_cannot_be_believed_is_told_with_its_reason_and_counted() -> None:
    edge, listener = await listen(DAMAGED + BLANK + GOOD, 7, tags=Wl134(NoOptions()))
    assert [(reason, data) for _, reason, data in edge.refused] == [
        (Reason.CHECKSUM, b""),
        (Reason.SENTINEL, BLANK),
    ]
    assert len(edge.seen) == 1
    assert listener.counters() == {"bytes": 90, "frames": 2, "rejects": 2}


async def test_two_devices_on_a_port_each_hear_their_own() -> None:
    said = b"$1 A\n$2 B\n$2 C\n"
    edge, listener = await listen(said, 64, first=Antenna("1"), second=Antenna("2"))
    assert [(device, code) for device, _, code in edge.seen] == [
        ("first", "A"),
        ("second", "B"),
        ("second", "C"),
    ]
    assert edge.refused == []
    assert listener.counters()["rejects"] == 0


async def test_what_is_nobodys_is_refused_once_and_what_is_broken_for_each() -> None:
    edge, _ = await listen(b"$3 X\n$0\n", 64, first=Antenna("1"), second=Antenna("2"))
    assert edge.refused == [
        ("first", Reason.NOT_MINE, b"$3 X"),
        ("first", Reason.SENTINEL, b"$0"),
        ("second", Reason.SENTINEL, b"$0"),
    ]


async def test_a_frame_that_says_nothing_is_no_news() -> None:
    edge, listener = await listen(b"$1\n", 64, first=Antenna("1"))
    assert not edge.seen
    assert not edge.refused
    assert listener.counters() == {"bytes": 3, "frames": 1, "rejects": 0}


async def test_counters_go_on_when_the_link_is_opened_anew() -> None:
    links: list[ReplayLink] = []

    async def open_capture() -> Link:
        links.append(await open_replay(GOOD))
        return links[-1]

    listener = Listener(PORT, open_capture, [Device("tags", Wl134(NoOptions()), None)], Ticks())
    for _ in range(2):
        with pytest.raises(LinkDown):
            await listener.run(Edge())
    listener.ask("tags")
    assert listener.counters() == {"bytes": 60, "frames": 2, "rejects": 0}


class Silent:
    """A wire on which nothing ever comes."""

    def __init__(self) -> None:
        self.closed = False

    async def read(self) -> bytes:
        await asyncio.Event().wait()
        return b""

    def rest(self, seconds: float) -> None: ...

    async def write(self, data: bytes) -> None:
        raise AssertionError(f"a listener says nothing, yet wrote {data!r}")

    def close(self) -> None:
        self.closed = True


async def test_the_link_is_closed_when_the_listener_is_stopped() -> None:
    link = Silent()

    async def open_silent() -> Link:
        return link

    listener = Listener(PORT, open_silent, [Device("tags", Wl134(NoOptions()), None)], Ticks())
    running = asyncio.create_task(listener.run(Edge()))
    await asyncio.sleep(0)
    listener.ask("tags")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert link.closed


class Questioned:
    """A reader that answers the questions it knows, a while later and in pieces, and then goes."""

    def __init__(self, answers: dict[bytes, bytes], questions: int) -> None:
        self.asked: list[bytes] = []
        self._answers = answers
        self._left = questions
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        piece = await self._pieces.get()
        if not piece:
            raise LinkDown("gone")
        return piece

    def rest(self, seconds: float) -> None:
        raise AssertionError("an answer is waited for")

    async def write(self, data: bytes) -> None:
        assert self._pieces.empty(), "asked before the answer had ended"
        self.asked.append(data)
        answer = self._answers.get(data, b"")
        for piece in (answer[:7], answer[7:]) if answer else ():
            self._pieces.put_nowait(piece)
        if len(self.asked) == self._left:
            self._pieces.put_nowait(b"")

    def close(self) -> None:
        pass


def inventory_answer(antenna: int, epc: bytes) -> bytes:
    body = bytes((len(epc) + 9, 0, 1, 1, 1 << antenna - 1, 1, len(epc), *epc, 0x45))
    return body + crc_of(body).to_bytes(2, "little")


def antennas(*numbers: int, ask: bool = True) -> list[Device]:
    return [Device(f"antenna-{n}", UhfReader18(UhfOptions(channel=n, ask=ask)), None) for n in numbers]


async def test_a_reader_that_must_be_asked_is_asked_for_each_antenna_in_turn() -> None:
    devices = antennas(1, 3)
    first, third = inventory(1), inventory(3)
    link = Questioned({first: inventory_answer(1, b"\x01\x02"), third: inventory_answer(3, b"\x03\x04")}, 5)

    async def open_link() -> Link:
        return link

    edge = Edge()
    listener = Listener(PORT._replace(timeout_s=3600), open_link, devices, Ticks())
    with pytest.raises(LinkDown):
        await listener.run(edge)
    assert link.asked == [first, third, first, third, first]
    assert [(device, code) for device, _, code in edge.seen] == [
        ("antenna-1", "0102"),
        ("antenna-3", "0304"),
        ("antenna-1", "0102"),
        ("antenna-3", "0304"),
        ("antenna-1", "0102"),
    ]
    assert listener.counters() == {"bytes": 60, "frames": 5, "rejects": 0, "asked": 5, "unanswered": 0}


async def test_a_reader_that_does_not_answer_is_asked_again_and_the_silence_counted() -> None:
    async def open_link() -> Link:
        return Questioned({}, 3)

    listener = Listener(PORT._replace(timeout_s=0.01), open_link, antennas(1), Ticks())
    for _ in range(2):
        with pytest.raises(LinkDown):
            await listener.run(Edge())
    assert listener.counters() == {"bytes": 0, "frames": 0, "rejects": 0, "asked": 6, "unanswered": 4}


async def test_a_reader_in_its_active_mode_is_asked_nothing() -> None:
    link = Silent()

    async def open_silent() -> Link:
        return link

    running = asyncio.create_task(Listener(PORT, open_silent, antennas(1, ask=False), Ticks()).run(Edge()))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


class Shy(Antenna):
    """One that says nothing before it is greeted."""

    greeting: ClassVar[bytes] = b"hello\n"


class Answering(ReplayLink):
    """A wire that says what the antenna says only once it has been written to."""

    def __init__(self) -> None:
        super().__init__(b"$1 A\n", "replay", 64)
        self.written: list[bytes] = []

    async def read(self) -> bytes:
        assert self.written, "read before the greeting"
        return await super().read()

    async def write(self, data: bytes) -> None:
        self.written.append(data)


async def test_a_device_that_must_be_greeted_is_greeted_once_for_each_link() -> None:
    links: list[Answering] = []

    async def open_link() -> Link:
        links.append(Answering())
        return links[-1]

    edge = Edge()
    devices = [Device("first", Shy("1"), None), Device("second", Shy("2"), None)]
    listener = Listener(PORT, open_link, devices, Ticks())
    for _ in range(2):
        with pytest.raises(LinkDown):
            await listener.run(edge)
    assert [link.written for link in links] == [[b"hello\n"]] * 2
    assert [code for _, _, code in edge.seen] == ["A", "A"]


class Deaf(Silent):
    """A wire that goes down as it is greeted."""

    async def write(self, data: bytes) -> None:
        raise LinkDown("reset")


async def test_a_link_that_goes_down_as_it_is_greeted_is_closed() -> None:
    link = Deaf()

    async def open_deaf() -> Link:
        return link

    listener = Listener(PORT, open_deaf, [Device("first", Shy("1"), None)], Ticks())
    with pytest.raises(LinkDown, match="reset"):
        await listener.run(Edge())
    assert link.closed
