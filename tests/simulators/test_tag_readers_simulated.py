"""Simulated readers of lines and of hooks: their bytes by the makers' layouts, and what our drivers make of
them behind noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drivers.catalogue import DRIVERS
from drivers.contract import Frame, Instant, Reject
from simulators.options import ScenarioError
from simulators.site import Site
from simulators.tag_lines import line as tag_line
from simulators.uhf_reader import frame
from tests.simulators.peers import line, truth, until

QUICK = {"first": 0, "gap": [0, 0], "stay": [0, 0], "repeat": "2ms"}
LINES = [
    ("allflex", "982000001088420", b"LA 982 000001088420\r\n"),  # RS320 user guide, table 3
    ("tiris", "982000001088420", b"LA 00000 0 982 000001088420\r\n"),  # AFX-100 manual p. 19
    ("biomark", "989001000474440", b"20-07-2012 11:46:28 01 TAG 3DD.003BA20748\r\n"),  # HPR manual p. 27
    ("iso", "982000001088420", b"\x02982 000001088420\r\n"),  # ISO 24631-6, 4.3
]


def scenario(device: str, **options: object) -> dict[str, Any]:
    return {"ports": {"reader": {"device": device, **QUICK, **options}}}


def codes(driver: str, data: bytes) -> list[str]:
    """What our driver sees in these bytes."""
    decoder: Any = DRIVERS[driver].decoder(DRIVERS[driver].decoder.options())
    found: list[str] = []
    for item in decoder.splitter().feed(data):
        if isinstance(item, Frame):
            try:
                found += [seen.code.value for seen in decoder.decode(item, Instant(0))]
            except Reject:
                continue
    return found


@pytest.mark.parametrize(("form", "code", "sent"), LINES)
def test_lines_are_those_of_real_readers(form: str, code: str, sent: bytes) -> None:
    assert tag_line(form, code) == sent


def test_frames_are_of_the_form_and_checksum_of_real_readers() -> None:
    # Timereversal/rfidtime transport/packet.go has the same tag as an inventory's answer.
    captured = bytes.fromhex("1500010301010ce28068940000500a9d2298c648257e")
    active = frame("E28068940000500A9D2298C6", antenna=3, rssi=0x48)
    assert active[:6] == bytes((0x14, 0, 0xEE, 0, 0b100, 12))
    assert active[6:19] == captured[7:20]
    assert len(active) == 0x14 + 1


@pytest.mark.parametrize(
    ("device", "driver", "options"),
    [
        *(("line_reader", "tag_lines", {"form": form}) for form, _, _ in LINES),
        ("uhf_reader", "uhf_reader18", {"antennas": [1, 3]}),
    ],
)
async def test_what_is_heard_is_what_happened(
    device: str, driver: str, options: dict[str, object], tmp_path: Path
) -> None:
    async with Site(scenario(device, **options), tmp_path) as site, line(site, "reader") as wire:
        await until(lambda: len(truth(site, "tag")) > 60)
        site.fault("unplug", port="reader")
        await until(lambda: wire.gone)
        happened = [fact["code"] for fact in truth(site, "tag", delivered=True)]
    assert len(set(happened)) > 30
    heard = codes(driver, bytes(wire.heard))
    assert heard == happened[: len(heard)]
    assert len(happened) - len(heard) <= 2  # the plug was pulled with them on the line


@pytest.mark.parametrize(("device", "driver"), [("line_reader", "tag_lines"), ("uhf_reader", "uhf_reader18")])
async def test_noise_and_pieces_neither_hide_nor_invent_a_tag(
    device: str, driver: str, tmp_path: Path
) -> None:
    async with Site(scenario(device, repeat="10ms"), tmp_path, seed=7) as site, line(site, "reader") as wire:
        site.fault("noise", port="reader", rate=0.3, where="before")
        site.fault("split", port="reader", rate=0.3, ms=1)
        await until(lambda: len(truth(site, "tag")) > 60)
        site.fault("noise", port="reader", on=False)
        await until(lambda: len(truth(site, "tag")) > 80)
        happened = {fact["code"] for fact in truth(site, "tag", delivered=True)[:70]}
        said = {fact["code"] for fact in truth(site, "tag")}
        await until(lambda: happened <= set(codes(driver, bytes(wire.heard))))
        assert set(codes(driver, bytes(wire.heard))) <= said | {fact["code"] for fact in truth(site, "tag")}


async def test_a_crate_of_tags_is_said_again_and_again_as_a_whole(tmp_path: Path) -> None:
    crates = scenario("uhf_reader", together=10, stay=["50ms", "60ms"])
    async with Site(crates, tmp_path) as site, line(site, "reader"):
        await until(lambda: len(truth(site, "tag")) > 60)
        said = [fact["code"] for fact in truth(site, "tag")]
        repeats = [fact["repeat"] for fact in truth(site, "tag")]
    assert said[:10] == said[10:20] == [f"E2001{number:019X}" for number in range(1, 11)]
    assert repeats[:30] == [0] * 10 + [1] * 10 + [2] * 10


async def test_a_wrong_checksum_hides_the_hook(tmp_path: Path) -> None:
    async with Site(scenario("uhf_reader"), tmp_path) as site:
        site.fault("wrong_crc", port="reader")
        async with line(site, "reader") as wire:
            await wire.hear(210)
            assert truth(site, "tag", delivered=False, faults=["wrong_crc"])
    assert codes("uhf_reader18", bytes(wire.heard)) == []


@pytest.mark.parametrize(
    ("device", "options", "complaint"),
    [
        ("line_reader", {"form": "morse"}, "reader.form: morse is none of allflex"),
        ("line_reader", {"tags": [982000001088420]}, "is no 15-digit"),
        ("line_reader", {"hdx": 0.5}, "unknown key"),
        ("uhf_reader", {"tags": ["E2001"]}, "is no EPC"),
        ("uhf_reader", {"tags": ["e200"]}, "is no EPC"),
        ("uhf_reader", {"tags": [1234]}, "is no EPC"),
        ("uhf_reader", {"hooks": 0}, "less than 1"),
        ("uhf_reader", {"antennas": [0]}, "not all 1 to 8"),
        ("uhf_reader", {"together": 0}, "less than 1"),
    ],
)
def test_options_that_cannot_be(
    device: str, options: dict[str, object], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Site(scenario(device, **options), tmp_path)


async def test_lines_have_no_checksum_to_spoil(tmp_path: Path) -> None:
    async with Site(scenario("line_reader"), tmp_path) as site:
        with pytest.raises(ScenarioError, match="wrong_crc is none of"):
            site.fault("wrong_crc", port="reader")
