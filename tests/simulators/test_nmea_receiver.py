"""The receiver's sentences as pynmeagps understands them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pynmeagps import NMEAParseError, NMEAReader

from simulators.nmea import Epoch, Satellite, position, sentence, sky
from simulators.site import Site
from tests.simulators.peers import Line, line, truth, until

ROUTE = [
    {"name": "plant", "at": [35.6636, 103.3894], "altitude": 2610.0, "speed": 36.0},
    {"name": "market", "at": [36.0611, 103.8343], "altitude": 1525.0, "speed": 36.0, "stop": "1h"},
]
NOON = datetime(2026, 11, 22, 3, 14, 8, tzinfo=UTC)


def scenario(**options: object) -> dict[str, Any]:
    quick = {"rate": 10, "baud": 115200, "route": ROUTE}
    return {"ports": {"gps": {"device": "nmea_receiver", **quick, **options}}}


def parsed(heard: bytes) -> Iterator[Any]:
    for text in heard.splitlines(keepends=True):
        yield NMEAReader.parse(text)


async def epochs(wire: Line, count: int) -> list[Any]:
    """Sentences until that many ZDA have been heard."""
    await until(lambda: wire.heard.count(b"ZDA") > count)
    return list(parsed(bytes(wire.heard[: wire.heard.rindex(b"\n") + 1])))


def test_a_known_sentence() -> None:
    body = "RMC,031408.00,A,3539.81600,N,10323.36400,E,27.603,81.0,221126,,,A"
    assert sentence("GN", body) == b"$GN" + body.encode() + b"*42\r\n"


@pytest.mark.parametrize("talker", ["GN", "BD", "GP"])
@pytest.mark.parametrize(("lat", "lon"), [(35.6636, 103.3894), (-33.8688, -70.0), (0.0, -0.00001)])
def test_every_talker_and_hemisphere(talker: str, lat: float, lon: float) -> None:
    satellites = [Satellite("GP", 3, 45, 120, 40), Satellite("BD", 12, 30, 20, 33)]
    epoch = Epoch(NOON, True, lat, lon, 2610.0, 14.2, 81.0, satellites)
    said = {name: NMEAReader.parse(text) for name, text in position(talker, epoch) + sky(talker, epoch)}
    rmc = said["RMC"]
    assert (rmc.talker, rmc.status, rmc.date, rmc.time) == (talker, "A", NOON.date(), NOON.time())
    assert math.isclose(rmc.lat, lat, abs_tol=1e-6)
    assert math.isclose(rmc.lon, lon, abs_tol=1e-6)
    assert math.isclose(rmc.spd * 1852 / 3600, 14.2, abs_tol=1e-3)
    assert said["GGA"].quality == 1
    assert said["VTG"].cogt == 81.0
    assert (said["ZDA"].year, said["ZDA"].month, said["ZDA"].day) == (2026, 11, 22)
    assert said["GSV"].numSV == 1


def test_sixty_minutes_are_never_said() -> None:
    epoch = Epoch(NOON, True, 35.99999999, 103.99999999, 0.0, 0.0, 0.0, [])
    rmc = position("GN", epoch)[0][1]
    assert b"3600.00000,N,10400.00000,E" in rmc


async def test_the_truck_drives_and_the_truth_agrees(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path, speed=20) as site, line(site, "gps") as wire:
        sentences = await epochs(wire, 12)
        fixes = truth(site, "fix", delivered=True)
    rmcs = [sentence for sentence in sentences if sentence.msgID == "RMC"]
    by_utc = {fix["utc"]: fix for fix in fixes}
    agreed = 0
    for rmc in rmcs:
        utc = datetime.combine(rmc.date, rmc.time).isoformat(timespec="milliseconds") + "Z"
        if fix := by_utc.get(utc):
            assert math.isclose(rmc.lat, fix["lat"], abs_tol=2e-7)
            assert math.isclose(rmc.lon, fix["lon"], abs_tol=2e-7)
            agreed += 1
    assert agreed >= 11
    assert rmcs[-1].lat > rmcs[0].lat > 35.66
    assert {sentence.msgID for sentence in sentences} == {"RMC", "GGA", "VTG", "ZDA", "GSA", "GSV"}
    times = [datetime.combine(rmc.date, rmc.time) for rmc in rmcs]
    tenth = timedelta(seconds=0.1)
    assert all((after - before) % tenth == timedelta() for before, after in pairwise(times))


async def test_a_void_fix_and_its_end(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site, line(site, "gps") as wire:
        site.fault("sentinel", port="gps")
        await until(lambda: truth(site, "fix", valid=False, lat=None))
        site.fault("sentinel", port="gps", on=False)
        await until(lambda: truth(site, "fix", valid=True))
        sentences = await epochs(wire, 2)
    void = [sentence for sentence in sentences if sentence.msgID == "RMC" and sentence.status == "V"]
    assert void
    assert all(sentence.lat == "" for sentence in void)


async def test_a_frozen_receiver_repeats_itself(tmp_path: Path) -> None:
    async with Site(scenario(sky_every=0), tmp_path, speed=100) as site, line(site, "gps") as wire:
        await epochs(wire, 1)
        site.fault("frozen", port="gps")
        await until(lambda: wire.heard.count(b"ZDA") > 6)
        heard = bytes(wire.heard).splitlines()
        assert len(set(heard)) < len(heard) - 8


async def test_wrong_checksums_name_the_sentences(tmp_path: Path) -> None:
    async with Site(scenario(), tmp_path) as site:
        site.fault("wrong_crc", port="gps", rate=0.5)
        async with line(site, "gps") as wire:
            await until(lambda: wire.heard.count(b"RMC") > 5)
            heard = bytes(wire.heard[: wire.heard.rindex(b"\n") + 1])
        assert [fix for fix in truth(site, "fix", delivered=False) if fix["spoilt"]]
    with pytest.raises(NMEAParseError, match="checksum"):
        list(parsed(heard))
