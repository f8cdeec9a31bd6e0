"""Power cuts and kills, as a part of `make faults`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.faults.table import Budget, Row

TITLE: Final = "power cuts"


def run(budget: Budget) -> Iterator[Row]:
    """See ``table.Part``."""
    yield Row("none yet", budget.of(1), {}, holds=True)
