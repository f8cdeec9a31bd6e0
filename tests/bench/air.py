"""What an advertisement costs above what it costs bleak: of a stranger, and of a probe of ours."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from simulators.bluez.bus import missing

from .processes import MEASURED_CORE, OTHER_CORES, python

PROBES: Final = 1000
"""Each advertises once a second, a new measurement each time, within the limit of an address."""

FLOOD: Final = {"fault": "flood", "port": "radio", "strangers": 5000, "per_second": 1000}
ROOM: Final = {"chiller": {"setpoint": 2.0, "door_every": 0, "defrost_every": 0}}
ADDRESSES: Final = [f"A4:C1:38:00:{number >> 8:02X}:{number & 0xFF:02X}" for number in range(PROBES)]


class Took(NamedTuple):
    """What an ear says (``ear.py``)."""

    adverts: int
    readings: int
    longest_pause_s: float
    cpu_s: float
    grew_bytes: int

    @property
    def us(self) -> float:
        """CPU microseconds for each advertisement."""
        return self.cpu_s / self.adverts * 1e6


class Air(NamedTuple):
    """bus: what an ear's ``DBUS_SYSTEM_BUS_ADDRESS`` must say."""

    bus: str

    async def ear(self, *arguments: str, seconds: float) -> Took:
        """A program that listens meanwhile. Raises RuntimeError with its last words."""
        command = python("-m", "tests.bench.ear", "--seconds", str(seconds), *arguments)
        process = await asyncio.create_subprocess_exec(
            *("taskset", "--cpu-list", ",".join(map(str, MEASURED_CORE)), *command),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": self.bus},
        )
        output, complaint = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"the ear ended: {complaint.decode()[-2000:]}")
        return Took(**json.loads(output))


@asynccontextmanager
async def air(folder: Path, probes: Sequence[str], *, flood: bool) -> AsyncIterator[Air]:
    """These probes in the air, and strangers."""
    quick = {"kind": "pvvx", "sensor": "chiller", "every": "1s", "measures": "500ms"}
    units = {number: {**quick, "address": address} for number, address in enumerate(probes, start=1)}
    scenario = folder / "air.yaml"
    radio: dict[str, Any] = {"device": "radio", "units": units}
    scenario.write_text(yaml.safe_dump({"rooms": ROOM, "ports": {"radio": radio}}), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *("taskset", "--cpu-list", ",".join(map(str, OTHER_CORES))),
        *python("-m", "simulators", str(scenario), "--control"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = json.loads(await process.stdout.readline())
        if flood:
            process.stdin.write(json.dumps(FLOOD).encode() + b"\n")
            await process.stdout.readline()
        yield Air(ready["buses"]["radio"])
    finally:
        process.stdin.close()
        await process.wait()


async def above_bleak(folder: Path, seconds: float) -> dict[str, float]:
    """Microseconds by metric, and bleak's own, which begin with ``bare.``; empty without a dbus-daemon.

    Both hear the same at the same time.
    """
    if missing("radio"):
        return {}
    found = {}
    for name, probes, flood in (("foreign", ADDRESSES[:1], True), ("own", ADDRESSES, False)):
        async with air(folder, probes, flood=flood) as around:
            bleak, ours = await asyncio.gather(
                around.ear("bleak", seconds=seconds), around.ear("radio", *probes, seconds=seconds)
            )
        found[f"advert_{name}"] = ours.us - bleak.us
        found[f"bare.advert_{name}"] = bleak.us
    return found
