"""Which scanned codes name goods one by one, and the node of the trail that each is.

::

    sscc, grai, giai, carcass, lot, epc-uhf      themselves
    gs1 (00)106901234000010013(37)40             the logistic unit: sscc:106901234000010013
    gs1 (01)06901234000013(21)0042               the piece with its serial number
    text or other, where ``carcass`` matches     a carcass number off a label: carcass:…

An article number alone, or with a lot, names many pieces alike and is none of these: what is counted by it
has to be entered with its count.
"""

from __future__ import annotations

import re
from typing import Final

from drivers.contract import Code

NAMED: Final = frozenset({"sscc", "grai", "giai", "carcass", "lot", "epc-uhf"})

_SSCC = re.compile(r"\(00\)([0-9]{18})(?=\(|$)")
_SERIAL = "(21)"


def goods(code: Code, carcass: re.Pattern[str] | None = None) -> str | None:
    """The node, or None: the code names no goods."""
    if code.scheme in NAMED:
        return f"{code.scheme}:{code.value}"
    if code.scheme == "gs1":
        unit = _SSCC.search(code.value)
        if unit is not None:
            return f"sscc:{unit[1]}"
        return f"gs1:{code.value}" if _SERIAL in code.value else None
    if carcass is not None and code.scheme in ("text", "other") and carcass.fullmatch(code.value):
        return f"carcass:{code.value}"
    return None
