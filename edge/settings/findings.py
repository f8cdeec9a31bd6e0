"""Everything that is wrong in one file, each thing told once and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from edge.errors import Problem
from edge.settings.reader import Document, Keys, dotted
from edge.settings.wording import known_at, shown, wording


class Fault(NamedTuple):
    """Something wrong at ``keys``: the sentence's key and what fills it. at_key: the key itself is wrong."""

    keys: Keys
    key: str
    values: Mapping[str, object]
    at_key: bool = False


_CLOSED = ("later", "secret_plain", "secret_form", "unknown_key", "unknown_key_near")
"""After these nothing below the value is told: it is not ours to judge, or not to be repeated."""


class Findings:
    """The problems of a document as they are found."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._problems = list(document.problems)
        self._told = {problem.path: problem.key for problem in document.problems}
        self._meant: set[str] = set()

    def problems(self) -> list[Problem]:
        """In the order of the file, then those of other files."""
        return sorted(
            self._problems,
            key=lambda each: (each.file != self._document.file, each.file, each.line, each.column),
        )

    def tell(self, fault: Fault) -> None:
        """Adds one, unless something was told of the same value before, or of its key that was misspelt."""
        path = dotted(fault.keys)
        if path in self._told or (path in self._meant and fault.keys not in self._document.spots):
            return
        self._told[path] = fault.key
        if fault.key == "unknown_key_near":
            self._meant.add(dotted((*fault.keys[:-1], str(fault.values["near"]))))
        self._problems.append(self.placed(fault))

    def placed(self, fault: Fault) -> Problem:
        """With its file, line and column."""
        spot = self._document.spots.get(fault.keys)
        if spot is None or fault.at_key:
            mark = self._document.spots[self._standing(fault.keys)].key
        else:
            mark = spot.value
        return Problem(self._document.file, *mark, dotted(fault.keys), fault.key, fault.values)

    def add(self, problems: Iterable[Problem]) -> None:
        """Adds what is wrong in other files that this one names."""
        self._problems.extend(problem for problem in problems if problem not in self._problems)

    def refuse(self, error: ValidationError, model: type[BaseModel], base: Keys) -> None:
        """Adds what pydantic found in the value at ``base``, which should have been a ``model``."""
        for detail in sorted(error.errors(include_url=False), key=lambda each: each["type"] == "missing"):
            self.tell(self._fault(detail, model, base))

    def scan(self) -> None:
        """Adds what no model sees: keys without a value, and digits that YAML's versions read differently."""
        for keys, spot in self._document.spots.items():
            plain = spot.plain
            if plain is None or self._closed(keys):
                continue
            if plain in ("", "~", "null", "Null", "NULL"):
                self.tell(Fault(keys, "empty", {}))
            elif len(plain) > 1 and plain.isdecimal() and plain.startswith("0"):
                self.tell(Fault(keys, "leading_zero", {"value": shown(plain)}))

    def _closed(self, keys: Keys) -> bool:
        return any(self._told.get(dotted(keys[:length])) in _CLOSED for length in range(1, len(keys)))

    def _standing(self, keys: Keys) -> Keys:
        while keys not in self._document.spots:
            keys = keys[:-1]
        return keys

    def _fault(self, detail: ErrorDetails, model: type[BaseModel], base: Keys) -> Fault:
        within = tuple(self._within(base, detail["loc"], model))
        kind = detail["type"]
        spot = self._document.spots.get((*base, *within))
        known = known_at(model, within[:-1] if kind == "extra_forbidden" else within)
        key, values = wording(detail, spot.plain if spot else None, known)
        at = detail.get("ctx", {}).get("at")
        keys: Keys = (*base, *within) if at is None else (*base, *within, at)
        at_key = kind in ("extra_forbidden", "later") or "[key]" in detail["loc"]
        return Fault(keys, key, values, at_key)

    def _within(self, base: Keys, loc: Iterable[str | int], model: type[BaseModel]) -> Iterator[str | int]:
        """The steps of pydantic's way that are or could be the file's (its unions and functions are not)."""
        keys: Keys = ()
        for step in loc:
            if (*base, *keys, step) in self._document.spots or step in known_at(model, keys):
                keys = (*keys, step)
                yield step
