"""Readers of barcodes and QR codes, on a serial line, over the network, or as a keyboard.

A scan is a line of text. CR, LF, TAB or ETX ends it; STX before it is passed over, and tells a scan that was
cut off from the one behind it. Have the scanner send AIM symbology identifiers (]cm) and control characters
(GS for FNC1; a keyboard types it as Ctrl+]): without them nothing tells GS1 from other digits::

    ]C1 ]e0 ]d2 ]Q3 ]J1  01 09506000134352 17 251231 10 LOT7     GS1-128, DataBar, DataMatrix, QR, DotCode
    ]E0 6901234567892    ]E4 69012341    ]I1 16901234567899      EAN-13 and UPC-A, EAN-8, ITF-14: a GTIN
    ]A0 ]C0 ]Q1 ]d1 … or none, and then:
    GS 01 09506000134352 …      01 09506000134352 10 LOT7 GS 21 5     GS shows that it is GS1
    (01)09506000134352(10)LOT7                                        what is printed below a symbol
    https://id.gs1.org/01/09506000134352/10/LOT7                      a Digital Link, under any domain
    anything else                                                     text

One GS1 key alone has its own scheme (``sscc``, ``gtin`` with 14 digits, ``gln``, ``grai``, ``giai`` …),
several elements are ``gs1``, as ``(01)…(10)…(21)…`` in the order of their identifiers. All else is ``text``,
as it stands but for the AIM identifier: the number of a certificate, a URL, and digits of any length, for 13
digits may be a serial number and 15 an ear tag or a chip. What means to be GS1 and is not whole or not right
is refused (``checksum``: a wrong check digit), and never handed on as text. Text has no check of its own: a
digit that was lost on the way is not seen, and a scan that lost its end is one with the next unless STX
stands between them.

A keyboard (``input``) must be set to the US layout. It needs the extra ``tagtrail[input]`` and the group
``input``, is grabbed so that what it types reaches no console, and types what is on no key with Alt and the
keypad.

Sources: GS1 General Specifications 5.1.2 and 7.8; ISO/IEC 15424; guides of Honeywell and Datalogic scanners
(AIM identifiers and their modifiers, prefixes, suffixes).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers.contract import Code, Frame, Instant, Reason, Reject, Sighting
from drivers.scanners import gs1
from drivers.scanners.scans import Scans

ELEMENT_STRINGS: Final = frozenset(("]C1", "]d2", "]d5", "]e0", "]e1", "]e2", "]J1", "]Q3", "]Q4"))
"""FNC1 stood in the first place: the symbol holds GS1 element strings and nothing else."""

GTINS: Final = frozenset(("]E0", "]E4"))
"""EAN-13 and UPC, EAN-8. Some scanners leave the zeros before a UPC away."""

ITF: Final = "]I1"
"""Interleaved 2 of 5 with its check digit: of 14 digits it is a carton's GTIN."""

_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_SEPARATED = re.compile(r"\x1d|[0-9]{2}.*\x1d", re.DOTALL)
"""FNC1 shows. The messages of ISO/IEC 15434 have their GS too, and begin otherwise."""

_WEB = re.compile(r"https?://", re.IGNORECASE)


class Options(BaseModel):
    """What a scan does not say of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: Literal["utf-8", "gbk", "either"] = Field(
        "utf-8",
        description="How Chinese text is written: utf-8; gbk, as many older labels; either, UTF-8 where the "
        "bytes hold as such and GBK otherwise, which takes some damaged text for other text. · 汉字编码",
    )
    end: Literal["line", "etx"] = Field(
        "line",
        description="What ends a scan: line, any of CR, LF, TAB and ETX; etx, ETX alone, so that a code may "
        "hold several lines (have the scanner send STX before and ETX behind it). · 结束符",
    )


class Scanner:
    """A scanner: each scan is a sighting."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: Options) -> None:
        self._encodings = ("utf-8", "gbk") if options.encoding == "either" else (options.encoding,)
        self._lines = options.end == "etx"

    def quantities(self) -> Sequence[str]:
        return ()

    def splitter(self) -> Scans:
        return Scans(self._lines)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Sighting]:
        """Raises Reject: ``checksum`` for a wrong check digit; ``length`` for a code that is cut or empty;
        ``range`` for GS1 that cannot be, and for bytes that are no text."""
        return (Sighting(at, _code(self._text(frame.data))),)

    def _text(self, data: bytes) -> str:
        for encoding in self._encodings:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
        tried = " nor ".join(self._encodings)
        raise Reject(Reason.RANGE, f"no {tried} text ({data[:20].hex(' ')}); see the option encoding")


def _code(scan: str) -> Code:
    aim = match[0] if (match := _AIM.match(scan)) else ""
    said = scan[len(aim) :]
    if not said.strip():
        raise Reject(Reason.LENGTH, "an empty scan")
    if aim in ELEMENT_STRINGS or _SEPARATED.match(said):
        return gs1.code_of(gs1.element_string(said))
    if aim in GTINS or (aim == ITF and len(said) == gs1.GTIN_DIGITS):
        return gs1.code_of(gs1.gtin(said))
    if gs1.is_bracketed(said):
        return gs1.code_of(gs1.bracketed(said))
    if _WEB.match(said) and (elements := gs1.digital_link(said)):
        return gs1.code_of(elements)
    return Code("text", said)
