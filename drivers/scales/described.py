"""Any other indicator that sends a line of text, described by a regular expression in the settings.

::

    S S     86.35 kg                 MT-SICS, stable; S D: in motion
    S (?:(?P<stable>S)|D) +(?P<weight>-?[0-9.]+) (?P<unit>kg|g)

``weight`` is a decimal number; blanks behind its sign do no harm. ``unit`` is g, kg, t or lb, and may be left
out where the settings say it. Where the pattern has a group ``stable``, a line in which it takes no part, or
matches nothing, is unstable.

The pattern must match the line as a whole, blanks at its ends apart, and quickly whatever the line: what
may be tried anew is counted, since each repeat may try every length and each choice doubles the work. At most
3 repeats (``*``, ``+``, ``{…}``) and 4 choices (``?``, ``|``) are let through, none of a whole group but
``(…)?``; the possessive ``*+``, ``++``, ``?+`` are never tried anew and cost nothing. On a line of 64 bytes
that leaves C(67, 3) · 2⁴ ≈ 770,000 steps at the very worst, about 10 ms.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar, Final

from drivers.contract import Frame, Instant, Reading, Reason, Reject
from drivers.framing import PlainLines
from drivers.scales.weighing import MASS, kilograms, weighed

LONGEST: Final = 64
"""Bytes of a line."""

LONGEST_PATTERN: Final = 200
REPEATS: Final = 3
CHOICES: Final = 4

_TOKEN = re.compile(
    r"""\\. | \[\^?\]?(?:\\.|[^\]\\])*\]           # escaped; a class
      | (?P<group>\(\?P<\w+>|\(\?:|\((?!\?))
      | (?P<special>\(\?)
      | (?P<repeat>[*+]|\{[0-9]*,?[0-9]*\})[?]?(?P<possessive>\+)?
      | (?P<choice>\?\+?|\?\??|\|)
      | .""",
    re.DOTALL | re.VERBOSE,
)
_BACK_REFERENCE = re.compile(r"\\[1-9]")
_NUMBER = re.compile(r"[+-]? *(?:[0-9]{1,9}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})", re.ASCII)


def described(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled. Raises ValueError, which says what to write instead."""
    try:
        compiled = re.compile(pattern, re.ASCII)
    except (re.error, OverflowError) as error:
        raise ValueError(f"no regular expression: {error}") from None
    if "weight" not in compiled.groupindex:
        raise ValueError("the pattern has no group (?P<weight>…)")
    _bound(pattern)
    return compiled


def _bound(pattern: str) -> None:
    """Raises ValueError where matching might take long."""
    repeats = choices = 0
    before = ""
    for token in _TOKEN.finditer(pattern):
        if token["special"] or _BACK_REFERENCE.fullmatch(token[0]):
            raise ValueError("only the groups (…), (?:…) and (?P<name>…) are understood, and no references")
        if token["repeat"] and before == ")":
            raise ValueError("a group cannot be repeated; write out what stands in it")
        repeats += bool(token["repeat"] and not token["possessive"])
        choices += bool(token["choice"] and token["choice"] != "?+")
        before = token[0]
    if repeats > REPEATS or choices > CHOICES:
        raise ValueError(
            f"{repeats} repeats and {choices} choices, more than {REPEATS} and {CHOICES}; "
            "write *+ for *, ++ for +, ?+ for ? where what follows begins otherwise"
        )


class Described:
    """pattern: as ``described`` returns it. unit: of lines that name none."""

    quantities: ClassVar[tuple[str, ...]] = (MASS,)

    def __init__(self, pattern: re.Pattern[str], unit: str | None) -> None:
        self._pattern = pattern
        self._unit = unit

    def splitter(self) -> PlainLines:
        return PlainLines(LONGEST)

    def decode(self, frame: Frame, at: Instant) -> Sequence[Reading]:
        """Raises Reject: ``length`` where the pattern does not match, ``range`` for what is no mass."""
        line = frame.data[: LONGEST + 1].decode("latin-1").strip()
        said = self._pattern.fullmatch(line) if len(frame.data) <= LONGEST else None
        if said is None:
            raise Reject(Reason.LENGTH, f"the pattern does not match the line {line!r}")
        groups = said.groupdict()
        if "stable" in groups and not groups["stable"]:
            return ()
        weight = groups["weight"] or ""
        if _NUMBER.fullmatch(weight.strip()) is None:
            raise Reject(Reason.RANGE, f"{weight!r} is no number")
        unit = groups.get("unit") or self._unit or ""
        return weighed(at, kilograms(Decimal(weight.replace(" ", "")), unit))
