"""The reader's frames against the layout of its data sheet, re-computed here."""

from __future__ import annotations

import functools
import operator
import random
from pathlib import Path
from typing import Any

import pytest

from simulators.ear_tags import frame
from simulators.options import ScenarioError
from simulators.passing import flock, is_code
from simulators.site import Site
from tests.simulators.peers import line, truth, until

# Makuna/Rfid134 and the WL-134A data sheet; the HDX frame: its issue #10.
CAPTURES = [
    ("900250000023921", False, "02313731413932353341333438333030313030303030303030303007f803"),
    ("982000001088420", False, "0234414239303130303030364433303031303030303030303030307f8003"),
    ("999274877906943", False, "02464646464646464646333745333030313030303030303030303005fa03"),
    ("826012345678901", True, "02353343314344464432304133333030313030303030303030303003fc07"),
]


def decoded(message: bytes) -> str:
    """The code of one frame, read by the layout."""
    assert len(message) == 30
    assert message[0] == 0x02
    assert message[29] in (0x03, 0x07)
    check = functools.reduce(operator.xor, message[1:27])
    assert (message[27], message[28]) == (check, check ^ 0xFF)
    national, country = message[1:11].decode()[::-1], message[11:15].decode()[::-1]
    return f"{int(country, 16):03}{int(national, 16):012}"


def scenario(**options: object) -> dict[str, Any]:
    quick = {"first": 0, "gap": [0, 0], "stay": [0, 0], "repeat": "5ms"}
    return {"ports": {"ear": {"device": "ear_tag_reader", **quick, **options}}}


@pytest.mark.parametrize(("code", "hdx", "sent"), CAPTURES)
def test_frames_are_those_of_real_readers(code: str, hdx: bool, sent: str) -> None:
    assert frame(code, hdx).hex() == sent
    assert decoded(frame(code, hdx)) == code


def test_a_flock_has_no_twins() -> None:
    animals = flock("622926", random.Random(1))
    codes = [next(animals) for _ in range(500)]
    assert len(set(codes)) == 500
    assert all(is_code(code) and code.startswith("1560362292") for code in codes)


async def test_what_is_heard_is_what_happened(tmp_path: Path) -> None:
    tags = ["900250000023921", "156036229260001"]
    async with Site(scenario(tags=tags, hdx=0.5), tmp_path) as site, line(site, "ear") as wire:
        frames = [await wire.hear(30) for _ in range(40)]
        seen = truth(site, "tag", delivered=True)[:40]
    assert [decoded(message) for message in frames] == tags * 20
    assert [fact["code"] for fact in seen] == tags * 20
    assert [fact["hdx"] for fact in seen] == [message[29] == 0x07 for message in frames]
    assert {fact["hdx"] for fact in seen} == {True, False}


async def test_a_tag_is_repeated_while_it_stays(tmp_path: Path) -> None:
    async with Site(scenario(stay=["200ms", "300ms"]), tmp_path) as site, line(site, "ear") as wire:
        await until(lambda: truth(site, "tag", repeat=0)[1:])
        await wire.hear(60)
        repeats = [fact["repeat"] for fact in truth(site, "tag")]
    assert repeats[:3] == [0, 1, 2]
    assert repeats.count(0) == 2


async def test_a_frozen_reader_sees_one_animal_for_ever(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site:
        site.fault("frozen", port="ear")
        before = len(truth(site, "tag"))
        await until(lambda: len(truth(site, "tag")) > before + 20)
        codes = {fact["code"] for fact in truth(site, "tag")[before + 1 :]}
    assert len(codes) == 1


async def test_wrong_checksums_are_wrong(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site:
        site.fault("wrong_crc", port="ear")
        async with line(site, "ear") as wire:
            message = await wire.hear(30)
        assert truth(site, "tag", delivered=False, faults=["wrong_crc"])
    with pytest.raises(AssertionError):
        decoded(message)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"tags": [156036229260001]}, "ear.tags: 156036229260001 is no 15-digit"),
        ({"tags": ["1560362292600"]}, "ear.tags"),
        ({"tags": ["156999999999999"]}, "ear.tags"),
        ({"county": 622926}, "put it in quotes"),
        ({"gap": ["9s", "2s"]}, "longest first"),
        ({"gab": 3}, "ear.gab: unknown key"),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Site(scenario(**options), tmp_path)
