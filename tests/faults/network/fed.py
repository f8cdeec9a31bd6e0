"""A whole gateway in this process, fed by a source of ours at a steady rate, records among it.

What is not ours to test here is left out: there is no wire and no device, everything behind them is real.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, TypeAlias

import orjson
import yaml

from drivers.contract import NANOSECONDS, Emit, Frame, Now, Reading
from edge import gateway
from edge.gateway import Gateway
from edge.journal.standing import SEQ_MASK, standing
from edge.status import full

PROBES: Final = tuple(f"probe-{number}" for number in range(1, 11))
SWING_S: Final = 6.0
"""In which each probe goes once above its limit and back: two records."""

UPLINK: Final = "platform"

Key: TypeAlias = tuple[str, str, int]
"""Journal, lane, seq."""


class Feed:
    """A source: two readings of every probe at each round, and temperatures that swing about their limit."""

    mixes: ClassVar[bool] = True

    def __init__(self, now: Now, per_second: float) -> None:
        self._now = now
        self._every_s = 2 * len(PROBES) / per_second
        self.runs = True
        self.turns = 0

    async def run(self, emit: Emit) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            self.turns += 1
            if self.runs:
                self.round(emit)
            due_s += self._every_s
            await asyncio.sleep(due_s - loop.time())

    def round(self, emit: Emit) -> None:
        at = self._now()
        for number, probe in enumerate(PROBES):
            phase = at / NANOSECONDS / SWING_S + number / len(PROBES)
            warm = round(2 + 4 * math.sin(2 * math.pi * phase), 1)
            emit(probe, [Reading(at, "temperature", warm), Reading(at, "humidity", 81.5)], Frame(b""))

    def ask(self, device: str) -> None: ...

    def counters(self) -> dict[str, int | float]:
        return {"turns": self.turns}


class FedGateway:
    """``async with`` it runs; the folder keeps its settings and its journal from one life to the next."""

    def __init__(
        self,
        folder: Path,
        broker: int,
        *,
        name: str = "rig-01",
        per_second: float = 200,
        commit_every: str = "100ms",
        mqtt: Mapping[str, Any] | None = None,
    ) -> None:
        """broker: the port that it connects to. per_second: readings. mqtt: further keys of its uplink."""
        self.folder = folder
        self.name = name
        self.feed: Feed
        self.gateway: Gateway
        self._per_second = per_second
        self._settings = folder / "site.yaml"
        data = _settings(folder, name, commit_every)
        link = {"url": f"mqtt://127.0.0.1:{broker}", "keepalive": "5s", **(mqtt or {})}
        data["uplinks"] = {UPLINK: {"mqtt": link}}
        folder.mkdir(exist_ok=True)
        self._settings.write_text(yaml.safe_dump(data, allow_unicode=True))
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> FedGateway:
        self.gateway = await Gateway.open(gateway.load(self._settings))
        self.feed = Feed(self.gateway.clock.now, self._per_second)
        (port,) = self.gateway.ports.sources
        self.gateway.ports.sources[port] = self.feed
        self._stop.clear()
        self._running = asyncio.create_task(self.gateway.run(self._stop))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        assert self._running is not None
        await self._running

    @property
    def uplink(self) -> Mapping[str, Any]:
        """What `status` says of it."""
        return self.gateway.uplinks[UPLINK].facts()

    @property
    def status(self) -> Mapping[str, Any]:
        return full(self.gateway)

    @property
    def alarms(self) -> list[str]:
        """The causes of those that stand about the uplink."""
        return [record.cause for record in self.gateway.own.standing.active if record.subject == UPLINK]

    def raised(self) -> set[str]:
        """The causes of all that were ever journalled about the uplink."""
        blocks = self.blocks().items()
        records = [orjson.loads(body)["record"] for (_, lane, _), body in blocks if lane == "records"]
        return {record["cause"] for record in records if record.get("subject") == UPLINK}

    def heads(self) -> dict[str, int]:
        """The last seq of each lane, as it stands in the file."""
        facts: Any = self.gateway.journal.facts()["lanes"]
        return {lane: facts[lane]["head"] for lane in facts}

    def blocks(self) -> dict[Key, bytes]:
        """All that is journalled."""
        with closing(self._read()) as connection:
            lanes = {lane.number: lane for lane in standing(connection).lanes}
            rows = connection.execute("SELECT key, body FROM blocks ORDER BY key").fetchall()
        found = {}
        for key, body in rows:
            lane = lanes[key >> SEQ_MASK.bit_length()]
            found[lane.journal, str(lane.lane), key & SEQ_MASK] = body
        return found

    def quarantined(self) -> set[Key]:
        with closing(self._read()) as connection:
            lanes = {lane.number: lane for lane in standing(connection).lanes}
            rows = connection.execute("SELECT lane, seq FROM quarantine").fetchall()
        return {(lanes[number].journal, str(lanes[number].lane), seq) for number, seq in rows}

    def longest_pause_s(self) -> float:
        """Between two instants of which there is telemetry."""
        found = set()
        for (_, lane, _), body in self.blocks().items():
            if lane == "telemetry":
                found |= {entry["t"] for entry in orjson.loads(body)["observations"]}
        seconds = sorted(_seconds(text) for text in found)
        return max((after - before for before, after in pairwise(seconds)), default=0.0)

    def _read(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.folder / 'journal.db'}?mode=ro", uri=True)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _settings(folder: Path, name: str, commit_every: str) -> dict[str, Any]:
    probe = {"driver": "modbus", "port": "panel", "profile": "xy-md02", "every": "1s", "place": "chiller-1"}
    return {
        "gateway": {"id": name, "operator": {"name": "rig"}, "site": {"name": "rig"}},
        "clock": {"trust": "system"},
        "journal": {"path": str(folder / "journal.db"), "commit_every": commit_every},
        "ports": {"panel": {"tcp": "127.0.0.1:9"}},
        "places": {"chiller-1": {"kind": "chiller", "name": "1号排酸间"}},
        "devices": {each: {**probe, "unit": unit} for unit, each in enumerate(PROBES, start=1)},
        "alarms": {
            "warm": {
                "points": [f"{each}.temperature" for each in PROBES],
                "above": 4.0,
                "clear_below": 3.5,
            }
        },
    }
