"""Commands against a disk that fails and a platform that never stops."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson

from drivers.contract import Instant
from edge.commands.carrying import A_MINUTE_MOST, MINUTE_S, Commands
from edge.commands.judging import Message
from edge.errors import JournalError
from edge.instant import parse_rfc3339
from edge.recorders.commanded import MARGIN, MOST, Commanded
from edge.recorders.seldom import TIDIED_EVERY
from tests.edge.uplinks.standins import until

NOW = parse_rfc3339("2026-11-22T03:14:07Z")
EXPIRES = parse_rfc3339("2026-11-22T03:15:00Z")


class Desk:
    """The rooms around the commands."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.has_disk = True
        self.taken = Commanded()
        self.answers: list[dict[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []
        self.commands = Commands(
            {"platform": frozenset({"enter", "diagnose"})},
            {"enter": self._enter, "diagnose": self._diagnose},
            self.taken,
            self,
            lambda: NOW,
            knows_time=lambda: True,
            refused=self.refusals.append,
            answer=lambda _uplink, _verb, payload: self.answers.append(orjson.loads(payload)),
            monotonic_s=lambda: self.now_s,
        )

    async def flush(self) -> None:
        if not self.has_disk:
            raise JournalError("the disk is full")

    async def _enter(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"records": [request["fact"]]}

    async def _diagnose(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"room": request["most_bytes"]}

    def offer(self, number: int) -> None:
        said = {"id": f"c-{number}", "issuer": "p", "expires": "2026-11-22T03:15:00Z", "fact": "recall"}
        self.commands.offer("platform", Message("enter", orjson.dumps(said)))

    async def __aenter__(self) -> Desk:
        self._work = asyncio.create_task(self.commands.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._work.cancel()
        with suppress(asyncio.CancelledError):
            await self._work


async def test_nothing_is_answered_as_done_that_is_not_on_disk() -> None:
    async with Desk() as desk:
        desk.has_disk = False
        desk.offer(1)
        await until(lambda: len(desk.answers) == 1)
    assert (desk.answers[0]["ok"], desk.answers[0]["error"]) == (False, "not_stored")


async def test_a_diagnosis_is_asked_of_the_verb_of_that_name() -> None:
    async with Desk() as desk:
        said = {"id": "c-1", "issuer": "p", "expires": "2026-11-22T03:15:00Z", "most_bytes": 4096}
        desk.commands.offer("platform", Message("diagnose", orjson.dumps(said)))
        await until(lambda: len(desk.answers) == 1)
    assert desk.answers == [{"id": "c-1", "ok": True, "room": 4096}]


async def test_so_many_a_minute_and_then_none_until_the_next() -> None:
    async with Desk() as desk:
        for number in range(A_MINUTE_MOST + 5):
            desk.offer(number)
            await until(lambda: desk.commands.counts.total() > number)  # noqa: B023 - awaited at once
        assert desk.commands.counts == {"done": A_MINUTE_MOST, "flood": 5}
        assert [(each["reason"], each["counted"]) for each in desk.refusals] == [("flood", 1)]
        desk.now_s += MINUTE_S
        desk.offer(1000)
        await until(lambda: desk.commands.counts["done"] == A_MINUTE_MOST + 1)


async def test_ids_are_bounded_and_forgotten_only_when_they_have_expired_for_sure() -> None:
    async with Desk() as desk:
        for number in range(MOST):
            desk.taken.take(f"old-{number}", EXPIRES)
        desk.taken.tick(Instant(EXPIRES + MARGIN - 1))
        desk.offer(1)
        await until(lambda: desk.commands.counts == {"crowded": 1})
        desk.taken.tick(Instant(EXPIRES + MARGIN + TIDIED_EVERY))
        desk.offer(1)
        await until(lambda: desk.commands.counts == {"crowded": 1, "done": 1})
    assert set(desk.taken.known) == {"c-1"}
