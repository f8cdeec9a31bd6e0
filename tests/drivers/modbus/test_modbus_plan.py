"""What is read together, and that each request gets its own bytes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Request
from drivers.modbus.plan import MAX_BITS, Span, halves, slices, spans
from drivers.modbus.profile import MAX_REGISTERS, reads_bits


def _shape(planned: list[Span]) -> list[tuple[int, int, int]]:
    return [(span.function, span.address, span.length) for span in planned]


@pytest.mark.parametrize(
    ("asked", "most", "read"),
    [
        ([(4, 1, 1), (4, 2, 1)], 125, [(4, 1, 2)]),
        ([(4, 2, 1), (4, 1, 1)], 125, [(4, 1, 2)]),
        ([(3, 1, 1), (3, 3, 1)], 125, [(3, 1, 1), (3, 3, 1)]),  # nobody asked for register 2
        ([(3, 1, 1), (4, 2, 1)], 125, [(3, 1, 1), (4, 2, 1)]),
        ([(3, 1, 2), (3, 2, 2)], 125, [(3, 1, 3)]),
        ([(3, 1, 4), (3, 2, 1)], 125, [(3, 1, 4)]),
        ([(3, 1, 4), (3, 2, 1), (3, 4, 2)], 125, [(3, 1, 5)]),
        ([(3, 7, 1), (3, 7, 1)], 125, [(3, 7, 1)]),
        ([(3, 0, 2), (3, 2, 2), (3, 4, 2)], 5, [(3, 0, 4), (3, 4, 2)]),
        ([(3, n, 1) for n in range(130)], 125, [(3, 0, 125), (3, 125, 5)]),
        ([(2, n, 1) for n in range(300)], 125, [(2, 0, 125), (2, 125, 125), (2, 250, 50)]),
    ],
)
def test_spans(asked: list[tuple[int, int, int]], most: int, read: list[tuple[int, int, int]]) -> None:
    planned = spans([Request(1, *request) for request in asked], most)
    assert _shape(planned) == read


def test_units_are_never_mixed() -> None:
    assert [span.unit for span in spans([Request(2, 3, 1, 1), Request(1, 3, 0, 1)])] == [1, 2]


_requests = st.lists(
    st.builds(
        Request,
        st.just(1),
        st.sampled_from([1, 2, 3, 4]),
        st.integers(0, 300),
        st.sampled_from([1, 1, 1, 2, 2, 4]),
    ),
    min_size=1,
    max_size=60,
)


def _memory(function: int, address: int, length: int) -> bytes:
    """What a unit answers whose every register and bit tells its own address."""
    if reads_bits(function):
        bits = sum(((address + n) * 7 // 3 & 1) << n for n in range(length))
        return bits.to_bytes((length + 7) // 8, "little")
    return b"".join((function << 12 | address + n).to_bytes(2, "big") for n in range(length))


@given(asked=_requests, most=st.integers(4, MAX_REGISTERS), cut=st.booleans())
def test_merging_and_slicing_changes_no_answer(asked: list[Request], most: int, cut: bool) -> None:
    planned = spans(asked, most)
    if cut:
        planned = [part for span in planned for part in (halves(span) if len(span.requests) > 1 else [span])]
    got: dict[Request, bytes] = {}
    for span in planned:
        assert span.length <= min(most, MAX_BITS if reads_bits(span.function) else MAX_REGISTERS)
        payload = _memory(span.function, span.address, span.length)
        assert len(payload) == span.payload_length
        got.update(slices(span, payload))
    assert got == {request: _memory(*request[1:]) for request in asked}


@given(asked=_requests)
def test_only_what_is_asked_for_is_read(asked: list[Request]) -> None:
    wanted = {(r.function, r.address + n) for r in asked for n in range(r.length)}
    read = [(span.function, span.address + n) for span in spans(asked) for n in range(span.length)]
    assert set(read) == wanted
    assert len(read) == len(wanted)


@given(asked=_requests)
def test_halving_ends_with_single_requests(asked: list[Request]) -> None:
    open_spans, single = spans(asked), []
    while open_spans:
        span = open_spans.pop()
        if len(span.requests) == 1:
            single.append(span.requests[0])
        else:
            parts = halves(span)
            assert [request for part in parts for request in part.requests] == list(span.requests)
            open_spans += parts
    assert sorted(single) == sorted(set(asked))
