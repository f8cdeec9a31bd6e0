"""The number on a Chinese livestock ear tag (畜禽标识编码).

::

    S | CCCCCC | NNNNNNNN      species (1), county of GB/T 2260 (6), serial number (8)

Order 67 of the Ministry of Agriculture (2006), article 8. There is no check digit: a misread shows only in
the species, in the county, and in what is expected. Species 7 is that of breeding sows (ministry's
specification of 2010), so that a species other than 1 to 3 warns and no more.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from edge.codes.divisions import division

SCHEME: Final = "cn-eartag"

SPECIES: Final = {"1": "pig", "2": "cattle", "3": "sheep", "7": "sow"}

_FORM = re.compile("[1-9][0-9]{14}", re.ASCII)


class NotAnEarTag(ValueError):
    """It does not have the form of an ear tag's number."""


class EarTag(NamedTuple):
    """species: pig, cattle, sheep, sow, or None where the digit means none that is known. county: six digits.

    doubts: why it may have been misread: ``species``, ``county`` (there never was one of this code).
    """

    value: str
    species: str | None
    county: str
    serial: str

    @property
    def doubts(self) -> tuple[str, ...]:
        known = division(self.county)
        county = known is None or self.county.endswith("00")
        return (*(("species",) if self.species is None else ()), *(("county",) if county else ()))


def ear_tag(value: str) -> EarTag:
    """Takes the fifteen digits apart. Raises NotAnEarTag."""
    if _FORM.fullmatch(value) is None:
        raise NotAnEarTag(f"{value!r} is no ear tag's number: fifteen digits, the first not 0")
    return EarTag(value, SPECIES.get(value[0]), value[1:7], value[7:])
