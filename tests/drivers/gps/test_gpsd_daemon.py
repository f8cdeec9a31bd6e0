"""The real gpsd between a receiver that we play and our client, beside our own reading of the same sentences.

What is compared: position, altitude, speed and course of every cycle for which both give a fix, found by its
time. What is not:

* Time is compared modulo 1024 weeks. gpsd 3.22 takes dates that lie before it was made for rolled-over weeks
  and says 2034 for a capture of 2015, which our decoder takes at its word.
* Satellites and dilution: gpsd's are of GSA and GSV, which our decoder does not read.
* A log's first cycles have no time for gpsd.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

import pytest

from drivers.contract import (
    NANOSECONDS,
    Device,
    Fix,
    Frame,
    Instant,
    Link,
    NoOptions,
    Observation,
    Port,
    Reject,
)
from drivers.framing import xor_of
from drivers.gps.gpsd import Gpsd
from drivers.gps.nmea import Nmea
from drivers.links.tcp import open_tcp
from drivers.listener import Listener
from edge.supervisor import Health, supervise
from tests.gpsd import Daemon

ROLLOVER = 1024 * 7 * 24 * 3600 * NANOSECONDS

LOGS = {
    # name: cycles for which both give a fix
    "gpsd_beidou-bd": 4,
    "gpsd_gp-320fw-2019-04-07-coldboot": 1,
    "gpsd_neo-m8n": 22,
    "gpsd_quectel-eg25-g": 23,
    "gpsd_quectel-l76k-nmea": 150,
    "gpsd_telit-he910": 187,
    "gpsd_ublox-neo-m9n-nmea": 61,
}
"""Without april6_2019, whose 1999 our decoder refuses and gpsd sets right; nmea4, a single cycle whose
sentences contradict each other by 100 degrees; nmeastartup and quectel_nmea_response, which hold no fix."""


class Edge:
    """What arrived at the edge."""

    def __init__(self) -> None:
        self.fixes: list[Fix] = []
        self.refused: Counter[str] = Counter()

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None:
        self.fixes += [item for item in observations if isinstance(item, Fix)]

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        self.refused[str(reject.reason)] += 1


@asynccontextmanager
async def supervised(daemon: Daemon) -> AsyncIterator[tuple[Edge, Health]]:
    """Our client on the daemon, under the gateway's own supervisor."""

    async def open_link() -> Link:
        return await open_tcp("127.0.0.1", daemon.port)

    edge, health = Edge(), Health("port gps")
    devices = [Device("gps", Gpsd(NoOptions()), 1.0)]
    listener = Listener(Port("gps", "tcp", timeout_s=0.3), open_link, devices, lambda: Instant(0))
    running = asyncio.create_task(supervise(health, lambda: listener.run(edge)))
    try:
        await connected(listener)
        yield edge, health
    finally:
        running.cancel()
        await asyncio.wait([running])


async def failed(health: Health, times: int) -> None:
    while health.restarts < times:
        await asyncio.sleep(0.01)


async def connected(listener: Listener) -> None:
    """gpsd has greeted, which it does once it has opened the receiver."""
    while not listener.counters()["bytes"]:
        await asyncio.sleep(0.01)


def sentences(vectors: Path, name: str) -> list[bytes]:
    lines = (vectors / "gps" / f"{name}.log").read_bytes().splitlines(keepends=True)
    return [line for line in lines if not line.startswith(b"#")]


def decoded(data: bytes) -> dict[int, Fix]:
    """Our own fixes, by their time."""
    receiver = Nmea(NoOptions())
    fixes: list[Fix] = []
    for found in receiver.splitter().feed(data):
        try:
            if isinstance(found, Frame):
                fixes += receiver.decode(found, Instant(0))
        except Reject:
            continue
    return by_time(fixes)


def by_time(fixes: Sequence[Fix]) -> dict[int, Fix]:
    return {fix.utc % ROLLOVER: fix for fix in fixes if fix.utc is not None}


MARK = (-54.5, -67.5)
"""Where no log has been."""


def marks(second: int) -> list[bytes]:
    """A cycle at MARK."""
    bodies = (
        f"GPRMC,2359{second:02d}.00,A,5430.0000,S,06730.0000,W,0.0,0.0,311230,,,A",
        f"GPGGA,2359{second:02d}.00,5430.0000,S,06730.0000,W,1,09,1.0,10.0,M,,M,,",
    )
    return [f"${body}*{xor_of(body.encode()):02X}\r\n".encode() for body in bodies]


async def hear_mark(daemon: Daemon, edge: Edge) -> None:
    """Returns when a fix at MARK has come through gpsd; what was said before has come before it."""
    for second in cycle(range(60)):
        await daemon.say(marks(second))
        await asyncio.sleep(0.02)
        if edge.fixes and (edge.fixes[-1].lat, edge.fixes[-1].lon) == pytest.approx(MARK):
            return


@pytest.mark.parametrize("name", LOGS)
async def test_gpsd_and_our_own_decoder_agree(vectors: Path, gpsd: Path, tmp_path: Path, name: str) -> None:
    said = sentences(vectors, name)
    async with Daemon(gpsd, tmp_path) as daemon, supervised(daemon) as (edge, _):
        await daemon.say(said)
        await hear_mark(daemon, edge)
    ours, theirs = decoded(b"".join(said)), by_time(edge.fixes)
    both = ours.keys() & theirs.keys()
    assert len(both) == LOGS[name]
    for time in sorted(both):
        assert theirs[time].lat == pytest.approx(ours[time].lat, abs=1e-8)
        assert theirs[time].lon == pytest.approx(ours[time].lon, abs=1e-8)
        for field in ("speed", "course", "altitude"):
            if (value := getattr(ours[time], field)) is not None:
                assert getattr(theirs[time], field) == pytest.approx(value, abs=1e-3), field
    assert edge.refused.keys() <= {"sentinel"}


async def test_gpsd_that_is_started_anew_is_heard_anew(gpsd: Path, tmp_path: Path) -> None:
    async with Daemon(gpsd, tmp_path) as daemon, supervised(daemon) as (edge, health):
        for restarts in range(1, 4):
            await hear_mark(daemon, edge)
            await daemon.kill()
            await failed(health, restarts)
            edge.fixes.clear()
            await daemon.start()
        await hear_mark(daemon, edge)
        assert health.crashes == 0
