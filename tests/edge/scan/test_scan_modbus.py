"""What `tagtrail scan modbus` tries, and what it prints of what it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.contract import Answer, Instant, NoAnswer, Quality, Reading
from drivers.links.serial import Parity
from drivers.modbus.spellings import Place, places
from drivers.modbus.sweep import SETTINGS, Swept, Unit
from edge.scan.modbus import Registers, Target, as_yaml, facts, plausible, sound, target, ways
from edge.settings.profiles import Profiles

LINE = Target("/dev/ttyUSB0")


@pytest.mark.parametrize(
    ("words", "meant", "name"),
    [
        ("/dev/ttyUSB0", LINE, "ttyusb0"),
        ("10.0.0.5", Target("", "10.0.0.5", 502), "10-0-0-5-502"),
        ("panel.example:5020", Target("", "panel.example", 5020), "panel-example-5020"),
        ("[::1]:502", Target("", "::1", 502), "1-502"),
    ],
)
def test_a_port_is_told_from_a_host(words: str, meant: Target, name: str) -> None:
    assert target(words) == meant
    assert (meant.name, target(meant.where)) == (name, meant)


@pytest.mark.parametrize(
    ("bauds", "parities", "tried"),
    [
        ([], [], list(SETTINGS)),
        ([9600], [], [(9600, "none"), (9600, "even"), (9600, "odd")]),
        ([4800], [], [(4800, "none"), (4800, "even"), (4800, "odd")]),
        ([4800, 300], ["even"], [(4800, "even"), (300, "even")]),
        ([], ["odd"], [(9600, "odd"), (19200, "odd")]),
    ],
)
def test_the_most_usual_settings_come_first(
    bauds: list[int], parities: list[Parity], tried: list[tuple[int, str]]
) -> None:
    assert [(way.port.baud, way.parity) for way in ways(LINE, bauds, parities, None)] == tried


def test_a_host_is_tried_both_ways() -> None:
    plain, line = ways(Target("", "10.0.0.5", 502), [], [], 0.4)
    assert (plain.port.rtu, line.port.rtu, plain.port.timeout_s) == (False, True, 0.4)


def test_a_profile_that_does_not_hold_spoils_no_scan(tmp_path: Path) -> None:
    whole = "documented_as: drawing 12\npoints: {temperature: {address: 7, type: s16}}\n"
    (tmp_path / "own.yaml").write_text(whole, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("points: {}\n", encoding="utf-8")
    assert list(sound(Profiles(tmp_path))) == ["own"]


@pytest.mark.parametrize(
    ("quantity", "value", "true"),
    [("temperature", 3.5, True), ("temperature", 3276.7, False), ("of-the-site", 1e9, True)],
)
def test_what_can_be_true_is_the_quantitys_business(quantity: str, value: float, true: bool) -> None:
    assert plausible(Reading(Instant(0), quantity, value, Quality.GOOD)) == true


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_two_registers_are_printed_in_every_order_as_comments(lang: Any) -> None:
    way, *_ = ways(LINE, [], [], None)
    holding, *others = places(40041)
    answers: dict[Place, Answer] = {
        holding: bytes.fromhex("40490fd0"),
        **dict.fromkeys(others, NoAnswer.ILLEGAL_ADDRESS),
    }
    swept, registers = Swept(way, [Unit(7, ())], everywhere=True), [Registers(7, 40041, answers)]
    printed = as_yaml(swept, registers, lang)
    assert yaml.safe_load(printed) == {"ports": {"ttyusb0": {"serial": "/dev/ttyUSB0", "baud": 9600}}}
    rows = [line.split() for line in printed.splitlines()]
    assert ["#", "float32", "ABCD", "3.14159"] in rows
    assert ["#", "u32", "CDAB", "265306185", "26530618.5", "2653061.85"] in rows
    (told,) = facts(swept, registers)["registers"]
    first, second, *_ = told["places"]
    assert (first["hex"], first["refused"], len(first["spellings"])) == ("40490fd0", None, 14)
    assert (second["hex"], second["refused"]) == (None, "illegal_address")
