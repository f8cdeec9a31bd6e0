"""The simulated scanner: symbols by GS1's rules, and what we make of them, cut, doubled and in noise."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Frame, Instant, Reject
from drivers.scanners.scanner import Options, Scanner
from simulators.barcode_scanner import KINDS, carton, check_digit, pack, pallet
from simulators.options import ScenarioError
from simulators.site import Site
from tests.simulators.peers import line, truth, until

SCHEMES = {"certificate": "text", "carton": "gs1", "pallet": "sscc", "pack": "gs1"}


def scenario(**options: object) -> dict[str, Any]:
    return {"ports": {"bench": {"device": "barcode_scanner", "first": 0, "gap": ["2ms", "2ms"], **options}}}


def codes(data: bytes) -> list[str]:
    """What our driver sees in these bytes."""
    scanner = Scanner(Options.model_validate({}))
    found: list[str] = []
    for item in scanner.splitter().feed(data):
        if isinstance(item, Frame):
            try:
                found += [" ".join(seen.code) for seen in scanner.decode(item, Instant(0))]
            except Reject:
                continue
    return found


def scanned(fact: dict[str, Any]) -> str:
    return f"{SCHEMES[fact['kind']]} {fact['code'].removeprefix('(00)')}"


def test_symbols_are_by_the_rules_of_gs1() -> None:
    dice = random.Random(1)
    assert check_digit("890400021003") == "7"  # gs1india.org
    assert check_digit("37610425002123456") == "9"
    assert pallet(7, dice).sent.startswith("0036901234")
    assert len(pallet(7, dice).sent) == 20
    assert carton(7, dice).sent.startswith("01969012345000143103")
    assert carton(7, dice).sent.endswith("10L00000\x1d2100000007")
    assert pack(7, dice).sent.startswith("https://id.gs1.org/01/06901234500011/10/L")


@pytest.mark.parametrize("options", [{}, {"stx": True}, {"kinds": ["certificate", "pack"], "aim": False}])
async def test_what_is_heard_is_what_happened(options: dict[str, object], tmp_path: Path) -> None:
    async with Site(scenario(**options), tmp_path) as site, line(site, "bench") as wire:
        await until(lambda: len(truth(site, "scan")) > 40)
        site.fault("unplug", port="bench")
        await until(lambda: wire.gone)
        happened = truth(site, "scan", delivered=True)
    kinds = options.get("kinds", list(KINDS))
    assert isinstance(kinds, list)
    assert {fact["kind"] for fact in happened} == set(kinds)
    heard = codes(bytes(wire.heard))
    assert heard == [scanned(fact) for fact in happened][: len(heard)]
    assert len(happened) - len(heard) <= 2  # the plug was pulled with them on the line


@pytest.mark.parametrize("fault", ["cut", "noise", "doubled"])
async def test_between_stx_and_etx_no_fault_invents_a_code(fault: str, tmp_path: Path) -> None:
    async with Site(scenario(stx=True), tmp_path, seed=5) as site, line(site, "bench") as wire:
        options: dict[str, Any] = {"where": "before"} if fault == "noise" else {}
        site.fault(fault, port="bench", rate=0.4, **options)
        await until(lambda: len(truth(site, "scan")) > 60)
        happened = {scanned(fact) for fact in truth(site, "scan", delivered=True)[:50]}
        await until(lambda: happened <= set(codes(bytes(wire.heard))))
        struck = truth(site, "scan", faults=[fault])
        assert struck
        assert all(fact["delivered"] == (fault != "cut") for fact in struck)
        heard = codes(bytes(wire.heard))
        said = [scanned(fact) for fact in truth(site, "scan")]
    if fault != "noise":
        assert set(heard) <= set(said)
    assert (len(heard) > len(set(heard))) == (fault == "doubled")


async def test_without_stx_a_cut_scan_and_the_next_are_never_another_key(tmp_path: Path) -> None:
    async with (
        Site(scenario(kinds=["carton", "pallet", "pack"]), tmp_path) as site,
        line(site, "bench") as wire,
    ):
        site.fault("cut", port="bench", rate=0.4)
        await until(lambda: len(truth(site, "scan", faults=["cut"])) > 20)
        keys = {code for code in codes(bytes(wire.heard)) if code.startswith(("sscc", "gtin"))}
        assert keys <= {scanned(fact) for fact in truth(site, "scan")}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"kinds": ["passport"]}, "bench.kinds: passport is none of certificate"),
        ({"tags": []}, "unknown key"),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Site(scenario(**options), tmp_path)
