"""What the verbs of the command share: exit codes, `--json`, durations as the settings write them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

import click
import orjson
from pydantic_core import PydanticCustomError

from edge.messages import Lang, text
from edge.settings.measures import Duration

EXIT_NO: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3


def end(said: str, code: int) -> NoReturn:
    """Says it on standard error and ends."""
    click.echo(said, err=True)
    sys.exit(code)


def json_option(lang: Lang) -> Callable[[Any], Any]:
    """`--json`, as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help=text(lang, "cli.option_json"))


def print_json(facts: Any) -> None:
    """Facts, for programs."""
    click.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))


class DurationType(click.ParamType[float]):
    """As the settings write it: ``30s``, ``5min``; seconds behind it."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return Duration().parse(value)
        except PydanticCustomError as error:
            self.fail(f"{value!r}: {error.message()}", param, ctx)
