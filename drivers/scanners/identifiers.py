"""The application identifiers of GS1: which there are, and what may stand behind each.

A form is written in parts, as in the GS1 General Specifications::

    N6      six digits                      X..20   up to twenty characters of the 82 (GS1's set for data)
    N..8    up to eight digits              Y..30   the same of the 39, Z..90 of the 64
    K14     fourteen digits, of which the last is the check digit
    D6      a day YYMMDD, or YYMM00 where only the month is said
    E6      a day YYMMDD                    [N4]    a part that may be absent

Sources: GS1 General Specifications 3.2, 7.8 and 7.11; the entries of GS1's Barcode Syntax Dictionary (2025).
"""

from __future__ import annotations

import calendar
import re
from typing import Final, NamedTuple

from drivers.contract import Reason, Reject

MEASURES: Final = (*range(310, 317), *range(320, 338), *range(340, 358), *range(360, 370))
"""Weights, lengths, areas and volumes: six digits, of which the identifier's fourth says how many are
decimals. 310 is the net weight in kg, 330 the gross, 320 and 340 in lb."""

_DECIMALS = range(6)

_FORMS: Final[dict[str, str]] = {
    **{"00": "K18", "01": "K14", "02": "K14", "03": "K14", "10": "X..20"},
    **dict.fromkeys(("11", "12", "13", "15", "16", "17"), "D6"),
    **{"20": "N2", "21": "X..20", "22": "X..20", "235": "X..28", "240": "X..30", "241": "X..30"},
    **{"242": "N..6", "243": "X..20", "250": "X..30", "251": "X..30", "253": "K13 [X..17]"},
    **{"254": "X..20", "255": "K13 [N..12]", "30": "N..8", "37": "N..8"},
    **{f"{measure}{decimals}": "N6" for measure in MEASURES for decimals in _DECIMALS},
    **{f"390{decimals}": "N..15" for decimals in range(10)},
    **{f"391{decimals}": "N3 N..15" for decimals in range(10)},
    **{f"392{decimals}": "N..15" for decimals in range(10)},
    **{f"393{decimals}": "N3 N..15" for decimals in range(10)},
    **{f"394{decimals}": "N4" for decimals in range(4)},
    **{f"395{decimals}": "N6" for decimals in _DECIMALS},
    **{"400": "X..30", "401": "X..30", "402": "K17", "403": "X..30"},
    **{f"41{role}": "K13" for role in range(8)},
    **{"420": "X..20", "421": "N3 X..9", "422": "N3", "423": "N3 [N..12]", "424": "N3"},
    **{"425": "N3 [N..12]", "426": "N3", "427": "X..3"},
    **dict.fromkeys(("4300", "4301", "4310", "4311", "4320"), "X..35"),
    **{f"43{party}{line}": "X..70" for party in (0, 1) for line in range(2, 7)},
    **{"4307": "X2", "4308": "X..30", "4309": "N20", "4317": "X2", "4318": "X..20", "4319": "X..30"},
    **{"4321": "N1", "4322": "N1", "4323": "N1", "4324": "D6 N4", "4325": "D6 N4", "4326": "E6"},
    **{f"433{limit}": "N6 [X1]" for limit in range(4)},
    **{"7001": "N13", "7002": "X..30", "7003": "E6 N4", "7004": "N..4", "7005": "X..12", "7006": "E6"},
    **{"7007": "E6 [N6]", "7008": "X..3", "7009": "X..10", "7010": "X..2", "7011": "E6 [N4]"},
    **{"7020": "X..20", "7021": "X..20", "7022": "X..20", "7023": "X..30"},
    **{f"703{place}": "N3 X..27" for place in range(10)},
    **{"7040": "N1 X3", "7240": "X..20", "7241": "N2", "7242": "X..25"},
    **{f"71{country}": "X..20" for country in range(7)},
    **{f"723{number}": "X2 X..28" for number in range(10)},
    **{"8001": "N14", "8002": "X..20", "8003": "K14 [X..16]", "8004": "X..30", "8005": "N6"},
    **{"8006": "K14 N4", "8007": "X..34", "8008": "E6 N2 [N..4]", "8009": "X..50", "8010": "Y..30"},
    **{"8011": "N..12", "8012": "X..20", "8013": "X..25", "8017": "K18", "8018": "K18", "8019": "N..10"},
    **{"8020": "X..25", "8026": "K14 N4", "8030": "Z..90", "8110": "X..70", "8111": "N4"},
    **{"8112": "X..70", "8200": "X..70", "90": "X..30"},
    **{f"9{number}": "X..90" for number in range(1, 10)},
}

