"""What goes over the wire, whatever the wire: the request of a span, and what can come back.

::

    PDU of a request     function | address hi lo | length hi lo
    PDU of an answer     function | byte count | data…
    PDU of an exception  function + 0x80 | code

(Modbus Application Protocol V1.1b3, 6.1 to 6.4 and 7.) The request is built by pymodbus; the answer is
searched for here, because pymodbus's framers lose a good reply behind noise and take a stranger's for ours.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from pymodbus.pdu import ModbusPDU, ReadCoilsRequest, ReadHoldingRegistersRequest
from pymodbus.pdu.bit_message import ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadInputRegistersRequest

from drivers.contract import Reject
from drivers.modbus.plan import Span

EXCEPTION: Final = 0x80
"""Set in the function code of an answer that is an exception."""

_REQUESTS: Final[dict[int, type[ModbusPDU]]] = {
    1: ReadCoilsRequest,
    2: ReadDiscreteInputsRequest,
    3: ReadHoldingRegistersRequest,
    4: ReadInputRegistersRequest,
}


class Reply(NamedTuple):
    """A unit's answer. adu: all of it, as received. payload: its data. exception: its code; 0: none."""

    adu: bytes
    payload: bytes
    exception: int = 0


class Silence(NamedTuple):
    """No answer within its time. received: what came instead; reject: why that is none."""

    received: bytes = b""
    reject: Reject | None = None


class Framing(Protocol):
    """How requests and answers stand on a kind of wire; its state is the one exchange under way."""

    def ask(self, span: Span) -> bytes:
        """The bytes to send. From now on an answer is looked for."""

    def feed(self, data: bytes) -> Reply | None:
        """The answer, once ``data`` completes it. Raises LinkDown where the stream makes no sense."""

    def give_up(self) -> Silence:
        """No answer is looked for any more."""


def request(span: Span, transaction: int = 0) -> ModbusPDU:
    """The request that reads a span."""
    return _REQUESTS[span.function](
        dev_id=span.unit, transaction_id=transaction, address=span.address, count=span.length
    )
