"""The bare loop that everybody writes first: pymodbus polls, aiomqtt publishes each answer at QoS 1.

No journal, no checks, no profiles, no back-off, nothing live beside it: what it loses is lost. It is here as
a yardstick of the machine.

    python -m tests.bench.bare --broker 1883 --units 50 --readings 2 --every 1.0 5020 [5021 …]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import aiomqtt
from pymodbus.client import AsyncModbusTcpClient

from .site import GATEWAY, HOST, QUANTITIES

SCALE = 0.1
SIGN = 0x8000


async def poll(port: int, units: range, options: argparse.Namespace, broker: aiomqtt.Client) -> None:
    """All units behind one TCP port, one after the other, for ever."""
    client = AsyncModbusTcpClient(HOST, port=port)
    if not await client.connect():
        raise ConnectionError(f"nobody listens on port {port}")
    topic = f"tagtrail/{GATEWAY}/telemetry"
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        for unit in units:
            answer = await client.read_holding_registers(0, count=options.readings, device_id=unit)
            await broker.publish(topic, message(port, unit, answer.registers), qos=1)
        due = max(due + options.every, loop.time())
        await asyncio.sleep(due - loop.time())


def message(port: int, unit: int, registers: Sequence[int]) -> bytes:
    """In the gateway's own form, so that one consumer understands both."""
    entry: dict[str, object] = {"t": datetime.now(UTC).isoformat(), "device": f"probe-{port}-{unit}"}
    values = (round(((word ^ SIGN) - SIGN) * SCALE, 1) for word in registers)
    entry.update(zip(QUANTITIES, values, strict=False))
    return json.dumps({"gateway": GATEWAY, "observations": [entry]}).encode()


async def run(options: argparse.Namespace) -> None:
    async with aiomqtt.Client(HOST, options.broker) as broker, asyncio.TaskGroup() as tasks:
        for port in options.ports:
            units = range(1, options.units // len(options.ports) + 1)
            tasks.create_task(poll(port, units, options, broker))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ports", type=int, nargs="+")
    parser.add_argument("--broker", type=int, required=True)
    parser.add_argument("--units", type=int, required=True)
    parser.add_argument("--readings", type=int, required=True)
    parser.add_argument("--every", type=float, required=True, help="seconds; 0: as fast as it can")
    asyncio.run(run(parser.parse_args()))
