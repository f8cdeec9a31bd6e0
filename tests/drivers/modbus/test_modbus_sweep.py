"""A sweep of a Modbus wire: who is found, how politely, and when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from drivers.contract import Link, LinkDown, NoAnswer, Port, Reading, Request
from drivers.links.tcp import open_tcp
from drivers.modbus.conversation import LineInUse
from drivers.modbus.likeness import asking, likeness, ranked
from drivers.modbus.overheard import overheard
from drivers.modbus.sweep import LISTEN_S, SETTINGS, Sweep, Swept, Way
from simulators.site import Site
from tests.drivers.modbus.modbus_line import (
    PROFILES,
    Chunks,
    MemoryLink,
    crc,
    in_jumping_time,
    registers_reply,
)
from tests.simulators.peers import ONE_ROOM, truth

LINE: Final = Port("line", "serial", timeout_s=0.15, where="/dev/ttyUSB0")

Answer = Callable[[bytes], Chunks]


class Progress:
    """What somebody watching is told."""

    def __init__(self) -> None:
        self.tried: list[tuple[int, int]] = []
        self.answered: list[int] = []

    def trying(self, way: Way, units: int) -> None:
        self.tried.append((way.port.baud, units))

    def asked(self, unit: int, *, answers: bool) -> None:
        if answers:
            self.answered.append(unit)


class Wire:
    """A line set to ``setting``, in memory; ``answer`` is what its units say."""

    def __init__(self, setting: tuple[int, str], answer: Answer) -> None:
        self._setting = setting
        self._answer = answer
        self.links: list[MemoryLink] = []

    def ways(self) -> list[Way]:
        return [
            Way(LINE._replace(baud=baud), partial(self._open, (baud, parity)), parity)
            for baud, parity in SETTINGS
        ]

    async def _open(self, setting: tuple[int, str]) -> Link:
        link = MemoryLink(self._answer if setting == self._setting else lambda _: ())
        self.links.append(link)
        return link

    @property
    def written(self) -> Iterator[bytes]:
        for link in self.links:
            yield from link.written


def answering(units: dict[int, float]) -> Answer:
    """Units that know one holding register, each after so many seconds; whatever else is refused."""

    def answer(request: bytes) -> Chunks:
        unit, function, address = request[0], request[1], int.from_bytes(request[2:4], "big")
        if unit in units:
            known = (function, address) == (3, 0)
            refused = crc(bytes((unit, function | 0x80, 2)))
            yield units[unit], registers_reply(unit, 3, [225]) if known else refused

    return answer


def swept(wire: Wire, units: Sequence[int] = range(1, 248), *, force: bool = False) -> tuple[Any, Progress]:
    progress = Progress()

    async def scene() -> Swept | None:
        return await Sweep(PROFILES, lambda _: True, progress, force=force).run(wire.ways(), units)

    return in_jumping_time(scene), progress


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_setting_of_the_line_is_found_by_its_usual_units(setting: tuple[int, str]) -> None:
    found, progress = swept(Wire(setting, answering({3: 0.02, 99: 0.02})))
    assert (found.way.port.baud, found.way.parity) == setting
    assert [unit.number for unit in found.units] == [3, 99]
    assert len(progress.tried) == SETTINGS.index(setting) + 2, "each setting once, then the other units"


def test_a_line_with_unusual_units_alone_is_found_in_the_second_round() -> None:
    found, progress = swept(Wire(SETTINGS[1], answering({99: 0.02})))
    assert [unit.number for unit in found.units] == [99]
    assert progress.answered == [99]


def test_where_nobody_answers_everybody_was_asked_once_a_setting() -> None:
    wire = Wire((1, "none"), answering({}))
    found, progress = swept(wire, [1, 50])
    assert found is None
    assert sorted({request[0] for request in wire.written}) == [1, 50]
    assert sum(units for _, units in progress.tried) == 2 * len(SETTINGS)
    assert all(link.closed for link in wire.links)


def test_only_reading_is_ever_asked_for() -> None:
    wire = Wire(SETTINGS[0], answering({1: 0.02}))
    swept(wire, [1, 2])
    assert {request[1] for request in wire.written} <= {1, 2, 3, 4}


def test_a_unit_that_is_slow_is_asked_again_with_patience() -> None:
    """Its answer falls into the question to the next one, whose own is found all the same."""
    found, _ = swept(Wire(SETTINGS[0], answering({4: 0.25, 5: 0.02})), range(1, 9))
    assert [unit.number for unit in found.units] == [4, 5]


def test_whoever_talks_first_is_not_disturbed() -> None:
    conversation = crc(bytes.fromhex("050300000002")) + registers_reply(5, 3, [21, 300])

    def talk(wire: Wire) -> None:
        wire.links[0].arrive(conversation)

    wire = Wire(SETTINGS[0], answering({1: 0.02}))
    with pytest.raises(LineInUse) as stop:
        in_jumping_time(lambda: _interrupted(wire, talk, after_s=LISTEN_S / 2))
    assert (stop.value.units, stop.value.heard) == ([5], conversation)
    assert list(wire.written) == []


def test_another_master_met_on_the_way_ends_the_sweep() -> None:
    conversation = crc(bytes.fromhex("c80300000002")) + registers_reply(200, 3, [21, 300])

    def talk(wire: Wire) -> None:
        wire.links[-1].arrive(conversation)

    wire = Wire((1, "none"), answering({}))
    with pytest.raises(LineInUse) as stop:
        in_jumping_time(lambda: _interrupted(wire, talk, after_s=LISTEN_S + 1))
    assert stop.value.units == [200]


def test_noise_is_no_master() -> None:
    wire = Wire(SETTINGS[0], answering({3: 0.02}))

    def crackle(wire: Wire) -> None:
        wire.links[-1].arrive(b"\xff\x00\x13")

    found = in_jumping_time(lambda: _interrupted(wire, crackle, after_s=LISTEN_S + 0.1))
    assert found is not None


async def _interrupted(
    wire: Wire, act: Callable[[Wire], None], after_s: float, *, force: bool = False
) -> Swept | None:
    asyncio.get_running_loop().call_later(after_s, act, wire)
    return await Sweep(PROFILES, lambda _: True, Progress(), force=force).run(wire.ways(), range(1, 17))


def test_who_wants_it_goes_on_though_others_talk() -> None:
    babble = registers_reply(200, 3, [1])

    def answer(request: bytes) -> Chunks:
        yield 0.01, babble
        yield from answering({2: 0.05})(request)

    def talk(wire: Wire) -> None:
        wire.links[0].arrive(babble)

    wire = Wire(SETTINGS[0], answer)
    found = in_jumping_time(lambda: _interrupted(wire, talk, after_s=LISTEN_S / 2, force=True))
    assert found is not None
    assert [unit.number for unit in found.units] == [2]


def test_frames_of_others_are_told_from_noise() -> None:
    request, answer = crc(bytes.fromhex("0b0400010002")), registers_reply(11, 4, [23, 555])
    refusal = crc(bytes((12, 0x83, 2)))
    noise = bytes(range(256))
    assert overheard(noise) == []
    assert overheard(b"") == []
    assert overheard(noise[:7] + request + b"\x00" + answer + noise + refusal) == [11, 12]
    assert overheard(answer[:-1]) == []
    assert overheard(crc(bytes.fromhex("f80300000001"))) == [], "248 is no unit"


class Server(asyncio.Protocol):
    """A host in a few lines: ``answer`` is what it says to whatever comes; none: it hangs up behind it."""

    def __init__(self, answer: Callable[[bytes], bytes], *, hangs_up: bool = False) -> None:
        self._answer = answer
        self._hangs_up = hangs_up
        self._open: list[asyncio.Transport] = []
        self._nobody = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._nobody.clear()
        self._open.append(transport)

    def data_received(self, data: bytes) -> None:
        self._open[-1].write(self._answer(data))
        if self._hangs_up:
            self._open[-1].close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.pop(0)
        if not self._open:
            self._nobody.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[list[Way]]:
        """The ways to it."""
        server = await asyncio.get_running_loop().create_server(lambda: self, "127.0.0.1", 0)
        async with server:
            _, number = server.sockets[0].getsockname()
            yield _ways("127.0.0.1", number)
            await self._nobody.wait()


def as_any_unit(request: bytes) -> bytes:
    """Of a device on the network that does not look at the unit it is asked as: 225 in each register."""
    return request[:4] + b"\x00\x05" + request[6:8] + b"\x02\x00\xe1"


def ways_to(site: Site, port: str) -> list[Way]:
    host, _, number = site.ports[port]["tcp"].partition(":")
    return _ways(host, int(number))


def _ways(host: str, number: int) -> list[Way]:
    tcp = Port("panel", "tcp", timeout_s=0.2, where=f"{host}:{number}")
    return [Way(each, partial(open_tcp, host, number)) for each in (tcp, tcp._replace(framing="rtu"))]


async def test_a_device_that_answers_to_every_number_is_one() -> None:
    async with Server(as_any_unit).serving() as ways:
        found = await Sweep({}, lambda _: True, Progress(), force=False).run(ways, range(1, 248))
    assert found is not None
    assert ([unit.number for unit in found.units], found.everywhere) == ([1], True)


async def test_a_host_that_speaks_neither_way_is_told() -> None:
    async with Server(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", hangs_up=True).serving() as ways:
        with pytest.raises(LinkDown):
            await Sweep({}, lambda _: True, Progress(), force=False).run(ways, [1])


async def test_nothing_but_questions_reaches_a_site(tmp_path: Path) -> None:
    """A unit that is silent, one that answers with another's number, and one that is well."""
    units = {number: {"kind": "comet-t3311", "sensor": "chiller"} for number in (1, 2, 3)}
    panel = {"device": "modbus_tcp", "units": units}
    async with Site({"rooms": ONE_ROOM, "ports": {"panel": panel}}, tmp_path) as site:
        site.fault("silence", port="panel", unit=1)
        site.fault("wrong_unit", port="panel", unit=2)
        found = await Sweep(PROFILES, lambda _: True, Progress(), force=False).run(
            ways_to(site, "panel"), range(1, 5)
        )
        assert found is not None
        (well,) = found.units
        assert (well.number, well.candidates[0].profile) == (3, "comet-t3311")
        said = {value for line in truth(site, "reply", unit=3) for value in line.get("values", {}).values()}
    (readings,) = well.candidates[0].channels.values()
    assert {reading.value for reading in readings} <= said


