"""Simulated readers that must be asked: their answers by the makers' layouts, and our drivers asking them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drivers.contract import LinkDown
from simulators import r2000, rfid_shop, yrm100
from simulators.options import ScenarioError
from simulators.site import Site
from tests.simulators.ours import Heard, listening
from tests.simulators.peers import line, truth, until

QUICK = {"first": 0, "gap": [0, 0], "stay": ["50ms", "200ms"], "turnaround": "2ms"}
READERS = ("rfid_shop", "yrm100", "r2000")
HOOK = "E20010000000000000000042"
ANIMAL = "123112233445566"

ANSWERS = [
    # RFID-shop's own examples: one tag in the three modes.
    (rfid_shop.framed(0, rfid_shop.digits(ANIMAL)), "0201000c1122334455660123000000104a03"),
    (rfid_shop.framed(0, rfid_shop.telegram(ANIMAL)), "0201001000f48d577448ed1e0102b6fe102040804903"),
    (rfid_shop.framed(0, rfid_shop.chip(ANIMAL)), "0201000abe78a221da1e0080d60fd103"),
    # The manual's answer of an empty field; a tag by its layout.
    (yrm100.error(yrm100.NO_TAG), "bb01ff000115167e"),
    (yrm100.frame(HOOK, rssi=0xC9), "bb02220011c93000e20010000000000000000042ee16667e"),
    (
        r2000.frame("E2001A2B3C4D5E6F70819203", antenna=3, rssi=0x41),
        "a0130189363000e2001a2b3c4d5e6f708192034119",
    ),
    (
        r2000.frame("E2001A2B3C4D5E6F70819203", antenna=7, rssi=0x41),
        "a0130189363000e2001a2b3c4d5e6f70819203c199",
    ),
]


def scenario(name: str, **options: object) -> dict[str, Any]:
    return {"ports": {"reader": {"device": f"{name}_reader", **QUICK, **options}}}


def delivered(site: Site) -> list[str]:
    return [fact["code"] for fact in truth(site, "tag", delivered=True)]


async def all_heard(site: Site, heard: Heard) -> None:
    """The reader falls silent, and everything that it said has been understood."""
    site.fault("silence", port="reader")
    await until(lambda: heard.codes.get("reader") == delivered(site))


@pytest.mark.parametrize(("answer", "sent"), ANSWERS, ids=[sent[:16] for _, sent in ANSWERS])
def test_answers_are_those_of_real_readers(answer: bytes, sent: str) -> None:
    assert answer.hex() == sent


@pytest.mark.parametrize("name", READERS)
async def test_what_is_heard_is_what_happened(name: str, tmp_path: Path) -> None:
    async with (
        Site(scenario(name), tmp_path) as site,
        listening(site, "reader", name, reader={}) as (heard, _),
    ):
        await until(lambda: len(truth(site, "tag", repeat=0)) > 6)
        await all_heard(site, heard)
        assert heard.refused == {}
        assert len(set(heard.codes["reader"])) > 3
        assert truth(site, "tag", repeat=1), "those that stay are answered again"


@pytest.mark.parametrize("name", READERS)
async def test_noise_pieces_and_damage_neither_hide_nor_invent_a_tag(name: str, tmp_path: Path) -> None:
    async with (
        Site(scenario(name), tmp_path, seed=3) as site,
        listening(site, "reader", name, reader={}) as (heard, _),
    ):
        site.fault("noise", port="reader", rate=0.3, where="before")
        site.fault("split", port="reader", rate=0.3, ms=1)
        site.fault("wrong_crc", port="reader", rate=0.4)
        await until(lambda: len(truth(site, "tag")) > 30)
        for fault in ("noise", "split", "wrong_crc"):
            site.fault(fault, port="reader", on=False)
        before = len(truth(site, "tag"))
        await until(lambda: len(truth(site, "tag")) > before + 5)
        await all_heard(site, heard)
        lost = [fact["faults"] for fact in truth(site, "tag", delivered=False)]
        assert any("wrong_crc" in faults for faults in lost)


@pytest.mark.parametrize("name", READERS)
async def test_a_reader_that_was_unplugged_answers_again(name: str, tmp_path: Path) -> None:
    async with Site(scenario(name), tmp_path) as site:
        async with listening(site, "reader", name, reader={}) as (heard, running):
            await until(lambda: heard.codes)
            site.fault("unplug", port="reader")
            with pytest.raises(LinkDown):
                await running
        site.fault("unplug", port="reader", on=False)
        async with listening(site, "reader", name, reader={}) as (heard, _):
            await until(lambda: heard.codes)


@pytest.mark.parametrize("name", READERS)
async def test_behind_a_device_server_it_answers_as_well(name: str, tmp_path: Path) -> None:
    behind = scenario(name, tcp=0)
    async with Site(behind, tmp_path) as site, listening(site, "reader", name, reader={}) as (heard, _):
        await until(lambda: heard.codes)


async def test_an_antenna_tells_only_of_its_own_tags(tmp_path: Path) -> None:
    crates = scenario("r2000", antennas=[1, 3], together=6)
    devices: dict[str, dict[str, int]] = {"first": {"channel": 1}, "third": {"channel": 3}}
    async with Site(crates, tmp_path) as site, listening(site, "reader", "r2000", **devices) as (heard, _):
        await until(lambda: len(truth(site, "tag")) > 60)
        site.fault("silence", port="reader")
        said = {
            name: [fact["code"] for fact in truth(site, "tag", antenna=antenna, delivered=True)]
            for name, antenna in (("first", 1), ("third", 3))
        }
        await until(lambda: heard.codes == said)


async def test_a_frozen_reader_answers_with_one_tag_for_ever(tmp_path: Path) -> None:
    async with (
        Site(scenario("yrm100"), tmp_path) as site,
        listening(site, "reader", "yrm100", reader={}) as (heard, _),
    ):
        await until(lambda: heard.codes)
        site.fault("frozen", port="reader")
        before = len(truth(site, "tag"))
        await until(lambda: len(truth(site, "tag")) > before + 15)
        assert len({fact["code"] for fact in truth(site, "tag")[before + 1 :]}) == 1


async def test_an_empty_field_is_no_tag(tmp_path: Path) -> None:
    empty = {name: scenario(name, first="1h")["ports"]["reader"] for name in READERS}
    questions = {"rfid_shop": "0201a70102a703", "yrm100": "bb00220000227e", "r2000": "a00401 89ff d3"}
    answers = {"rfid_shop": "020101000203", "yrm100": "bb01ff000115167e", "r2000": "a0040189369c"}
    async with Site({"ports": empty}, tmp_path) as site:
        for name in READERS:
            async with line(site, name) as wire:
                wire.say(bytes.fromhex(questions[name]))
                assert (await wire.hear(len(answers[name]) // 2)).hex() == answers[name]


async def test_what_is_no_question_is_not_answered(tmp_path: Path) -> None:
    async with Site(scenario("yrm100"), tmp_path) as site, line(site, "reader") as wire:
        wire.say(bytes.fromhex("ffff bb00220000237e bb00990000997e"))
        assert (await wire.hear(8)).hex() == "bb01ff000117187e", "no such command"
        assert [fact["bytes"] for fact in truth(site, "ignored")] == ["ffff", "bb00220000237e"]


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("rfid_shop", {"tags": [982000001088420]}, "is no 15-digit"),
        ("rfid_shop", {"antennas": [1]}, "unknown key"),
        ("yrm100", {"tags": ["E2001"]}, "is no EPC"),
        ("yrm100", {"antennas": [1]}, "unknown key"),
        ("r2000", {"antennas": [9]}, "not all 1 to 8"),
        ("r2000", {"turnaround": "soon"}, "is no duration"),
    ],
)
def test_options_that_cannot_be(
    name: str, options: dict[str, object], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Site(scenario(name, **options), tmp_path)
