"""The InfluxDB uplink: what the journal keeps, as time series in a store that speaks InfluxDB 2 (DESIGN §6).

::

    journal ──read──▶ arrears ──lines──▶ POST /api/v2/write ──204──▶ cursor
                                             └──400──▶ halved, down to the points that the store refuses

A piece of a lane is one request; its cursor moves when the store has answered. What it refuses is halved
until the refused points stand alone: the others are written, the block is set aside. Imported only where it
is configured: influxdb-client costs 30 MB.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Protocol

import orjson
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from drivers.contract import Instant
from edge.alarms import Alarms, Cause
from edge.errors import JournalError, UplinkDown
from edge.instant import parse_rfc3339
from edge.journal.block import Block, Lane, Outbox
from edge.journal.rollups import Rollup, values_of
from edge.uplinks.arrears import Arrear, Arrears
from edge.uplinks.minutes import Minutes
from edge.uplinks.pace import Backoff, CatchUp
from edge.uplinks.points import lines, minute_lines
from edge.uplinks.store import Store
from edge.uplinks.trust import NoTrustError, beneath, failed, told

log = logging.getLogger(__name__)

GATHER_S: Final = 1.0
"""So long the commits after one are waited for: a request a second at the most, unless there is a backlog."""

ANSWER_S: Final = 4.0
"""A store is near, and a daemon that is told to end must not wait for one that is not."""

REFUSED: Final = frozenset({400, 413, 422})
"""Malformed, too large, against the bucket's schema: no second attempt will fare better."""

FORBIDDEN: Final = frozenset({401, 403, 404})
"""Token, organisation or bucket are wrong until a person mends them."""


class Rolled(Outbox, Protocol):
    """The journal as this uplink sees it."""

    async def rollups(self, point: str, since: Instant, until: Instant) -> list[Rollup]:
        """The minutes of ``point`` that begin in ``since`` ≤ t < ``until`` and hold readings."""


class _PointsRefused(Exception):
    """The store takes some of these lines never."""