def answers_of(unit: int, words: dict[int, int], function: int = 3) -> Any:
    """What a unit with these registers answers to a profile."""

    class Answers(dict[Request, Any]):
        def __missing__(self, request: Request) -> Any:
            asked = range(request.address, request.address + request.length)
            if request.function != function or not all(at in words for at in asked):
                return NoAnswer.ILLEGAL_ADDRESS
            return b"".join(words[at].to_bytes(2, "big") for at in asked)

    return Answers()


def around_meat(reading: Reading) -> bool:
    return reading.value is None or abs(reading.value) < 200


def like(words: dict[int, int], plausible: Callable[[Reading], bool] = around_meat) -> list[str]:
    found = [
        likeness(asking(name, 1, PROFILES), answers_of(1, words), plausible) for name in sorted(PROFILES)
    ]
    return [candidate.profile for candidate in ranked(each for each in found if each is not None)]


EIGHT: Final = {at: 30 + at for at in range(8)}


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ({**EIGHT, 6: 0x8000, 7: 0x8000}, ["r4dcb08"]),
        ({**EIGHT, 6: 0xFFFF, 7: 0xFFFF}, ["pt100-8", "r4dcb08"]),
        (EIGHT, ["pt100-8", "r4dcb08"]),
        (EIGHT | {3: 2000}, ["sokol-m"]),
        ({0x30: 21, 0x31: 877}, ["comet-t3311"]),
        (dict.fromkeys(range(8), 0x8000), []),
        ({0: 1}, []),
        ({}, []),
    ],
    ids=["open: 0x8000", "open: 0xFFFF", "all wired", "out of range", "comet", "no sensor", "one", "none"],
)
def test_a_profile_is_judged_by_its_ranges_and_error_values(words: dict[int, int], first: list[str]) -> None:
    assert like(words)[: len(first)] == first
    assert len(like(words)) >= len(first)
    if not first:
        assert like(words) == []


def test_what_cannot_be_true_of_a_quantity_is_no_evidence() -> None:
    assert like({0x30: 21, 0x31: 877}, lambda reading: reading.value != 87.7) == []


def test_two_whole_numbers_are_no_float() -> None:
    assert "vaisala-hmp" not in like(EIGHT)
