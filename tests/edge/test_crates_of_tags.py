"""Five thousand tags in five seconds past a UHF reader, through a real gateway and into its journal: none is
lost, none invented, each stands there once with its count."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from simulators.site import Site
from tests.faults.rig import GatewayProcess, Gateways, journalled

pytestmark = pytest.mark.slow

TAGS = 5000
SCENARIO: dict[str, Any] = {
    "ports": {
        "portal": {
            "device": "uhf_reader",
            "tcp": 0,  # no serial line carries a thousand tags a second
            "hooks": TAGS,
            "antennas": [1, 2, 3, 4],
            "together": 100,
            "first": "3s",
            "gap": [0, 0],
            "stay": ["70ms", "70ms"],
            "repeat": "20ms",
        }
    }
}
PASSED_S = 30.0
"""The last of them is there after 5 s; the rest is a busy machine's."""


def settings(folder: Path, portal: str) -> Path:
    data = {
        "gateway": {"id": "portal-01", "operator": {"name": "portal"}, "site": {"name": "portal"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {"platform": {"mqtt": {"url": "mqtt://127.0.0.1:9"}}},
        "ports": {"portal": {"tcp": portal}},
        "devices": {"portal": {"driver": "uhf_reader18", "port": "portal", "repeat": "60s"}},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


def happened(site: Site) -> list[dict[str, Any]]:
    """What the reader put on the wire, in order."""
    assert site.truth is not None
    facts = (json.loads(line) for line in site.truth.read_text(encoding="utf-8").splitlines())
    return [fact for fact in facts if fact["what"] == "tag" and fact["delivered"]]


async def all_passed(site: Site) -> None:
    """Every tag has been seen. Meanwhile the file is only glanced at: the reader runs in this process."""
    assert site.truth is not None
    while site.truth.read_bytes().count(b'"repeat": 0,') < TAGS:
        await asyncio.sleep(0.2)
    while len({fact["code"] for fact in happened(site)}) < TAGS:
        await asyncio.sleep(0.5)


async def heard(gateway: GatewayProcess, frames: int) -> dict[str, Any]:
    """The port's counts once all of these frames have come in."""
    while (port := (await gateway.status())["ports"]["portal"])["frames"] < frames:
        await asyncio.sleep(0.1)
    counts: dict[str, Any] = port
    return counts


def entries(journal: Path) -> list[dict[str, Any]]:
    """Of the telemetry lane, in order."""
    return [
        entry
        for (lane, _), body in journalled(journal).items()
        if lane == "telemetry"
        for entry in orjson.loads(body)["observations"]
    ]


@pytest.mark.parametrize("noisy", [False, True], ids=["quiet", "noisy"])
async def test_every_tag_is_journalled_once_with_its_count(
    noisy: bool, tmp_path: Path, gateways: Gateways
) -> None:
    async with Site(SCENARIO, tmp_path / "devices") as site:
        if noisy:
            site.fault("noise", port="portal", where="before", rate=0.2)
            site.fault("wrong_crc", port="portal", rate=0.002)
        gateway = gateways(settings(tmp_path, site.ports["portal"]["tcp"]))
        await gateway.start()
        await gateway.status()
        await all_passed(site)
        site.fault("silence", port="portal")
        true = happened(site)
        port = await heard(gateway, len(true))
        assert await gateway.stop() == 0
    sightings = Counter(fact["code"] for fact in true)
    said = entries(gateway.journal)
    firsts = [entry["code"]["value"] for entry in said if "again" not in entry]
    again = {entry["code"]["value"]: entry["again"]["count"] for entry in said if "again" in entry}
    assert len(firsts) == len(set(firsts)) == TAGS
    assert set(firsts) == set(sightings)
    assert again == {code: times - 1 for code, times in sightings.items() if times > 1}
    assert len(said) == len(firsts) + len(again)
    assert port["frames"] == len(true)
    assert (port["rejects"] > 0) == noisy
    assert seconds_between(true[0], true[-1]) < PASSED_S
    assert sum(sightings.values()) > 1.5 * TAGS, "most were seen several times"


def seconds_between(first: dict[str, Any], last: dict[str, Any]) -> float:
    began, ended = (datetime.fromisoformat(fact["t"]) for fact in (first, last))
    return (ended - began).total_seconds()
