"""From what pydantic says of a value to the key of a sentence that a technician understands."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from heapq import nlargest
from itertools import islice, takewhile
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from edge import messages
from edge.settings.reader import Keys

_MOST_SHOWN: Final = 60
"""Characters of a value, and of a list of known names, that a sentence repeats."""

_MOST_COMPARED: Final = 100
"""Known names among which the one that was meant is looked for; every misspelling costs a look at each."""

_SENTENCES = {
    "missing": "missing",
    "extra_forbidden": "unknown_key",
    "string_type": "text",
    "string_too_short": "empty_text",
    "string_too_long": "long_text",
    "string_pattern_mismatch": "form",
    "int_type": "whole_number",
    "int_parsing": "whole_number",
    "int_from_float": "whole_number",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "bool_type": "true_false",
    "bool_parsing": "true_false",
    "literal_error": "one_of",
    "greater_than_equal": "at_least",
    "less_than_equal": "at_most",
    "greater_than": "above",
    "less_than": "below",
    "dict_type": "mapping",
    "model_type": "mapping",
    "model_attributes_type": "mapping",
    "list_type": "list",
    "tuple_type": "list",
    "too_short": "empty_list",
}
"""pydantic's error types to the catalogue's keys; a key of the catalogue itself stands for itself."""

_NOT_REPEATED = ("secret_plain", "secret_form", "url_credentials", "url_scheme", "url_host", "url_store")
"""What stands there may be a secret."""

_PEM: Final = "-----BEGIN"

_LIMITS = ("ge", "le", "gt", "lt", "max_length")


def wording(
    error: ErrorDetails, written: str | None, known: Iterable[str] = ()
) -> tuple[str, dict[str, object]]:
    """The key of the sentence and what fills it.

    written: the value as the file has it, where it is a single one without quotes. known: what may stand
    there, see ``known_at``.
    """
    value = error["input"]
    context = error.get("ctx", {})
    key = _SENTENCES.get(error["type"], error["type"])
    if key in _NOT_REPEATED:
        return key, {}
    values: dict[str, object] = {"name": error["loc"][-1] if error["loc"] else ""}
    values["value"] = shown(value if written is None else written)
    values |= {name: shown_names(what) if _many(what) else what for name, what in context.items()}
    values["limit"] = next((context[limit] for limit in _LIMITS if limit in context), None)
    if key == "unknown_key":
        return unknown(key, str(values["name"]), known)
    if key.startswith("unknown_") and "known" in context:
        return unknown(key, str(context["name"]), context["known"])
    if key == "one_of":
        key, more = _choice(value, known)
        return key, values | more
    key = _mistaken(key, value)
    return (key, values) if _can_say(key, values) else ("said", {"said": _said(error)})


def unknown(key: str, name: str, known: Iterable[str]) -> tuple[str, dict[str, object]]:
    """``key`` or, where one of ``known`` is close, ``key_near``, with what fills it."""
    if near := closest(name, known):
        return f"{key}_near", {"name": shown(name), "near": near}
    return key, {"name": shown(name), "known": _shown_names(tuple(known))}


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant: did you mean …?"""
    return _closest(name, tuple(known))


@lru_cache(maxsize=256)  # a port that was renamed is misspelt by every device on it
def _closest(name: str, known: tuple[str, ...]) -> str | None:
    written = name.lower().replace("_", "-")
    plain = {each.lower().replace("_", "-"): each for each in known}
    likely = nlargest(_MOST_COMPARED, plain, key=lambda each: _alike_from_the_start(each, written))
    near = get_close_matches(written, likely, n=1, cutoff=0.6)
    return plain[near[0]] if near else None


def _alike_from_the_start(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def shown(value: object) -> str:
    """A value as a sentence repeats it: short, and as YAML spells it."""
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    if _PEM in text:  # a private key where its file should be named
        return f"{_PEM}…"
    text = "".join(each if each.isprintable() else "·" for each in text[:_MOST_SHOWN])
    return text if len(text) < _MOST_SHOWN else text[:-1] + "…"


def shown_names(names: Iterable[object]) -> str:
    """``a, b, c`` and no longer than a line takes; ``-`` for none."""
    return _shown_names(tuple(names))


@lru_cache(maxsize=256)  # what is known of one mapping is told at every key of it that is not
def _shown_names(names: tuple[object, ...]) -> str:
    listed = [shown(name) for name in islice(names, _MOST_SHOWN)]
    fitting = len(listed)
    while len(text := ", ".join(listed[:fitting])) > 2 * _MOST_SHOWN:
        fitting -= 1
    return f"{text}, …" if fitting < len(listed) else text or "-"


def _many(what: object) -> bool:
    return isinstance(what, Sequence) and not isinstance(what, str)


def _choice(value: object, known: Iterable[str]) -> tuple[str, dict[str, object]]:
    """A value that is none of the possible ones; ``known`` holds these as written."""
    choices = list(known)
    if isinstance(value, int | float) and not isinstance(value, bool) and str(value) in choices:
        return "quote", {}
    if isinstance(value, str) and value in choices:
        return "unquote", {}
    near = closest(shown(value), choices)
    return ("one_of_near", {"near": near}) if near else ("one_of", {"known": shown_names(choices)})


def _mistaken(key: str, value: object) -> str:
    """A sharper sentence for what is mistaken most often."""
    if value is None and key in _SENTENCES.values():
        return "empty"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if key == "text" and number:
        return "quote"
    if key in ("whole_number", "number") and isinstance(value, str) and value.strip("-").isdecimal():
        return "leading_zero" if value.startswith("0") and len(value) > 1 else "unquote"
    return key


def _can_say(key: str, values: Mapping[str, object]) -> bool:
    try:
        messages.text("en", f"settings.{key}", **values)
    except (KeyError, TypeError):
        return False
    return True


def _said(error: ErrorDetails) -> str:
    cause = error.get("ctx", {}).get("error")
    return shown(cause) if isinstance(cause, Exception) else error["msg"]


# --- what a model knows ------------------------------------------------------------------------------------


def known_at(model: type[BaseModel], keys: Keys) -> list[str]:
    """What may stand at ``keys`` below ``model``: the keys of a mapping, the choices of a value."""
    annotations: list[Any] = [model]
    for key in keys:
        annotations = [inner for each in annotations for inner in _inside(each, key)]
    return [name for each in annotations for name in _names(each)]


def _inside(annotation: Any, key: str | int) -> Iterator[Any]:
    for each in _alternatives(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield from (
                field.annotation for name, field in each.model_fields.items() if key == (field.alias or name)
            )
        elif get_args(each) and get_origin(each) in (dict, Mapping, list, tuple):
            yield get_args(each)[-1]


def _names(annotation: Any) -> Iterator[str]:
    for each in _alternatives(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield from (field.alias or name for name, field in each.model_fields.items())
        elif get_origin(each) is Literal:
            yield from map(str, get_args(each))


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types behind ``Annotated`` and ``|``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each)
    else:
        yield annotation
