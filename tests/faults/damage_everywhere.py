"""Damage at many places: ``python -m tests.faults.damage_everywhere [PLACES [SEED]]``; 1 if one fails."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.damaging import made, places
from tests.faults.test_damage import check


async def main(count: int, seed: int) -> int:
    logging.disable(logging.CRITICAL)
    noticed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    failed = 0
    with TemporaryDirectory() as name:
        folder = Path(name)
        told = await made(folder)
        for number, damage in enumerate(places(count, seed)):
            tried[damage.how] += 1
            try:
                noticed[damage.how] += await check(folder, told, damage, number)
            except (AssertionError, TimeoutError) as error:
                failed += 1
                print(f"{damage}: {error!r}")  # noqa: T201 - it speaks to who runs it
    for how, of in sorted(tried.items()):
        print(f"{how:>20}: {of} places, {noticed[how]} set aside")  # noqa: T201
    print(f"{failed} of {count} delivered something wrong, lost something unsaid, or did not come up")  # noqa: T201
    return int(failed > 0)


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    sys.exit(asyncio.run(main(*(arguments + [200, 1][len(arguments) :]))))
