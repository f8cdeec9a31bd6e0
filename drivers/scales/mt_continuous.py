"""The continuous output of Mettler Toledo, and of the many indicators that speak it too.

Sent after every measurement, 7 to 20 times a second::

    0    1    2    3    4 … 9      10 … 15   16   17
    02   SWA  SWB  SWC  weight     tare      0D   checksum, where it is switched on
                        6 digits   6 digits

Digits have no decimal point; zeros before the first may be spaces. The checksum makes the sum of all bytes 0
in its seven low bits. Of the status bytes, bit 5 is always 1::

    bit   6            5   4          3          2              1            0
    SWA   0            1   increment: 1, 2, 5    decimal point: 0 XXXX00, 1 XXXXX0, 2 XXXXXX, 3 XXXXX.X … 7
    SWB   not zeroed   1   1: kg      motion     out of range   negative     1: net, 0: gross
    SWC   0            1   expanded   print      unit: 0 as in SWB (kg or lb), 1 g, 2 t, 3 … 7 others

Sources: METTLER TOLEDO Wildcat Technical Manual (12/00), appendix 2, tables 6-8 to 6-11; Rockwell 57C428 user
guide, appendix D (checksum); Triner TS-700 owner's manual, p. 13 (tonnes); Cardinal 225, p. 118.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import ClassVar, Final

from drivers.contract import Frame, Instant, Reading, Reason, Reject
from drivers.framing import Headed
from drivers.scales.weighing import MASS, TARE, kilograms, no_weight, weighed

BYTES: Final = 17
"""Of a frame without its checksum."""

_HEAD = re.compile(rb"\x02[\x20-\x3f][\x20-\x3f\x60-\x7f][\x20-\x3f]")
_FORM = re.compile(_HEAD.pattern + rb"([ 0-9]{6})([ 0-9]{6})\r", re.DOTALL)
_DIGITS = re.compile(rb" *[0-9]+")

_NET, _NEGATIVE, _OUT_OF_RANGE, _MOTION, _KG, _NOT_ZEROED = 0x01, 0x02, 0x04, 0x08, 0x10, 0x40
_EXPANDED: Final = 0x10
_UNIT: Final = 0x07
_UNITS = {1: "g", 2: "t", 3: "oz", 4: "ozt", 5: "dwt", 6: "short ton", 7: "a unit of the site's own"}


class MtContinuous:
    """A weight in gross is taken as net by the tare beside it. While the display is expanded ten times, which
    is for service, no frame is believed: where its decimal point stands is not published."""

    quantities: ClassVar[tuple[str, ...]] = (MASS, TARE)

    def __init__(self, checksum: bool) -> None:
        self._fault = partial(fault, checksum=checksum)
        self._length = BYTES + checksum

    def splitter(self) -> Headed:
        return Headed(_HEAD, 4, lambda _: self._length, self._fault)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``length`` for another form, ``range`` for what is no mass."""
        form = _FORM.match(frame.data)
        if form is None or len(frame.data) != self._length:
            raise Reject(Reason.LENGTH, "no whole frame")
        swa, swb, swc = frame.data[1:4]
        if swb & _OUT_OF_RANGE:
            return no_weight(at, "out_of_range")
        if swb & _NOT_ZEROED:
            return no_weight(at, "not_zeroed")
        if swb & _MOTION:
            return ()
        if swc & _EXPANDED:
            raise Reject(Reason.RANGE, "the display is expanded ten times; switch this off")
        unit = _UNITS.get(swc & _UNIT) or ("kg" if swb & _KG else "lb")
        shown, tare = (_number(digits, 2 - (swa & 0x07)) for digits in form.groups())
        shown = -shown if swb & _NEGATIVE else shown
        net = shown if swb & _NET else shown - tare
        return weighed(at, kilograms(net, unit), kilograms(tare, unit))


def fault(candidate: bytes, checksum: bool) -> Reason | None:
    """What is wrong with bytes that begin like a frame; None if they are one."""
    if _FORM.match(candidate) is None:
        return Reason.LENGTH
    return Reason.CHECKSUM if checksum and sum(candidate) & 0x7F else None


def _number(digits: bytes, exponent: int) -> Decimal:
    if _DIGITS.fullmatch(digits) is None:
        raise Reject(Reason.RANGE, f"digits that are none: {digits!r}")
    return Decimal(int(digits)).scaleb(exponent)
