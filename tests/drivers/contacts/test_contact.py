"""Contacts: their captures, when a state is told, and how a bus watches them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.contacts.contact import Contact, ContactOptions
from drivers.contacts.watch import Watch
from drivers.contract import (
    Device,
    Frame,
    Instant,
    NoAnswer,
    Polled,
    Quality,
    Reading,
    Reason,
    Reject,
    Watched,
)
from drivers.modbus.bus import Bus
from drivers.modbus.counts import Counts
from drivers.modbus.plan import slices, spans
from drivers.modbus.rtu import Rtu
from edge.quantities import QUANTITIES, STATE
from edge.settings.measures import within
from tests.drivers.modbus.modbus_line import (
    SERIAL,
    Chunks,
    Heard,
    MemoryLink,
    crc,
    in_jumping_time,
    loop_now,
    probe,
    registers_reply,
)

VECTORS = Path(__file__).parents[2] / "vectors"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "contact.json").read_text(encoding="utf-8"))["cases"]
AT = Instant(1_700_000_000_000_000_000)
MS = 1_000_000


def contact(**options: object) -> Contact:
    return Contact(ContactOptions.model_validate(options, context={"duration": within}))


def answered(decoder: Contact, exchange: list[str]) -> bytes | NoAnswer:
    """What the bus makes of an answer on the wire."""
    (span,) = spans(decoder.requests())
    line = Rtu(Counts())
    assert line.ask(span).hex() == exchange[0]
    if not exchange[1]:
        return NoAnswer.SILENT
    reply = line.feed(bytes.fromhex(exchange[1]))
    assert reply is not None
    if reply.exception:
        return NoAnswer.ILLEGAL_ADDRESS
    return slices(span, reply.payload)[span.requests[0]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_capture_is_decoded(case: dict[str, Any]) -> None:
    decoder = contact(**case["options"])
    if "level" in case:
        answer: bytes | NoAnswer = bytes((case["level"],))
        assert not decoder.requests()
    else:
        answer = answered(decoder, case["exchanges"][0])
    (seen,) = decoder.decode(Frame(b"", (answer,)), AT)
    assert {seen.quantity: seen.value if seen.value is not None else [seen.quality, seen.reason]} == case[
        "expected"
    ]
    assert (seen.at, decoder.quantities()) == (AT, (seen.quantity,))
    assert QUANTITIES[seen.quantity] is STATE


@given(st.lists(st.binary(max_size=3), max_size=3))
def test_nothing_but_a_level_is_a_state(answers: list[bytes]) -> None:
    frame = Frame(b"", answers)
    if len(answers) == 1 and answers[0] in (b"\0", b"\1"):
        assert contact(line=1).decode(frame, AT)
        return
    with pytest.raises(Reject) as refused:
        contact(line=1).decode(frame, AT)
    assert refused.value.reason is (Reason.RANGE if len(answers) == 1 else Reason.LENGTH)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"unit": 1},
        {"line": 1, "input": 1},
        {"unit": 1, "input": 0, "coil": 0},
        {"input": 3},
        {"line": -1},
        {"line": 3, "quantity": "temperature"},
        {"line": 3, "debounce": "1h"},
        {"line": 3, "debounce": "50"},
    ],
)
def test_a_contact_is_exactly_one(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        contact(**options)


def test_the_contract_knows_what_it_is() -> None:
    assert isinstance(contact(line=1), Polled)
    assert isinstance(contact(line=1), Watched)
    assert contact(line=1).settle_s == 0.05
    assert contact(line=1, debounce="2s").settle_s == 2.0


# --- when a state is told ----------------------------------------------------------------------------------


def told(
    looks: str, *, step_ms: int = 500, every_s: float = 60, settle_s: float = 0.05
) -> list[tuple[int, object]]:
    """``0``, ``1``, ``-`` for no answer, ``?`` for a 0 that was asked for. Returns (look, what is told)."""
    watch = Watch(every_s, settle_s)
    heard: list[tuple[int, object]] = []
    for number, look in enumerate(looks):
        at = Instant(AT + number * step_ms * MS)
        if look == "?":
            watch.ask()
        seen = (
            Reading(at, "open", look == "1")
            if look != "-"
            else Reading(at, "open", None, Quality.MISSING, "no_answer")
        )
        heard += [
            ((each.at - AT) // (step_ms * MS), each.value)
            for each in watch.news([seen])
            if isinstance(each, Reading)
        ]
    return heard


@pytest.mark.parametrize(
    ("what", "looks", "expected"),
    [
        ("the first is told at once", "0000", [(0, False)]),
        ("a change is told as of its beginning", "00011", [(0, False), (3, True)]),
        ("a door that was open for two looks", "001100", [(0, False), (2, True), (4, False)]),
        ("one look is a bounce", "0010001000", [(0, False)]),
        ("bounce on the way", "00101011", [(0, False), (6, True)]),
        ("one lost answer is no gap", "00-000-0", [(0, False)]),
        ("two are one", "00--0000", [(0, False), (2, None), (4, False)]),
        ("nobody answers from the start", "---", [(0, None)]),
        ("asked for", "000?0", [(0, False), (3, False)]),
        ("asked for while it changes", "00?111", [(0, False), (2, False), (3, True)]),
    ],
)
def test_a_state_is_told_when_it_changes(what: str, looks: str, expected: list[tuple[int, object]]) -> None:
    assert told(looks) == expected, what


def test_an_unchanged_state_is_told_at_its_cadence() -> None:
    assert told("1" * 41, every_s=10) == [(0, True), (20, True), (40, True)]


def test_a_change_must_stand_for_the_time_that_the_settings_say() -> None:
    looks = "0" + "1" * 3 + "0" + "1" * 8
    assert told(looks, settle_s=2.0) == [(0, False), (5, True)]
    assert told("0100", settle_s=0.0) == [(0, False), (1, True), (2, False)]


def test_a_clock_that_is_set_back_neither_repeats_nor_hides_a_state() -> None:
    watch = Watch(60, 0.05)

    def look(at_s: int, value: bool) -> list[object]:
        return [
            each.value
            for each in watch.news([Reading(Instant(at_s * 1000 * MS), "open", value)])
            if isinstance(each, Reading)
        ]

    assert look(1000, False) == [False]
    assert look(999, False) == []
    assert look(10, False) == [False], "an hour back begins anew"
    assert look(11, True) == []
    assert look(5, True) == [True]


@given(st.text("01-", min_size=1, max_size=80))
def test_what_stands_for_two_looks_is_told_and_nothing_is_told_twice(looks: str) -> None:
    heard = [value for _, value in told(looks)]
    stood: list[object] = [{"0": False, "1": True, "-": None}[looks[0]]]
    for one, other in pairwise(looks):
        value = {"0": False, "1": True, "-": None}[one]
        if one == other and value != stood[-1]:
            stood.append(value)
    assert heard == stood


# --- on a bus ----------------------------------------------------------------------------------------------


def gate(every_s: float = 60, **options: object) -> Device:
    return Device("gate", contact(**{"unit": 20, "input": 3} | options), every_s)


class Site:
    """A probe on unit 1, and unit 20 with a door at input 3."""

    def __init__(self, opens: Callable[[float], bool]) -> None:
        self.opens = opens

    def __call__(self, request: bytes) -> Chunks:
        now = asyncio.get_running_loop().time()
        if request[0] == 1:
            yield 0.02, registers_reply(1, 4, [285, 639])
        elif request[1:6] == bytes.fromhex("0200030001"):
            yield 0.02, crc(bytes((20, 2, 1, self.opens(now))))


def heard_of(
    devices: list[Device], site: Site, for_s: float, ask_at_s: float | None = None
) -> tuple[Heard, MemoryLink]:
    heard, link = Heard(), MemoryLink(site)

    async def open_link() -> MemoryLink:
        return link

    async def scene() -> None:
        bus = Bus(SERIAL, open_link, devices, loop_now)
        task = asyncio.create_task(bus.run(heard))
        if ask_at_s is not None:
            await asyncio.sleep(ask_at_s)
            bus.ask("gate")
            for_s_left = for_s - ask_at_s
        else:
            for_s_left = for_s
        await asyncio.sleep(for_s_left)
        task.cancel()
        await asyncio.wait([task])

    in_jumping_time(scene)
    return heard, link


def seconds(reading: Reading) -> float:
    return reading.at / 1e9


def test_a_door_that_is_open_for_three_seconds_is_journalled_though_its_cadence_is_a_minute() -> None:
    heard, link = heard_of([probe(every_s=10), gate()], Site(lambda now: 31.2 <= now < 34.2), for_s=150)
    readings = heard.readings("gate")
    assert [each.value for each in readings] == [False, True, False, False]
    first, opened, shut, again = (seconds(each) for each in readings)
    assert first < 2
    assert 31.2 <= opened <= 31.2 + 0.6
    assert 34.2 <= shut <= 34.2 + 0.6
    assert again - shut == pytest.approx(60.5, abs=0.6)
    assert len(heard.readings("probe-1")) == 2 * 15, "the neighbour keeps its cadence"
    assert len(link.written) > 290


def test_a_contact_that_bounces_is_told_once() -> None:
    heard, _ = heard_of([gate()], Site(lambda now: now >= 20 and not 20.4 < now < 20.7), for_s=40)
    assert [each.value for each in heard.readings("gate")] == [False, True]


def test_a_unit_that_falls_silent_is_a_gap_of_its_contact() -> None:
    class Dying(Site):
        def __call__(self, request: bytes) -> Chunks:
            return [] if asyncio.get_running_loop().time() > 10 else super().__call__(request)

    heard, _ = heard_of([gate()], Dying(lambda _: True), for_s=100)
    assert heard.values("gate")[:2] == [("open", True), ("open", "no_answer")]
    assert len(heard.values("gate")) <= 3


def test_a_reading_that_is_asked_for_comes_at_once() -> None:
    heard, _ = heard_of([gate()], Site(lambda _: False), for_s=25, ask_at_s=20.2)
    first, asked = heard.readings("gate")
    assert 20.2 <= seconds(asked) <= 20.3
    assert seconds(first) < 2


def test_a_link_that_is_opened_anew_has_the_state_told_again() -> None:
    heard, link = Heard(), MemoryLink(Site(lambda _: True))

    async def open_link() -> MemoryLink:
        return link

    async def scene() -> None:
        bus = Bus(SERIAL, open_link, [gate()], loop_now)
        for _ in range(2):
            task = asyncio.create_task(bus.run(heard))
            await asyncio.sleep(10)
            task.cancel()
            await asyncio.wait([task])

    in_jumping_time(scene)
    assert heard.values("gate") == [("open", True)] * 2


def test_contacts_of_a_unit_are_asked_together_and_beside_its_registers() -> None:
    asked: list[str] = []

    def unit(request: bytes) -> Chunks:
        asked.append(request[:6].hex())
        if request[1] == 2:
            yield 0.02, crc(bytes((1, 2, 1, 0b10)))
        else:
            yield 0.02, registers_reply(1, 4, [285, 639])

    heard, link = Heard(), MemoryLink(unit)

    async def open_link() -> MemoryLink:
        return link

    devices = [
        probe(every_s=60),
        Device("door", contact(unit=1, input=0), 60),
        Device("frost", contact(unit=1, input=1, quantity="defrost"), 30),
    ]

    async def scene() -> None:
        task = asyncio.create_task(Bus(SERIAL, open_link, devices, loop_now).run(heard))
        await asyncio.sleep(10)
        task.cancel()
        await asyncio.wait([task])

    in_jumping_time(scene)
    assert set(asked) == {"010400010002", "010200000002"}
    assert (heard.values("door"), heard.values("frost")) == ([("open", False)], [("defrost", True)])
