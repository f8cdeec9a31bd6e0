"""The far side: counts what the broker has been given, and how long it took to get there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import aiomqtt
import orjson

from .site import HOST

NO_READING: Final = frozenset({"t", "device", "raw", "quality", "again", "code"})


class Consumer:
    """A subscriber to everything below ``tagtrail``. Latencies are seconds from an observation's own time."""

    def __init__(self) -> None:
        self.delivered = 0
        self.live_s: list[float] = []
        self.durable_s: list[float] = []
        self._block = asyncio.Event()

    def forget_latencies(self) -> None:
        """What was met while everything started does not count."""
        self.live_s.clear()
        self.durable_s.clear()

    async def next_block(self) -> float:
        """When the next block of telemetry came, on the steady clock."""
        self._block.clear()
        await self._block.wait()
        return time.monotonic()

    async def reach(self, delivered: int) -> float:
        """When the count of delivered readings reached this, on the steady clock."""
        while self.delivered < delivered:
            await self.next_block()
        return time.monotonic()

    def hear(self, topic: str, payload: bytes) -> None:
        """One message."""
        now_s = time.time()
        if "/live/" in topic:
            self.live_s.append(now_s - _instant_s(orjson.loads(payload)))
        elif topic.endswith("/telemetry") and "/seal/" not in topic:
            entries = orjson.loads(payload)["observations"]
            self.delivered += sum(map(_readings, entries))
            self.durable_s.extend(now_s - _instant_s(entry) for entry in entries)
            self._block.set()


def _readings(entry: Mapping[str, Any]) -> int:
    return sum(value is not None for name, value in entry.items() if name not in NO_READING)


def _instant_s(entry: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(entry["t"]).timestamp()


@asynccontextmanager
async def consuming(broker: int, topics: str = "tagtrail/#") -> AsyncIterator[Consumer]:
    """A consumer that is subscribed."""
    consumer = Consumer()
    async with aiomqtt.Client(HOST, broker) as client:
        await client.subscribe(topics, qos=1)
        listening = asyncio.create_task(_listen(client, consumer))
        try:
            yield consumer
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _listen(client: aiomqtt.Client, consumer: Consumer) -> None:
    async for message in client.messages:
        if isinstance(message.payload, bytes):
            consumer.hear(message.topic.value, message.payload)