_PREDEFINED: Final = frozenset((
    "00", "01", "02", "03", "11", "12", "13", "15", "16", "17", "20",
    "31", "32", "33", "34", "35", "36", "41",
))  # fmt: skip
"""The first two digits of the identifiers whose values have one length, and need no separator behind them."""

_SETS: Final = {
    "N": "[0-9]",
    "K": "[0-9]",
    "D": "[0-9]",
    "E": "[0-9]",
    "X": r"[!-\"%-?A-Z_a-z]",
    "Y": "[#\\-/0-9A-Z]",
    "Z": "[\\-0-9A-Z_a-z=]",
}
_PART: Final = re.compile(r"(\[?)([NKDEXYZ])(\.\.)?([0-9]+)")
_GROUPS: Final = {"K": "key", "D": "month", "E": "day"}


class Form(NamedTuple):
    """What may stand behind an identifier. predefined: its length in characters if all have it; else a
    separator ends the value."""

    pattern: re.Pattern[str]
    predefined: int | None


def _form(identifier: str, written: str) -> Form:
    pattern = ""
    for optional, kind, up_to, length in _PART.findall(written):
        part = f"{_SETS[kind]}{{{'1,' if up_to else ''}{length}}}"
        named = f"(?P<{_GROUPS[kind]}>{part})" if kind in _GROUPS else part
        pattern += f"(?:{named})?" if optional else named
    predefined = int(written[1:]) if identifier[:2] in _PREDEFINED else None
    return Form(re.compile(pattern), predefined)


FORMS: Final = {identifier: _form(identifier, written) for identifier, written in _FORMS.items()}
"""By the identifier; none begins with another one."""


def check_digit(body: str) -> int:
    """Of the digits before it: weights 3, 1, 3 … from the right, and what is missing to the next ten."""
    weighted = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(body)))
    return -weighted % 10


def fits(identifier: str, value: str) -> bool:
    """Whether the value has the length and the characters of this identifier's."""
    form = FORMS.get(identifier)
    return form is not None and form.pattern.fullmatch(value) is not None


def checked(identifier: str, value: str) -> None:
    """Raises Reject: ``range`` for an unknown identifier or a day that is none, ``length`` for a value
    that is too long, cut, or of other characters, ``checksum`` for a wrong check digit."""
    form = FORMS.get(identifier)
    if form is None:
        raise Reject(Reason.RANGE, f"({identifier}) is no application identifier of GS1")
    match = form.pattern.fullmatch(value)
    if match is None:
        raise Reject(Reason.LENGTH, f"({identifier}){value} has not the form of this identifier")
    said = match.groupdict()
    if (key := said.get("key")) and int(key[-1]) != (right := check_digit(key[:-1])):
        raise Reject(Reason.CHECKSUM, f"({identifier}){value}: the check digit of {key} is {right}")
    for group in ("month", "day"):
        if (day := said.get(group)) and not _is_day(day, month_alone=group == "month"):
            raise Reject(Reason.RANGE, f"({identifier}){value} is no day")


def _is_day(written: str, month_alone: bool) -> bool:
    """Any century will do: within those that two digits can mean every fourth year is a leap year."""
    year, month, day = 2000 + int(written[:2]), int(written[2:4]), int(written[4:])
    if not 1 <= month <= 12:
        return False
    return (0 if month_alone else 1) <= day <= calendar.monthrange(year, month)[1]
