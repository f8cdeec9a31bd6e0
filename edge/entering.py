"""What people say, on its way to the recorders and onto the disk: the verb `enter`, whoever carries it.

::

    {"fact": "move", "values": {…}, "by": "马师傅", "at": "2026-11-22T03:14:07Z", "reason": ""}
    {"records": ["9f2c…"]}                                       answered once it is on disk
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from drivers.contract import Instant, Now
from edge.control import Refused
from edge.errors import JournalError
from edge.facts import read_fact
from edge.instant import parse_rfc3339
from edge.journal.trail import Newest
from edge.recorders.contract import Fact, Unfit


class Store(Protocol):
    """The journal, as this room sees it."""

    async def flush(self) -> None: ...

    async def newest_record(self, record: str) -> Newest | None: ...


class Takers(Protocol):
    """The recorders, as this room sees them."""

    def enter(self, fact: Fact) -> list[str]: ...


class Entering:
    """found: where a record that is to be put right is laid for the recorder of corrections."""

    def __init__(self, recorders: Takers, journal: Store, found: dict[str, Newest | None], now: Now) -> None:
        self._recorders = recorders
        self._journal = journal
        self._found = found
        self._putting_right = asyncio.Lock()
        self._now = now

    async def enter(self, request: Mapping[str, Any]) -> dict[str, list[str]]:
        """The ids of the records that follow. Raises Refused, with a sentence of the room `facts`."""
        try:
            fact = self._read(request)
            if fact.kind == "correct":
                records = await self._put_right(fact)
            else:
                records = self._recorders.enter(fact)
            await self._journal.flush()
        except Unfit as unfit:
            raise Refused(f"facts.{unfit.key}", **unfit.values) from unfit
        except JournalError as error:
            raise Refused("not_stored", detail=str(error)) from error
        return {"records": records}

    def _read(self, request: Mapping[str, Any]) -> Fact:
        values, at = request.get("values", {}), request.get("at")
        said = {name: request.get(name) or "" for name in ("fact", "by", "reason")}
        if not isinstance(values, Mapping) or not all(isinstance(each, str) for each in said.values()):
            raise Refused("malformed_request")
        return read_fact(
            said["fact"],
            values,
            by=said["by"] or str(request.get("caller", "")),
            entered=self._now(),
            at=_instant(at) if at is not None else None,
            reason=said["reason"],
        )

    async def _put_right(self, fact: Fact) -> list[str]:
        """Lays the record's newest revision where it is looked for: what is derived meanwhile, else what is
        on disk. One after the other, as each goes on from the one before."""
        record = str(fact.values["record"])
        async with self._putting_right:
            self._found[record] = None
            try:
                await self._journal.flush()
                stored = await self._journal.newest_record(record)
                self._found[record] = self._found[record] or stored
                return self._recorders.enter(fact)
            finally:
                del self._found[record]


def _instant(text: object) -> Instant:
    try:
        return parse_rfc3339(str(text))
    except ValueError:
        raise Unfit("no_time", value=str(text)) from None
