"""YAML text to data, and where each piece of it stands.

YAML 1.2's core schema, less what a settings file has no use for and what reads differently to different
eyes: one document, no tabs, no tags, anchors, aliases or merges, no key twice; keys are text. Plain digits
that begin with 0 stay text (the core schema makes ``012`` twelve, YAML 1.1 ten; it may be meant as a code).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

import yaml

from edge.errors import Problem, SettingsError

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32

Keys: TypeAlias = tuple[str | int, ...]
"""The way from the file's root to a value: names of mappings, positions in lists."""


class Mark(NamedTuple):
    """A place in the file, counted from 1."""

    line: int
    column: int


class Spot(NamedTuple):
    """Where an entry stands. key: its key; in a list, the value. plain: as written, if without quotes."""

    key: Mark
    value: Mark
    plain: str | None


class Document(NamedTuple):
    """A file that could be read. problems: what does not keep it from being checked further."""

    file: str
    data: object
    spots: dict[Keys, Spot]
    problems: list[Problem]


def dotted(keys: Keys) -> str:
    """``devices.gps.thin``, ``records.slaughter.sheep.line[0]``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def read(path: Path) -> Document:
    """Reads a settings file. Raises SettingsError where it is no YAML that could be checked further."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = Problem(str(path), 0, 0, "", "unreadable", {"why": error.strerror})
        raise SettingsError(problems=[problem]) from error
    return parse(raw, str(path))


def parse(raw: bytes, file: str) -> Document:
    """The same for bytes in hand; ``file`` is the name in problems."""
    text = _text(raw, file)
    return _Composer(text, file).document()


# --- the text ---------------------------------------------------------------------------------------------

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What YAML 1.1, and so libyaml, takes for the end of a line."""


def _text(raw: bytes, file: str) -> str:
    def refuse(key: str, before: str, **values: object) -> NoReturn:
        lines = _LINE_END.split(before)
        mark = Mark(len(lines), len(lines[-1]) + 1)
        raise SettingsError(problems=[Problem(file, *mark, "", key, values)])

    if len(raw) > MAX_BYTES:
        refuse("too_large", "", limit=MAX_BYTES // 1024)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("not_utf8", raw[: error.start].decode("utf-8-sig"))
    if "\t" in text:
        refuse("tab", text[: text.index("\t")], lines=sum("\t" in line for line in _LINE_END.split(text)))
    if unprintable := _UNPRINTABLE.search(text):
        refuse("unprintable", text[: unprintable.start()], code=f"{ord(unprintable[0]):04X}")
    return text


# --- the tree ---------------------------------------------------------------------------------------------

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CORE: Final[tuple[tuple[re.Pattern[str], Callable[[str], object]], ...]] = (
    (re.compile("null|Null|NULL|~|"), lambda _: None),
    (re.compile("true|True|TRUE"), lambda _: True),
    (re.compile("false|False|FALSE"), lambda _: False),
    (re.compile("[-+]?(?:0|[1-9][0-9]{0,31})"), int),
    (re.compile("0o[0-7]{1,32}|0x[0-9a-fA-F]{1,32}"), lambda plain: int(plain, base=0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]{0,31})(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), lambda plain: float(plain.replace(".", ""))),
)
"""What a text without quotes means, first match first (YAML 1.2.2, 10.3.2); anything else is text."""


def _scalar(plain: str) -> object:
    return next((meaning(plain) for form, meaning in _CORE if form.fullmatch(plain)), plain)


def _start(event: yaml.Event) -> Mark:
    mark = event.start_mark
    assert mark is not None, "a parser's events all have one"
    return Mark(mark.line + 1, mark.column + 1)


class _Composer:
    """Builds the data from libyaml's events, so that nothing is made before it was looked at."""

    def __init__(self, text: str, file: str) -> None:
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_Loader)
        self._file = file
        self._spots: dict[Keys, Spot] = {}
        self._problems: list[Problem] = []

    def document(self) -> Document:
        try:
            data = self._documents()
        except yaml.MarkedYAMLError as error:
            self._stop(*_syntax(error))
        return Document(self._file, data, self._spots, self._problems)

    def _documents(self) -> object:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            self._stop(Mark(1, 1), (), "empty_file")
        event = next(self._events)
        data = self._node(event, (), _start(event))
        next(self._events)  # the document's end
        event = next(self._events)
        if isinstance(event, yaml.DocumentStartEvent):
            self._stop(_start(event), (), "several_documents")
        return data

    def _node(self, event: yaml.Event, path: Keys, key: Mark) -> object:
        here = _start(event)
        plain = event.value if isinstance(event, yaml.ScalarEvent) and not event.style else None
        self._spots[path] = Spot(key, here, plain)
        if isinstance(event, yaml.AliasEvent):
            self._tell(here, path, "alias")
            return None
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.anchor is not None:
            self._tell(here, path, "anchor")
        if event.tag is not None:
            self._tell(here, path, "tag")
        if isinstance(event, yaml.ScalarEvent):
            return event.value if plain is None else _scalar(plain)
        if len(path) >= MAX_DEPTH:
            self._stop(here, path, "too_deep", limit=MAX_DEPTH)
        return self._list(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _list(self, path: Keys) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), _start(event)))
        return items

    def _mapping(self, path: Keys) -> dict[str, object]:
        entries: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            here = _start(event)
            name = self._key(event, path)
            if name in entries:
                first = self._spots[*path, name].key
                self._tell(here, (*path, name), "duplicate_key", name=name, line=first.line)
                self._skip()
            else:
                entries[name] = self._node(next(self._events), (*path, name), here)
        return entries

    def _skip(self) -> None:
        depth = 0
        while True:
            event = next(self._events)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if not depth:
                return

    def _key(self, event: yaml.Event, path: Keys) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
            self._stop(_start(event), path, "key_form")
        name: str = event.value
        if name == "<<" and not event.style:
            self._stop(_start(event), (*path, name), "merge_key")
        return name

    def _tell(self, mark: Mark, path: Keys, key: str, **values: object) -> None:
        self._problems.append(Problem(self._file, *mark, dotted(path), key, values))

    def _stop(self, mark: Mark, path: Keys, key: str, **values: object) -> NoReturn:
        self._tell(mark, path, key, **values)
        raise SettingsError(problems=self._problems)


# --- the grammar ------------------------------------------------------------------------------------------

_SYNTAX = (
    ("mapping values are not allowed", "syntax_colon"),
    ("could not find expected ':'", "syntax_no_colon"),
    ("cannot start any token", "syntax_character"),
    ("unexpected end of stream", "syntax_open_quote"),
    ("unexpected document indicator", "syntax_open_quote"),
    ("',' or", "syntax_open_bracket"),
    ("expected key", "syntax_indent"),
    ("'-' indicator", "syntax_indent"),
    ("<block end>", "syntax_indent"),
    ("sequence entries are not allowed", "syntax_dash"),
    ("escape", "syntax_escape"),
)
"""libyaml's words (and the Python parser's, where they differ) to the catalogue's."""

_OPENED_BEFORE = {"syntax_open_quote", "syntax_open_bracket", "syntax_no_colon"}
"""Here libyaml notices late; what is wrong stands where it began."""


def _syntax(error: yaml.MarkedYAMLError) -> tuple[Mark, Keys, str]:
    said = error.problem or ""
    key = next((key for words, key in _SYNTAX if words in said), "syntax")
    mark = error.problem_mark
    if mark is None or (key in _OPENED_BEFORE and error.context_mark is not None):
        mark = error.context_mark
    return (Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark(1, 1)), (), key
