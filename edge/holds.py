"""The way of a hold list from an uplink to its recorder: read beside the event loop, taken or refused.

::

    broker ──payload──▶ offer ──▶ read (a thread) ──fact──▶ recorder
                                     └──── refused: counted, and a record of the gateway's

Only the newest payload of each uplink waits: a list takes the place of the one before in any case.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from drivers.contract import NANOSECONDS, Now
from edge.instant import rfc3339
from edge.recorders.contract import Fact, Unfit
from edge.recorders.hold_list import HoldList, Malformed, read_list
from edge.recorders.holds import KIND, Holds

log = logging.getLogger(__name__)

AHEAD: Final = 86_400 * NANOSECONDS
"""A list that says it was issued later than this after now would keep out every true one."""


class HoldLists:
    """knows_time: whether the clock may be believed. enter: hands a fact to the recorders. refused: writes
    down why a list was not taken."""

    def __init__(
        self,
        holds: Holds,
        now: Now,
        *,
        knows_time: Callable[[], bool],
        enter: Callable[[Fact], object],
        refused: Callable[[dict[str, Any]], None],
    ) -> None:
        self._holds = holds
        self._now = now
        self._knows_time = knows_time
        self._enter = enter
        self._tell_refused = refused
        self._waiting: dict[str, bytes] = {}
        self._told: dict[str, int] = {}
        self._news = asyncio.Event()
        self.counts: Counter[str] = Counter()

    def change(self, holds: Holds) -> None:
        """The recorder that has taken the other's place."""
        self._holds = holds

    def offer(self, uplink: str, payload: bytes) -> None:
        """What was published; never blocks."""
        self._waiting[uplink] = payload
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                await self._take(*self._waiting.popitem())

    def facts(self) -> dict[str, Any]:
        """What `status` shows. counts: of lists ``taken``, ``older``, ``malformed``, ``cleared``,
        ``failed``."""
        issued = self._holds.issued
        return {
            "issued": None if issued is None else rfc3339(issued),
            "holds": len(self._holds),
            "lists": dict(self.counts),
        }

    async def _take(self, uplink: str, payload: bytes) -> None:
        if not payload:  # how MQTT takes a retained message away; what it said holds until a newer list
            self.counts["cleared"] += 1
            return
        try:
            new = await asyncio.to_thread(read_list, payload)
            self._not_ahead(new)
        except Malformed as why:
            self._refuse(uplink, payload, str(why))
            return
        now = self._now()
        try:
            self._enter(Fact(now, now, KIND, {"list": new}, uplink, "uplink"))
        except Unfit as unfit:
            self.counts["failed" if unfit.key == "failed" else "older"] += 1
            return
        self.counts["taken"] += 1
        log.info("uplink %s: hold list of %s taken, %d holds", uplink, rfc3339(new.issued), len(new.holds))

    def _not_ahead(self, new: HoldList) -> None:
        if self._knows_time() and new.issued > self._now() + AHEAD:
            raise Malformed(f"issued: {rfc3339(new.issued)} is yet to come")

    def _refuse(self, uplink: str, payload: bytes, why: str) -> None:
        """A retained message comes again with every connection; it is recorded once."""
        self.counts["malformed"] += 1
        digest = hash(payload)
        if self._told.get(uplink) != digest:
            self._told[uplink] = digest
            log.warning("uplink %s: hold list refused: %s", uplink, why)
            self._tell_refused({"refused": why, "uplink": uplink, "bytes": len(payload)})
