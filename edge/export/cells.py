"""Cells of a spreadsheet: CSV as RFC 4180 has it, and nothing in it that runs, or turns into a date."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, TypeAlias
from zoneinfo import ZoneInfo

Cell: TypeAlias = str | float | int | bool | None

TEXT_MARK: Final = "'"
"""Before text that a spreadsheet would run as a formula, or read as a number or a date."""

_FORMULA: Final = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠%']|[\t\r\n]")
_NUMBER: Final = re.compile(r"\s*[0-9][0-9eE.,:/ -]*")
"""An ear tag loses its last digits as a number, a lot becomes the second of January."""

BOM: Final = "utf-8-sig"
"""Excel shows Chinese only in a file that begins with U+FEFF."""


def text(said: str) -> str:
    """Text that stays what it is."""
    return TEXT_MARK + said if _FORMULA.match(said) or _NUMBER.fullmatch(said) else said


def cell(value: Cell) -> Cell:
    """A value as a spreadsheet shows it; numbers stay numbers, also below zero."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return text(value)
    return value


@lru_cache(maxsize=1024)
def local(t: str, zone: ZoneInfo) -> str:
    """An RFC 3339 time by the clock of the site, in a form that spreadsheets understand."""
    return datetime.fromisoformat(t).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


class Sheet:
    """A CSV file in the making; it must not be there yet. Raises OSError."""

    def __init__(self, path: Path, header: Iterable[str]) -> None:
        self._file: IO[str] = path.open("x", encoding=BOM, newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self._writer.writerow(header)

    def row(self, cells: Iterable[Cell]) -> None:
        self._writer.writerow(cells)

    def close(self) -> None:
        self._file.close()
