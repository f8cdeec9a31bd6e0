"""``python -m simulators SCENARIO``: the devices of a scenario, for any gateway.

One JSON line on standard output says when they are ready, where, and which are missing on this machine. With
``--control`` each JSON line on standard input switches a fault and is answered by one, and the end of the
input ends the run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from simulators.options import ScenarioError
from simulators.scenario import built_in
from simulators.site import Site

USAGE = 2
"""Exit code: the scenario or the arguments cannot be used."""


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("python -m simulators", description="Byte-level stand-ins for devices.")
    parser.add_argument("scenario", help=f"{', '.join(built_in())}, or a YAML file")
    parser.add_argument("--dir", type=Path, help="for the ports' links and truth.jsonl (default: no truth)")
    parser.add_argument("--speed", type=_positive, default=1.0, help="how many times faster the world runs")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other animals, doors and noise")
    parser.add_argument("--for", type=_positive, dest="seconds", help="leave after so many seconds")
    parser.add_argument("--control", action="store_true", help="read fault commands, JSON lines, from stdin")
    return parser.parse_args(given)


def _positive(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise ValueError
    return number


async def play(args: argparse.Namespace, folder: Path) -> None:
    """Until the time is up, a signal comes, or the controlling input ends."""
    site = Site(args.scenario, folder, truth=args.dir is not None, speed=args.speed, seed=args.seed)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with site:
        for sentence in site.missing.values():
            print(sentence, file=sys.stderr)
        _say({
            "ready": True,
            "ports": site.ports,
            "buses": site.buses,
            "missing": site.missing,
            "truth": str(site.truth) if site.truth else None,
        })  # fmt: skip
        tasks = [asyncio.create_task(ended.wait()), asyncio.create_task(site.run())]
        if args.control:
            tasks.append(asyncio.create_task(_obey(site)))
        done, left = await asyncio.wait(tasks, timeout=args.seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for task in done:
            task.result()


async def _obey(site: Site) -> None:
    async for line in _lines():
        try:
            site.command(json.loads(line))
        except (ScenarioError, json.JSONDecodeError) as error:
            _say({"ok": False, "error": str(error)})
        else:
            _say({"ok": True})


async def _lines() -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        async for line in reader:
            yield line
    finally:
        transport.close()


def _say(message: object) -> None:
    print(json.dumps(message), flush=True)


def main() -> int:
    """The exit code."""
    args = arguments()
    try:
        with contextlib.ExitStack() as stack:
            folder = args.dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="simulators-")))
            asyncio.run(play(args, folder))
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
