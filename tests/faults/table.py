"""What a part of `make faults` is given, and what it gives back: rows of the table that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from rich.console import Console
from rich.table import Table


class Budget(NamedTuple):
    """How much a part may do. share: of what `make faults` promises, 1.0 for all of it.

    seed: of everything drawn at random; the same seed draws the same. folder: empty, to work in.
    """

    share: float
    seed: int
    folder: Path

    def of(self, number: float) -> int:
        """So many of what is done ``number`` times in full; one at least."""
        return max(1, round(number * self.share))


class Row(NamedTuple):
    """One fault, tried so many times. found: what came of it, by the word that heads its column.

    holds: whether that is what was promised; of a control, whether it found the losses that are there.
    """

    fault: str
    times: int
    found: Mapping[str, int | float]
    holds: bool


class Part(Protocol):
    """A module of faults. Its table is headed by TITLE."""

    TITLE: str

    def run(self, budget: Budget) -> Iterable[Row]:
        """Tries every fault; rows come as they are done."""


def show(title: str, rows: Sequence[Row], console: Console) -> None:
    """The rows of one part, a column for every word found."""
    words = list(dict.fromkeys(word for row in rows for word in row.found))
    table = Table(title, "times", *words, "", box=None, pad_edge=False)
    for column in table.columns[1:-1]:
        column.justify = "right"
    for row in rows:
        counts = [f"{row.found[word]:,.4g}" if word in row.found else "–" for word in words]
        verdict = "[green]holds[/]" if row.holds else "[bold red]broken[/]"
        table.add_row(row.fault, f"{row.times:,}", *counts, verdict)
    console.print(table)
    console.print()
