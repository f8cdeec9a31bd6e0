"""``python -m tests.bench``: runs the rounds, prints the table, writes build/bench.json.

Exit codes: 0 every budget holds, 1 one is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections import defaultdict
from pathlib import Path

import orjson
from rich.console import Console

from .metrics import show, summary
from .processes import OTHER_CORES
from .rig import rig
from .rounds import QUICK, THOROUGH, Samples, one_round
from .years import QUICK as FEW_DAYS
from .years import TWO_YEARS, traced

BUILD = Path("build")
ROUNDS = 5
TABLE_WIDTH = 100


async def measure(rounds: int, quick: bool, console: Console) -> Samples:
    samples: Samples = defaultdict(list)
    samples["load_at_start"].append(os.getloadavg()[0])
    for number in range(1, rounds + 1):
        console.print(f"round {number} of {rounds} …")
        async with rig(BUILD) as surroundings:
            await one_round(surroundings, QUICK if quick else THOROUGH, samples)
    console.print("a plant's years …")
    for name, value in traced(BUILD, FEW_DAYS if quick else TWO_YEARS).items():
        samples[name].append(value)
    return samples


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What the gateway costs.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="their median is shown (default: 5)")
    parser.add_argument("--quick", action="store_true", help="one short round")
    options = parser.parse_args()
    console = Console(width=max(Console().width, TABLE_WIDTH))
    os.sched_setaffinity(0, OTHER_CORES)
    facts = summary(asyncio.run(measure(1 if options.quick else options.rounds, options.quick, console)))
    (BUILD / "bench.json").write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    show(facts, console)
    return 0 if facts["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
