"""The verb `status`: once, or again and again until Ctrl-C."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import click
import orjson

from edge import status as facts_of
from edge.control import NoDaemon, ask
from edge.errors import JournalError
from edge.messages import Lang, text
from edge.settings import Settings
from edge.verb import EXIT_UNREACHABLE, json_option, print_json

WATCH_S: Final = 1.0


def status(lang: Lang, load: Callable[[Path], Settings]) -> click.Command:
    """load: reads the settings file."""

    @click.command("status", help=text(lang, "cli.status"))
    @click.argument("config", type=click.Path(path_type=Path))
    @click.option("--watch", is_flag=True, help=text(lang, "cli.option_watch"))
    @json_option(lang)
    def verb(config: Path, *, watch: bool, as_json: bool) -> None:
        settings = load(config)
        if watch:
            with suppress(KeyboardInterrupt):
                _watch(settings, lang, as_json=as_json)
            return
        facts = now(settings)
        if as_json:
            print_json(facts)
        else:
            _print(facts, lang)
        if not facts["running"]:
            click.echo(text(lang, "cli.no_daemon", journal=settings.journal.path), err=True)
            raise SystemExit(EXIT_UNREACHABLE)

    return verb


def now(settings: Settings) -> dict[str, Any]:
    """From the gateway, or from its journal's file where none runs; where that cannot be read, ``error``."""
    try:
        running: dict[str, Any] = asyncio.run(ask(settings.journal.path, "status"))
    except NoDaemon:
        try:
            return facts_of.without_daemon(settings)
        except JournalError as error:
            return {"running": False, "gateway": settings.gateway.id, "error": str(error)}
    return {"running": True, **running}


def _watch(settings: Settings, lang: Lang, *, as_json: bool) -> None:
    with _lines() if as_json else _screen(lang) as show:
        while True:
            show(now(settings))
            time.sleep(WATCH_S)


@contextmanager
def _lines() -> Iterator[Callable[[dict[str, Any]], None]]:
    yield lambda facts: click.echo(orjson.dumps(facts, option=orjson.OPT_NON_STR_KEYS))


@contextmanager
def _screen(lang: Lang) -> Iterator[Callable[[dict[str, Any]], None]]:
    from rich.console import Console  # noqa: PLC0415 - only for people who watch; the daemon does without
    from rich.live import Live  # noqa: PLC0415 - as above

    from edge import status_view  # noqa: PLC0415 - as above

    console = Console()
    if not console.is_terminal:
        yield lambda facts: console.print(status_view.view(facts, lang))
        return
    with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda facts: live.update(status_view.view(facts, lang), refresh=True)


def _print(facts: dict[str, Any], lang: Lang) -> None:
    from rich.console import Console  # noqa: PLC0415 - as above

    from edge import status_view  # noqa: PLC0415 - as above

    Console().print(status_view.view(facts, lang))
