"""An answer is found in what a wire brings, and nothing else is taken for one."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.contract import LinkDown, Reason, Request
from drivers.modbus.adu import Reply, Silence
from drivers.modbus.counts import Counts
from drivers.modbus.plan import Span, spans
from drivers.modbus.rtu import MOST_RECEIVED, Rtu
from drivers.modbus.tcp import Tcp
from tests.drivers.modbus.modbus_line import crc, registers_reply

TABLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "modbus.json").read_text(encoding="utf-8")
)


def _span(request: bytes) -> Span:
    unit, function = request[0], request[1]
    address, length = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
    (span,) = spans([Request(unit, function, address, length)])
    return span


BOTH = _span(bytes.fromhex("010400010002200b"))
ANSWER = bytes.fromhex("010404011d027f2afe")
ECHO = bytes.fromhex("010400010002200b")
STRANGER = registers_reply(8, 4, [0x11D, 0x27F])


def _hear(*chunks: bytes, span: Span = BOTH) -> tuple[Reply | None, Counts]:
    counts = Counts()
    line = Rtu(counts)
    line.ask(span)
    reply = None
    for chunk in chunks:
        reply = line.feed(chunk) or reply
    return reply, counts


@pytest.mark.parametrize("case", TABLE["exceptions"], ids=lambda case: case["reply"])
def test_exceptions(case: dict[str, Any]) -> None:
    request, reply = bytes.fromhex(case["request"]), bytes.fromhex(case["reply"])
    line = Rtu(Counts())
    assert line.ask(_span(request)) == request
    assert line.feed(reply) == Reply(reply, b"", case["exception"])


@pytest.mark.parametrize("case", TABLE["refused"], ids=lambda case: case["source"][:40])
def test_refused(case: dict[str, Any]) -> None:
    line = Rtu(Counts())
    line.ask(_span(bytes.fromhex(case["request"])))
    assert line.feed(bytes.fromhex(case["reply"])) is None
    silence = line.give_up()
    assert silence.received.hex() == case["reply"]
    assert silence.reject is not None
    assert silence.reject.reason is Reason(case["reason"])


@pytest.mark.parametrize(
    "chunks",
    [
        [ANSWER],
        [ECHO, ANSWER],
        [ECHO + ANSWER],
        [STRANGER + ANSWER],
        [b"\x00\xff", ANSWER + b"\x01\x04"],
        [b"\x01\x04\x04", ANSWER],  # the head of an answer whose tail was lost
        [ANSWER[:-1] + b"\x00" + ANSWER],  # a damaged one, then a good one
        [ANSWER[:1], ANSWER[1:4], ANSWER[4:8], ANSWER[8:]],
        [bytes([byte]) for byte in ECHO + STRANGER + ANSWER],
    ],
)
def test_answer_is_found_behind(chunks: list[bytes]) -> None:
    reply, counts = _hear(*chunks)
    assert reply == Reply(ANSWER, bytes.fromhex("011d027f"))
    assert counts.stray_bytes <= sum(map(len, chunks)) - len(ANSWER)


@pytest.mark.parametrize(
    "chunks",
    [
        [ECHO],
        [STRANGER],
        [ANSWER[:-1]],
        [registers_reply(1, 3, [0x11D, 0x27F])],
        [registers_reply(1, 4, [0x11D])],
        [registers_reply(1, 4, [0x11D, 0x27F, 0])],
        [crc(b"\x01\x83\x02")],
        [ANSWER + ECHO],  # what came before the echo answers something else
    ],
)
def test_nothing_else_is_taken_for_it(chunks: list[bytes]) -> None:
    line = Rtu(Counts())
    line.ask(BOTH)
    got = [line.feed(chunk) for chunk in chunks]
    assert got == [None] * len(chunks)


def test_echo_that_looks_like_an_answer() -> None:
    """Coils at 0x03A5, 24 of them: the request is byte for byte a whole answer of three data bytes."""
    (span,) = spans([Request(1, 1, 0x03A5, 24)])
    line = Rtu(Counts())
    echo = line.ask(span)
    assert line.feed(echo) is None
    answer = crc(bytes((1, 1, 3, 0xFF, 0x00, 0x0F)))
    assert line.feed(answer) == Reply(answer, b"\xff\x00\x0f")


def test_silence_is_not_refused() -> None:
    line = Rtu(Counts())
    line.ask(BOTH)
    assert line.give_up() == Silence()
    line.ask(BOTH)
    line.feed(ECHO)
    assert line.give_up() == Silence(ECHO)


def test_babble_is_bounded_and_the_answer_behind_it_found() -> None:
    counts = Counts()
    line = Rtu(counts)
    line.ask(BOTH)
    for _ in range(50):
        assert line.feed(b"\x01\x04" * 200) is None
    assert len(line.give_up().received) <= MOST_RECEIVED
    reply, _ = _hear(*[b"\x01\x04" * 200] * 50, ANSWER)
    assert reply is not None
    assert counts.stray_bytes == 50 * 400


def test_bytes_between_exchanges_are_thrown_away() -> None:
    counts = Counts()
    line = Rtu(counts)
    assert line.feed(ANSWER) is None
    line.ask(BOTH)
    assert line.give_up() == Silence()
    assert counts.stray_bytes == len(ANSWER)


_noise = st.one_of(
    st.binary(max_size=40),
    st.just(STRANGER),
    st.just(ANSWER[:5]),
    st.just(b"\x01\x04\x04"),
    st.binary(max_size=6).map(lambda tail: b"\x01\x04" + tail),
)


def _whole_answers(received: bytes) -> list[bytes]:
    found = [received[at : at + 9] for at in range(len(received)) if received[at : at + 3] == b"\x01\x04\x04"]
    found = [adu for adu in found if len(adu) == 9 and crc(adu[:-2]) == adu]
    exceptions = [
        received[at : at + 5] for at in range(len(received)) if received[at : at + 2] == b"\x01\x84"
    ]
    return found + [adu for adu in exceptions if len(adu) == 5 and crc(adu[:-2]) == adu]


@given(
    before=st.lists(_noise, max_size=4).map(b"".join),
    values=st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    after=st.binary(max_size=8),
    cuts=st.lists(st.integers(0, 200), max_size=12),
    echoed=st.booleans(),
)
@example(before=b"\x01\x04\x04\x01", values=(0x0104, 0x0401), after=b"", cuts=[1, 2, 3], echoed=True)
def test_noise_with_an_answer_in_it_yields_the_answer(
    before: bytes, values: tuple[int, int], after: bytes, cuts: list[int], echoed: bool
) -> None:
    answer = registers_reply(1, 4, values)
    if _whole_answers(before):
        return
    stream = (ECHO if echoed else b"") + before + answer + after
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[start:end] for start, end in pairwise(edges)]
    reply, counts = _hear(*chunks)
    assert reply is not None
    assert reply.adu == answer
    assert counts.stray_bytes == len(stream) - len(answer)


@given(noise=st.lists(_noise, max_size=8).map(b"".join))
def test_noise_alone_yields_nothing(noise: bytes) -> None:
    if _whole_answers(noise):
        return
    reply, _ = _hear(noise)
    assert reply is None


def _mbap(transaction: int, unit: int, pdu: bytes, protocol: int = 0) -> bytes:
    head = transaction.to_bytes(2, "big") + protocol.to_bytes(2, "big") + (len(pdu) + 1).to_bytes(2, "big")
    return head + bytes([unit]) + pdu


GOOD_PDU = bytes.fromhex("0404011d027f")


def test_tcp_asks_and_takes_the_answer_of_its_transaction_alone() -> None:
    counts = Counts()
    stream = Tcp(counts)
    assert stream.ask(BOTH) == _mbap(1, 1, bytes.fromhex("0400010002"))
    stream.give_up()
    assert stream.ask(BOTH)[:2] == b"\x00\x02"
    late, answer = _mbap(1, 1, bytes.fromhex("040400000000")), _mbap(2, 1, GOOD_PDU)
    assert stream.feed(late + answer[:5]) is None
    assert stream.feed(answer[5:]) == Reply(answer, bytes.fromhex("011d027f"))
    assert stream.feed(answer) is None  # the same once more
    assert counts.late == 2


@pytest.mark.parametrize(
    "message",
    [
        _mbap(1, 2, GOOD_PDU),
        _mbap(1, 1, b"\x03" + GOOD_PDU[1:]),
        _mbap(1, 1, bytes.fromhex("0402011d")),
        _mbap(1, 1, bytes.fromhex("0404011d027f00")),
        _mbap(1, 1, b"\x83\x02"),
        _mbap(1, 1, b"\x84\x02\x00"),
    ],
)
def test_tcp_answer_to_something_else_is_refused(message: bytes) -> None:
    counts = Counts()
    stream = Tcp(counts)
    stream.ask(BOTH)
    assert stream.feed(message) is None
    silence = stream.give_up()
    assert silence.received == message
    assert silence.reject is not None
    assert silence.reject.reason is Reason.NOT_MINE
    assert counts.foreign == 1


def test_tcp_exception() -> None:
    stream = Tcp(Counts())
    stream.ask(BOTH)
    message = _mbap(1, 1, b"\x84\x0b")
    assert stream.feed(message) == Reply(message, b"", 0x0B)


@pytest.mark.parametrize(
    "message",
    [
        _mbap(1, 1, GOOD_PDU, protocol=1),
        bytes.fromhex("000100000002010404"),
        bytes.fromhex("0001000000ff0104") + bytes(253),
        ANSWER,
        b"HTTP/1.1 400 Bad Request\r\n",
    ],
)
def test_tcp_malformed_header_drops_the_link(message: bytes) -> None:
    stream = Tcp(Counts())
    stream.ask(BOTH)
    with pytest.raises(LinkDown, match="Modbus TCP"):
        stream.feed(message)


def test_tcp_transactions_go_round() -> None:
    stream = Tcp(Counts())
    seen = {stream.ask(BOTH)[:2] for _ in range(0x10000)}
    assert len(seen) == 0xFFFF
    assert b"\x00\x00" not in seen


@given(chunks=st.lists(st.integers(1, 30), min_size=1, max_size=20), lates=st.integers(0, 5))
def test_tcp_in_any_chunks(chunks: list[int], lates: int) -> None:
    stream = Tcp(Counts())
    for _ in range(6):
        stream.ask(BOTH)
    answer = _mbap(6, 1, GOOD_PDU)
    bytes_in = b"".join(_mbap(n, 1, GOOD_PDU) for n in range(lates)) + answer
    replies = []
    while bytes_in:
        size = chunks[len(bytes_in) % len(chunks)]
        replies.append(stream.feed(bytes_in[:size]))
        bytes_in = bytes_in[size:]
    assert [reply for reply in replies if reply is not None] == [Reply(answer, GOOD_PDU[2:])]
