"""The edge's own errors; the devices' are in ``drivers/contract.py`` (DESIGN §10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from drivers.contract import TagtrailError
from edge import messages
from edge.messages import Lang


class Problem(NamedTuple):
    """One thing that is wrong in a settings file, or would better be otherwise, and where.

    line and column count from 1; line 0: it has no place in the file. path: dotted, such as
    ``devices.chiller-1-air.unit``; empty: the file as a whole. key, values: the sentence, in the catalogue
    ``settings``.
    """

    file: str
    line: int
    column: int
    path: str
    key: str
    values: Mapping[str, object]

    @property
    def place(self) -> str:
        """``file:line:column path``, as far as they are known."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}{' ' if self.path else ''}{self.path}"

    def sentence(self, lang: Lang) -> str:
        """What is wrong and what would be right."""
        return messages.text(lang, f"settings.{self.key}", **self.values)

    def render(self, lang: Lang) -> str:
        """``file:line:column path: sentence``."""
        return f"{self.place}: {self.sentence(lang)}"


class SettingsError(TagtrailError):
    """The settings do not hold. Exit code 2, no restart.

    problems: everything that is wrong, in the order of the file; empty where ``message`` says it all.
    """

    def __init__(self, message: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message or "\n".join(problem.render("en") for problem in problems))
        self.problems = tuple(problems)


class JournalError(TagtrailError):
    """The journal cannot be opened or written; the message says what to do."""


class JournalDamagedError(JournalError):
    """The journal's file is not whole; opening it again sets it aside and goes on."""


class UplinkDown(TagtrailError):
    """The far side cannot be reached or refused us; back off, the journal grows."""


class DidNotStart(TagtrailError):
    """A program of the demo ended before it was ready; its last words are above."""
