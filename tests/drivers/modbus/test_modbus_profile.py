"""Profiles and what a decoder makes of answers by them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.contract import Answer, Frame, Instant, NoAnswer, Quality, Reading, Reason, Reject, Request
from drivers.modbus.counts import Counts
from drivers.modbus.decoder import ModbusOptions
from drivers.modbus.plan import slices, spans
from drivers.modbus.profile import Profile
from drivers.modbus.rtu import Rtu
from tests.drivers.modbus.modbus_line import PROFILES, crc, decoder

TABLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "modbus.json").read_text(encoding="utf-8")
)
AT = Instant(1_700_000_000_000_000_000)


def _told(reading: Reading) -> object:
    if reading.quality is Quality.GOOD:
        return reading.value
    return [reading.quality.value, reading.reason]


def _said(answers: list[Answer], points: dict[str, object], **profile: object) -> list[object]:
    """What a profile of these points says of these answers."""
    reader = decoder({"documented_as": "this test", "points": points, **profile})
    return [_told(seen) for seen in reader.decode(Frame(b"", answers), AT) if isinstance(seen, Reading)]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_has_a_capture(name: str) -> None:
    assert name in {case["profile"] for case in TABLE["cases"]}, (
        f"add one to tests/vectors/modbus.json: {name}"
    )


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: f"{case['profile']}: {case['what']}")
def test_capture_is_asked_for_and_decoded(case: dict[str, Any]) -> None:
    unit = case.get("unit", 1)
    devices = [(said, decoder(case["profile"], unit, said.get("channel"))) for said in case["expected"]]
    planned = spans((r for _, device in devices for r in device.requests()), devices[0][1].max_read)
    line = Rtu(Counts())
    answers: dict[Request, bytes] = {}
    for span, (request, answer) in zip(planned, case["exchanges"], strict=True):
        assert line.ask(span).hex() == request
        reply = line.feed(bytes.fromhex(answer))
        assert reply is not None
        answers.update(slices(span, reply.payload))
    for said, device in devices:
        frame = Frame(b"", [answers[request] for request in device.requests()])
        readings = [seen for seen in device.decode(frame, AT) if isinstance(seen, Reading)]
        assert {seen.quantity: _told(seen) for seen in readings} == {
            key: value for key, value in said.items() if key != "channel"
        }
        assert {seen.at for seen in readings} == {AT}


def test_profiles_say_what_the_published_maps_say(vectors: Path) -> None:
    published = {
        entry["id"]: entry for entry in json.loads((vectors / "modbus/profiles.json").read_text())["profiles"]
    }
    ids = {
        "xy-md02": "xy-md01/02",
        "r4dcb08": "r4dcb08",
        "pt100-8": "wp3066adam (8x PT100/DS18B20 ADAM)",
        "danfoss-ekc-202d": "danfoss-ekc-202d",
        "danfoss-erc-211": "danfoss-erc-211",
        "comet-t3311": "comet-t3311/3411/7410 (RTU)",
        "eliwell-idplus-9xx": "eliwell-idplus-9xx",
        "carel-ir33": "carel-ir33",
        "wb-msw-v3": "wb-msw-v3",
        "sokol-m": "sokol-m",
        "vaisala-hmp": "vaisala-hmp/tmp",
    }
    assert ids.keys() == PROFILES.keys()
    names = {
        "displayed air temperature": "temperature",
        "air temperature": "temperature",
        "AI1": "temperature",
    }
    names |= {"probe 1": "temperature", "T": "temperature", "RH": "humidity"}
    names |= {"S5 defrost": "temperature_defrost", "defrost sensor": "temperature_defrost"}
    names |= {"defrosting active": "defrost", "controller alarm": "alarm"}
    for name, profile_id in ids.items():
        entry, profile = published[profile_id], Profile.model_validate(PROFILES[name])
        assert (profile.function, profile.one_based) == (entry["fc"], entry.get("one_based", False))
        assert profile.max_read == entry.get("max_read", 125)
        told = [
            (names.get(register.get("name", "temperature"), register.get("name", "temperature")), register)
            for register in entry["registers"]
        ]
        compared = [_compare(profile, quantity, register) for quantity, register in told]
        assert any(compared)


def _compare(profile: Profile, quantity: str, register: dict[str, Any]) -> bool:
    """A published register with its point; False: the profile has none."""
    point = profile.points.get(quantity)
    if point is None:
        return False
    address = register["addr"]
    assert point.address == (int(address, 16) if isinstance(address, str) else address)
    assert profile.channels is None or profile.channels.count == register["count"]
    if point.fault is None:  # of one with fault bits the published map leaves the error value out
        assert point.error_values == ((int(register["error"], 16),) if "error" in register else ())
    if point.type != "bool":
        kind = register.get("type", "s16")
        assert (point.type, point.scale) == (kind, register.get("scale", 1.0 if kind == "float32" else 0.1))
    assert point.order == ("little" if "little" in register.get("word_order", "big") else "big")
    return True


def test_shared_frames_decode_as_stated(vectors: Path) -> None:
    cases = json.loads((vectors / "modbus/rtu_frames.json").read_text())["cases"]
    checked = 0
    for case in cases:
        frame = bytes.fromhex(case["frame"])
        assert crc(frame[:-2]) == frame
        expected = case["expected"] or {}
        if "humidity" not in expected:
            continue
        reader = decoder("wb-msw-v3" if case["device"].startswith("WB") else "xy-md02")
        data = frame[3:-2]
        if len(data) == 2:
            data = bytes(2) + data
        readings = reader.decode(Frame(frame, [data[:2], data[2:]]), AT)
        values = {seen.quantity: seen.value for seen in readings if isinstance(seen, Reading)}
        assert {key: values[key] for key in expected} == expected
        checked += 1
    assert checked == 4


@pytest.mark.parametrize(
    ("point", "answer", "said"),
    [
        ({"type": "s16", "scale": 0.1}, "011d", 28.5),
        ({"type": "s16", "scale": 0.1}, "ff33", -20.5),
        ({"type": "s16", "scale": 0.1}, "0000", 0.0),
        ({"type": "s16", "scale": 0.01}, "f63c", -25.0),
        ({"type": "s16", "scale": 0.0625}, "0191", 25.0625),
        ({"type": "s16", "scale": 10}, "0003", 30.0),
        ({"type": "u16"}, "ffff", 65535.0),
        ({"type": "s32", "scale": 0.001}, "fffffc18", -1.0),
        ({"type": "u32", "order": "little"}, "00010002", 131073.0),
        ({"type": "float32"}, "41f47ae1", 30.56),
        ({"type": "float32", "order": "little"}, "7ae141f4", 30.56),  # Vaisala Indigo500 manual, p. 118
        ({"type": "float32"}, "ffffffff", ["missing", "not_a_number"]),  # ControlByWeb XW-110 manual, p. 41
        ({"type": "float32"}, "7f800000", ["missing", "out_of_range"]),
        ({"type": "float32", "valid_range": [-40, 60]}, "ff800000", ["missing", "out_of_range"]),
        ({"type": "s16", "error_values": [0x8000]}, "8000", ["missing", "sensor_fault"]),
        ({"type": "s16", "error_values": [-11000]}, "d508", ["missing", "sensor_fault"]),
        ({"type": "s16", "scale": 0.1, "valid_range": [-40, 60]}, "0258", 60.0),
        ({"type": "s16", "scale": 0.1, "valid_range": [-40, 60]}, "0259", ["missing", "out_of_range"]),
        ({"type": "bool"}, "0001", True),
        ({"type": "bool"}, "0000", False),
        ({"type": "bool"}, "ff00", ["missing", "out_of_range"]),
        ({"type": "bool", "bit": 3}, "fff7", False),
        ({"type": "bool", "bit": 3}, "0008", True),
        ({"type": "bool", "function": 2}, "01", True),
        ({"type": "bool", "function": 1}, "00", False),
    ],
)
def test_types(point: dict[str, object], answer: str, said: object) -> None:
    (told,) = _said([bytes.fromhex(answer)], {"temperature": {"address": 7, **point}})
    assert told == said
    assert type(told) is type(said)


@pytest.mark.parametrize("why", list(NoAnswer))
def test_no_answer_is_a_missing_reading(why: NoAnswer) -> None:
    points: dict[str, object] = {name: {"address": 1, "type": "s16"} for name in ("temperature", "setpoint")}
    assert _said([why, b"\x00\x05"], points) == [["missing", why.value], 5.0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (b"\x00\x02", ["missing", "sensor_fault"]),
        (b"\xff\xfd", 1.2),
        (NoAnswer.REFUSED, ["suspect", "fault_unknown"]),
    ],
)
def test_fault_register(fault: Answer, said: object) -> None:
    """Eliwell IDPlus 9xx: AI1 at 295, its fault at 32876 bit 1, at most 15 registers a request."""
    reader = decoder("eliwell-idplus-9xx")
    assert reader.requests()[:2] == (Request(1, 3, 295, 1), Request(1, 3, 32876, 1))
    assert reader.max_read == 15
    point = {"address": 295, "type": "s16", "scale": 0.1, "fault": {"address": 32876, "bit": 1}}
    (told,) = _said([b"\x00\x0c", fault], {"temperature": point})
    assert told == said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (b"\x01", ["missing", "sensor_fault"]),
        (b"\x00", 1.2),
        (NoAnswer.ILLEGAL_ADDRESS, ["suspect", "fault_unknown"]),
    ],
)
def test_fault_in_a_discrete_input(fault: Answer, said: object) -> None:
    """Carel IR33: probe 1 in input register 403, its fault in discrete input 3."""
    assert decoder("carel-ir33").requests()[:2] == (Request(1, 4, 403, 1), Request(1, 2, 3, 1))
    point = {"address": 403, "type": "s16", "scale": 0.1, "fault": {"function": 2, "address": 3}}
    assert _said([b"\x00\x0c", fault], {"temperature": point}) == [said]


def test_one_based_manual_is_sent_zero_based() -> None:
    """Comet T3411: the manual's register 0x31 is sent as 0x30."""
    assert decoder("comet-t3311").requests() == (Request(1, 3, 0x30, 1), Request(1, 3, 0x31, 1))


