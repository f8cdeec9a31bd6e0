"""The verb `diagnose`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from edge.diagnosis import pack
from edge.messages import Lang, text
from edge.settings import Settings
from edge.verb import EXIT_NO, end, json_option, print_json


def diagnose(lang: Lang, load: Callable[[Path], Settings]) -> click.Command:
    """load: reads the settings file."""

    @click.command("diagnose", help=text(lang, "diagnose.verb"))
    @click.argument("config", type=click.Path(path_type=Path))
    @click.option("-o", "to", type=click.Path(path_type=Path), help=text(lang, "diagnose.option_file"))
    @json_option(lang)
    def verb(config: Path, to: Path | None, *, as_json: bool) -> None:
        settings = load(config)
        if to is None:
            at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            to = Path(f"tagtrail-{settings.gateway.id}-{at}.tar.gz")
        files = pack.parts(config, settings, lang)
        try:
            pack.write(to, files)
        except OSError as error:
            end(text(lang, "diagnose.unwritable", file=to, detail=error.strerror), EXIT_NO)
        if as_json:
            print_json({"file": str(to), "contents": {name: len(body) for name, body in files.items()}})
            return
        click.echo(files[pack.README].decode(), nl=False)
        click.echo(text(lang, "diagnose.done", file=to, size=to.stat().st_size))

    return verb
