"""gpsd's lines, and how they make fixes: captures, refusals, cycles, damage, noise."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.contract import Fix, Frame, Greeted, NoOptions, Observation, Reject
from drivers.gps.gpsd import LONGEST, MOST_TPVS, SKY_SERVES, Gpsd
from tests.drivers.hearing import AT, captures, expect_fix, told

RECEIVER = Gpsd(NoOptions())
CASES = captures("gpsd")

NO_FIX = b'{"class":"TPV","mode":1}\r\n'
"""Tells at once what waits for the rest of its cycle."""


def heard(*chunks: bytes) -> list[Observation | str]:
    """The fixes, and the reasons of what was refused, in order."""
    return told(RECEIVER, *chunks)


def fixes(*chunks: bytes) -> list[Fix]:
    return [item for item in heard(*chunks) if isinstance(item, Fix)]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_lines_say_what_they_are_known_to_say(case: dict[str, Any]) -> None:
    said = heard(*(line.encode() + b"\r\n" for line in case["lines"]), NO_FIX)[:1]
    if "reject" in case:
        assert said == [case["reject"]]
        return
    expect_fix(said, case["fix"], tolerance=1e-9)


def test_gpsd_has_no_options() -> None:
    with pytest.raises(ValidationError):
        NoOptions.model_validate({"device": "/dev/ttyACM0"})


def test_gpsd_is_asked_to_report_in_one_line_that_it_takes() -> None:
    assert isinstance(RECEIVER, Greeted)
    assert RECEIVER.greeting == b'?WATCH={"enable":true,"json":true}\n'


def line(**members: object) -> bytes:
    return orjson.dumps(members) + b"\r\n"


def tpv(second: int, **members: object) -> bytes:
    """A report of a receiver that drives north by a minute a second."""
    time = f"2026-06-01T12:00:{second:02d}.000Z"
    place = {"lat": 35 + second / 60, "lon": 103.4}
    return line(**{"class": "TPV", "device": "/dev/ttyS1", "mode": 3, "time": time, **place, **members})


def sky(used: int, **members: object) -> bytes:
    return line(**{"class": "SKY", "device": "/dev/ttyS1", "hdop": 1.0, "uSat": used, **members})


def speeds_by_line(*lines: bytes) -> list[list[float | None]]:
    """Those of the fixes that each line ends."""
    splitter = RECEIVER.splitter()
    said: list[list[float | None]] = []
    for each in lines:
        frames = [found for found in splitter.feed(each) if isinstance(found, Frame)]
        said.append([fix.speed for frame in frames for fix in RECEIVER.decode(frame, AT)])
    return said


def test_from_the_second_cycle_on_a_fix_waits_for_nothing() -> None:
    assert speeds_by_line(*(tpv(n, speed=n) for n in range(4))) == [[], [0.0, 1.0], [2.0], [3.0]]


def test_of_several_reports_of_one_time_the_last_is_told() -> None:
    cycles = [tpv(n, speed=speed) for n in range(4) for speed in (90 + n, n)]
    assert speeds_by_line(*cycles) == [[], [], [0.0], [1.0], [], [2.0], [], [3.0]]


def test_a_cycle_of_fewer_reports_is_told_with_the_next_one() -> None:
    said = speeds_by_line(
        tpv(0, speed=90), tpv(0, speed=0), tpv(1, speed=1), tpv(2, speed=2), tpv(3, speed=3)
    )
    assert said == [[], [], [0.0], [1.0, 2.0], [3.0]]


def test_a_cycle_of_more_reports_is_told_once() -> None:
    cycles = [tpv(0), tpv(1), *(tpv(2, speed=speed) for speed in (1, 2, 3)), tpv(3), tpv(3), tpv(3, speed=4)]
    assert speeds_by_line(*cycles) == [[], [None, None], [1.0], [], [], [], [], [4.0]]


def test_a_clock_that_stands_still_hides_no_position() -> None:
    told = fixes(*(tpv(0, speed=n) for n in range(10 * MOST_TPVS)))
    assert [fix.speed for fix in told] == [float(n) for n in range(MOST_TPVS - 1, 10 * MOST_TPVS, MOST_TPVS)]


def test_a_receiver_without_a_clock_is_heard_at_each_report() -> None:
    reports = [tpv(n, time=None, speed=n) for n in range(30)]
    assert speeds_by_line(*reports) == [[float(n)] for n in range(30)]


def test_a_fix_that_is_lost_is_told_before_the_loss() -> None:
    assert [type(item) for item in heard(tpv(0), tpv(0), tpv(0, mode=1), tpv(0, mode=1))] == [Fix, str, str]


def test_satellites_are_those_of_the_newest_list_until_it_is_old() -> None:
    told = fixes(sky(7), sky(9), *(tpv(n) for n in range(SKY_SERVES + 2)), sky(8), tpv(50))
    assert [fix.satellites for fix in told] == [9] * SKY_SERVES + [None] * 2 + [8]
    assert told[0].hdop == 1.0


def test_reports_of_other_classes_say_nothing() -> None:
    others = [
        line(**{"class": name, "device": "/dev/ttyS1"}) for name in ("GST", "ATT", "TOFF", "PPS", "AIS")
    ]
    assert len(heard(*others, tpv(0), *others, tpv(1), *others)) == 2


def test_a_list_of_satellites_may_be_as_long_as_gpsd_makes_them() -> None:
    listed = [{"PRN": n, "el": 1.0, "az": 1.0, "ss": 1.0, "used": n < 9, "gnssid": 0} for n in range(165)]
    long = line(**{"class": "SKY", "device": "/dev/ttyS1", "satellites": listed})
    assert len(long) > 10_240
    (fix,) = fixes(long + tpv(0) + NO_FIX)
    assert fix.satellites == 9


@pytest.mark.parametrize("chunk", [1024, 1_000_000])
def test_a_line_without_an_end_is_refused_once_and_fills_no_memory(chunk: int) -> None:
    splitter = RECEIVER.splitter()
    endless = b'{"class":"SKY","satellites":[' + b'{"PRN":1},' * 100_000
    found = [item for at in range(0, len(endless), chunk) for item in splitter.feed(endless[at : at + chunk])]
    assert [str(item.reason) for item in found if isinstance(item, Reject)] == ["length"]
    assert len(found) == 1
    assert len(splitter._rest) <= LONGEST + 1
    (frame,) = splitter.feed(b"]}\r\n" + tpv(0, time=None))
    assert isinstance(frame, Frame)
    assert RECEIVER.decode(frame, AT)


def test_another_server_on_the_port_is_refused_once() -> None:
    page = b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n<html>\r\n</html>\r\n"
    assert heard(*[page] * 100) == ["length"]


CHUNKS = st.lists(st.integers(0, 3000), max_size=30)
NOISE = st.binary(max_size=60) | st.sampled_from(
    (b"{", b"}", b"\n", b'{"class":"', b'{"class":"TPV",', b'{"class":"SKY",', b'{"class":"TPV","mode":3}\n')
)


@given(st.lists(NOISE, min_size=10, max_size=10), CHUNKS)
def test_a_noisy_stream_yields_its_fixes_in_whatever_chunks(noises: list[bytes], cuts: list[int]) -> None:
    said = b"".join(noise + b"\n" + tpv(second) for second, noise in enumerate(noises)) + NO_FIX
    places = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
    in_chunks = heard(*(said[a:b] for a, b in pairwise(places)))
    assert in_chunks == heard(said)
    lats = {item.lat for item in in_chunks if isinstance(item, Fix)}
    assert lats == {35 + second / 60 for second in range(10)}


TELLING = (2, 3, 35.0, 1e999, 10**40, True, "2026-06-01T12:00:00.000Z", "2026-06-01T12:00:00.٣Z")
ANYTHING = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(TELLING),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("used", "x")), inner),
    max_leaves=4,
)
MEMBERS = st.sampled_from(
    ("mode", "status", "time", "lat", "lon", "speed", "track", "altMSL", "alt",
     "device", "hdop", "uSat", "satellites", "message")
)  # fmt: skip


@given(
    st.sampled_from(("TPV", "SKY", "ERROR")),
    st.dictionaries(MEMBERS, ANYTHING),
    st.dictionaries(MEMBERS, ANYTHING),
    st.booleans(),
    st.binary(),
)
def test_whatever_the_bytes_the_decoder_only_ever_rejects(
    kind: str, said: dict[str, object], listed: dict[str, object], fixed: bool, data: bytes
) -> None:
    place: dict[str, object] = {"mode": 3, "lat": 35.0, "lon": 103.4} if fixed else {}
    first = json.dumps({"class": kind, **place, **said}).encode()
    for frame in (
        Frame(first + b"\n" + json.dumps(listed).encode()),
        Frame(first + b"\n" + data),
        Frame(data),
    ):
        with suppress(Reject):
            for fix in RECEIVER.decode(frame, AT):
                orjson.dumps(tuple(fix))  # as the journal will


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_costs_no_later_fix(place: int, bit: int) -> None:
    damaged = bytearray(sky(7) + tpv(0))
    damaged[place % len(damaged)] ^= 1 << bit
    told = {fix.lat for fix in fixes(bytes(damaged), *(tpv(second) for second in range(30, 34)), NO_FIX)}
    assert told >= {35 + second / 60 for second in range(31, 34)}, "tpv(30) ends a line whose end is damaged"
