"""What the journal knows of its boots and their stamps, as the clock's room asks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from edge.journal.boots import Boot, Learnt, NeverLearnt
from edge.journal.commits import GroupCommit
from edge.journal.reader import Reader, Sealed
from edge.journal.writer import Writer
from edge.restamping import Restamping

_T = TypeVar("_T")


class Run(Protocol):
    """Runs a piece of work in a thread of the journal's."""

    def __call__(self, work: Callable[[], _T], /) -> Awaitable[_T]: ...


class Stamping:
    """Part of a ``Journal``. writing, reading: run a piece of work in the thread that may."""

    def __init__(
        self, commits: GroupCommit, writer: Writer, reader: Reader, *, writing: Run, reading: Run
    ) -> None:
        self._commits = commits
        self._writer = writer
        self._reader = reader
        self._writing = writing
        self._reading = reading
        self._boot = writer.boots.earlier

    @property
    def earlier(self) -> Boot | None:
        """What an earlier process took for the time in this very boot; None: there was none."""
        return self._writer.boots.earlier

    async def begin(self, opened: int, base: int) -> None:
        """Notes what this boot takes for the time, where nothing is noted yet. Raises JournalError."""
        self._boot = await self._writing(partial(self._writer.begin_boot, opened, base))

    def learn(self, learnt: Learnt, again: Restamping) -> None:
        """The time is known: what waits and what is held is stamped anew, and becomes blocks."""
        self._commits.learn(learnt, again)

    def release(self) -> None:
        """The time has been waited for long enough: what is held becomes blocks as it is."""
        self._commits.release()

    async def never_learnt(self) -> list[NeverLearnt]:
        """See ``Boots.never_learnt``. Raises JournalError."""
        return await self._writing(self._writer.boots.never_learnt)

    async def told(self, boot: str) -> None:
        """A record says when that boot can have been. Raises JournalError."""
        await self._writing(partial(self._writer.boots.told, boot))

    async def sealed(self, clock: str, after: int) -> list[Sealed]:
        """The records of this boot, behind the block with that key, that were sealed while the time was known
        as ``clock``: a piece of them, in order. Raises JournalError.
        """
        if self._boot is None:
            return []
        start = max(after, self._boot.sealed)
        return await self._reading(partial(self._reader.sealed, self._boot.boot, clock, start))
