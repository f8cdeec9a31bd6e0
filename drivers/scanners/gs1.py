"""GS1 codes taken apart: element strings as scanners send them and as people read them, and Digital Links.

::

    01 09506000134352 17 251231 10 LOT7 GS 21 0042       element string; GS (1D) where FNC1 stood
    (01)09506000134352(17)251231(10)LOT7(21)0042         the same in brackets; a ( in a value is written \\(
    https://id.gs1.org/01/09506000134352/10/LOT7/21/0042?17=251231        the same as a Digital Link

A value of predefined length ends by itself, any other at the next GS or at the end. What comes out of all
three is the same code: of one key alone its own scheme and value (``gtin`` always 14 digits, with its leading
zeros, so that a unit's EAN-13 and a carton's GS1-128 say the same), of several elements ``gs1`` and the
bracketed form in the order of the identifiers. A ship-to or a bill-to location (410 to 417 but 414) keeps its
role, and is ``gs1`` too.

A Digital Link may stand under any domain; one of its keys must be in the path, with a value of its form, and
behind it nothing but that key's qualifiers. Any other URI is none. The words ``gtin``, ``lot`` … of earlier
versions in place of the numbers, and compressed links, are not read.

Sources: GS1 General Specifications 3.2, 5.10.1, 7.8, 7.9 and 7.12; GS1 Digital Link standard 1.4, URI syntax;
GS1's Barcode Syntax Dictionary.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from drivers.contract import Code, Reason, Reject
from drivers.scanners.identifiers import FORMS, MEASURES, checked, fits

GS: Final = "\x1d"
"""What a scanner sends where FNC1 separates two elements."""

GTIN_DIGITS: Final = 14
GTIN_LENGTHS: Final = (8, 12, 13, GTIN_DIGITS)

SCHEMES: Final = {
    **{"00": "sscc", "01": "gtin", "253": "gdti", "401": "ginc", "402": "gsin", "414": "gln", "8003": "grai"},
    **{"8004": "giai", "8006": "itip", "8010": "cpid", "8013": "gmn", "8017": "gsrn-p", "8018": "gsrn"},
}
"""Of a key that stands alone."""

QUALIFIERS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("00", "253", "255", "401", "402", "8003", "8013"), ()),
    **dict.fromkeys(("01", "8006"), ("22", "10", "21")),
    **{"414": ("254", "7040"), "417": ("7040",), "8004": ("7040",)},
    **{"8010": ("8011",), "8017": ("8019",), "8018": ("8019",)},
}
"""The keys of a Digital Link, and what may follow each in the path, in this order."""

_HEAD = re.compile(r"\(([0-9]{2,4})\)")
_BRACKETED = re.compile(r"\(([0-9]{2,4})\)((?:[^(\\]|\\\()*)")
_NUMBER = re.compile(r"[0-9]{2,4}")


class Element(NamedTuple):
    """An application identifier and its value, as written."""

    ai: str
    value: str


def element_string(text: str) -> tuple[Element, ...]:
    """What a GS1-128, GS1 DataMatrix, GS1 QR or DataBar symbol says; a GS before it is passed over.

    Raises Reject: ``length`` for what is cut or too long, ``range`` for unknown identifiers, days that are
    none and an identifier with two values, ``checksum`` for a wrong check digit.
    """
    return _sound(_elements(text.removeprefix(GS)))


def _elements(text: str) -> Iterator[Element]:
    while text:
        ai = next((text[:digits] for digits in (2, 3, 4) if text[:digits] in FORMS), None)
        if ai is None:
            raise Reject(Reason.RANGE, f"no application identifier of GS1 begins {text[:4]!r}")
        length = FORMS[ai].predefined
        if length is None:
            value, _, text = text[len(ai) :].partition(GS)
        else:
            value, text = text[len(ai) : len(ai) + length], text[len(ai) + length :].removeprefix(GS)
        yield Element(ai, value)


def is_bracketed(text: str) -> bool:
    """Whether it begins with an identifier in brackets, and therefore means to be GS1."""
    head = _HEAD.match(text)
    return head is not None and head[1] in FORMS


def bracketed(text: str) -> tuple[Element, ...]:
    """What is printed below a symbol: ``(01)…(10)…``, with spaces between the elements or without. Raises
    Reject as ``element_string`` does."""
    found = list(_BRACKETED.finditer(text))
    if "".join(match[0] for match in found) != text:
        raise Reject(Reason.LENGTH, f"{text[:40]!r} is not made of identifiers in brackets and their values")
    return _sound(Element(match[1], match[2].strip().replace("\\(", "(")) for match in found)


def digital_link(uri: str) -> tuple[Element, ...] | None:
    """The elements of a Digital Link; None: the URI is none. Raises Reject as ``element_string`` does."""
    try:
        parts = urlsplit(uri)
        steps = [unquote(step, errors="strict") for step in parts.path.rstrip("/").split("/")]
        data = list(_data(parts))
    except ValueError:  # no URI, or no text behind its percent signs
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    for place in range(len(steps) - 1):
        pairs = list(zip(steps[place::2], steps[place + 1 :: 2], strict=False))
        if (len(steps) - place) % 2 == 0 and _is_key(*pairs[0]) and _qualify(pairs[0][0], pairs[1:]):
            path = [Element(ai, _filled(ai, value)) for ai, value in pairs]
            return _sound([*path, *data])
    return None


def _data(parts: SplitResult) -> Iterator[Element]:
    """What the query says in identifiers; its other names are the web's business."""
    for pair in re.split("[&;]", parts.query):
        name, _, value = pair.partition("=")
        if _NUMBER.fullmatch(name):
            yield Element(name, unquote(value, errors="strict"))


