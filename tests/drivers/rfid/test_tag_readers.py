"""The readers of ear tags and hooks, one like the other: captures, frames hidden in noise, damage."""

from __future__ import annotations

import json
import time
from binascii import crc_hqx
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.catalogue import DRIVERS
from drivers.contract import Frame, Reject, Sighting, Talking
from drivers.framing import xor_of
from drivers.listener import Asked
from drivers.rfid import r2000, rfid_shop, uhf_reader18, yrm100
from drivers.rfid.iso11784 import animal_on_air, crc_of
from tests.drivers.hearing import AT, byte_by_byte, captures, parted, sent, told

READERS = ("tag_lines", "rfid_shop", "uhf_reader18", "yrm100", "r2000")
CASES = [
    pytest.param(name, case, id=f"{name}: {case['name']}") for name in READERS for case in captures(name)
]


def reader(name: str, **options: object) -> Any:
    decoder = DRIVERS[name].decoder
    return decoder(decoder.options.model_validate(options))


def heard(decoder: Talking, *chunks: bytes) -> tuple[list[str], list[str]]:
    """The codes seen, with their schemes, and the reasons of what was refused, in order."""
    seen, reasons = parted(told(decoder, *chunks))
    return [" ".join(item.code) for item in seen if isinstance(item, Sighting)], reasons


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_capture_says_what_it_is_known_to_say(name: str, case: dict[str, Any]) -> None:
    decoder = reader(name, **case.get("options", {}))
    assert heard(decoder, sent(case)) == (case["codes"], case["rejects"])
    assert heard(decoder, *byte_by_byte(sent(case))) == (case["codes"], case["rejects"])


def test_the_shared_lines_are_read_as_stated(vectors: Path) -> None:
    cases = json.loads((vectors / "rfid_serial" / "ascii_lines.json").read_text(encoding="utf-8"))["cases"]
    for case in cases:
        if "line" not in case:
            continue
        expect = case["expect"]
        codes, reasons = heard(reader("tag_lines"), case["line"].encode())
        assert reasons == []
        if expect is None:
            assert codes == []
        elif "national" in expect:
            assert codes == [f"iso11784 {expect['country']:03d}{expect['national']:012d}"]
        elif "decimal15" in expect:
            assert codes == [f"iso11784 {expect['decimal15']}"]
        elif "id" in expect:
            assert codes == [f"other {expect['application']:04d}{expect['id']:016d}"]
        elif "country" in expect:
            assert codes[0].startswith(f"iso11784 {expect['country']:03d}")
        else:
            assert codes == ["other FFFFFFFFFFFFFFFF"]


def test_the_shared_frames_of_uhf_readers_are_read_as_stated(vectors: Path) -> None:
    families = json.loads((vectors / "rfid_serial" / "uhf.json").read_text(encoding="utf-8"))["families"]
    answers = [
        (name, case)
        for name, family in zip(("uhf_reader18", "yrm100", "r2000"), families, strict=False)
        for case in family["cases"]
        if "expect" in case
    ]
    for name, case in answers:
        assert heard(reader(name), bytes.fromhex(case["hex"])) == ([f"epc-uhf {case['expect']['epc']}"], [])
    damaged = bytes.fromhex(families[0]["negative"][0]["hex"])
    whole = bytes.fromhex(families[0]["cases"][0]["hex"])
    assert heard(reader("uhf_reader18"), damaged, whole)[1] == ["checksum"]
    assert len(answers) == 11


def test_the_shared_questions_are_those_that_we_ask(vectors: Path) -> None:
    families = json.loads((vectors / "rfid_serial" / "uhf.json").read_text(encoding="utf-8"))["families"]
    assert reader("yrm100").questions() == (bytes.fromhex(families[1]["cases"][0]["hex"]),)
    assert r2000.framed(0x01, r2000.INVENTORY, r2000.SHORT).hex() == families[2]["cases"][0]["hex"]
    shop = json.loads((vectors / "rfid_serial" / "rfidshop_134k_usb_d1.json").read_text(encoding="utf-8"))
    host = [bytes.fromhex(case["hex"]) for case in shop["cases"] if case["dir"] == "host"]
    assert reader("rfid_shop").questions() == (host[2],)
    replies = b"".join(bytes.fromhex(case["hex"]) for case in shop["cases"] if case["dir"] == "reader")
    assert heard(reader("rfid_shop"), replies) == (["iso11784 123112233445566"] * 3, [])


