"""The contract of the recorders: what they are told, what they remember, what they derive.

::

    intake ──observation──▶ ┐
    person ──fact─────────▶ ├ Recorder ──▶ records, notices ──▶ journal, alarms
    clock ───tick─────────▶ ┘    │ ▲
                               memory

A recorder is a pure reducer on event time: it knows no clock, no log, no disk. What it remembers is rows
(``memory.py``), which are committed with what it derived from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from drivers.contract import Instant, Observation, TagtrailError
from edge.alarms import Cause
from edge.journal.trail import Link
from edge.recorders.memory import Memory
from edge.records.record import Record


class Fact(NamedTuple):
    """What a person says or scans and no sensor gives (录入信息).

    at: when it holds. entered: when it was said. kind: what is said (``verdict``, ``certificate``, ``crew``
    ...). values: the rest of it, validated. by: who says so. via: how. reason: why, where it corrects.
    """

    at: Instant
    entered: Instant
    kind: str
    values: Mapping[str, Any]
    by: str
    via: Literal["person", "scan", "settings", "uplink"] = "person"
    reason: str = ""


class Derived(NamedTuple):
    """A record, complete, and what it says became of what. nodes: what else it is about (``trail.py``)."""

    record: Record
    links: tuple[Link, ...] = ()
    nodes: tuple[str, ...] = ()


class Notice(NamedTuple):
    """Something that an alarm has to tell, or need no longer tell.

    subject: the point, device, code or place that it is about. name: of a limit, as the settings have it.
    facts: what was seen, as the record will say it; detail: the same in words, of a machine's own troubles.
    active: False clears it.
    """

    at: Instant
    cause: Cause
    subject: str
    facts: Mapping[str, Any] = {}
    active: bool = True
    name: str = ""
    severity: Literal["low", "medium", "high"] | None = None
    detail: str = ""


Output: TypeAlias = Derived | Notice


class Unfit(TagtrailError):
    """A fact that cannot be taken; ``key`` and ``values`` are the sentence, in the catalogue ``facts``."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class Recorder(Protocol):
    """Derives one kind of record."""

    name: str
    """Of its rows in the journal; it never changes: ``slaughter.sheep``."""

    memory: Memory
    """What it remembers."""

    hears: frozenset[str]
    """The devices whose observations it wants."""

    takes: frozenset[str]
    """The kinds of fact that it takes."""

    def observe(self, device: str, item: Observation) -> Iterable[Output]:
        """In the order of their coming; ``item.at`` may be earlier than what came before."""

    def enter(self, fact: Fact) -> Iterable[Output]:
        """Raises Unfit, and then nothing has changed."""

    def tick(self, at: Instant) -> Iterable[Output]:
        """Event time has come to ``at``: about once a second, whatever is or is not observed."""
