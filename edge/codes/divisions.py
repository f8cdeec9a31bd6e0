"""The administrative divisions of GB/T 2260, by the six digits that ear tags and settings carry.

::

    PP | CC | DD      province, prefecture, county; 00 stands for the whole of the level above

The table and its sources are in ``gbt2260.tsv``. Codes that the standard has dropped stay known: a tag
outlives the county that issued it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Division(NamedTuple):
    """until: the last year in which a list has the code; None: today's has it."""

    code: str
    name: str
    province: str
    prefecture: str
    until: int | None

    @property
    def full_name(self) -> str:
        """甘肃省临夏回族自治州东乡族自治县, without the fillers that stand for no place."""
        parts = [self.province, self.prefecture, self.name]
        places = [part for part in dict.fromkeys(parts) if part and part not in _FILLERS]
        return "".join(places)


_FILLERS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖行政单位"})


def division(code: str) -> Division | None:
    """The division with this code, a county's or that of a level above; None: there never was one."""
    row = _table().get(code)
    if row is None:
        return None
    name, until = row
    return Division(code, name, _name(code[:2] + "0000"), _name(code[:4] + "00"), until)


def _name(code: str) -> str:
    return _table().get(code, ("", None))[0]


@cache
def _table() -> dict[str, tuple[str, int | None]]:
    text = files("edge.codes").joinpath("gbt2260.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {code: (name, int(until) if until else None) for code, name, until in rows}
