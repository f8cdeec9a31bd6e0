"""``python -m tests.faults [PART…]``: tries the faults, prints a table for each part.

A part is a module with a TITLE and ``run(budget) -> rows``; see ``table.py``. Exit codes: 0 every promise
holds, 1 one is broken.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from rich.console import Console

from tests.faults.table import Budget, Part, Row, show

PARTS: Final = {
    "power": "tests.faults.power.part",
    "kills": "tests.faults.power.kills",
    "network": "tests.faults.network.part",
    "damage": "tests.faults.damage_everywhere",
}
"""In the order in which they are tried; imported only when they are."""

TABLE_WIDTH: Final = 110


def tried(name: str, share: float, seed: int, console: Console) -> bool:
    """Shows the table of one part. Whether every row holds."""
    part = cast(Part, import_module(PARTS[name]))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix=f"faults-{name}-") as folder:
        for row in part.run(Budget(share, seed, Path(folder))):
            console.print(f"[dim]{name}: {row.fault}[/]")
            rows.append(row)
    show(part.TITLE, rows, console)
    return all(row.holds for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="What faults cost.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--share", type=float, default=1.0, help="do only so much of it, e.g. 0.1")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    console = Console(width=max(Console().width, TABLE_WIDTH))
    console.print(f"seed {options.seed}")
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        console.print("[yellow]The machine is busy: what is promised in seconds may take longer.[/]")
    held = [tried(name, options.share, options.seed, console) for name in options.parts or PARTS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
