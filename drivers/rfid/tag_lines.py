"""Readers that send a line of text for each tag: Allflex, Priority 1, Gallagher, Tru-Test, Biomark, Agrident
in ASCII mode, and whatever follows ISO 24631-6.

Lines end with CR, LF or both; ISO 24631-6 begins each with STX. What stands beside the number (the type, a
time stamp, retagging counter, user and reserved fields, a position) differs from maker to maker and is passed
over; the number is what we look for::

    LA 982 000001088420             country, national number: apart by space, comma, semicolon, tab or _
    LA 00000 0 982 000001088420
    999_000000012345
    … TAG 3DD.003BA20748            the same in hexadecimal digits, 3 and 10
    LR 0006 0000000018514243        industrial tag (HDX): application, number
    XR FFFFFFFFFFFFFFFF             64 bits of a tag that is no animal's
    982000001088420                 15 digits, or 16 with a 0 before them
    *B-840239, OK                   answers to settings, which say nothing of a tag

Country and number apart are ISO 11784. Fifteen digits alone are not: they may as well be a Chinese ear tag
(152010000000001 is Chile's or Guiyang's), so that they are of the scheme ``other`` until the option
``scheme`` says which. There is no checksum: a line in which a digit was lost or won is refused by its length
alone, and one in which a digit was changed is believed.

Sources: Allflex RS320 guide and AFX-100 manual; TIRIS ASCII protocol reference; Biomark HPR manual;
Priority 1 RFIDRW-E-TTL; ISO 24631-6:2011, 4.3; order 67 of the ministry of agriculture, article 8.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers.contract import Code, Frame, Instant, Reason, Reject, Sighting
from drivers.framing import PlainLines
from drivers.rfid.iso11784 import animal

LONGEST: Final = 128
"""Bytes of a line; Biomark's longest with a position has 72."""

_NUMBER = re.compile(
    r"""(?<![\w.])(?:
        0?(?P<country>[0-9]{3})(?:[ ,;\t]+|_)(?P<national>[0-9]{12})
      | (?P<hex_country>[0-9A-F]{3})\.(?P<hex_national>[0-9A-F]{10})
      | 0?(?P<bare>[0-9]{15})
    )(?![\w.])""",
    re.ASCII | re.VERBOSE,
)
_INDUSTRIAL = re.compile(r"[A-Z]?R[ ,;\t]([0-9]{4})[ ,;\t]([0-9]{16})|X[A-Z][ ,;\t]([0-9A-F]{16})")
_ANSWER = re.compile(r"\*.*|OK")

_EAR_TAG = re.compile(r"[1-8][0-9]{14}")
"""Species, county, serial number. Order 67 knows 1 to 3, and 7 came in 2010; 0 is none, and 9… is ISO's."""


class Options(BaseModel):
    """What a reader does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: Literal["other", "iso11784", "cn-eartag"] = Field(
        "other",
        description="What a number of 15 digits is that nothing divides: iso11784, a chip's country and "
        "national number; cn-eartag, a Chinese ear tag; other, nobody knows. · 15 位连写号码的编码体系",
    )


class TagLines:
    """A reader of ear tags: each line that bears a number is a sighting."""

    options: ClassVar[type[BaseModel]] = Options
    claims: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: Options) -> None:
        self._scheme = options.scheme

    def quantities(self) -> Sequence[str]:
        return ()

    def splitter(self) -> PlainLines:
        return PlainLines(LONGEST)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Sighting]:
        """Nothing for an answer to settings. Raises Reject: ``length`` where a line bears no number of a
        known form, or several; ``range`` and ``sentinel`` for numbers that are none."""
        line = frame.data.decode("latin-1").strip()
        if _ANSWER.fullmatch(line):
            return ()
        return (Sighting(at, self._code(line)),)

    def _code(self, line: str) -> Code:
        if industrial := _INDUSTRIAL.fullmatch(line):
            return Code("other", "".join(filter(None, industrial.groups())))
        numbers = list(_NUMBER.finditer(line))
        if len(numbers) != 1:
            raise Reject(Reason.LENGTH, f"{len(numbers)} tags in the line {line!r}")
        said = numbers[0]
        if said["country"]:
            return animal(int(said["country"]), int(said["national"]))
        if said["hex_country"]:
            return animal(int(said["hex_country"], 16), int(said["hex_national"], 16))
        return self._bare(said)

    def _bare(self, said: re.Match[str]) -> Code:
        digits = said["bare"]
        if self._scheme == "iso11784":
            return animal(int(digits[:3]), int(digits[3:]))
        if self._scheme == "cn-eartag":
            if not _EAR_TAG.fullmatch(digits):
                raise Reject(Reason.RANGE, f"{digits} begins with no species' digit")
            return Code("cn-eartag", digits)
        return Code("other", said[0])
