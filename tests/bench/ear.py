"""Listens to what is in the air, with our radio or with bleak alone, and says what it took.

    python -m tests.bench.ear radio --seconds 6 A4:C1:38:00:00:01 …
    python -m tests.bench.ear bleak --seconds 6

One JSON line on standard output: adverts heard meanwhile, how many readings came of them, the longest pause
between two of one probe's, CPU seconds, and by how many bytes the memory's peak is above its start. The scan
is the same: passive, with the same patterns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from drivers.ble.atc import Atc
from drivers.ble.probe import ProbeOptions
from drivers.ble.radio import Radio
from drivers.ble.scan import scanning
from drivers.contract import Device, Frame, Instant, Link, LinkDown, Observation, Port, Reject

WARM_UP_S = 2.0


class Readings:
    """Where they go."""

    def __init__(self) -> None:
        self.count = 0
        self.longest_pause_s = 0.0
        self._last_s: dict[str, float] = {}

    def __call__(self, device: str, observations: Sequence[Observation], frame: Frame) -> None:
        now_s = time.monotonic()
        self.count += 1
        self.longest_pause_s = max(self.longest_pause_s, now_s - self._last_s.get(device, now_s))
        self._last_s[device] = now_s

    def refuse(self, device: str, reject: Reject, frame: Frame) -> None:
        raise reject


async def _no_wire() -> Link:
    raise LinkDown("a radio is no wire")


@asynccontextmanager
async def _radio(addresses: Sequence[str], readings: Readings) -> AsyncIterator[Callable[[], int]]:
    devices = [Device(each, Atc(ProbeOptions(address=each)), None, each) for each in addresses]
    port = Port("radio", "bluetooth", 0.3, where="hci0")
    radio = Radio(port, _no_wire, devices, lambda: Instant(time.time_ns()))
    running = asyncio.create_task(radio.run(readings))
    try:
        yield lambda: int(radio.counters()["adverts"])
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def _bleak() -> AsyncIterator[Callable[[], int]]:
    adverts = 0

    def heard(_device: object, _advertisement: object) -> None:
        nonlocal adverts
        adverts += 1

    async with scanning("hci0", heard, passive=True):
        yield lambda: adverts


async def main(options: argparse.Namespace) -> None:
    readings, began_bytes = Readings(), _peak_bytes()
    async with _radio(options.addresses, readings) if options.with_ == "radio" else _bleak() as adverts:
        await asyncio.sleep(WARM_UP_S)
        heard, said, used_s = adverts(), readings.count, time.process_time()
        await asyncio.sleep(options.seconds)
        used_s = time.process_time() - used_s
        facts = {
            "adverts": adverts() - heard,
            "readings": readings.count - said,
            "longest_pause_s": readings.longest_pause_s,
            "cpu_s": used_s,
            "grew_bytes": _peak_bytes() - began_bytes,
        }
    sys.stdout.write(json.dumps(facts) + "\n")


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("with_", choices=["radio", "bleak"])
    parser.add_argument("addresses", nargs="*")
    parser.add_argument("--seconds", type=float, required=True)
    asyncio.run(main(parser.parse_args()))
