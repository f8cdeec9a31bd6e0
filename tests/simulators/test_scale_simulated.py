"""A simulated weighing indicator: its bytes by the makers' layouts, and what our driver makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Frame, Instant, Reject
from drivers.scales.scale import Options, Scale
from simulators.options import ScenarioError
from simulators.scale import Weight, a_and_d, mt_continuous
from simulators.site import Site
from tests.simulators.peers import line, truth, until

QUICK = {"first": 0, "gap": ["20ms", "40ms"], "stay": ["60ms", "90ms"], "settle": "30ms", "rate": 200}
FORMS: list[dict[str, Any]] = [
    {"form": "mt-continuous"},
    {"form": "mt-continuous", "checksum": True},
    {"form": "and"},
]


def scenario(**options: object) -> dict[str, Any]:
    return {"ports": {"rail": {"device": "scale", **QUICK, **options}}}


def weighed(data: bytes, form: str, checksum: bool = False) -> list[float | bool | None]:
    """The masses that our driver reads in these bytes; None: a gap."""
    decoder = Scale(Options.model_validate({"format": form, "checksum": checksum}))
    found: list[float | bool | None] = []
    for item in decoder.splitter().feed(data):
        if isinstance(item, Frame):
            try:
                readings = decoder.decode(item, Instant(0))
            except Reject:
                continue
            found += [reading.value for reading in readings if reading.quantity == "mass"]
    return found


def test_messages_are_those_of_the_manuals() -> None:
    hung = Weight(net=22.35, tare=1.2, stable=True)
    assert mt_continuous(hung, checksum=False) == b"\x02\x3c\x31\x20002235000120\r"
    assert sum(mt_continuous(hung, checksum=True)) % 128 == 0
    assert mt_continuous(Weight(-1.2, 1.2, stable=False), checksum=False)[2] == 0x3B
    assert mt_continuous(hung._replace(within=False), checksum=False)[2] == 0x35
    assert a_and_d(hung) == b"ST,NT,+0022.35kg\r\n"  # AD-4404 manual, 9.2.6
    assert a_and_d(Weight(-1.2, 1.2, stable=False)) == b"US,NT,-0001.20kg\r\n"


@pytest.mark.parametrize("form", FORMS, ids=str)
async def test_what_hangs_still_is_weighed(form: dict[str, Any], tmp_path: Path) -> None:
    async with Site(scenario(**form), tmp_path) as site, line(site, "rail") as wire:
        await until(lambda: len(truth(site, "weight", stable=True)) > 80)
        site.fault("unplug", port="rail")
        await until(lambda: wire.gone)
        happened = [fact["net"] for fact in truth(site, "weight", stable=True, delivered=True)]
        assert truth(site, "weight", stable=False)
    assert len({net for net in happened if net > 0}) >= 2
    assert -1.2 in happened
    heard = weighed(bytes(wire.heard), **form)
    assert heard == happened[: len(heard)]
    assert len(happened) - len(heard) <= 2  # the plug was pulled with them on the line


async def test_noise_and_pieces_invent_no_weight(tmp_path: Path) -> None:
    async with Site(scenario(checksum=True), tmp_path, seed=7) as site, line(site, "rail") as wire:
        site.fault("noise", port="rail", rate=0.3)
        site.fault("split", port="rail", rate=0.3, ms=1)
        await until(lambda: len(truth(site, "weight", stable=True)) > 80)
        heard = weighed(bytes(wire.heard), "mt-continuous", checksum=True)
        assert heard
        assert set(heard) <= {fact["net"] for fact in truth(site, "weight", stable=True)}


@pytest.mark.parametrize("form", ["mt-continuous", "and"])
async def test_out_of_range_is_a_gap(form: str, tmp_path: Path) -> None:
    async with Site(scenario(form=form), tmp_path) as site:
        site.fault("sentinel", port="rail")
        async with line(site, "rail") as wire:
            await until(lambda: len(wire.heard) > 200)
            assert set(weighed(bytes(wire.heard), form)) == {None}


async def test_a_wrong_checksum_hides_the_weight(tmp_path: Path) -> None:
    async with Site(scenario(checksum=True), tmp_path) as site:
        site.fault("wrong_crc", port="rail")
        async with line(site, "rail") as wire:
            await until(lambda: len(wire.heard) > 200)
            assert weighed(bytes(wire.heard), "mt-continuous", checksum=True) == []


async def test_frozen_it_says_the_same_for_ever(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "rail"):
        await until(lambda: truth(site, "weight"))
        site.fault("frozen", port="rail")
        before = len(truth(site, "weight"))
        await until(lambda: len(truth(site, "weight")) > before + 40)
        assert len({fact["net"] for fact in truth(site, "weight")[before:]}) == 1


async def test_without_a_checksum_there_is_none_to_spoil(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site:
        with pytest.raises(ScenarioError, match="needs a checksum"):
            site.fault("wrong_crc", port="rail")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"form": "steelyard"}, "none of mt-continuous"),
        ({"form": "and", "checksum": True}, "lines have none"),
        ({"mean": "heavy"}, "is no float"),
        ({"rate": 0}, "not above 0"),
        ({"tags": []}, "unknown key"),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Site(scenario(**options), tmp_path)
