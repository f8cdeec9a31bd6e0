"""What people see, in Chinese and English, from catalogues: ``{lang}/{room}.toml``, one per room.

A text is a ``str.format`` template under ``room.key``. Both languages carry the same keys and placeholders.
"""

from __future__ import annotations

import locale
import os
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias, get_args

Lang: TypeAlias = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)


@cache
def _room(lang: Lang, room: str) -> dict[str, str]:
    text = files(__name__).joinpath(lang, f"{room}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def text(lang: Lang, key: str, **values: object) -> str:
    """The text of ``room.key`` with its placeholders filled in. Raises KeyError for an unknown key."""
    room, _, name = key.partition(".")
    return _room(lang, room)[name].format(**values)


def sentence(lang: Lang, key: str, values: Mapping[str, object]) -> str:
    """As ``text``; a value ``{"key": …}`` is a sentence itself."""
    said = {
        name: sentence(lang, value["key"], {k: v for k, v in value.items() if k != "key"})
        if isinstance(value, Mapping)
        else value
        for name, value in values.items()
    }
    return text(lang, key, **said)


def word(lang: Lang, term: object, room: str = "words") -> str:
    """A state, a reason or a quantity as people call it; a term without a translation stands for itself."""
    return _room(lang, room).get(str(term).lower(), str(term))


def from_locale() -> Lang:
    """zh where the user's locale is Chinese, en elsewhere."""
    name = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    name = name or (locale.getlocale()[0] or "")
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"