def _is_key(ai: str, value: str) -> bool:
    return ai in QUALIFIERS and fits(ai, _filled(ai, value))


def _qualify(key: str, pairs: list[tuple[str, str]]) -> bool:
    allowed = iter(QUALIFIERS[key])
    return all(ai in allowed for ai, _ in pairs)


def _filled(ai: str, value: str) -> str:
    return value.zfill(GTIN_DIGITS) if ai == "01" and len(value) in GTIN_LENGTHS else value


def gtin(digits: str) -> tuple[Element, ...]:
    """What an EAN-8, UPC, EAN-13 or ITF-14 symbol says. Raises Reject: ``length``, ``checksum``."""
    return _sound([Element("01", _filled("01", digits))])


def _sound(elements: Iterable[Element]) -> tuple[Element, ...]:
    found: dict[str, str] = {}
    for ai, value in elements:
        checked(ai, value)
        if found.setdefault(ai, value) != value:
            raise Reject(Reason.RANGE, f"({ai}) is both {found[ai]} and {value}")
    if not found:
        raise Reject(Reason.LENGTH, "no element")
    return tuple(Element(ai, value) for ai, value in sorted(found.items()))


def canonical(elements: Iterable[Element]) -> str:
    """``(01)…(10)…(21)…``, from which ``bracketed`` makes the same elements."""
    return "".join("({}){}".format(ai, value.replace("(", "\\(")) for ai, value in elements)


def code_of(elements: tuple[Element, ...]) -> Code:
    """A key alone by its own scheme; anything else as ``gs1``, whole."""
    if len(elements) == 1 and (scheme := SCHEMES.get(elements[0].ai)):
        return Code(scheme, elements[0].value)
    return Code("gs1", canonical(elements))


def measure_of(element: Element) -> float | None:
    """The number of a weight or measure (310n to 369n) in the unit of its identifier; None: it is none."""
    if len(element.ai) != 4 or int(element.ai[:3]) not in MEASURES:
        return None
    return float(Decimal(element.value).scaleb(-int(element.ai[3])))


def day_of(written: str, this_year: int) -> date:
    """The day of YYMMDD, in the century that is nearest to this year; a day 00 is the month's last.

    A year 51 or more ahead is of the century before, one 50 or more back of the next. Raises ValueError.
    """
    ahead = int(written[:2]) - this_year % 100
    century = this_year // 100 + (-1 if ahead >= 51 else 1 if ahead <= -50 else 0)
    year, month, day = century * 100 + int(written[:2]), int(written[2:4]), int(written[4:6])
    return date(year, month, day or calendar.monthrange(year, month)[1])