@pytest.mark.parametrize("function", [1, 2])
def test_contacts_are_read_as_bits_together(function: int) -> None:
    """Ten contacts of a module on coils or discrete inputs: one exchange, each its own device."""
    module: dict[str, object] = {
        "documented_as": "this test",
        "function": function,
        "channels": {"count": 10},
        "points": {"open": {"address": 16, "type": "bool"}},
    }
    contacts = [decoder(module, 5, channel) for channel in range(1, 11)]
    (span,) = spans(request for contact in contacts for request in contact.requests())
    line = Rtu(Counts())
    assert line.ask(span) == crc(bytes((5, function, 0, 16, 0, 10)))
    reply = line.feed(crc(bytes((5, function, 2, 0b1000_0101, 0b10))))
    assert reply is not None
    answers = slices(span, reply.payload)
    frames = [Frame(b"", [answers[request] for request in contact.requests()]) for contact in contacts]
    told = [contact.decode(frame, AT)[0] for contact, frame in zip(contacts, frames, strict=True)]
    open_ones = [seen.value is True for seen in told if isinstance(seen, Reading)]
    assert [number for number, is_open in enumerate(open_ones, 1) if is_open] == [1, 3, 8, 10]
    assert len(open_ones) == 10


def test_channels_stand_a_stride_apart() -> None:
    wide: dict[str, object] = {
        "documented_as": "this test",
        "channels": {"count": 4, "stride": 2},
        "points": {"temperature": {"address": 100, "type": "float32"}},
    }
    assert decoder(wide, unit=9, channel=3).requests() == (Request(9, 3, 104, 2),)


