"""The standard format of A&D, which CAS and many others speak too: a line of text for each weight.

::

    ST,+00123.45  kg CR LF           balances: header, weight, unit of up to 3 letters
    ST,OK,+0001.234 kg CR LF         with the result of a comparison: HI, OK, LO or --
    ST,NT,+0012.34kg CR LF           indicators: GS gross, NT net, TR tare

======  ============================================
header  means
======  ============================================
ST, QT  stable; QT: pieces, which are no mass
US      unstable: no news
OL      out of range, whatever the digits (AD-4404: LO)
======  ============================================

GS is the weight of an indicator that has no tare set. ``t`` is a tonne to indicators and a tola (11.7 g) to
balances: it is believed of indicators alone. There is no checksum: a line in which a digit was changed is
believed.

Sources: A&D manuals of EK-L, p. 28, GC, 16.2, EJ, p. 24, AD-4404, 9.2.6; CAS CI-150A, appendix 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Final

from drivers.contract import Frame, Instant, Reading, Reason, Reject
from drivers.framing import PlainLines
from drivers.scales.weighing import MASS, TARE, kilograms, no_weight, weighed

LONGEST: Final = 32
"""Bytes of a line."""

_OUT_OF_RANGE = re.compile(r"(?:OL|LO),[^,]{1,20}(?:,[^,]{1,20})?")
_WEIGHT = re.compile(
    r"(?P<header>ST|QT|US),(?:(?P<kind>GS|NT|TR|HI|OK|LO|--),)?"
    r"(?P<sign>[+-]?) *(?P<digits>[0-9]{1,9}(?:\.[0-9]{1,6})?)[ ,]*(?P<unit>[A-Za-z]{1,3}|%)",
    re.ASCII,
)


class AAndD:
    """A line for each weight."""

    quantities: ClassVar[tuple[str, ...]] = (MASS, TARE)

    def splitter(self) -> PlainLines:
        return PlainLines(LONGEST)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``length`` for a line of another form, ``range`` for what is no mass."""
        line = frame.data.decode("latin-1").strip()
        if _OUT_OF_RANGE.fullmatch(line):
            return no_weight(at, "out_of_range")
        said = _WEIGHT.fullmatch(line)
        if said is None:
            raise Reject(Reason.LENGTH, f"no weight in the line {line!r}")
        if said["header"] == "US":
            return ()
        if said["unit"] == "t" and said["kind"] not in ("GS", "NT", "TR"):
            raise Reject(Reason.RANGE, "t of a balance is a tola; set it to g or kg")
        weight_kg = kilograms(Decimal(said["sign"] + said["digits"]), said["unit"])
        return (Reading(at, TARE, weight_kg),) if said["kind"] == "TR" else weighed(at, weight_kg)
