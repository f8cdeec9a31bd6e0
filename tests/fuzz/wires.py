"""Everything that reads what a device sends: by walking the catalogue, so that a new driver is among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from drivers.ble.advertisement import Advertisement, parse, spelt
from drivers.catalogue import DRIVERS
from drivers.contract import (
    Decoder,
    Frame,
    Instant,
    Keyed,
    LinkDown,
    NoAnswer,
    Numbered,
    Polled,
    Reject,
    Splitter,
)
from drivers.links.keys import EVENT, Typing
from drivers.modbus.adu import Framing, Reply
from drivers.modbus.counts import Counts
from drivers.modbus.decoder import ModbusOptions
from drivers.modbus.plan import Span, spans
from drivers.modbus.rtu import Rtu
from drivers.modbus.tcp import Tcp
from tests.drivers.modbus.modbus_line import PROFILES
from tests.fuzz.mutation import chopped, damaged
from tests.fuzz.target import Target
from tests.fuzz.truth import HOLDS, check, crc

AT: Final = Instant(1_763_780_000_000_000_000)
VECTORS: Final = Path(__file__).parents[1] / "vectors"
STRANGER: Final = "02:00:00:00:00:01"
MOST_KEPT: Final = 8 * 1024
"""Bytes that a splitter may hold back."""


class Stored:
    """A secret that a test has in hand."""

    def __init__(self, secret: object) -> None:
        self._secret = str(secret)

    def reveal(self) -> str:
        return self._secret


def targets() -> Iterator[Target]:
    for name in DRIVERS:
        yield driver(name)
    yield Target("advertisement", damaged(_all_captures("bluetooth")), _read_advertisement)
    keys = st.tuples(st.sampled_from((0, 1, 1, 1, 4)), st.integers(0, 127), st.sampled_from((0, 1, 1, 2)))
    events = st.lists(keys, max_size=60).map(_events)
    yield Target("keyboard", events | st.binary(max_size=300), _type)
    replies = [data for case in captures("modbus") for data in sent(case)]
    yield Target("modbus rtu", st.tuples(st.sampled_from(SPANS), chopped(replies + RIGHT)), _answer_rtu)
    yield Target("modbus tcp", st.tuples(st.sampled_from(SPANS), chopped(replies + OVER_TCP)), _answer_tcp)


def captures(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return cases


def sent(case: dict[str, Any]) -> list[bytes]:
    """The bytes of a capture, whatever its table's form."""
    if "hex" in case:
        return [bytes.fromhex(case["hex"])]
    if "text" in case:
        return [str(case["text"]).encode()]
    lines = case.get("sentences") or case.get("lines") or ()
    if lines:
        said = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        return ["".join(f"{line}\r\n" for line in said).encode()]
    return [bytes.fromhex(answer) for _, answer in case.get("exchanges", ())] or [bytes((case["level"],))]


def _all_captures(kind: str) -> list[bytes]:
    names = [name for name, driver in DRIVERS.items() if kind in driver.sources]
    return [data for name in names for case in captures(name) for data in sent(case)]


# --- decoders ---------------------------------------------------------------------------------------------


def driver(name: str) -> Target:
    """Raises TypeError for one of a kind that nobody fuzzes."""
    decoders = _decoders(name)
    whole = [data for case in captures(name) for data in sent(case)]
    feed = partial(_decode, name)
    if hasattr(decoders[0], "splitter"):
        inputs: Any = st.tuples(st.sampled_from(decoders), chopped(whole))
        return Target(f"driver {name}", inputs, partial(_hear, name))
    if "bluetooth" in DRIVERS[name].sources:
        frames = damaged(whole) | damaged(_contents(whole)).map(_wrapped)
        return Target(f"driver {name}", st.tuples(st.sampled_from(decoders), frames.map(Frame)), feed)
    if isinstance(decoders[0], Polled):
        return Target(f"driver {name}", st.sampled_from(decoders).flatmap(_answers), feed)
    raise TypeError(f"{name}: it is neither heard nor asked nor in the air; say here how it is fuzzed")


def _decoders(name: str) -> list[Decoder]:
    """One for each set of options that the captures have."""
    kind = DRIVERS[name].decoder
    if kind.options is ModbusOptions:
        return [_modbus(profile) for profile in PROFILES]
    table = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    common = {"address": STRANGER} if "address" in kind.options.model_fields else {}
    chosen = {
        json.dumps(case.get("options", table.get("options", {})), sort_keys=True) for case in table["cases"]
    }
    return [_built(name, common | json.loads(each)) for each in sorted(chosen)]


def _built(name: str, options: dict[str, Any]) -> Decoder:
    kind = DRIVERS[name].decoder
    decoder = kind(kind.options.model_validate(options, context={"secret": Stored}))
    return decoder.unlocked(options["key"]) if "key" in options and isinstance(decoder, Keyed) else decoder