class InfluxUplink:
    """Delivers one journal to one store, for as long as it takes."""

    def __init__(self, name: str, store: Store, outbox: Rolled, alarms: Alarms) -> None:
        self.name = name
        self._store = store
        self._outbox = outbox
        self._alarms = alarms
        self._arrears = Arrears(outbox, name)
        self._catch_up = CatchUp(store.catch_up_bytes_per_s)
        self._backoff = Backoff()
        self._minutes = Minutes()
        self._state = "connecting"
        self._since_s = monotonic()
        self._error = ""
        self._reason: dict[str, object] | None = None
        self._blocks = self._observations = self._points = self._quarantined = 0
        self._refused: Counter[str] = Counter()
        self._acknowledged_s: float | None = None
        self._barred = False
        self._unread = False

    async def run(self) -> None:
        """Until cancelled. A journal that cannot be read or written is an alarm, and is tried again."""
        commits = self._outbox.subscribe()
        try:
            with self._client() as client:
                self._write_api = client.write_api(write_options=SYNCHRONOUS)
                while True:
                    commits.clear()
                    if await self._deliver():
                        await commits.wait()
                        await asyncio.sleep(GATHER_S)
        finally:
            self._enter("stopped")

    def live(self, device: str, payload: bytes) -> None:
        """A store has no live values."""

    def answer(self, verb: str, payload: bytes) -> None:
        """No command comes from a store."""

    def facts(self) -> dict[str, object]:
        """What `status` shows. Ages and times in seconds, counts since the start."""
        last_s = self._acknowledged_s
        return {
            "broker": self._store.url,
            "state": self._state,
            "for_s": round(monotonic() - self._since_s, 1),
            "last_error": self._error,
            "reason": self._reason,
            "acknowledgement": "strong",
            "backlog_blocks": self._arrears.unsent,
            "acknowledged_blocks": self._blocks,
            "acknowledged_observations": self._observations,
            "acknowledged_points": self._points,
            "acknowledged_s_ago": None if last_s is None else round(monotonic() - last_s, 1),
            "refused": dict(self._refused),
            "quarantined": self._quarantined,
        }

    def _client(self) -> InfluxDBClient:
        tls = {"ssl_ca_cert": str(self._store.ca)} if self._store.ca else {}
        return InfluxDBClient(
            self._store.url,
            self._store.token,
            org=self._store.org,
            timeout=int(ANSWER_S * 1000),
            enable_gzip=True,
            **tls,
        )

    async def _deliver(self) -> bool:
        """All that is owed by now; whether it went."""
        try:
            self._catch_up.fresh(await self._arrears.look())
            for arrear in self._arrears.lanes:
                while not arrear.is_over:
                    await self._arrears.read(arrear)
                    await self._deliver_piece(arrear)
            await self._tell_minutes()
        except (UplinkDown, JournalError) as error:
            self._note(error)
            self._arrears = Arrears(self._outbox, self.name)  # read again from the cursors
            await asyncio.sleep(self._backoff.pause_s())
            return False
        self._backoff.reset()
        if self._unread:
            self._unread = False
            self._alarms.cleared(Cause.UPLINK_JOURNAL, self.name)
        self._enter("connected")
        return True

    async def _deliver_piece(self, arrear: Arrear) -> None:
        """What was read of a lane, in one request if the store takes it. Raises UplinkDown, JournalError."""
        blocks = list(arrear.blocks)
        arrear.blocks.clear()
        if not blocks:
            return
        size = sum(len(block.body) for block in blocks)
        if blocks[0].lane is Lane.TELEMETRY:
            await asyncio.sleep(self._catch_up.wait_s(monotonic()))
            self._catch_up.spend(size, monotonic())
        await self._deliver_blocks(blocks)
        last = blocks[-1]
        await self._outbox.acknowledge(self.name, last.journal, last.lane, last.seq)
        self._backoff.reset()
        self._count(blocks)

    async def _deliver_blocks(self, blocks: Sequence[Block]) -> None:
        """Halves what is refused as a whole. Raises UplinkDown, JournalError."""
        try:
            await self._write([line for block in blocks for line in self._lines_of(block)])
        except _PointsRefused as refused:
            if len(blocks) == 1:
                points = await self._refused_of(self._lines_of(blocks[0]))
                await self._set_aside(blocks[0], points, str(refused))
                return
            middle = len(blocks) // 2
            await self._deliver_blocks(blocks[:middle])
            await self._deliver_blocks(blocks[middle:])

    async def _refused_of(self, points: list[str]) -> int:
        """How many of a refused block's points the store never takes; the others are written."""
        if len(points) == 1:
            return 1
        middle = len(points) // 2
        refused = 0
        for half in (points[:middle], points[middle:]):
            try:
                await self._write(half)
            except _PointsRefused:
                refused += await self._refused_of(half)
        return refused

    def _lines_of(self, block: Block) -> list[str]:
        """None where the block cannot be read: the chain tells of damage, other uplinks get its bytes."""
        try:
            content = orjson.loads(block.body)
            self._hear(content)
            return lines(content)
        except (ValueError, LookupError, TypeError) as error:
            log.warning("uplink %s: %s %d cannot be read: %r", self.name, block.lane, block.seq, error)
            self._refused["unreadable"] += 1
            return []

    def _hear(self, content: dict[str, Any]) -> None:
        for entry in content.get("observations", ()):
            points = [point for point, _ in values_of(entry)]
            self._minutes.heard(parse_rfc3339(entry["t"]), points)

    async def _tell_minutes(self) -> None:
        """The rollups of what was delivered. Raises UplinkDown, JournalError."""
        for span in list(self._minutes.due()):
            rollups = await self._outbox.rollups(*span)
            with suppress(_PointsRefused):  # counted; the readings that they are made of are in the journal
                await self._write(minute_lines(self._store.gateway, span.point, rollups))
            self._minutes.told(span)

    async def _write(self, points: list[str]) -> None:
        """One request. Raises UplinkDown, and _PointsRefused."""
        if not points:
            return
        try:
            await asyncio.to_thread(self._write_api.write, self._store.bucket, self._store.org, points)
        except ApiException as error:
            raise self._what(error) from error
        except (HTTPError, OSError) as error:
            raise UplinkDown(f"{self._store.url}: {error}") from error
        self._points += len(points)
        if self._barred:
            self._barred = False
            self._alarms.cleared(Cause.UPLINK_REFUSED, self.name)

    def _what(self, error: ApiException) -> Exception:
        """What an answer other than 2xx means, or that there is none."""
        if (untrusted := beneath(error)) is not None:
            return failed(untrusted, self._store.url)
        said = f"{error.status} {error.reason}"
        self._refused[str(error.status)] += 1
        if error.status in REFUSED:
            return _PointsRefused(said)
        if error.status in FORBIDDEN:
            advice = (
                f"{self._store.url}: {said}; look at token, org and bucket of uplinks.{self.name}.influxdb"
            )
            self._barred = True
            self._alarms.raised(Cause.UPLINK_REFUSED, self.name, advice)
            return UplinkDown(advice)
        return UplinkDown(f"{self._store.url}: {said}")

    async def _set_aside(self, block: Block, points: int, why: str) -> None:
        detail = f"{block.lane} {block.seq} of journal {block.journal}: {points} points refused: {why}"
        await self._outbox.quarantine(self.name, block, detail)
        self._quarantined += 1
        self._alarms.raised(Cause.UPLINK_QUARANTINE, self.name, detail)
        log.warning("uplink %s: set aside %s", self.name, detail)

    def _note(self, error: UplinkDown | JournalError) -> None:
        """Keeps the error for `status`, logs it where it is news, raises the alarm that it may call for."""
        level = logging.DEBUG if str(error) == self._error and self._state == "waiting" else logging.WARNING
        log.log(level, "uplink %s: %s; trying again", self.name, error)
        self._error, self._reason = str(error), told(error)
        if isinstance(error, JournalError):
            self._unread = True
            self._alarms.raised(Cause.UPLINK_JOURNAL, self.name, str(error))
        elif isinstance(error, NoTrustError) and error.lasts:
            self._barred = True
            self._alarms.raised(Cause.UPLINK_REFUSED, self.name, str(error))
        self._enter("waiting")

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state, self._since_s = state, monotonic()

    def _count(self, blocks: Sequence[Block]) -> None:
        self._blocks += len(blocks)
        self._observations += sum(block.observations for block in blocks)
        self._acknowledged_s = monotonic()
