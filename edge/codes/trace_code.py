"""Codes that a platform or a plant makes up for itself: circulation codes (流通码), trace codes (追溯码),
certificates. They are opaque: a pattern, and where there is one a check digit, from the settings.

The digit layouts of NY/T 1430, NY/T 1431 and NY/T 2531 are not public; what they ask for is written as a
rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

Check: TypeAlias = Literal["gs1", "luhn", "mod11-10", "mod37-36"]


class TraceRule(NamedTuple):
    """pattern: a regular expression for the whole code. check: how its last character is computed; None: it
    is not."""

    pattern: re.Pattern[str]
    check: Check | None = None

    def faults(self, value: str) -> str | None:
        """Why the code does not hold: ``pattern``, ``check``; None: it does."""
        if self.pattern.fullmatch(value) is None:
            return "pattern"
        if self.check is not None and not (value and CHECKS[self.check](value)):
            return "check"
        return None


def gs1(value: str) -> bool:
    """GS1 General Specifications 7.9: weights 3 and 1 from the right, modulo 10."""
    return (
        _digits(value)
        and sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(value))) % 10 == 0
    )


def luhn(value: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right is doubled, its digits added; modulo 10."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(value)))
    return _digits(value) and sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def mod11_10(value: str) -> bool:
    """ISO/IEC 7064, MOD 11,10: digits."""
    return _digits(value) and _hybrid(value, "0123456789")


def mod37_36(value: str) -> bool:
    """ISO/IEC 7064, MOD 37,36: digits and capital letters."""
    return re.fullmatch("[0-9A-Z]+", value, re.ASCII) is not None and _hybrid(
        value, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    )


CHECKS: Final[Mapping[Check, Callable[[str], bool]]] = {
    "gs1": gs1,
    "luhn": luhn,
    "mod11-10": mod11_10,
    "mod37-36": mod37_36,
}


def _digits(value: str) -> bool:
    return re.fullmatch("[0-9]+", value, re.ASCII) is not None


def _hybrid(value: str, alphabet: str) -> bool:
    """ISO/IEC 7064, 8.2: a hybrid system of modulus M and M + 1."""
    modulus = len(alphabet)
    carry = modulus
    for character in value[:-1]:
        carry = (carry + alphabet.index(character)) % modulus or modulus
        carry = carry * 2 % (modulus + 1)
    return (carry + alphabet.index(value[-1])) % modulus == 1
