"""What is asked on the command line, and where it leads: facts for programs, text for people."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from drivers.contract import NANOSECONDS, Instant, TagtrailError
from edge.codes.divisions import division
from edge.journal.database import explained, open_reader
from edge.messages import Lang, text
from edge.settings import Settings
from edge.trace import answer, meetings
from edge.trace.shown import Shown

_DAY: Final = "2026-11-20"
"""How a day alone is written."""


class Question(NamedTuple):
    """As it was typed: a code, a lot (in its whole time or between two), or a county between two times."""

    code: str | None = None
    lot: str | None = None
    county: str | None = None
    since: str | None = None
    until: str | None = None
    around: int = 0


class Unclear(TagtrailError):
    """A question that cannot be answered as it was put; ``sentence`` says what would be right."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def answered(
    settings: Settings, lang: Lang, question: Question, choose: Callable[[list[str]], str] | None
) -> tuple[dict[str, Any], str]:
    """Facts and text. choose: asks a person which node a code means.

    Raises Unclear, NothingKnown, JournalError.
    """
    names = {name: place.name or name for name, place in settings.places.items()}
    shown = Shown(lang, settings.gateway.timezone, names)
    which = partial(_which, lang, choose)
    times = partial(_times, lang, settings.gateway.timezone)
    with journal(settings.journal.path) as connection:
        match question:
            case Question(code=str(code), lot=None, county=None, since=None, until=None):
                node = which(code, answer.among(connection, code))
                facts = answer.trace(connection, node, question.around)
                return facts, shown.trace(facts)
            case Question(code=None, lot=str(lot), county=None, since=None, until=None):
                facts = meetings.of_lot(connection, which(lot, _lots(connection, lot))).facts()
            case Question(code=None, lot=str(lot), county=None, since=str(since), until=str(until)):
                node = which(lot, _lots(connection, lot))
                facts = meetings.of_lot(connection, node, *times(since, until)).facts()
            case Question(code=None, lot=None, county=str(code), since=str(since), until=str(until)):
                county = _county(lang, code)
                facts = meetings.of_county(connection, county, *times(since, until)).facts()
            case _:
                raise Unclear(text(lang, "trace.one_question"))
        return facts, shown.met(facts)


def _which(lang: Lang, choose: Callable[[list[str]], str] | None, code: str, nodes: list[str]) -> str:
    if not nodes:
        raise answer.NothingKnown(code)
    if len(nodes) == 1:
        return nodes[0]
    if choose is None:
        raise Unclear(text(lang, "trace.ambiguous", code=code, nodes=", ".join(nodes)))
    return choose(nodes)


def _lots(connection: sqlite3.Connection, written: str) -> list[str]:
    return [node for node in answer.among(connection, written) if node.startswith(("lot:", written))]


def _times(lang: Lang, zone: ZoneInfo, since: str, until: str) -> tuple[Instant, Instant]:
    return _instant(lang, since, zone), _instant(lang, until, zone, ends=True)


def _instant(lang: Lang, written: str, zone: ZoneInfo, *, ends: bool = False) -> Instant:
    try:
        return instant(written, zone, ends=ends)
    except ValueError:
        raise Unclear(text(lang, "trace.no_time", value=written)) from None


def _county(lang: Lang, written: str) -> str:
    """A county that there is or was."""
    if division(written) is None or written.endswith("00"):
        raise Unclear(text(lang, "trace.no_county", value=written))
    return written


@contextmanager
def journal(path: Path) -> Iterator[sqlite3.Connection]:
    """The journal as it stands at one moment, opened so that nothing can be written. Raises JournalError."""
    try:
        with closing(open_reader(path)) as connection:
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        raise explained(path, error) from error


def instant(written: str, zone: ZoneInfo, *, ends: bool = False) -> Instant:
    """A day or a time as people write it, where the gateway stands. ends: a day alone is meant to its end.

    Raises ValueError.
    """
    at = datetime.fromisoformat(written)
    if ends and len(written) == len(_DAY):
        at += timedelta(days=1)
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return Instant(round(at.timestamp() * 1000) * (NANOSECONDS // 1000))
