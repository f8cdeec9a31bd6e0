"""Completion in the shell: verbs, options, files, and the devices of a settings file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem, get_completion_class

from edge.errors import SettingsError
from edge.messages import Lang, text
from edge.settings import Settings

NAME: Final = "tagtrail"
VARIABLE: Final = "_TAGTRAIL_COMPLETE"
"""Where the shell says that it asks for completions, as click expects of a command of this name."""


def completion(lang: Lang) -> click.Command:
    @click.command("completion", help=text(lang, "cli.completion"))
    @click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
    @click.pass_context
    def verb(context: click.Context, shell: str) -> None:
        kind = get_completion_class(shell)
        assert kind is not None
        template = kind(context.find_root().command, {}, NAME, VARIABLE)
        click.echo(template.source_template % template.source_vars())

    return verb


Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def devices(load: Callable[[Path], Settings]) -> Complete:
    """The devices of the settings file that stands before, as far as it holds."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        config = context.params.get("config") or next(iter(context.args), None)  # an option without its value
        names: list[str] = []
        if config is not None:
            with suppress(SettingsError):
                names = list(load(Path(config)).devices)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]

    return complete