def test_answers_of_another_device_are_refused() -> None:
    with pytest.raises(Reject) as refused:
        decoder("xy-md02").decode(Frame(b"", [b"\x00\x01"]), AT)
    assert refused.value.reason is Reason.LENGTH


@pytest.mark.parametrize(
    ("given", "where", "kind"),
    [
        ({"unit": 0, "profile": "xy-md02"}, "unit", "greater_than_equal"),
        ({"unit": 248, "profile": "xy-md02"}, "unit", "less_than_equal"),
        ({"profile": "xy-md02"}, "unit", "missing"),
        ({"unit": 1}, "profile", "missing"),
        ({"unit": 1, "profile": "xy-md20"}, "profile", "unknown_profile"),
        ({"unit": 1, "profile": ["xy-md02"]}, "profile", "unknown_profile"),
        ({"unit": 1, "profile": "broken"}, "profile", "broken_profile"),
        ({"unit": 1, "profile": "xy-md02", "channel": 1}, "channel", "channel_unused"),
        ({"unit": 1, "profile": "r4dcb08"}, "channel", "channel_required"),
        ({"unit": 1, "profile": "r4dcb08", "channel": 0}, "channel", "unknown_channel"),
        ({"unit": 1, "profile": "r4dcb08", "channel": 9}, "channel", "unknown_channel"),
        ({"unit": 1, "profile": "xy-md02", "chanel": 1}, "chanel", "extra_forbidden"),
    ],
)
def test_options_refused(given: dict[str, object], where: str, kind: str) -> None:
    broken: dict[str, object] = {"documented_as": "this test", "points": {"temperature": {"address": 1}}}
    with pytest.raises(ValidationError) as refused:
        ModbusOptions.model_validate(given, context={"profiles": {**PROFILES, "broken": broken}})
    (error,) = refused.value.errors()
    assert (error["loc"], error["type"]) == ((where,), kind)
    if kind == "unknown_profile":
        assert error["ctx"]["known"] == sorted([*PROFILES, "broken"])


