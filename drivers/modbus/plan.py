"""Which registers are read together. Pure.

The requests of all devices of a unit that are due together become *spans*, each one exchange on the wire::

    requests    40 41       43  100 101
    spans      [40 41] [    43][100 101]

Only what touches or overlaps is read together: a register that nobody asked for may not exist. A span that
the unit refuses is halved until the request that it cannot answer stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from drivers.contract import Request
from drivers.modbus.profile import MAX_REGISTERS, reads_bits

MAX_BITS = 2000
"""In one request (Modbus Application Protocol V1.1b3, 6.1)."""


class Span(NamedTuple):
    """Contiguous registers or bits of one unit, and the requests they answer, by address."""

    unit: int
    function: int
    address: int
    length: int
    requests: tuple[Request, ...]

    @property
    def payload_length(self) -> int:
        """Bytes of the answer's data."""
        return (self.length + 7) // 8 if reads_bits(self.function) else 2 * self.length


def spans(requests: Iterable[Request], max_read: int = MAX_REGISTERS) -> list[Span]:
    """The fewest spans that read every request, none of them longer than ``max_read``."""
    distinct = sorted(set(requests))
    return [span for _, same in groupby(distinct, key=lambda r: r[:2]) for span in _merge(same, max_read)]


def _merge(requests: Iterable[Request], max_read: int) -> Iterator[Span]:
    """Of one unit and function, by address."""
    together: list[Request] = []
    end = 0
    for request in requests:
        most = min(max_read, MAX_BITS if reads_bits(request.function) else MAX_REGISTERS)
        grown = max(end, request.address + request.length)
        if together and (request.address > end or grown - together[0].address > most):
            yield _span(together)
            together = []
            grown = request.address + request.length
        together.append(request)
        end = grown
    if together:
        yield _span(together)


def _span(requests: Iterable[Request]) -> Span:
    asked = tuple(requests)
    unit, function, address, _ = asked[0]
    end = max(request.address + request.length for request in asked)
    return Span(unit, function, address, end - address, asked)


def halves(span: Span) -> list[Span]:
    """The span in two, so that the request a unit cannot answer spares the others. At least two requests."""
    middle = len(span.requests) // 2
    return [_span(span.requests[:middle]), _span(span.requests[middle:])]


def slices(span: Span, payload: bytes) -> Mapping[Request, bytes]:
    """What each request of the span gets of its reply, as if it had been asked alone."""
    if not reads_bits(span.function):
        first = span.address
        return {
            request: payload[2 * (request.address - first) : 2 * (request.address - first + request.length)]
            for request in span.requests
        }
    bits = int.from_bytes(payload, "little")
    return {
        request: (bits >> (request.address - span.address) & (1 << request.length) - 1).to_bytes(
            (request.length + 7) // 8, "little"
        )
        for request in span.requests
    }