def test_the_shared_numbers_of_chips_are_read_as_stated(vectors: Path) -> None:
    known = json.loads((vectors / "animal_id" / "iso11784.json").read_text(encoding="utf-8"))
    says_iso = reader("tag_lines", scheme="iso11784")
    for case in known["cases"]:
        code = f"iso11784 {case['decimal15']}"
        chip = bytes.fromhex(case["bytes_lsb_first"])
        assert crc_of(chip) == int(case["fdxb_crc16"], 16)
        assert " ".join(animal_on_air(chip + crc_of(chip).to_bytes(2, "little"))) == code
        assert heard(says_iso, f"{case['decimal15']}\r\n".encode()) == ([code], [])
        if "dot_hex" in case:
            assert heard(reader("tag_lines"), f"{case['dot_hex']}\r\n".encode()) == ([code], [])
    for case in known["invalid"]:
        assert heard(says_iso, f"{case['decimal15']}\r\n".encode()) == ([], ["range"])


def test_the_shared_numbers_of_chinese_tags_are_read_as_stated(vectors: Path) -> None:
    known = json.loads((vectors / "animal_id" / "china_eartag.json").read_text(encoding="utf-8"))
    says_cn = reader("tag_lines", scheme="cn-eartag")
    for case in known["valid"]:
        assert heard(says_cn, f"{case['code']}\n".encode()) == ([f"cn-eartag {case['code']}"], [])
    for case in known["invalid"]:
        assert heard(says_cn, f"{case['code']}\n".encode())[0] == []
    for case in known["ambiguous_with_iso"]:
        assert heard(reader("tag_lines"), f"{case['digits']}\n".encode()) == ([f"other {case['digits']}"], [])


class Framing(NamedTuple):
    """How a reader's frames look, told apart from its splitter. longest: bytes of a frame, at least."""

    name: str
    frames: st.SearchStrategy[bytes]
    head: bytes
    longest: int


EPCS = st.integers(1, 31).flatmap(lambda words: st.binary(min_size=2 * words, max_size=2 * words))


def shop_frame(bits: int) -> bytes:
    chip = bits.to_bytes(8, "little")
    body = b"\x02\x01\x00\x0a" + chip + crc_of(chip).to_bytes(2, "little")
    return body + bytes((xor_of(body), 0x03))


def active_frame(epc: bytes, antenna: int = 1) -> bytes:
    body = bytes((len(epc) + 8, 0, 0xEE, 0, antenna, len(epc))) + epc + b"\x45"
    return body + uhf_reader18.crc_of(body).to_bytes(2, "little")


