"""A box for journals: its clock stands until a test moves it, its alarms are written down."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.contract import NANOSECONDS, Instant
from edge.alarms import Cause
from edge.evidence.keys import SigningKey
from edge.instant import rfc3339
from edge.journal.block import Block, Entry, Lane
from edge.journal.store import Identity, Journal, Rules

START = Instant(1_795_317_247 * NANOSECONDS)
"""2026-11-22T03:14:07Z."""

DAY_S = 86_400


KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


class Box:
    """machine and boot are what a clone or a restart changes. key: seals the lanes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.at = START
        self.clock = "ntp"
        self.machine = "box-1"
        self.boot = "boot-1"
        self.key = KEY
        self.rung: list[tuple[str, Cause, str]] = []

    def now(self) -> Instant:
        return self.at

    def wait(self, seconds: float) -> None:
        """The clock goes on; nothing else does."""
        self.at = Instant(self.at + int(seconds * NANOSECONDS))

    def raised(self, cause: Cause, subject: str, detail: str) -> None:
        assert detail
        self.rung.append(("raised", cause, subject))

    def cleared(self, cause: Cause, subject: str) -> None:
        self.rung.append(("cleared", cause, subject))

    def identity(self) -> Identity:
        return Identity("dx-yidong-01", self.machine, self.boot, operator="伊东羊业", key=self.key)

    async def open(self, rules: Rules | None = None) -> Journal:
        identity = self.identity()
        return await Journal.open(self.path, identity, rules or Rules(), self.now, lambda: self.clock, self)

    @asynccontextmanager
    async def journal(self, rules: Rules | None = None) -> AsyncIterator[Journal]:
        journal = await self.open(rules)
        try:
            yield journal
        finally:
            await journal.close()

    def after_power_cut(self, folder: Path) -> Box:
        """The same box as it would come back if its power went at this moment, between two writes."""
        folder.mkdir()
        for name in ("journal.db", "journal.db-wal"):
            if (source := self.path.with_name(name)).exists():
                shutil.copy(source, folder / name)
        box = Box(folder)
        box.at, box.machine = self.at, self.machine
        return box

    def entry(
        self, device: str = "chiller-1-air", observations: int = 2, *, size: int = 0, urgent: bool = False
    ) -> Entry:
        """What a device says now. size: its bytes, where they matter."""
        values = {f"q{number}": number + 0.5 for number in range(observations)}
        body: dict[str, Any] = {"t": rfc3339(self.at), "device": device, **values}
        if size:
            body["pad"] = "x" * (size - len(orjson.dumps(body | {"pad": ""})))
        points = tuple((f"{device}.{name}", value) for name, value in values.items())
        return Entry(self.at, orjson.dumps(body), observations, points, urgent)


async def blocks(journal: Journal, lane: Lane, name: str = "", after: int = 0) -> list[Block]:
    """All blocks of a lane, read in small pieces."""
    found: list[Block] = []
    while piece := await journal.read(name or journal.id, lane, found[-1].seq if found else after, 4096):
        found += piece
    return found


def devices(telemetry: list[Block]) -> list[str]:
    """Who said something, in order."""
    return [entry["device"] for block in telemetry for entry in orjson.loads(block.body)["observations"]]


def record_of(block: Block) -> dict[str, Any]:
    record: dict[str, Any] = orjson.loads(block.body)["record"]
    return record
