"""The verb `export`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from drivers.contract import Instant
from edge import completion
from edge.export import taking
from edge.export.sheets import Asked
from edge.journal.block import Lane
from edge.messages import Lang, text
from edge.records import KINDS
from edge.settings import Settings
from edge.trace.asked import instant
from edge.verb import EXIT_NO, EXIT_USAGE, end, json_option, print_json

_LANES: Final = {"readings": Lane.TELEMETRY, "records": Lane.RECORDS}


def export(lang: Lang, load: Callable[[Path], Settings]) -> click.Command:
    """load: reads the settings file."""

    def said(name: str) -> str:
        return text(lang, f"export.{name}")

    @click.command("export", help=said("verb"))
    @click.argument("config", type=click.Path(path_type=Path))
    @click.option("--readings", "what", flag_value="readings", help=said("option_readings"))
    @click.option("--records", "what", flag_value="records", help=said("option_records"))
    @click.option("--from", "since", help=said("option_from"))
    @click.option("--to", "until", help=said("option_to"))
    @click.option("--device", shell_complete=completion.devices(load), help=said("option_device"))
    @click.option("--kind", type=click.Choice(list(KINDS)), help=said("option_kind"))
    @click.option(
        "--format",
        "form",
        type=click.Choice(["csv", "jsonl"]),
        default="csv",
        show_default=True,
        help=said("option_format"),
    )
    @click.option("-o", "folder", type=click.Path(path_type=Path), required=True, help=said("option_folder"))
    @json_option(lang)
    def verb(config: Path, folder: Path, *, as_json: bool, **question: Any) -> None:
        settings = load(config)
        asked = _asked(settings, lang, question)
        try:
            taken = taking.take(settings, asked, folder, lang)
        except FileExistsError as error:
            end(text(lang, "export.exists", file=error.filename), EXIT_USAGE)
        except OSError as error:
            end(text(lang, "export.unwritable", folder=folder, detail=error.strerror), EXIT_NO)
        if as_json:
            print_json({**vars(taken), "verify": taking.verify_line(folder, taken)})
        else:
            click.echo(shown(taken, folder, lang))
        if not taken.rows:
            raise SystemExit(EXIT_NO)

    return verb


def _asked(settings: Settings, lang: Lang, question: Mapping[str, Any]) -> Asked:
    """Raises UsageError."""
    what, device, kind = question["what"], question["device"], question["kind"]
    if what is None or (device and what == "records") or (kind and what == "readings"):
        raise click.UsageError(text(lang, "export.one_of"))
    zone = settings.gateway.timezone
    since = _instant(lang, question["since"], zone, Instant(0))
    until = _instant(lang, question["until"], zone, taking.LAST, ends=True)
    if since >= until:
        raise click.UsageError(text(lang, "export.no_span"))
    return Asked(_LANES[what], since, until, question["form"], device, kind)


def _instant(
    lang: Lang, written: str | None, zone: ZoneInfo, without: Instant, *, ends: bool = False
) -> Instant:
    if written is None:
        return without
    try:
        return instant(written, zone, ends=ends)
    except ValueError:
        raise click.UsageError(text(lang, "trace.no_time", value=written)) from None


def shown(taken: taking.Taken, folder: Path, lang: Lang) -> str:
    """What there is now, and how it is verified."""
    if not taken.rows:
        return text(lang, "export.nothing")
    lines = [text(lang, "export.done", rows=taken.rows, blocks=taken.blocks, folder=folder)]
    lines += [f"  {name}" for name in taken.files]
    if taken.unproven:
        lines.append(text(lang, "export.unproven", count=taken.unproven))
    command = taking.verify_line(folder, taken)
    if command is not None:
        lines += [text(lang, "export.verify"), f"  {command}"]
    return "\n".join(lines)
