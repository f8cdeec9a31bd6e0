"""Sentences, and how they make epochs: captures, refusals, order, damage, noise."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.contract import Fix, Frame, NoOptions, Observation, Reject
from drivers.framing import xor_of
from drivers.gps.nmea import Nmea
from tests.drivers.hearing import AT, captures, expect_fix, told

RECEIVER = Nmea(NoOptions())
CASES = captures("nmea")


def sentence(body: str) -> bytes:
    return f"${body}*{xor_of(body.encode()):02X}\r\n".encode()


def heard(*chunks: bytes) -> list[Observation | str]:
    """The fixes, and the reasons of what was refused, in order."""
    return told(RECEIVER, *chunks)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_an_epoch_says_what_it_is_known_to_say(case: dict[str, Any]) -> None:
    lines = [line.encode() + b"\r\n" for line in case["sentences"]]
    said = heard(*lines, lines[0])[:1]  # the first sentence once more ends the epoch
    if "reject" in case:
        assert said == [case["reject"]]
        return
    expect_fix(said, case["fix"], tolerance=5e-4)


def test_a_receiver_has_no_options() -> None:
    with pytest.raises(ValidationError):
        NoOptions.model_validate({"talker": "GP"})


def cycle(second: int, *kinds: str, talker: str = "GN") -> list[bytes]:
    """One cycle of a receiver that drives north by a minute a second."""
    time = f"1200{second:02d}.00"
    position = f"35{second:02d}.0000,N,10323.0000,E"
    bodies = {
        "RMC": f"RMC,{time},A,{position},10.0,0.0,010626,,,A",
        "GGA": f"GGA,{time},{position},1,09,1.0,1800.0,M,,M,,",
        "VTG": "VTG,0.0,T,,M,10.0,N,18.5,K,A",
        "ZDA": f"ZDA,{time},01,06,2026,00,00",
    }
    return [sentence(talker + bodies[kind]) for kind in kinds]


def cycles(seconds: range, *kinds: str) -> list[bytes]:
    return list(chain.from_iterable(cycle(second, *kinds) for second in seconds))


def epochs_by_sentence(sentences: list[bytes]) -> list[list[int]]:
    """Of how many sentences the epochs are that each sentence ends."""
    splitter = RECEIVER.splitter()
    return [
        [found.data.count(b"$") for found in splitter.feed(line) if isinstance(found, Frame)]
        for line in sentences
    ]


ORDERS = [
    ("RMC", "VTG", "GGA", "ZDA"),
    ("VTG", "GGA", "RMC"),
    ("GGA", "RMC", "VTG"),
    ("GGA", "RMC"),
    ("RMC", "GGA"),
    ("GGA", "VTG"),
    ("RMC",),
]


@pytest.mark.parametrize("order", ORDERS)
def test_from_the_third_cycle_on_an_epoch_waits_for_nothing(order: tuple[str, ...]) -> None:
    ends = epochs_by_sentence(cycles(range(9), *order))
    of_cycle = [ends[start : start + len(order)] for start in range(0, len(ends), len(order))]
    nothing: list[int] = []
    in_time = [[nothing] * (len(order) - 1) + [[len(order)]]] * 6
    assert of_cycle[3:] == in_time
    assert sum(sum(map(len, ended)) for ended in of_cycle) == 9


@pytest.mark.parametrize("order", [order for order in ORDERS if "RMC" in order])
def test_a_damaged_last_sentence_costs_nothing_but_itself(order: tuple[str, ...]) -> None:
    sentences = cycles(range(12), *order)
    last_of_seventh = 7 * len(order) - 1
    sentences[last_of_seventh] = sentences[last_of_seventh].replace(b"0", b"1", 1)
    said = heard(*sentences)
    fixes = [item for item in said if isinstance(item, Fix)]
    lost = 1 if len(order) == 1 else 0
    assert [item for item in said if isinstance(item, str)] == ["checksum"]
    assert len({fix.lat for fix in fixes}) == len(fixes) == 12 - lost


def test_a_zda_every_fifth_second_delays_nothing() -> None:
    def order(second: int) -> tuple[str, ...]:
        return ("RMC", "GGA", "ZDA") if second % 5 == 0 else ("RMC", "GGA")

    said = heard(*chain.from_iterable(cycle(second, *order(second)) for second in range(1, 30)))
    fixes = [item for item in said if isinstance(item, Fix)]
    assert [fix.lat for fix in fixes] == [35 + second / 60 for second in range(1, 30)]
    assert all(fix.utc and fix.altitude == 1800.0 for fix in fixes)


def test_two_talkers_of_one_receiver_make_one_fix_a_second() -> None:
    sentences = [
        line
        for second in range(8)
        for talker in ("GP", "GB", "GN")
        for line in cycle(second, "RMC", "GGA", talker=talker)
    ]
    assert len(heard(*sentences)) == 8


def test_a_clock_that_stands_still_does_not_hold_the_epoch_open() -> None:
    """Seventeen talkers at one time of day, for as long as the power lasts."""
    sentences = [line for n in range(500) for line in cycle(0, "RMC", talker=f"G{chr(65 + n % 26)}")]
    assert max(chain.from_iterable(epochs_by_sentence(sentences))) == 16


def test_sentences_of_other_types_are_checked_and_passed_over() -> None:
    view = sentence("GPGSV,1,1,02,15,00,000,,17,00,000,")
    damaged = view.replace(b"15", b"16")
    said = heard(*(part for line in cycles(range(4), "RMC", "GGA") for part in (view, line, damaged)))
    assert len([item for item in said if isinstance(item, Fix)]) == 4
    assert [item for item in said if isinstance(item, str)] == ["checksum"] * 8


@given(
    st.lists(
        st.binary(max_size=60)
        | st.sampled_from((b"$", b"*", b"\r\n", b"$GPRMC,", b"$$$", b"\xb5b\x01\x07"))
        | st.integers(1, 20).map(lambda cut: cycle(59, "RMC")[0][: -5 - cut]),
        min_size=20,
        max_size=20,
    ),
    st.lists(st.integers(0, 3000), max_size=30),
)
def test_a_noisy_stream_yields_exactly_its_fixes(noises: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(noise + cycle(second, "RMC")[0] for second, noise in enumerate(noises))
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    said = heard(*(stream[a:b] for a, b in pairwise(places)), cycle(30, "RMC")[0])
    lats = [item.lat for item in said if isinstance(item, Fix)]
    assert lats[:20] == [35 + second / 60 for second in range(20)]


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_flipped_bit_makes_another_fix(place: int, bit: int) -> None:
    sentences = cycles(range(6), "GGA", "RMC")
    true = set(heard(*sentences))
    which = 6 + place % 2
    line = sentences[which]
    damaged = bytearray(line)
    damaged[place % len(line)] ^= 1 << bit
    sentences[which] = bytes(damaged)
    fixes = [item for item in heard(*sentences) if isinstance(item, Fix)]
    assert all(any(agrees(fix, other) for other in true) for fix in fixes)
    assert len({fix.lat for fix in fixes}) == 6, "the other sentence of the epoch still has a position"


def agrees(fix: Fix, other: Observation | str) -> bool:
    """Whether all that the one says the other says as well."""
    return isinstance(other, Fix) and all(a is None or a == b for a, b in zip(fix, other, strict=True))


FIELDS = st.lists(
    st.sampled_from(
        (b"", b"A", b"N", b"E", b"1", b"120000.00", b"3540.0", b"10323.0", b"010626", b"-", b"1e999")
    )
    | st.binary(max_size=12).filter(lambda data: not set(data) & set(b"\r\n$,*")),
    max_size=16,
)


@given(st.sampled_from((b"RMC", b"GGA", b"VTG", b"ZDA")), FIELDS, st.binary())
def test_whatever_the_bytes_the_decoder_only_ever_rejects(
    kind: bytes, fields: list[bytes], data: bytes
) -> None:
    for frame in (Frame(b"$GP" + b",".join((kind, *fields)) + b"*00\r\n"), Frame(data)):
        with suppress(Reject):
            RECEIVER.decode(frame, AT)
