"""Whole logs of real receivers, beside what gpsd and pynmeagps make of them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from pynmeagps import NMEAReader

from drivers.contract import NANOSECONDS, Fix, Frame, Instant, NoOptions, Reject
from drivers.gps.nmea import Nmea
from drivers.gps.nmea_sentence import METRES_PER_SECOND_IN_A_KNOT, gga, is_sound, rmc, vtg, zda

RECEIVER = Nmea(NoOptions())

LOGS = {
    # name: (epochs, fixes, refused under which reason)
    "gpsd_april6_2019": (3, 0, {"sentinel": 1, "range": 2}),
    "gpsd_beidou-bd": (10, 5, {"sentinel": 5, "length": 1}),
    "gpsd_gp-320fw-2019-04-07-coldboot": (25, 2, {"checksum": 44, "sentinel": 22, "length": 2}),
    "gpsd_neo-m8n": (23, 23, {}),
    "gpsd_quectel-eg25-g": (60, 23, {"sentinel": 37}),
    "gpsd_quectel-l76k-nmea": (150, 150, {}),
    "gpsd_telit-he910": (224, 187, {"sentinel": 37}),
    "gpsd_ublox-neo-m9n-nmea": (61, 61, {}),
    "pynmeagps_pygpsdata-nmea4": (1, 1, {}),
    "pynmeagps_pygpsdata-nmeastartup": (1, 0, {"sentinel": 1}),
    "pynmeagps_quectel_nmea_response": (0, 0, {}),
}
"""The two short logs end before the last sentence of a cycle is known as the last; there the first is
repeated."""

ROLLED_OVER_BY_GPSD = 1024 * 7 * 24 * 3600 * NANOSECONDS
"""gpsd takes the M8N's 2015 for a rolled-over week and writes 2034."""


def stream(vectors: Path, name: str) -> bytes:
    lines = (vectors / "gps" / f"{name}.log").read_bytes().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"#"))


def hear(data: bytes, chunk: int) -> tuple[int, list[Fix], Counter[str]]:
    splitter = RECEIVER.splitter()
    epochs = 0
    fixes: list[Fix] = []
    refused: Counter[str] = Counter()
    for start in range(0, len(data), chunk):
        for found in splitter.feed(data[start : start + chunk]):
            epochs += isinstance(found, Frame)
            try:
                if isinstance(found, Reject):
                    raise found
                fixes += RECEIVER.decode(found, Instant(0))
            except Reject as reject:
                refused[str(reject.reason)] += 1
    return epochs, fixes, refused


def with_its_end(data: bytes) -> bytes:
    """The log and, where an epoch would stay open, a further sentence of its first own address."""
    first = next((line for line in data.splitlines() if line[3:6] in (b"RMC", b"GGA")), b"")
    return data + first + b"\r\n"


@pytest.mark.parametrize("chunk", [1, 61, 65_536])
@pytest.mark.parametrize("name", LOGS)
def test_a_log_yields_its_epochs_and_its_fixes(vectors: Path, name: str, chunk: int) -> None:
    data = stream(vectors, name)
    if name.startswith("pynmeagps"):
        data = with_its_end(data)
    epochs, fixes, refused = hear(data, chunk)
    assert (epochs, len(fixes), refused) == (LOGS[name][0], LOGS[name][1], Counter(LOGS[name][2]))


def test_no_log_is_forgotten(vectors: Path) -> None:
    assert {path.stem for path in (vectors / "gps").glob("*.log")} == set(LOGS)


def reports_of_gpsd(vectors: Path, name: str) -> dict[int, list[dict[str, Any]]]:
    """gpsd's reports with a position, by time."""
    reports: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in (
        (vectors / "gps" / f"{name}.log.chk").read_text(encoding="utf-8", errors="replace").splitlines()
    ):
        if line.startswith('{"class":"TPV"') and '"lat"' in line and '"time"' in line:
            report = json.loads(line)
            reports[milliseconds(report["time"])].append(report)
    return reports


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


GPSD = [name for name, (_, fixes, _) in LOGS.items() if fixes and name.startswith("gpsd_")]


