"""The 30-byte frame of WL-134 readers: captures, damage, and frames hidden in noise."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.contract import Frame, NoOptions, Reason, Reject, Sighting
from drivers.framing import xor_of
from drivers.rfid.wl134 import LENGTH, Wl134
from tests.drivers.hearing import AT, captures, parted, sent, told

READER = Wl134(NoOptions())
CASES = captures("wl134")


def frame(national: int, country: int, end: int = 0x03) -> bytes:
    body = f"{national:010X}"[::-1] + f"{country:04X}"[::-1] + "01" + "0" * 10
    checksum = xor_of(body.encode())
    return b"\x02" + body.encode() + bytes((checksum, checksum ^ 0xFF, end))


def heard(*chunks: bytes) -> tuple[list[str], list[str]]:
    """The codes seen and the reasons of what was refused, in order."""
    seen, reasons = parted(told(READER, *chunks))
    assert {item.code.scheme for item in seen if isinstance(item, Sighting)} <= {"iso11784"}
    return [item.code.value for item in seen if isinstance(item, Sighting)], reasons


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_capture_says_what_it_is_known_to_say(case: dict[str, Any]) -> None:
    assert heard(sent(case)) == (case["codes"], case["rejects"])


def test_every_shared_vector_is_among_the_captures(vectors: Path) -> None:
    shared = json.loads((vectors / "rfid_serial" / "wl134.json").read_text(encoding="utf-8"))["cases"]
    assert {case["hex"] for case in shared} <= {case["hex"] for case in CASES}
    for case in shared:
        if isinstance(case["expect"], dict) and "national" in case["expect"]:
            code = f"{case['expect']['country']:03d}{case['expect']['national']:012d}"
            assert heard(bytes.fromhex(case["hex"])) == ([code], [])


def test_a_damaged_frame_shows_its_bytes_to_whoever_looks_for_the_fault() -> None:
    damaged = bytearray(frame(1, 156))
    damaged[5] ^= 1
    (found,) = READER.splitter().feed(bytes(damaged))
    assert isinstance(found, Reject)
    assert found.reason is Reason.CHECKSUM
    assert found.detail == damaged.hex(" ")


def test_endless_noise_is_reported_once_and_again_after_the_next_frame() -> None:
    noise = b"\x55" * 10_000
    assert heard(noise, noise, frame(1, 156), noise) == (["156000000000001"], ["length", "length"])


def test_a_reader_has_no_options() -> None:
    with pytest.raises(ValidationError):
        NoOptions.model_validate({"antenna": 1})


TAGS = st.builds(frame, st.integers(1, (1 << 38) - 1), st.integers(0, 999), st.sampled_from((0x03, 0x07)))
# A piece lacks at least two bytes at one end, so that one byte of noise cannot make it whole again.
PIECES = st.builds(lambda tag, cut: tag[: LENGTH - cut], TAGS, st.integers(2, 29)) | st.builds(
    lambda tag, cut: tag[cut:], TAGS, st.integers(2, 29)
)
NOISE = st.binary(max_size=80) | st.lists(st.sampled_from(b"\x02\x03\x0700"), max_size=80).map(bytes) | PIECES


@st.composite
def chunked(draw: st.DrawFn, stream: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(st.data(), st.lists(st.tuples(st.booleans(), TAGS, NOISE), max_size=12))
def test_a_noisy_stream_yields_exactly_its_frames(
    data: st.DataObject, parts: list[tuple[bool, bytes, bytes]]
) -> None:
    stream = b"".join(tag if whole else noise for whole, tag, noise in parts)
    splitter = READER.splitter()
    chunks = data.draw(chunked(stream))
    found = [item for chunk in chunks for item in splitter.feed(chunk)]
    assert [item.data for item in found if isinstance(item, Frame)] == [
        tag for whole, tag, _ in parts if whole
    ]


@given(TAGS, st.integers(0, LENGTH * 8 - 1))
def test_no_flipped_bit_makes_another_tag(tag: bytes, bit: int) -> None:
    damaged = bytearray(tag)
    damaged[bit // 8] ^= 1 << bit % 8
    codes, _ = heard(bytes(damaged), tag)
    (true,), _ = heard(tag)
    assert set(codes) == {true}
    assert codes[-1] == true, "the frame behind the damaged one is lost"


@given(st.binary(min_size=LENGTH, max_size=LENGTH) | st.binary())
def test_whatever_the_bytes_the_decoder_only_ever_rejects(data: bytes) -> None:
    with suppress(Reject):
        READER.decode(Frame(data), AT)
