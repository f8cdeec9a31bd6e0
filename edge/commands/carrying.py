"""The way of a command from an uplink to its answer: judged, carried out, on disk, answered.

::

    broker ──do/{verb}──▶ offer ──▶ judge ──▶ verb (as at the control socket) ──▶ disk ──┐
       ▲                              └─ refused: counted, a record of the gateway's ────┤
       └──────────────────────────────done/{verb}────────────────────────────────────────┘
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, Final, NamedTuple, Protocol

import orjson

from drivers.contract import Now
from edge.commands.judging import Command, Message, identity, judge
from edge.control import Refused, Verb
from edge.errors import JournalError
from edge.messages import sentence
from edge.recorders.commanded import Commanded
from edge.settings.wording import shown

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 3
WAITING_MOST: Final = 8
MINUTE_S: Final = 60.0
A_MINUTE_MOST: Final = 60
"""Commands that are looked at; what a flood brings beyond them is counted, and told once a minute."""

_ANSWERABLE: Final = re.compile("[a-z]{1,32}", re.ASCII)
"""A verb of another form names no topic of ours."""

_AS_THEY_ARE: Final = frozenset({"read", "diagnose"})
"""Verbs that the control socket calls the same; the others are facts that are entered."""


class Offered(NamedTuple):
    """uplink: over which it came."""

    uplink: str
    message: Message


class Store(Protocol):
    """The journal, as this room sees it."""

    async def flush(self) -> None: ...


class Commands:
    """allowed: verbs by uplink. verbs: those of the control socket, by name. knows_time: whether the clock
    may be believed. refused: writes down why a command was not taken. answer: publishes an answer, told
    uplink, verb and payload. monotonic_s: s, from any beginning.
    """

    def __init__(
        self,
        allowed: Mapping[str, frozenset[str]],
        verbs: Mapping[str, Verb],
        taken: Commanded,
        journal: Store,
        now: Now,
        *,
        knows_time: Callable[[], bool],
        refused: Callable[[dict[str, Any]], None],
        answer: Callable[[str, str, bytes], None],
        monotonic_s: Callable[[], float] = monotonic,
    ) -> None:
        self._allowed = allowed
        self._verbs = verbs
        self._taken = taken
        self._journal = journal
        self._now = now
        self._knows_time = knows_time
        self._tell_refused = refused
        self._answer = answer
        self._monotonic_s = monotonic_s
        self._waiting: asyncio.Queue[Offered] = asyncio.Queue(WAITING_MOST)
        self._minute_s = monotonic_s()
        self._this_minute = 0
        self._flood_told = False
        self.counts: Counter[str] = Counter()

    def change(self, allowed: Mapping[str, frozenset[str]]) -> None:
        """From now on these verbs, by uplink."""
        self._allowed = allowed

    def offer(self, uplink: str, message: Message) -> None:
        """What was published; never blocks."""
        if not message.payload:  # how MQTT takes a retained message away
            self.counts["cleared"] += 1
            return
        self._turn_the_minute()
        if self._this_minute >= A_MINUTE_MOST or self._waiting.full():
            self._flooded(uplink, message)
            return
        self._this_minute += 1
        self._waiting.put_nowait(Offered(uplink, message))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(IN_FLIGHT):
                tasks.create_task(self._carry_out_all())

    def facts(self) -> dict[str, Any]:
        """What `status` shows. counts: ``done``, or why not."""
        return {"remembered": len(self._taken.known), "commands": dict(self.counts)}

    def _turn_the_minute(self) -> None:
        now_s = self._monotonic_s()
        if now_s - self._minute_s >= MINUTE_S:
            self._minute_s, self._this_minute, self._flood_told = now_s, 0, False

    def _flooded(self, uplink: str, message: Message) -> None:
        self.counts["flood"] += 1
        if not self._flood_told:
            self._flood_told = True
            self._record(uplink, message, Refused("commands.flood"))

    async def _carry_out_all(self) -> None:
        while True:
            uplink, message = await self._waiting.get()
            said = {"id": identity(message.payload), **await self._carry_out(uplink, message)}
            if _ANSWERABLE.fullmatch(message.verb):
                self._answer(uplink, message.verb, orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS))

    async def _carry_out(self, uplink: str, message: Message) -> dict[str, Any]:
        """What is answered, once it is on disk."""
        try:
            command = self._take(uplink, message)
            answer = await self._do(command)
            await self._journal.flush()
        except Refused as refused:
            self.counts[refused.text.partition(".")[2]] += 1
            self._record(uplink, message, refused)
            return await self._refusal(refused)
        except JournalError as error:
            self.counts["not_stored"] += 1
            return _told(Refused("not_stored", detail=str(error)))
        self.counts["done"] += 1
        log.info("uplink %s: command %s of %s carried out: %s", uplink, *command[:2], command.verb)
        return {"ok": True, **answer}

    def _take(self, uplink: str, message: Message) -> Command:
        """Its id is remembered from here on, whatever comes of it. Raises Refused."""
        command = judge(
            message,
            self._allowed.get(uplink, frozenset()),
            self._now(),
            knows_time=self._knows_time(),
            known=self._taken.known,
        )
        if self._taken.is_full:
            raise Refused("commands.crowded")
        self._taken.take(command.id, command.expires)
        return command

    async def _do(self, command: Command) -> dict[str, Any]:
        """The rim: what is wrong with one command ends no reading and no other command. Raises Refused."""
        verb = self._verbs[command.verb if command.verb in _AS_THEY_ARE else "enter"]
        try:
            answer: dict[str, Any] = await verb(command.request)
        except Refused:
            raise
        except Exception:
            log.exception("command %s of %s failed: %s", command.id, command.issuer, command.verb)
            raise Refused("commands.failed") from None
        return answer

    async def _refusal(self, refused: Refused) -> dict[str, Any]:
        """Told as refused even where that cannot be written down now: nothing was done."""
        try:
            await self._journal.flush()
        except JournalError as error:
            log.warning("the refusal of a command is not on disk yet: %s", error)
        return _told(refused)

    def _record(self, uplink: str, message: Message, refused: Refused) -> None:
        reason = refused.text.partition(".")[2]
        verb, identified = shown(message.verb), identity(message.payload)
        log.warning("uplink %s: command %s (%s) refused: %s", uplink, verb, identified, refused)
        self._tell_refused(
            {
                "reason": reason,
                "why": sentence("en", refused.text, refused.values),
                "uplink": uplink,
                "verb": verb,
                "id": identified,
                "bytes": len(message.payload),
                "counted": self.counts[reason],
            }
        )


def _told(refused: Refused) -> dict[str, Any]:
    said = {lang: sentence(lang, refused.text, refused.values) for lang in ("en", "zh")}
    return {"ok": False, "error": refused.text.partition(".")[2], **said}