def test_options_schema_takes_a_name() -> None:
    schema = ModbusOptions.model_json_schema()
    assert schema["properties"]["profile"]["type"] == "string"
    assert schema["required"] == ["unit", "profile"]


S16 = {"address": 1, "type": "s16"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": {}},
        {"points": {"Temperature": S16}},
        {"points": {"temperature": {"address": 65536, "type": "s16"}}},
        {"points": {"temperature": {"address": 65535, "type": "s32"}}},
        {"points": {"temperature": {"address": 0, "type": "s16"}}, "one_based": True},
        {"points": {"temperature": {"address": 65530, "type": "s16"}}, "channels": {"count": 8}},
        {"points": {"temperature": {"address": 1, "type": "s32"}}, "max_read": 1},
        {"points": {"temperature": S16}, "max_read": 126},
        {"points": {"temperature": S16}, "function": 6},
        {"points": {"temperature": S16}, "function": 2},
        {"points": {"temperature": {**S16, "scale": 0}}},
        {"points": {"temperature": {**S16, "valid_range": [60, -40]}}},
        {"points": {"temperature": {**S16, "bit": 3}}},
        {"points": {"defrost": {"address": 1, "type": "bool", "scale": 0.1}}},
        {"points": {"temperature": {**S16, "fault": {"address": 9}}}, "channels": {"count": 8}},
        {"points": {"temperature": {**S16, "fault": {"address": 9, "function": 2, "bit": 0}}}},
        {"points": {"temperature": S16}, "factory": {"unit": 1, "serial": "9600"}},
        {"points": {"temperature": {**S16, "scael": 0.1}}},
        {"points": {"temperature": S16}, "documented_as": ""},
    ],
)
def test_profile_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate({"documented_as": "this test", **wrong})


def test_float32_keeps_what_it_can_tell() -> None:
    for value in (0.1, -18.3, 21.987, 1e-3):
        (told,) = _said([struct.pack(">f", value)], {"temperature": {"address": 1, "type": "float32"}})
        assert told == value
