"""A whole site for fault tests: simulated probes, the gateway as its own process, real broker, consumer.

The consumer's session outlives the broker, so that what arrives twice, late or not at all shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import aiomqtt
import orjson
import yaml

from edge.control import NoDaemon, ask
from edge.journal.standing import SEQ_MASK, standing
from tests.mosquitto import Broker

GATEWAY: Final = "rig-01"
UNITS: Final = 40
QUANTITIES: Final = ("temperature", "humidity", "dew_point", "setpoint", "temperature_defrost")
PER_SECOND: Final = UNITS * len(QUANTITIES)
"""Readings: every unit is asked once a second."""


def scenario(port: int) -> dict[str, Any]:
    """Probes behind one TCP port."""
    holding = {address: {"value": 2.0 + address, "scale": 0.1} for address in range(len(QUANTITIES))}
    units = {f"1-{UNITS}": {"kind": "registers", "holding": holding}}
    return {"ports": {"panel": {"device": "modbus_tcp", "tcp": port, "units": units}}}


def settings(folder: Path, probes: str, broker: int) -> Path:
    """The gateway's file, and its profile beside it."""
    points = {
        name: {"address": address, "type": "s16", "scale": 0.1} for address, name in enumerate(QUANTITIES)
    }
    profile = {"documented_as": "the rig's simulator", "function": 3, "points": points}
    (folder / "profiles").mkdir()
    (folder / "profiles" / "rig.yaml").write_text(yaml.safe_dump(profile))
    file = folder / "site.yaml"
    devices = {
        f"probe-{unit}": {
            "driver": "modbus",
            "port": "panel",
            "unit": unit,
            "profile": "rig",
            "every": "1s",
            "place": "chiller-1",
        }
        for unit in range(1, UNITS + 1)
    }
    data = {
        "gateway": {
            "id": GATEWAY,
            "operator": {"name": "rig"},
            "site": {"name": "rig"},
            "timezone": "Asia/Shanghai",
        },
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db")},
        "uplinks": {"platform": {"mqtt": {"url": f"mqtt://127.0.0.1:{broker}", "keepalive": "5s"}}},
        "ports": {"panel": {"tcp": probes}},
        "places": {"chiller-1": {"kind": "chiller", "name": "1号排酸间"}},
        "devices": devices,
    }
    file.write_text(yaml.safe_dump(data, allow_unicode=True))
    return file


class GatewayProcess:
    """``python -m edge run``, ended as a test wants it. The fixture ``gateways`` makes them."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.journal = config.parent / "journal.db"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with (self.config.parent / "gateway.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "edge", "run", str(self.config)),
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parents[2],
            )

    async def kill(self) -> None:
        """Power cut, as far as a process can have one."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Asked to end; its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        return await process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def expect_running(self) -> None:
        """It has not ended by itself; its log says why, if it has."""
        assert self._process is not None
        assert self._process.returncode is None, (self.config.parent / "gateway.log").read_text()

    def cpu_s(self) -> float:
        """What it has used by now."""
        assert self._process is not None
        fields = (
            Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def status(self) -> dict[str, Any]:
        """Waits for a gateway that is still starting."""
        while True:
            self.expect_running()
            try:
                answer: dict[str, Any] = await ask(self.journal, "status")
            except NoDaemon:
                await asyncio.sleep(0.1)
            else:
                return answer


class Message(NamedTuple):
    """One delivery of a block."""

    journal: str
    lane: str
    seq: int
    body: bytes


Gateways: TypeAlias = Callable[[Path], GatewayProcess]
"""What the fixture ``gateways`` gives."""


@dataclass(slots=True)
class Consumer:
    """Everything that the broker gave us, in the order it came."""

    messages: list[Message] = field(default_factory=list)
    live: int = 0

    def hear(self, topic: str, body: bytes) -> None:
        if "/seal/" in topic:
            return
        if "/live/" in topic:
            self.live += 1
        elif "/telemetry" in topic or "/records/" in topic:
            block = orjson.loads(body)
            self.messages.append(Message(block["journal"], block["lane"], block["seq"], body))

    def first_copies(self, lane: str) -> list[int]:
        """The seqs of a lane in the order in which each came first."""
        return list(dict.fromkeys(message.seq for message in self.messages if message.lane == lane))

    def duplicates(self) -> int:
        """Deliveries beyond the first of a block."""
        return len(self.messages) - len({(message.lane, message.seq) for message in self.messages})

    async def listen(self, broker: int) -> None:
        """For ever: a session that the broker keeps while we, or it, are away."""
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    "127.0.0.1", broker, identifier="consumer", clean_session=False, timeout=5
                ) as client:
                    await client.subscribe("tagtrail/#", qos=1)
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        self.hear(message.topic.value, message.payload)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def consuming(broker: int) -> AsyncIterator[Consumer]:
    consumer = Consumer()
    task = asyncio.create_task(consumer.listen(broker))
    try:
        yield consumer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def journalled(path: Path) -> dict[tuple[str, int], bytes]:
    """Every committed block by lane and seq, as it stands in the file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        lanes = {lane.number: lane.lane for lane in standing(connection).lanes}
        rows = connection.execute("SELECT key, body FROM blocks ORDER BY key").fetchall()
    return {(lanes[key >> SEQ_MASK.bit_length()], key & SEQ_MASK): body for key, body in rows}


def observations(path: Path) -> int:
    """Readings in the journal."""
    blocks = journalled(path)
    entries = [
        entry
        for (lane, _), body in blocks.items()
        if lane == "telemetry"
        for entry in orjson.loads(body)["observations"]
    ]
    return len(entries) * len(QUANTITIES)


Blocks: TypeAlias = dict[tuple[str, int], bytes]
"""Bytes by lane and seq."""


async def delivered(path: Path, consumer: Consumer, patience_s: float = 60.0) -> Blocks:
    """What is journalled by now, once all of it has arrived. Raises TimeoutError."""
    blocks = journalled(path)
    async with asyncio.timeout(patience_s):
        while not blocks.keys() <= {(message.lane, message.seq) for message in consumer.messages}:
            await asyncio.sleep(0.2)
    return blocks


def expect_nothing_lost(blocks: Blocks, consumer: Consumer) -> None:
    """Every one of them arrived with its very bytes, first copies in order, no hole in any lane."""
    arrived = {(message.lane, message.seq): message.body for message in consumer.messages}
    assert {key: arrived.get(key) for key in blocks} == blocks
    for lane in ("records", "telemetry"):
        firsts = consumer.first_copies(lane)
        assert firsts == list(range(1, len(firsts) + 1))


class DurableBroker(Broker):
    """A mosquitto whose sessions and queues outlive it, so that the consumer misses nothing."""

    def __init__(self, program: Path, folder: Path, *settings: str) -> None:
        kept = ("persistence true", "persistence_location {folder}/", "max_queued_messages 0")
        super().__init__(program, folder, *kept, *settings)


WINDOW: Final = 20
"""Blocks in flight at the most, so duplicates of one fault at the most."""
