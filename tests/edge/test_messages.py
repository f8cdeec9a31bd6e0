"""What people see is there in both languages, with the same words to fill in."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

from edge.messages import LANGS, from_locale, text
from tests.edge.settings.broken import ROWS as COMMON
from tests.edge.settings.broken_alarms import ALARMS
from tests.edge.settings.broken_goods import GOODS
from tests.edge.settings.broken_transport import TRANSPORT

CATALOGUES = Path(str(files("edge.messages")))
ROOMS = sorted({path.stem for path in CATALOGUES.glob("*/*.toml")})


def catalogue(lang: str, room: str) -> dict[str, str]:
    return tomllib.loads((CATALOGUES / lang / f"{room}.toml").read_text(encoding="utf-8"))


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_the_same_in_both_languages(room: str) -> None:
    zh, en = catalogue("zh", room), catalogue("en", room)
    assert list(zh) == list(en), "the same keys in the same order"
    assert {key: placeholders(zh[key]) for key in zh} == {key: placeholders(en[key]) for key in en}


@pytest.mark.parametrize("room", ROOMS)
def test_no_text_is_left_in_english(room: str) -> None:
    for key, template in catalogue("zh", room).items():
        words = "".join(literal for literal, *_ in Formatter().parse(template))
        assert not re.search("[A-Za-z]", words) or re.search("[\u4e00-\u9fff]", words), key


ROWS = [*COMMON, *ALARMS, *GOODS, *TRANSPORT]

NEEDS_MORE_THAN_A_BROKEN_LINE = {
    *("unreadable", "too_large", "not_utf8", "empty_file"),
    *("true_false", "list", "form", "above", "below", "said", "port_kind"),
    *("channel_required", "broken_profile", "unknown_unit", "unknown_unit_near"),
    *("profile_twice", "profiles_unreadable"),
    *("secret_unreadable", "secret_not_text", "secret_no_credentials", "secret_no_variable"),
    *("secret_key", "secret_pem", "counted", "counted_unnamed", "no_trips", "influx_missing"),
    *("secret_exposed", "commands_plain", "commands_anonymous"),
    "fixed_while_running",
}
"""Sentences of the settings that have tests of their own beside the table."""


def test_every_sentence_about_settings_is_needed() -> None:
    assert {row.key for row in ROWS} | NEEDS_MORE_THAN_A_BROKEN_LINE == set(catalogue("en", "settings"))


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("en", "settings.no_such_key")


@pytest.mark.parametrize(
    ("locale", "lang"),
    [("zh_CN.UTF-8", "zh"), ("zh", "zh"), ("en_GB.UTF-8", "en"), ("de_DE", "en"), ("C", "en")],
)
def test_the_language_is_the_locales(locale: str, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", locale)
    assert from_locale() == lang
    assert lang in LANGS
