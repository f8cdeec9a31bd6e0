"""A simulated gpsd: its lines beside those of a real one, and what our driver makes of them."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import NANOSECONDS, LinkDown
from simulators.options import ScenarioError
from simulators.site import Site
from tests.simulators.ours import Heard, listening
from tests.simulators.peers import truth, until

ROUTE = [
    {"name": "plant", "at": [35.6636, 103.3894], "altitude": 2610.0, "speed": 36.0},
    {"name": "market", "at": [36.0611, 103.8343], "altitude": 1525.0, "speed": 36.0, "stop": "1h"},
]
WATCH = b'?WATCH={"enable":true,"json":true};\n'
CAPTURES = Path(__file__).parents[1] / "vectors" / "gpsd.json"


def scenario(**options: object) -> dict[str, Any]:
    quick = {"rate": 10, "sky_every": 1, "route": ROUTE}
    return {"ports": {"gps": {"device": "gpsd", **quick, **options}}}


class Client:
    """A client of another make."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, request: bytes) -> None:
        self._writer.write(request)

    async def hear(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(await self._reader.readline())
        return report


@asynccontextmanager
async def client(site: Site) -> AsyncIterator[Client]:
    host, _, port = site.ports["gps"]["tcp"].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


def valid(site: Site) -> dict[str, dict[str, Any]]:
    """What truly happened where it was told, by the receiver's time."""
    return {fact["utc"]: fact for fact in truth(site, "fix", valid=True, delivered=True)}


def agreed(site: Site, heard: Heard) -> int:
    """How many of our fixes say what truly happened."""
    true = {round(datetime.fromisoformat(utc).timestamp(), 3): fact for utc, fact in valid(site).items()}
    fixes = {round((fix.utc or 0) / NANOSECONDS, 3): fix for fix in heard.fixes}
    both = true.keys() & fixes.keys()
    for utc in both:
        fact, fix = true[utc], fixes[utc]
        assert math.isclose(fix.lat, fact["lat"], abs_tol=1e-7)
        assert math.isclose(fix.lon, fact["lon"], abs_tol=1e-7)
        assert fix.speed == fact["speed"]
        assert fix.course == pytest.approx(fact["course"], abs=0.06)
        assert (fix.satellites, fix.hdop) == (16, 0.9)
    return len(both)


async def test_it_greets_and_answers_as_gpsd_does(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, client(site) as peer:
        said = [await peer.hear()]
        peer.say(WATCH)
        said += [await peer.hear() for _ in range(4)]
    assert [report["class"] for report in said] == ["VERSION", "DEVICES", "WATCH", "SKY", "TPV"]
    captured: dict[str, set[str]] = {}
    for case in json.loads(CAPTURES.read_text(encoding="utf-8"))["cases"][:2]:
        for report in map(json.loads, case["lines"]):
            captured.setdefault(report["class"], set()).update(report)
    for report in said:
        assert report.keys() - captured[report["class"]] <= {"device", "satellites", "nSat"}


async def test_unwatched_it_says_nothing_and_what_it_does_not_understand_it_says(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, client(site) as peer:
        assert (await peer.hear())["class"] == "VERSION"
        await until(lambda: len(truth(site, "fix", delivered=False)) > 3)
        for request in (b"?WACHT=1;", b"?WATCH={;", b"?VERSION;?DEVICES;\n"):
            peer.say(request)
        answers = [await peer.hear() for _ in range(4)]
        assert [answer["class"] for answer in answers] == ["ERROR", "ERROR", "VERSION", "DEVICES"]
        assert answers[0]["message"] == "Unrecognized request '?WACHT=1'"
        peer.say(WATCH)
        await until(lambda: valid(site))
        peer.say(b'?WATCH={"enable":false}\n')
        while (await peer.hear()).get("enable") is not False:
            pass
        told = len(valid(site))
        await until(lambda: len(truth(site, "fix")[told:]) > 3)
        assert len(valid(site)) == told


async def test_the_truck_drives_and_our_driver_agrees(tmp_path: Path) -> None:
    async with (
        Site(scenario(), tmp_path, speed=20) as site,
        listening(site, "gps", "gpsd", gps={}) as (heard, _),
    ):
        await until(lambda: agreed(site, heard) > 12)
        assert heard.fixes[-1].lat > heard.fixes[0].lat > 35.66
        assert heard.refused == {}


async def test_without_a_fix_there_is_a_gap(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, listening(site, "gps", "gpsd", gps={}) as (heard, _):
        await until(lambda: heard.fixes)
        site.fault("sentinel", port="gps")
        await until(lambda: heard.refused["sentinel"] > 2)
        fixes = len(heard.fixes)
        await until(lambda: heard.refused["sentinel"] > 5)
        assert len(heard.fixes) == fixes
        site.fault("sentinel", port="gps", on=False)
        await until(lambda: len(heard.fixes) > fixes)


async def test_noise_costs_the_line_it_hits_and_invents_nothing(tmp_path: Path) -> None:
    async with (
        Site(scenario(rate=20), tmp_path, seed=5) as site,
        listening(site, "gps", "gpsd", gps={}) as (heard, _),
    ):
        site.fault("noise", port="gps", rate=0.3)
        site.fault("split", port="gps", rate=0.3, ms=1)
        await until(lambda: len(truth(site, "fix", delivered=False)) > 10 and agreed(site, heard) > 10)
        assert heard.refused["length"] > 3
        assert heard.refused["length"] == heard.refused.total()


async def test_silence_and_a_cut_line_end(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site:
        async with listening(site, "gps", "gpsd", gps={}) as (heard, running):
            await until(lambda: heard.fixes)
            site.fault("silence", port="gps")
            before = len(truth(site, "fix", delivered=False, faults=["silence"]))
            await until(lambda: len(truth(site, "fix", faults=["silence"])) > before + 3)
            site.fault("silence", port="gps", on=False)
            site.fault("unplug", port="gps")
            with pytest.raises(LinkDown):
                await running
        site.fault("unplug", port="gps", on=False)
        async with listening(site, "gps", "gpsd", gps={}) as (heard, _):
            await until(lambda: agreed(site, heard) > 2)


async def test_json_has_no_checksum_to_spoil(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site:
        with pytest.raises(ScenarioError, match="wrong_crc is none of"):
            site.fault("wrong_crc", port="gps")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [({"talker": "GN"}, "unknown key"), ({"tcp": "2947"}, "is no int"), ({"route": []}, "two way points")],
)
def test_options_that_cannot_be(options: dict[str, object], complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        Site(scenario(**options), tmp_path)