@pytest.mark.parametrize("name", GPSD)
def test_the_fixes_are_those_of_gpsd(vectors: Path, name: str) -> None:
    _, fixes, _ = hear(stream(vectors, name), 4096)
    reports = reports_of_gpsd(vectors, name)
    offset = ROLLED_OVER_BY_GPSD if name == "gpsd_neo-m8n" else 0
    compared = 0
    for fix in fixes:
        for report in reports.get(((fix.utc or 0) + offset) // 1_000_000, ())[-1:]:
            compared += 1
            assert fix.lat == pytest.approx(report["lat"], abs=1e-6)
            assert fix.lon == pytest.approx(report["lon"], abs=1e-6)
            if fix.altitude is not None:
                assert fix.altitude == pytest.approx(report["altMSL"], abs=0.05)
            if fix.course is not None:
                assert fix.course == pytest.approx(report["track"], abs=0.01)
            if fix.speed is not None and "track" in report:  # without one gpsd derives a speed of its own
                assert fix.speed == pytest.approx(report["speed"], abs=1e-3)
    assert compared == len(reports) > 0


def sentences(vectors: Path) -> list[bytes]:
    wanted = (b"RMC", b"GGA", b"VTG", b"ZDA")
    lines = (line.strip() for name in LOGS for line in stream(vectors, name).splitlines())
    return [line for line in lines if line[:1] == b"$" and line[3:6] in wanted and is_sound(line)]


def test_each_sentence_says_what_it_says_to_pynmeagps(vectors: Path) -> None:
    compared: Counter[str] = Counter()
    for line in sentences(vectors):
        theirs = NMEAReader.parse(line + b"\r\n")
        fields = line[:-3].split(b",")
        try:
            COMPARE[line[3:6].decode()](fields, theirs)
        except Reject as reject:
            compared[f"refused: {reject.reason}"] += 1
            assert refusable(theirs), line
        else:
            compared[theirs.msgID] += 1
    assert compared == {
        "RMC": 451, "GGA": 453, "VTG": 530, "ZDA": 212, "refused: sentinel": 179, "refused: range": 9,
    }  # fmt: skip


def refusable(theirs: Any) -> bool:
    match theirs.msgID:
        case "RMC":
            day = theirs.date  # a text where it cannot be one
            return bool(theirs.status == "V" or not isinstance(day, date) or not 2015 <= day.year < 2080)
        case "GGA":
            return bool(theirs.quality == 0)
        case "ZDA":
            return bool(theirs.year < 2015)
    return False


def same_rmc(fields: list[bytes], theirs: Any) -> None:
    ours = rmc(fields)
    assert (ours.lat, ours.lon) == pytest.approx((theirs.lat, theirs.lon), abs=1e-9)
    assert ours.motion.speed == (theirs.spd * METRES_PER_SECOND_IN_A_KNOT if theirs.spd != "" else None)
    assert ours.motion.course == (theirs.cog if theirs.cog != "" else None)
    assert ours.utc is not None
    assert ours.utc // 1000 == microseconds(theirs.date, theirs.time)


def same_gga(fields: list[bytes], theirs: Any) -> None:
    ours = gga(fields)
    assert (ours.lat, ours.lon) == pytest.approx((theirs.lat, theirs.lon), abs=1e-9)
    assert (ours.altitude, ours.satellites, ours.hdop) == (theirs.alt, theirs.numSV, theirs.HDOP)


def same_vtg(fields: list[bytes], theirs: Any) -> None:
    ours = vtg(fields)
    assert ours.course == (theirs.cogt if theirs.cogt != "" else None)
    assert ours.speed == (theirs.sogn * METRES_PER_SECOND_IN_A_KNOT if theirs.sogn != "" else None)


def same_zda(fields: list[bytes], theirs: Any) -> None:
    ours = zda(fields)
    if theirs.day == "":
        assert ours is None
    else:
        assert ours is not None
        assert ours // 1000 == microseconds(date(theirs.year, theirs.month, theirs.day), theirs.time)


def microseconds(day: date, at: time) -> int:
    since = datetime.combine(day, at, UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


COMPARE = {"RMC": same_rmc, "GGA": same_gga, "VTG": same_vtg, "ZDA": same_zda}
