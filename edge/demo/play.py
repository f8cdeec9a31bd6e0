"""Plays one site or all three, shows what arrives, and sums up."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click
import orjson
from rich.console import Console
from rich.live import Live

from edge.demo import view
from edge.demo.program import free_port, listening, program
from edge.demo.site import SITES, running
from edge.demo.view import Stage
from edge.errors import DidNotStart
from edge.messages import Lang, text

REFRESH_S: Final = 0.5
SETTLE_S: Final = 5.0
"""At the end, what is journalled is given this long to be acknowledged."""


async def play(
    site: str | None, broker: str | None, duration_s: float | None, *, as_json: bool, lang: Lang
) -> int:
    """The exit code: 0 if every kind of device got through to the broker. Raises DidNotStart."""
    console = Console(stderr=as_json)
    console.print(text(lang, "demo.starting"))
    with tempfile.TemporaryDirectory(prefix="tagtrail-") as directory:
        async with AsyncExitStack() as stack:
            mqtt = {"url": broker} if broker else await _embedded_broker(stack, lang)
            console.print(text(lang, "demo.broker", url=mqtt["url"]), highlight=False)
            names = [site] if site else SITES
            stages = [
                Stage(await stack.enter_async_context(running(name, mqtt, Path(directory, name))))
                for name in names
            ]
            for stage in stages:
                for why in stage.site.missing.values():
                    console.print(text(lang, "demo.missing", site=stage.site.name, why=why), highlight=False)
                if left_out := stage.site.left_out:
                    said = text(lang, "demo.left_out", site=stage.site.name, devices=", ".join(left_out))
                    console.print(said, highlight=False)
            await _watch(stages, console, duration_s, lang)
            summary = view.summary(stages)
    if as_json:
        click.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2))
    else:
        console.print()
        console.print(view.summary_table(summary, lang))
    return 0 if summary["ok"] else 1


async def _embedded_broker(stack: AsyncExitStack, lang: Lang) -> dict[str, Any]:
    """amqtt speaks 3.1.1 only, so the settings say so. Raises DidNotStart."""
    if find_spec("amqtt") is None:
        raise DidNotStart(text(lang, "demo.no_broker"))
    port = free_port()
    await stack.enter_async_context(program("edge.demo.broker", str(port)))
    await listening(port)
    return {"url": f"mqtt://127.0.0.1:{port}", "version": "3.1.1"}


async def _watch(stages: Sequence[Stage], console: Console, duration_s: float | None, lang: Lang) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    ends = loop.time() + duration_s if duration_s is not None else None
    console.print(text(lang, "demo.watching"))
    with Live(console=console, refresh_per_second=4, transient=False) as live:
        while not stop.is_set() and (ends is None or loop.time() < ends):
            await _look(stages)
            live.update(view.table(stages, lang))
            await _pause(stop, REFRESH_S)
        settled = loop.time() + SETTLE_S
        while loop.time() < settled and not all(stage.delivered for stage in stages):
            await _look(stages)
            await asyncio.sleep(REFRESH_S)
        live.update(view.table(stages, lang))


async def _look(stages: Sequence[Stage]) -> None:
    for stage in stages:
        await stage.look()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