def m100_frame(epc: bytes) -> bytes:
    said = bytes((len(epc) // 2 << 3, 0)) + epc
    data = b"\xc9" + said + (crc_hqx(said, 0xFFFF) ^ 0xFFFF).to_bytes(2, "big")
    body = bytes((0x02, 0x22, 0, len(data))) + data
    return b"\xbb" + body + bytes((sum(body) & 0xFF, 0x7E))


def impinj_frame(epc: bytes) -> bytes:
    return r2000.framed(1, r2000.INVENTORY, 0x34, len(epc) // 2 << 3, 0, *epc, 0x41)


FRAMINGS = [
    Framing("rfid_shop", st.builds(shop_frame, st.integers(1, (1 << 38) - 1)), b"\x02\x01\x00\x0a", 22),
    Framing("uhf_reader18", st.builds(active_frame, EPCS), b"\x15\x00\xee\x00", 256),
    Framing("yrm100", st.builds(m100_frame, EPCS), b"\xbb\x02\x22\x00\x11", 87),
    Framing("r2000", st.builds(impinj_frame, EPCS), b"\xa0\x13\x01\x89", 74),
]
FAULTS = {
    "rfid_shop": rfid_shop.fault,
    "uhf_reader18": uhf_reader18.fault,
    "yrm100": yrm100.fault,
    "r2000": r2000.fault,
}
LENGTH_AT = {
    "rfid_shop": lambda data: data[3] + 6,
    "uhf_reader18": lambda data: data[0] + 1,
    "yrm100": lambda data: data[4] + 7,
    "r2000": lambda data: data[1] + 2,
}


def spelt(name: str, stream: bytes) -> Iterator[int]:
    """Where a right checksum stands at the end of what a length promises, meant or by chance."""
    for start in range(len(stream) - 5):
        length = LENGTH_AT[name](stream[start:])
        if start + length <= len(stream) and length > 5:
            with suppress(IndexError):
                if FAULTS[name](stream[start : start + length]) is None:
                    yield start


@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
@given(data=st.data())
def test_a_noisy_stream_yields_exactly_its_frames(framing: Framing, data: st.DataObject) -> None:
    bits = st.lists(st.sampled_from([framing.head, *(bytes((byte,)) for byte in framing.head)]), max_size=12)
    pieces = st.builds(lambda frame, cut: frame[:cut], framing.frames, st.integers(1, 8))
    noise = st.binary(max_size=40) | bits.map(b"".join) | pieces
    frames: list[bytes] = []
    places: list[int] = []
    stream = b""
    for whole in data.draw(st.lists(st.booleans(), max_size=8)):
        part = data.draw(framing.frames if whole else noise)
        if whole:
            frames.append(part)
            places.append(len(stream))
        stream += part
    stream += bytes(framing.longest)  # what a false head at the end waits for
    assume(set(spelt(framing.name, stream)) <= set(places))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    splitter = reader(framing.name).splitter()
    found = [
        item
        for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for item in splitter.feed(stream[begin:end])
    ]
    assert [item.data for item in found if isinstance(item, Frame)] == frames


@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
@given(data=st.data())
def test_no_flipped_bit_makes_another_tag(framing: Framing, data: st.DataObject) -> None:
    frame = data.draw(framing.frames)
    bit = data.draw(st.integers(0, len(frame) * 8 - 1))
    damaged = bytearray(frame)
    damaged[bit // 8] ^= 1 << bit % 8
    stream = bytes(damaged) + frame + bytes(framing.longest)
    assume(set(spelt(framing.name, stream)) <= {len(frame)})
    decoder = reader(framing.name)
    assert heard(decoder, stream)[0] == heard(decoder, frame)[0]


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=90) | st.text(max_size=40).map(str.encode))
def test_whatever_the_bytes_the_decoder_only_ever_rejects(name: str, data: bytes) -> None:
    with suppress(Reject):
        reader(name).decode(Frame(data), AT)


@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
@given(data=st.data())
def test_whatever_a_sound_frame_holds_the_decoder_only_ever_rejects(
    framing: Framing, data: st.DataObject
) -> None:
    frame = bytearray(data.draw(framing.frames))
    frame[2:-2] = data.draw(st.binary(min_size=len(frame) - 4, max_size=len(frame) - 4))
    match framing.name:
        case "rfid_shop":
            frame[-2] = xor_of(bytes(frame[:-2]))
        case "uhf_reader18":
            frame[-2:] = uhf_reader18.crc_of(bytes(frame[:-2])).to_bytes(2, "little")
        case "yrm100":
            frame[-2] = sum(frame[1:-2]) & 0xFF
        case _:
            frame[-1] = -sum(frame[:-1]) & 0xFF
    with suppress(Reject):
        reader(framing.name).decode(Frame(bytes(frame)), AT)


@given(
    st.lists(
        st.tuples(st.integers(0, 999), st.integers(1, (1 << 38) - 1), st.sampled_from(" _,;\t")), min_size=1
    ),
    st.binary(max_size=40).filter(lambda noise: not set(noise) & set(b"\r\n")),
)
def test_lines_are_found_behind_noise(tags: list[tuple[int, int, str]], noise: bytes) -> None:
    lines = [f"LA {country:03d}{apart}{national:012d}\r\n".encode() for country, national, apart in tags]
    codes, _ = heard(reader("tag_lines"), noise + b"\xff" + (noise + b"\r\xff").join(lines))
    assert codes == [f"iso11784 {country:03d}{national:012d}" for country, national, _ in tags]


@given(st.text("0123456789 _.LA", max_size=30))
def test_digits_alone_are_never_taken_for_a_scheme(line: str) -> None:
    codes, _ = heard(reader("tag_lines"), f"{line}\n".encode())
    for code in codes:
        scheme, _, value = code.partition(" ")
        assert scheme == "other" or value not in line


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tag_lines", {"scheme": "iso"}),
        ("tag_lines", {"channel": 1}),
        ("rfid_shop", {"channel": 1}),
        ("yrm100", {"channel": 1}),
        ("uhf_reader18", {"channel": 0}),
        ("uhf_reader18", {"channel": 9}),
        ("r2000", {"channel": 0}),
        ("r2000", {"ask": True}),
    ],
)
def test_options_that_a_reader_has_not(name: str, options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        reader(name, **options)


def test_who_is_asked_and_what() -> None:
    assert not isinstance(reader("tag_lines"), Asked)
    assert not isinstance(reader("wl134"), Asked)
    assert not reader("uhf_reader18").questions()
    # Bytes of wabson/chafon-rfid uhfreader288m.py, with the scan time of ours; its CRC re-computed.
    assert reader("uhf_reader18", ask=True, channel=3).questions() == (
        bytes.fromhex("0dff010400010000000082020ad5"),
    )
    assert [question.hex() for question in reader("r2000", channel=3).questions()] == [
        "a004ff7402e7",
        "a004ff89ffd5",
    ]


def test_five_thousand_tags_in_five_seconds_are_all_seen() -> None:
    """The bound is for a busy machine; a quiet one needs a tenth of it."""
    epcs = [f"E2001000{number:016X}" for number in range(5000)]
    stream = b"".join(active_frame(bytes.fromhex(epc), 1 << number % 4) for number, epc in enumerate(epcs))
    chunks = [stream[start : start + 440] for start in range(0, len(stream), 440)]
    began = time.process_time()
    codes, reasons = heard(reader("uhf_reader18"), *chunks)
    took_s = time.process_time() - began
    assert codes == [f"epc-uhf {epc}" for epc in epcs]
    assert reasons == []
    assert took_s < 1.5
