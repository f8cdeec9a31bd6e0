"""``make fuzz``: every target for as long as one likes, with what came of it.

Ends with 1 where something did not hold; the input is printed, for a row of ``test_fuzz.py``.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback

import click

from edge.settings.measures import Duration
from tests.fuzz import wires, words
from tests.fuzz.target import Tally, Target, fuzz, grown

BATCH = 200
"""Inputs between two looks at the time."""


@click.command()
@click.option("--for", "lasts", default="10min", show_default=True, help="All targets together: 30s, 8h")
@click.option("--only", default="", help="Targets whose name has this in it")
def main(lasts: str, only: str) -> None:
    """Feeds every framer, decoder, command and reader of settings with damaged captures and with anything."""
    logging.disable(logging.CRITICAL)
    targets = [each for each in (*wires.targets(), *words.targets()) if only in each.name]
    each_s = Duration().parse(lasts) / max(1, len(targets))
    click.echo(f"{'target':32}{'cases':>9}{'worst':>12}{'grown':>12}")
    broken = [target.name for target in targets if not _holds(target, each_s)]
    click.echo(f"{len(targets)} targets, {len(broken)} broken {' '.join(broken)}")
    raise SystemExit(bool(broken))


def _holds(target: Target, lasts_s: float) -> bool:
    tally, until = Tally(), time.monotonic() + lasts_s
    try:
        while time.monotonic() < until:
            fuzz(target, tally, BATCH, secrets.randbits(64))
    except Exception:  # noqa: BLE001 - whatever was raised is what is looked for
        click.echo(f"{target.name}:\n{traceback.format_exc()}", err=True)
        return False
    kept = grown(target, list(tally.last))
    click.echo(f"{target.name:32}{tally.cases:>9}{tally.worst_s * 1000:>9.1f} ms{kept:>10} B")
    return True


if __name__ == "__main__":
    main()
