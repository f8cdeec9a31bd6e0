"""A driver's own options, whatever pydantic finds in them, are told in the catalogue's words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from drivers.contract import Driver, Frame, Instant, Observation
from drivers.listener import Listener
from edge.errors import Problem, SettingsError
from edge.settings import load
from edge.settings.wording import closest, shown, shown_names


class Tuning(BaseModel):
    """A mapping within the options."""

    model_config = ConfigDict(extra="forbid")

    power: Annotated[int, Field(lt=31)] = 20


class ReaderOptions(BaseModel):
    """One option of each kind that a driver may have."""

    model_config = ConfigDict(extra="forbid")

    antenna: Literal[1, 2, 4] = 1
    loud: bool = False
    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "CN"
    gain: Annotated[float, Field(gt=0, le=10)] = 1.0
    masks: list[str] = []
    tuning: Tuning = Tuning()
    mode: str = ""
    start: int | str = 0

    @field_validator("mode")
    @classmethod
    def _known_mode(cls, mode: str) -> str:
        if mode == "old":
            raise ValueError("this mode is gone; use new")
        if mode == "odd":
            raise PydanticCustomError("odd_mode", "the mode {mode} is odd", {"mode": mode})
        if mode == "half":
            raise PydanticCustomError("unknown_channel", "only half of what the sentence needs", {"count": 1})
        if mode == "awkward":
            raise PydanticCustomError("odd_mode", "awkward words", {"lang": "en", "key": "x", "self": 1})
        return mode


class Reader:
    """A decoder for these options alone."""

    options: ClassVar[type[BaseModel]] = ReaderOptions
    claims: ClassVar[tuple[str, ...]] = ("antenna",)

    def __init__(self, options: Any) -> None: ...

    def quantities(self) -> Sequence[str]:
        return ()

    def decode(self, frame: Frame, at: Instant) -> Sequence[Observation]:
        return ()


READER = Driver(Reader, {"serial": Listener}, every_s=None)


def problems_of(options: str, tmp_path: Path, port: str = "serial: /dev/reader") -> list[Problem]:
    path = tmp_path / "tagtrail.yaml"
    path.write_text(
        "gateway: {id: dx, operator: {name: a}, site: {name: b}}\njournal: {path: /journal.db}\n"
        f"ports: {{p: {{{port}}}}}\ndevices:\n  r: {{driver: reader, port: p, {options}}}\n",
        encoding="utf-8",
    )
    try:
        load(path, {"reader": READER})
    except SettingsError as error:
        return list(error.problems)
    return []


SAID = [
    ("antenna: 3", "antenna", "one_of", "possible are: 1, 2, 4"),
    ('antenna: "2"', "antenna", "unquote", "2 is a number; write it without quotes"),
    ("loud: loud", "loud", "true_false", "must be true or false, not loud"),
    ("region: cn", "region", "form", "cn does not have the form ^[A-Z]{2}$"),
    ("gain: 0", "gain", "above", "it must be more than 0"),
    ("gain: 10.5", "gain", "at_most", "the most is 10"),
    ("masks: a", "masks", "list", "must be a list, such as [a, b], not a"),
    ("masks: [a, 2]", "masks[1]", "quote", '2 looks like a number and is text; put it in quotes: "2"'),
    ("tuning: 3", "tuning", "mapping", "must be a group of keys"),
    ("tuning: {power: 31}", "tuning.power", "below", "31 is too large; it must be less than 31"),
    ("tuning: {powr: 3}", "tuning.powr", "unknown_key_near", "did you mean power?"),
    ("mode: old", "mode", "said", "this mode is gone; use new"),
    ("mode: odd", "mode", "said", "the mode odd is odd"),
    ("mode: half", "mode", "said", "only half of what the sentence needs"),
    ("mode: awkward", "mode", "said", "awkward words"),
    ("start: [1]", "start", "whole_number", "must be a whole number, not […]"),
]


@pytest.mark.parametrize(("options", "key", "sentence", "says"), SAID, ids=[row[0] for row in SAID])
def test_what_is_wrong_with_an_option_is_said_in_our_words(
    options: str, key: str, sentence: str, says: str, tmp_path: Path
) -> None:
    [problem] = problems_of(options, tmp_path)
    assert (problem.path, problem.key) == (f"devices.r.{key}", sentence)
    assert says in problem.sentence("en")
    assert problem.sentence("zh")


def test_options_that_hold_are_given_to_the_decoder(tmp_path: Path) -> None:
    assert problems_of("antenna: 2, loud: true, masks: [a], tuning: {power: 3}", tmp_path) == []


def test_a_driver_says_which_ports_it_can_hang_on(tmp_path: Path) -> None:
    [problem] = problems_of("antenna: 2", tmp_path, port="tcp: 'reader:4001'")
    assert (problem.path, problem.key) == ("devices.r.port", "port_kind")
    assert "cannot hang on p, which is tcp; it needs serial" in problem.sentence("en")


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("modbuss", ["modbus", "nmea"], "modbus"),
        ("Chiller_1", ["chiller-1", "chiller-2"], "chiller-1"),
        ("xyz", ["modbus"], None),
        ("modbus", [], None),
    ],
)
def test_the_closest_name_is_suggested(written: str, known: list[str], meant: str | None) -> None:
    assert closest(written, known) == meant


def test_what_is_repeated_stays_short_and_printable() -> None:
    assert shown("a\tb\x1b[31m") == "a·b·[31m"
    assert len(shown("x" * 1000)) == 60
    assert shown_names([]) == "-"
    assert shown_names(["a", "b"]) == "a, b"
    assert shown_names(f"place-{number}" for number in range(99)).endswith(", …")
    assert len(shown_names(["x" * 1000] * 3)) < 130