def _modbus(profile: str) -> Decoder:
    channel = {"channel": 1} if "channels" in PROFILES[profile] else {}
    given = {"unit": 1, "profile": profile, **channel}
    return DRIVERS["modbus"].decoder(ModbusOptions.model_validate(given, context={"profiles": PROFILES}))


def _answers(decoder: Decoder) -> st.SearchStrategy[tuple[Decoder, Frame]]:
    """Of the right length, or cut, or none."""
    assert isinstance(decoder, Polled)

    def answer(length: int) -> st.SearchStrategy[bytes | NoAnswer]:
        whole = st.binary(min_size=length, max_size=length)
        return whole | st.sampled_from(list(NoAnswer)) | st.binary(max_size=length)

    lengths = [span.payload_length for asked in decoder.requests() for span in spans([asked])]
    answers = st.tuples(*map(answer, lengths))
    return answers.map(lambda given: (decoder, Frame(b"", given)))


def _decode(name: str, given: tuple[Decoder, Frame]) -> None:
    decoder, frame = given
    try:
        if isinstance(decoder, Numbered):
            decoder.number(frame)
        said = decoder.decode(frame, AT)
    except Reject:
        return
    check(said, AT)
    holds = HOLDS.get(name)
    assert not said or holds is None or holds(frame.data), f"its checksum does not hold: {frame.data.hex()}"


def _hear(name: str, given: tuple[Any, list[bytes]]) -> None:
    decoder, chunks = given
    splitter: Splitter = decoder.splitter()
    for chunk in chunks:
        for found in splitter.feed(chunk):
            if isinstance(found, Frame):
                _decode(name, (decoder, found))
            else:
                assert isinstance(found, Reject)
        assert _held(splitter) <= MOST_KEPT + len(chunk)


def _held(thing: object) -> int:
    """Bytes in what it keeps, and in what those keep."""
    if isinstance(thing, bytes | bytearray | str):
        return len(thing)
    if isinstance(thing, dict):
        return sum(_held(value) for value in thing.values())
    if isinstance(thing, list | tuple):
        return sum(map(_held, thing))
    return (
        _held(vars(thing))
        if type(thing).__module__.startswith("drivers.") and hasattr(thing, "__dict__")
        else 0
    )


# --- the air ----------------------------------------------------------------------------------------------


def _contents(whole: Sequence[bytes]) -> list[bytes]:
    """What stands in the first structures of data, without their length."""
    found = []
    for frame in whole:
        at = 0
        while at < len(frame) and frame[at]:
            if frame[at + 1] in (0x16, 0xFF):
                found.append(frame[at + 1 : at + 1 + frame[at]])
            at += 1 + frame[at]
    return found or [b"\xff\x00\x00"]


def _wrapped(content: bytes) -> bytes:
    """As one structure, so that the damage is inside."""
    return bytes((len(content[:254]),)) + content[:254]


def _read_advertisement(frame: bytes) -> None:
    try:
        said = parse(frame)
    except Reject:
        return
    assert isinstance(said, Advertisement)
    again = parse(spelt(said))
    assert again.service.keys() == said.service.keys()
    assert again.services == said.services


def _events(keys: list[tuple[int, int, int]]) -> bytes:
    return b"".join(EVENT.pack(0, 0, *key) for key in keys)


def _type(events: bytes) -> None:
    typing = Typing()
    assert len(typing.feed(events)) <= len(events)
    assert len(typing.feed(events[7:])) <= len(events)
    assert _held(typing) <= MOST_KEPT


# --- Modbus -----------------------------------------------------------------------------------------------

SPANS: Final = [
    span
    for profile in PROFILES
    for decoder in [_modbus(profile)]
    if isinstance(decoder, Polled)
    for span in spans(decoder.requests(), decoder.max_read)
]


def _right(span: Span) -> bytes:
    body = bytes((span.unit, span.function, span.payload_length)) + bytes(span.payload_length)
    return body + crc(body, 0xA001, 0xFFFF).to_bytes(2, "little")


RIGHT: Final = [_right(span) for span in SPANS]
OVER_TCP: Final = [b"\x00\x01\x00\x00" + len(adu[:-2]).to_bytes(2, "big") + adu[:-2] for adu in RIGHT]


def _answer_rtu(given: tuple[Span, list[bytes]]) -> None:
    span, chunks = given
    reply = _answer(Rtu(Counts()), span, chunks)
    if reply is not None:
        assert crc(reply.adu[:-2], 0xA001, 0xFFFF) == int.from_bytes(reply.adu[-2:], "little")
        assert reply.adu[0] == span.unit


def _answer_tcp(given: tuple[Span, list[bytes]]) -> None:
    _answer(Tcp(Counts()), *given)


def _answer(framing: Framing, span: Span, chunks: list[bytes]) -> Reply | None:
    framing.ask(span)
    try:
        for chunk in chunks:
            if (reply := framing.feed(chunk)) is not None:
                assert reply.exception or len(reply.payload) == span.payload_length
                return reply
    except LinkDown:
        return None
    framing.give_up()
    assert _held(framing) <= MOST_KEPT
    return None
